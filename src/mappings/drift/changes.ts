import type { FieldSchema, ObjectSchema } from '../../records/index.js';

/** What of an object type is other than it was; permanent, so that scripts may match on it. */
export type ChangeKind =
  | 'field-added'
  | 'field-removed'
  | 'type'
  | 'length'
  | 'options-added'
  | 'options-removed'
  | 'read-only'
  | 'writable'
  | 'required'
  | 'optional'
  | 'unique'
  | 'not-unique'
  | 'label'
  | 'form';

/** One change of one field. */
export interface FieldChangeOf {
  readonly field: string;
  readonly kind: ChangeKind;
  /** What it was and what it is, for people; absent where the kind says all. */
  readonly before?: string;
  readonly after?: string;
}

/** How a field is described in words of ours: what is compared. */
const ASPECTS: readonly ((before: FieldSchema, after: FieldSchema) => Omit<FieldChangeOf, 'field'> | undefined)[] = [
  (before, after) => (before.type === after.type ? undefined : { kind: 'type', before: before.platformType, after: after.platformType }),
  (before, after) =>
    before.type !== after.type || before.platformType === after.platformType || before.maxLength !== after.maxLength
      ? undefined
      : { kind: 'form', before: before.platformType, after: after.platformType },
  (before, after) =>
    before.maxLength === after.maxLength ? undefined : { kind: 'length', before: lengthText(before.maxLength), after: lengthText(after.maxLength) },
  (before, after) => options('options-added', after.options ?? [], before.options ?? [], 'after'),
  (before, after) => options('options-removed', before.options ?? [], after.options ?? [], 'before'),
  (before, after) => (before.readOnly === after.readOnly ? undefined : { kind: after.readOnly ? 'read-only' : 'writable' }),
  (before, after) => (isRequired(before) === isRequired(after) ? undefined : { kind: isRequired(after) ? 'required' : 'optional' }),
  (before, after) => (isUnique(before) === isUnique(after) ? undefined : { kind: isUnique(after) ? 'unique' : 'not-unique' }),
  (before, after) =>
    before.label === after.label ? undefined : { kind: 'label', before: before.label ?? before.name, after: after.label ?? after.name },
];

/** Everything that differs between two descriptions of an object type, by field in the order of their names. */
export function changesBetween(before: ObjectSchema, after: ObjectSchema): readonly FieldChangeOf[] {
  const [old, now] = [byName(before), byName(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])].sort();
  return names.flatMap((field): FieldChangeOf[] => {
    const [was, is] = [old.get(field), now.get(field)];
    if (was === undefined) return [{ field, kind: 'field-added', ...(is === undefined ? {} : { after: is.platformType }) }];
    if (is === undefined) return [{ field, kind: 'field-removed', before: was.platformType }];
    return ASPECTS.flatMap((aspect) => aspect(was, is) ?? []).map((change) => ({ field, ...change }));
  });
}

function options(
  kind: ChangeKind,
  these: readonly string[],
  others: readonly string[],
  as: 'before' | 'after',
): Omit<FieldChangeOf, 'field'> | undefined {
  const known = new Set(others);
  const more = these.filter((option) => !known.has(option));
  return more.length === 0 ? undefined : { kind, [as]: more.join(', ') };
}

const byName = ({ fields }: ObjectSchema): ReadonlyMap<string, FieldSchema> => new Map(fields.map((field) => [field.name, field]));
const lengthText = (length: number | undefined): string => (length === undefined ? 'any length' : `${length} characters`);
const isRequired = ({ required, filledOnCreate }: FieldSchema): boolean => required === true && filledOnCreate !== true;
const isUnique = ({ unique }: FieldSchema): boolean => unique === true;
