import { type CallOptions, canonicalJson } from '../../../lib/index.js';
import type { Fields, ObjectSchema, PlatformRecord, Value } from '../../../records/index.js';
import type { CreatedLookup, CreateMutation } from '../../connector.js';
import { createdAmong } from '../../http/created.js';
import { readAll } from '../read/all.js';
import { type Asked, readKeys } from '../read/keys.js';
import { piecesOf, rowsOf } from '../read/query.js';
import { keyOf } from '../read/records.js';
import type { SalesforceApi } from '../wire/api.js';
import { timeOf } from '../wire/soql.js';

/** Times are told in whole seconds. */
const ROUNDED_MS = 1000;

interface Slot {
  readonly index: number;
  readonly values: Fields;
}

/**
 * What became of creates whose answer was lost: among what our user made since, those with just the values that were sent, one each.
 * What flows of the account changed on a new record is allowed for: one that is like a create and has not all its values leaves that
 * create unknown, so that nothing is made twice. `me`: the user that signs in; undefined where that is not known.
 */
export async function findCreated(
  api: SalesforceApi,
  of: Asked,
  mutations: readonly CreateMutation[],
  since: Date,
  me: string | undefined,
  call: CallOptions,
): Promise<readonly CreatedLookup[]> {
  const { schema } = of;
  const recent: PlatformRecord[] = [];
  for await (const { records } of readAll(api, { ...of, mayUseJobs: false }, madeSince(of, mutations, since, me), call)) recent.push(...records);
  const isSince = (record: PlatformRecord): boolean => madeAt(record) >= since.getTime() - ROUNDED_MS;
  const holders = (await holdersOf(api, of, mutations, call)).filter(isSince);
  const all = [...new Map([...recent, ...holders].map((record) => [record.key, record])).values()];
  const slots = mutations.map(({ set }, index) => ({ index, values: sentOf(set) }));
  const found = createdAmong(slots, all, {
    alike: ({ values }) => canonicalJson(values),
    fits: ({ values }, record) => Object.entries(values).every(([name, value]) => same(valueIn(record, name), value)),
    keyOf: ({ key }) => key,
  });
  const taken = new Set([...found.values()].flatMap((lookup) => (lookup.state === 'created' ? [lookup.key] : [])));
  const others = all.filter(({ key }) => !taken.has(key));
  return slots.map((slot): CreatedLookup => {
    const lookup = found.get(slot.index) ?? { state: 'absent' };
    return lookup.state === 'absent' && others.some((record) => isLike(schema, slot, record)) ? { state: 'unknown' } : lookup;
  });
}

/** By the stamp of the save, since a new record can be given another time of its making, and somebody else who made it. */
function madeSince({ schema }: Asked, mutations: readonly CreateMutation[], since: Date, me: string | undefined): readonly string[] {
  const names = schema.fields.map(({ name }) => name);
  const stamp = names.includes('SystemModstamp') ? 'SystemModstamp' : 'CreatedDate';
  const isGiven = mutations.some(({ set }) => Object.hasOwn(set, 'CreatedById'));
  const byMe = me !== undefined && names.includes('CreatedById') && !isGiven ? [`CreatedById = '${me}'`] : [];
  return [`${stamp} >= ${timeOf(new Date(since.getTime() - ROUNDED_MS))}`, ...byMe];
}

/** Records that hold a unique value of a create: one that was made and changed by somebody since is found so. */
async function holdersOf(api: SalesforceApi, of: Asked, mutations: readonly CreateMutation[], call: CallOptions): Promise<readonly PlatformRecord[]> {
  const unique = of.schema.fields.find((field) => field.unique === true && mutations.some(({ set }) => typeof set[field.name] === 'string'));
  if (unique === undefined) return [];
  const values = mutations.flatMap(({ set }) => textOf(set[unique.name]));
  const keys: string[] = [];
  for (const piece of piecesOf(api, { names: ['Id'], object: of.schema.object }, unique.name, values))
    for await (const { rows } of rowsOf(api, piece, call)) keys.push(...rows.map((row) => keyOf(api, row)));
  const records: PlatformRecord[] = [];
  for await (const batch of readKeys(api, of, keys, call)) records.push(...batch.records);
  return records;
}

function textOf(value: Value | undefined): readonly string[] {
  return typeof value === 'string' ? [value] : [];
}

/** What was sent: nothing of what is empty. */
function sentOf(set: Fields): Fields {
  return Object.fromEntries(Object.entries(set).filter(([, value]) => value !== null && value !== ''));
}

function valueIn({ fields, meta }: PlatformRecord, name: string): Value {
  return fields[name] ?? meta[name] ?? null;
}

/** Whether two values are one in Salesforce: letters of any case (addresses become small), times of one second. */
function same(a: Value, b: Value | undefined): boolean {
  if (typeof a === 'string' && typeof b === 'string') return formOf(a) === formOf(b);
  return canonicalJson(a) === canonicalJson(b ?? null);
}

function formOf(text: string): string {
  const number = text === '' ? Number.NaN : Number(text);
  return Number.isNaN(number)
    ? text
        .trim()
        .toLowerCase()
        .replace(/(T\d\d:\d\d:\d\d)(\.\d+)?z$/iu, '$1z')
    : String(number);
}

/** Whether a record could be what became of a create all the same: half of the texts that were sent are in it, and no unique one is another. */
function isLike(schema: ObjectSchema, { values }: Slot, record: PlatformRecord): boolean {
  const texts = schema.fields.filter(({ name, type, platformType }) => {
    return type === 'string' && !platformType.startsWith('reference') && typeof values[name] === 'string';
  });
  const equal = texts.filter(({ name }) => same(valueIn(record, name), values[name]));
  const isOther = texts.some((field) => field.unique === true && !equal.includes(field));
  return !isOther && equal.length > 0 && equal.length * 2 >= texts.length;
}

/** When it was made, or said to have been made. */
function madeAt(record: PlatformRecord): number {
  const at = valueIn(record, 'CreatedDate');
  const ms = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Number.isNaN(ms) ? Number.POSITIVE_INFINITY : ms;
}
