import { canonicalJson, defined } from '../../lib/index.js';
import { ownValue, setOwn, type Fields, type FieldSchema, type ObjectSchema, type UniqueSchema, type Value } from '../../records/index.js';
import type { DecidedChange } from '../types.js';
import { fieldOf } from './conflicts.js';
import type { RecordDraft } from './order.js';

/**
 * What a change gives up and takes of one kind of unique value, as text that is equal where the platform may see one
 * value.
 */
export interface Handing {
  readonly unique: UniqueSchema;
  readonly gives?: string;
  readonly takes?: string;
}

const known = new WeakMap<ObjectSchema, readonly UniqueSchema[]>();

/** Everything that is unique in an object type and that a restore can write. */
export function uniquesOf(schema: ObjectSchema): readonly UniqueSchema[] {
  const uniques = known.get(schema) ?? findUniques(schema);
  known.set(schema, uniques);
  return uniques;
}

function findUniques(schema: ObjectSchema): readonly UniqueSchema[] {
  const writable = (name: string): boolean => fieldOf(schema, name)?.readOnly === false;
  const single = schema.fields.filter((field) => field.unique === true).map((field): UniqueSchema => ({ fields: [field.name] }));
  return [...single, ...(schema.unique ?? [])].filter(({ fields, when }) => [...fields, ...(when ?? [])].some(writable));
}

/** What a change does to the unique values of its record; only where it gives one up or takes one. */
export function handingsOf(schema: ObjectSchema, uniques: readonly UniqueSchema[], draft: RecordDraft): readonly Handing[] {
  const handings: Handing[] = [];
  for (const [n, unique] of uniques.entries()) {
    const touched = (names: readonly string[] | undefined): boolean => names?.some((name) => ownValue(draft.fields, name) !== undefined) === true;
    if (draft.action === 'update' && !touched(unique.fields) && !touched(unique.when)) continue;
    const gives = draft.action === 'create' || draft.action === 'undelete' ? undefined : heldBy(schema, unique, n, draft, 'from');
    const takes = draft.action === 'delete' ? undefined : heldBy(schema, unique, n, draft, 'to');
    // The same value in another spelling is neither given up nor taken, unless the record begins or ceases to count.
    if (gives === takes && !touched(unique.when)) continue;
    handings.push({ unique, ...defined({ gives, takes }) });
  }
  return handings;
}

/**
 * What a change does to the key of its record, where the record keeps it and some platform may see two keys as one:
 * `Ada` has to go before `ADA` can come back.
 */
export function keyHanding(schema: ObjectSchema, { object, key, action }: RecordDraft): Handing | undefined {
  if (!schema.createWithKey || (action !== 'create' && action !== 'delete') || /^[\d-]*$/.test(key)) return undefined;
  const name = JSON.stringify([object, 'key', key.normalize('NFKC').toLowerCase()]);
  return { unique: { fields: schema.keyFields }, ...(action === 'create' ? { takes: name } : { gives: name }) };
}

/** The change with the values that stay of fields that are unique together with fields that it changes. */
export function withStaying<T extends DecidedChange>(schema: ObjectSchema, change: T, live: Fields): T {
  if ('link' in change || change.action !== 'update') return change;
  const stays: Record<string, Value> = {};
  for (const { fields, when } of uniquesOf(schema)) {
    if (![...fields, ...(when ?? [])].some((name) => ownValue(change.fields, name) !== undefined)) continue;
    for (const name of fields)
      if (ownValue(change.fields, name) === undefined && ownValue(live, name) !== undefined) setOwn(stays, name, live[name] ?? null);
  }
  return Object.keys(stays).length === 0 ? change : { ...change, stays };
}

/** True for a given or taken value that is empty text and nothing else. */
export function isBlank(held: string): boolean {
  return /,\d+,"="\]$/.test(held);
}

/** The values of a unique in one text; undefined where nothing is held. */
function heldBy(schema: ObjectSchema, unique: UniqueSchema, n: number, draft: RecordDraft, side: 'from' | 'to'): string | undefined {
  const parts: string[] = [];
  for (const name of unique.fields) {
    const move = ownValue(draft.fields, name);
    const value = (move === undefined ? (ownValue(draft.stays ?? {}, name) ?? keyPart(schema, draft.key, name)) : move[side]) ?? null;
    if (value === null && unique.emptyCounts !== true) return undefined;
    parts.push(spelling(fieldOf(schema, name), value));
  }
  return JSON.stringify([draft.object, n, ...parts]);
}

/**
 * One text for all values that some platform counts as the same in a unique field: without regard to case, surrounding
 * space and trailing zeros. Where a platform tells them apart, the order is stricter than it had to be, and not wrong.
 */
function spelling(field: FieldSchema | undefined, value: Value): string {
  if (value === null) return '';
  const text = (typeof value === 'object' ? canonicalJson(value) : String(value)).normalize('NFC').trim().toLowerCase();
  const plain = (field?.type === 'number' || field?.type === 'integer') && /^-?\d+\.\d+$/.test(text);
  return `=${plain ? text.replace(/\.?0+$/, '') : text}`;
}

/** The part of a record's key that a key field is. */
function keyPart(schema: ObjectSchema, key: string, name: string): Value | undefined {
  const place = schema.keyFields.indexOf(name);
  if (place < 0) return undefined;
  if (schema.keyFields.length === 1) return key;
  try {
    const parts: unknown = JSON.parse(key);
    return Array.isArray(parts) && typeof parts[place] === 'string' ? parts[place] : undefined;
  } catch {
    return undefined;
  }
}
