import type { Field } from '../schema/field.js';
import type { ObjectType } from '../schema/object-type.js';
import type { Scalar, Values } from './record.js';

/** One row of a history object, without its id. */
export type HistoryRow = Readonly<Record<string, Scalar>>;

/** Types of which a row tells only that there was a change. */
const UNTOLD: ReadonlySet<Field['type']> = new Set(['textarea', 'multipicklist', 'encryptedstring']);

/**
 * The rows that a change leaves behind: for a reference two, the names and the ids; of a long or encrypted text only that it changed.
 * A new record leaves `created`, and none of its values.
 */
export function historyRows(
  object: ObjectType,
  history: ObjectType,
  { id, before, after }: { readonly id: string; readonly before: Values | undefined; readonly after: Values },
  nameOf: (id: Scalar) => Scalar | undefined,
): readonly HistoryRow[] {
  const parent = history.fields.has('ParentId') ? 'ParentId' : `${object.name}Id`;
  if (!before) return [{ [parent]: id, Field: 'created' }];
  return object.tracked.flatMap((name): readonly HistoryRow[] => {
    const field = object.fields.get(name);
    const [old, fresh] = [before[name], after[name]];
    if (!field || old === fresh) return [];
    const row = (dataType: string, from: Scalar | undefined, to: Scalar | undefined): HistoryRow => ({
      [parent]: id,
      Field: fieldName(field),
      DataType: dataType,
      ...(from !== undefined && { OldValue: told(from) }),
      ...(to !== undefined && { NewValue: told(to) }),
    });
    if (UNTOLD.has(field.type)) return [row('Text', undefined, undefined)];
    if (field.type !== 'reference') return [row(dataTypeOf(field), old, fresh)];
    const named = (each: Scalar | undefined): Scalar | undefined => (each === undefined ? undefined : (nameOf(each) ?? each));
    return [row('Text', named(old), named(fresh)), row('EntityId', old, fresh)];
  });
}

/** A standard reference is named without its `Id`. */
const fieldName = ({ name, type, custom }: Field): string => (type === 'reference' && !custom ? name.replace(/Id$/, '') : name);
const told = (value: Scalar): Scalar => (typeof value === 'string' ? value.slice(0, 255) : value);

function dataTypeOf({ type }: Field): string {
  if (type === 'boolean') return 'Boolean';
  if (type === 'date') return 'DateOnly';
  if (type === 'datetime') return 'DateTime';
  return ['int', 'double', 'currency', 'percent'].includes(type) ? 'Double' : 'Text';
}
