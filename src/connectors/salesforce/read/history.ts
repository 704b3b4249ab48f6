import { type CallOptions, defined } from '../../../lib/index.js';
import { type FieldSchema, ownValue, type PlatformRecord, setOwn, type Value } from '../../../records/index.js';
import type { FieldChange, Maker, RecordHistory } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import { wholeId } from '../wire/ids.js';
import type { WireField, WireObject, WireRecord } from '../wire/shapes.js';
import { fromPlatform, Misfit } from '../wire/values.js';
import type { Asked } from './keys.js';
import { piecesOf, rowsOf } from './query.js';
import type { Writers } from './writers.js';

/** Keys of which the history is read in one go: one address holds them. */
export const HISTORY_BATCH = 400;

/** How long an account keeps its history (help: field history tracking): 18 months in pages, and through the API up to 24. */
const KEPT_MONTHS = 18;

/** The object type that keeps the history of another one, and its field that names the record; undefined where there is none. */
export function historyObjectOf({ childRelationships = [] }: WireObject): { readonly object: string; readonly parent: string } | undefined {
  const found = childRelationships.find(({ relationshipName, childSObject }) => relationshipName === 'Histories' && childSObject.endsWith('History'));
  return found === undefined || found.field === null ? undefined : { object: found.childSObject, parent: found.field };
}

/** Since when history is told at most, by the clock of the platform. */
export function historyBegins(now: Date): string {
  const begins = new Date(now);
  begins.setUTCMonth(begins.getUTCMonth() - KEPT_MONTHS);
  return begins.toISOString();
}

/**
 * Who wrote what to some records, of fields whose history is kept. Of the others nothing is told, and who made the record is told by
 * itself. One request for 400 records, and for 2000 changes.
 */
export async function historiesOf(
  api: SalesforceApi,
  of: Asked,
  records: readonly PlatformRecord[],
  names: readonly string[],
  writers: Writers,
  call: CallOptions,
  /** Also entries that went into the recycle bin with their record. */
  all = false,
): Promise<ReadonlyMap<string, RecordHistory>> {
  const rows = new Map<string, WireRecord[]>(records.map(({ key }) => [key, []]));
  const kept = historyObjectOf(of.wire);
  if (kept !== undefined && records.length > 0) {
    const query = { names: ['Id', kept.parent, 'Field', 'DataType', 'OldValue', 'NewValue', 'CreatedById', 'CreatedDate'], object: kept.object, all };
    for (const piece of piecesOf(api, query, kept.parent, [...rows.keys()]))
      for await (const page of rowsOf(api, piece, call)) for (const row of page.rows) rows.get(wholeId(String(row[kept.parent])) ?? '')?.push(row);
  }
  await writers.know(
    [...rows.values()].flat().flatMap((row) => idIn(row['CreatedById'])),
    call,
  );
  await writers.know(
    records.flatMap(({ meta }) => [...idIn(ownValue(meta, 'CreatedById')), ...idIn(ownValue(meta, 'LastModifiedById'))]),
    call,
  );
  const begins = historyBegins(api.now() ?? api.clock.now());
  return new Map(
    records.map((record) => [record.key, historyOf(of, record, rows.get(record.key) ?? [], names, writers, kept === undefined ? undefined : begins)]),
  );
}

/** The last write of each record, as that of every field: what there is where no history is kept. */
export async function lastWritesOf(
  records: readonly PlatformRecord[],
  names: readonly string[],
  writers: Writers,
  call: CallOptions,
): Promise<ReadonlyMap<string, RecordHistory>> {
  const lastBy = ({ meta }: PlatformRecord): readonly string[] => idIn(ownValue(meta, 'LastModifiedById'));
  await writers.know(records.flatMap(lastBy), call);
  return new Map(
    records.map((record) => {
      const last = lastWriteOf(record, writers);
      return [record.key, { fields: Object.fromEntries(names.map((name) => [name, [last]])) }];
    }),
  );
}

function lastWriteOf({ meta }: PlatformRecord, writers: Writers): FieldChange {
  const [who] = idIn(ownValue(meta, 'LastModifiedById'));
  const at = ownValue(meta, 'LastModifiedDate');
  return { ...(typeof at === 'string' ? { at } : {}), ...(who === undefined ? {} : whoOf(who, writers)) };
}

function historyOf(
  { schema, wire }: Asked,
  record: PlatformRecord,
  rows: readonly WireRecord[],
  names: readonly string[],
  writers: Writers,
  begins: string | undefined,
): RecordHistory {
  const oldestFirst = rows.toSorted((a, b) => compare(timeIn(a), timeIn(b)) || compare(String(a['Id']), String(b['Id'])));
  const fields: Record<string, readonly FieldChange[]> = {};
  for (const name of names) {
    const field = schema.fields.find((each) => each.name === name);
    const own = wire.fields?.find((each) => each.name === name);
    if (field !== undefined && own !== undefined) setOwn(fields, name, changesOf(field, own, oldestFirst, writers));
  }
  const at = ownValue(record.meta, 'CreatedDate');
  const maker = idIn(ownValue(record.meta, 'CreatedById'))[0];
  const isYounger = begins === undefined || (typeof at === 'string' && at >= begins);
  return {
    fields,
    last: lastWriteOf(record, writers),
    created: { ...(typeof at === 'string' ? { at } : {}), ...(maker === undefined ? {} : whoOf(maker, writers)) },
    ...(isYounger ? {} : { begins }),
  };
}

/** The changes of one field, newest first. What an entry replaced, and the one before it did not leave, is an entry that only stood. */
function changesOf(field: FieldSchema, wire: WireField, oldestFirst: readonly WireRecord[], writers: Writers): readonly FieldChange[] {
  const entries: FieldChange[] = [];
  for (const row of oldestFirst) {
    if (!isOf(row, wire)) continue;
    const at = timeIn(row);
    const [before, after] = tellsNeither(row) ? [] : [valueIn(field, wire, row['OldValue']), valueIn(field, wire, row['NewValue'])];
    const last = entries.at(-1);
    if (last === undefined || (before !== undefined && last.value !== undefined && JSON.stringify(last.value) !== JSON.stringify(before)))
      entries.push({ ...defined({ value: before, at }), stood: true });
    const [who] = idIn(row['CreatedById']);
    entries.push({ ...defined({ value: after, at }), ...(who === undefined ? {} : whoOf(who, writers)) });
  }
  return entries.reverse();
}

/**
 * Whether a row is about a field. A reference is told twice, by name and by id, under the name of the relationship (`Account` for
 * `AccountId`): only the ids count.
 */
function isOf(row: WireRecord, { name, type, relationshipName }: WireField): boolean {
  const told = row['Field'];
  if (type !== 'reference') return told === name;
  if (told !== name && told !== relationshipName) return false;
  const values = [row['OldValue'], row['NewValue']].filter((value) => value !== null);
  return row['DataType'] === 'EntityId' || (row['DataType'] === undefined && values.every((value) => idIn(value).length > 0));
}

/** True where a row says only that there was a write: from nothing to nothing is no change, so that its values are not known. */
function tellsNeither(row: WireRecord): boolean {
  return [row['OldValue'], row['NewValue']].every((told) => told === null || told === undefined || told === '');
}

/** Characters from which on the history of a text tells only that it was changed. */
const LONGEST_TOLD = 255;

/** A value that a row tells; undefined where it tells none. */
function valueIn(field: FieldSchema, wire: WireField, told: unknown): Value | undefined {
  // What the history holds of an encrypted text is a mask, if anything.
  if (wire.type === 'multipicklist' || field.masked === true || (field.maxLength ?? 0) > LONGEST_TOLD) return undefined;
  try {
    if (wire.type === 'reference') return told === null ? null : idIn(told)[0];
    if (typeof told === 'string' && (field.type === 'number' || field.type === 'integer'))
      return fromPlatform(field, told === '' ? null : Number(told));
    if (typeof told === 'string' && field.type === 'boolean') return told === 'true';
    return fromPlatform(field, told);
  } catch (error) {
    if (error instanceof Misfit) return undefined;
    throw error;
  }
}

function whoOf(
  id: string,
  writers: Writers,
): { readonly writer: string; readonly label?: string; readonly maker?: Maker; readonly byPlatform?: true } {
  const user = writers.named(id);
  if (user === undefined) return { writer: id };
  return { writer: user.name, ...defined({ label: user.label }), ...(user.isPlatform ? { maker: 'automation', byPlatform: true } : {}) };
}

/** When a row was made; empty where it does not tell. */
export function timeIn(row: WireRecord): string {
  const at = fromPlatform({ name: 'CreatedDate', type: 'datetime' }, row['CreatedDate']);
  return typeof at === 'string' ? at : '';
}

function idIn(value: unknown): readonly string[] {
  const id = typeof value === 'string' ? wholeId(value) : undefined;
  return id === undefined ? [] : [id];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
