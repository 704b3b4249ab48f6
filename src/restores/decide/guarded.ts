import { type Fields, type FieldSchema, type GuardedValue, type ObjectSchema, ownValue, setElements, type Value } from '../../records/index.js';
import type { FieldMove } from '../types.js';
import { fieldOf, sameSide } from './conflicts.js';

/** What has to be known of writing a value, with the field it is about. */
export interface Guarded {
  readonly name: string;
  readonly rule: GuardedValue;
}

/** What has to be known of writing one value over another; undefined where nothing has. */
export function guardOf(field: FieldSchema | undefined, from: Value | undefined, to: Value | undefined): GuardedValue | undefined {
  return field?.guarded?.find((rule) => rule.when !== 'created' && holdsOf(rule.from, from) && holdsOf(rule.to, to) && gains(rule, from, to));
}

/** The same for a record that is created again: the first of its fields of which something has to be known. */
export function guardOfCreate(schema: ObjectSchema, fields: Readonly<Record<string, FieldMove>>): Guarded | undefined {
  for (const { name, guarded } of schema.fields) {
    const to = ownValue(fields, name)?.to;
    const rule =
      to === undefined
        ? undefined
        : guarded?.find((one) => one.when !== 'there' && one.from === undefined && holdsOf(one.to, to) && gains(one, undefined, to));
    if (rule !== undefined) return { name, rule };
  }
  return undefined;
}

/** Whether a value that says that a person opted out would give way to one that does not. */
export function leavesOptOut(schema: ObjectSchema, name: string, from: Value | undefined, to: Value | undefined): boolean {
  const optedOut = fieldOf(schema, name)?.optedOut ?? [];
  return optedOut.some((value) => sameSide(value, from)) && !optedOut.some((value) => sameSide(value, to));
}

/** Fields of a change that no undo writes unasked, each with the reason. */
export function heldBack(schema: ObjectSchema, from: Fields, to: Fields): ReadonlyMap<string, Pick<GuardedValue, 'code' | 'why'>> {
  const held = new Map<string, Pick<GuardedValue, 'code' | 'why'>>();
  for (const name of Object.keys(to)) {
    const [before, after] = [ownValue(from, name), ownValue(to, name)];
    const rule = guardOf(fieldOf(schema, name), before, after);
    if (leavesOptOut(schema, name, before, after))
      held.set(name, { code: 'consent', why: 'It says that this person opted out: nobody is opted in again by an undo' });
    else if (rule !== undefined) held.set(name, rule);
  }
  return held;
}

function holdsOf(values: readonly Value[] | undefined, value: Value | undefined): boolean {
  return values === undefined || values.some((one) => sameSide(one, value));
}

function gains({ adds }: GuardedValue, from: Value | undefined, to: Value | undefined): boolean {
  if (adds !== true) return true;
  const had = new Set(setElements(from ?? null) ?? []);
  return (setElements(to ?? null) ?? []).some((element) => !had.has(element));
}
