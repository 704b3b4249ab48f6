import { type CallOptions, chunksOf, defined, inOrder } from '../../../lib/index.js';
import { ownValue, type ObjectSchema, type PlatformRecord } from '../../../records/index.js';
import type { RecordBatch, RecordHistory } from '../../connector.js';
import { REQUESTS_AT_ONCE } from '../../http/api.js';
import { Cursors } from '../../http/cursors.js';
import { askWhole, demandWhole, incomplete, type Said, type Whole } from '../../http/whole.js';
import { type HubSpotApi, isRefusal, isSuccess } from '../wire/api.js';
import { cursorOf, errorBody, isObject, isRecordPage, textIn, type WirePage, type WireRecord } from '../wire/shapes.js';
import { complaintsIn, verdictOf, wholePage } from '../wire/whole.js';
import type { Lacking } from './lacking.js';
import { historyOf, recordMaker } from './records.js';

/** HubSpot's sizes: records a list page, keys a batch read, keys a batch read with history. */
export const READ_BATCH = 100;
export const HISTORY_BATCH = 50;
/** Records of a page that are brought into canonical form together. */
const MADE_AT_ONCE = 25;
/** HubSpot refuses a longer path and query (measured by others at 16.2 thousand characters) with 414. */
const LONGEST_PATH = 12_000;
/** Properties that tell how merged records hang together and where a record came from. */
const MERGED_IDS = ['hs_merged_object_ids', 'hs_calculated_merged_vids'] as const;
/** Further addresses of a contact: it is found by each of them. */
const OTHER_ADDRESSES = 'hs_additional_emails';
const SOURCE = ['hs_object_source', 'hs_object_source_id'] as const;

/** All live records of an object type, in HubSpot's order; see {@link readAllWires}. */
export async function* readAll(api: HubSpotApi, schema: ObjectSchema, call: CallOptions): AsyncGenerator<RecordBatch> {
  const make = recordMaker(schema);
  const names = schema.fields.map((field) => field.name);
  // A page is large once it is taken apart: some of its records at a time, so that little of it is there in two forms.
  for await (const wires of readAllWires(api, schema, names, call))
    for (const some of chunksOf(wires, MADE_AT_ONCE)) yield { records: some.map(make) };
}

/**
 * Lists live records, 100 a request; 2 requests per 100 where the names of the properties do not fit into an address.
 */
export async function* readAllWires(
  api: HubSpotApi,
  schema: ObjectSchema,
  names: readonly string[],
  call: CallOptions,
): AsyncGenerator<readonly WireRecord[]> {
  const query = `&properties=${names.map(encodeURIComponent).join(',')}`;
  const cursors = new Cursors(api);
  let inAddress = query.length <= LONGEST_PATH;
  let after: string | undefined;
  let done = 0;
  for (;;) {
    const start = `?limit=${String(READ_BATCH)}&archived=false${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`;
    const page = await listPage(api, schema.object, `${start}${inAddress ? query : ''}`, call);
    if (page === undefined) {
      if (!inAddress) throw incomplete(api, `the list of ${schema.object}`, 'It refuses an address that is short.');
      inAddress = false;
      continue;
    }
    const live = page.results.filter((record) => record.archived !== true);
    const records = inAddress || live.length === 0 ? live : await listed(api, schema, live, names, call);
    done += records.length;
    call.reporter?.progress({ task: `Reading ${schema.object}`, done, unit: 'records' });
    if (records.length > 0) yield records;
    after = cursors.next(cursorOf(page));
    if (after === undefined) return;
  }
}

/** One page of a list, whole; undefined where the address is too long. */
async function listPage(api: HubSpotApi, object: string, query: string, call: CallOptions): Promise<WirePage<WireRecord> | undefined> {
  return await wholePage(api, `a part of its list of ${object}`, call, async () => {
    const result = await api.look('GET', api.objects(object, query), undefined, call);
    if (result.kind === 'answered' && (result.status === 414 || result.status === 431)) return undefined;
    if (!isSuccess(result)) throw api.failure(result);
    if (!isRecordPage(result.body)) throw api.nonsense('a list of records was expected');
    return result.body as WirePage<WireRecord>;
  });
}

/** Records of a list with their properties; one that was archived since it was listed is left out. */
async function listed(
  api: HubSpotApi,
  schema: ObjectSchema,
  live: readonly WireRecord[],
  names: readonly string[],
  call: CallOptions,
): Promise<readonly WireRecord[]> {
  const ids = new Set(live.map((record) => record.id));
  const whole = await batchRead(api, schema, [...ids], { names }, call);
  return demandWhole(api, whole, schema.object, ids.size).filter((record) => ids.has(record.id));
}

/** The keys of all live records, or of all archived ones that HubSpot still has (90 days), without their fields. */
export async function* readKeys(api: HubSpotApi, object: string, call: CallOptions, archived = false): AsyncGenerator<readonly string[]> {
  for await (const records of readBare(api, object, call, archived)) yield records.map((record) => record.id);
}

/** When each archived record that HubSpot still has was archived, in milliseconds; NaN where it does not say. */
export async function* readArchivedAt(api: HubSpotApi, object: string, call: CallOptions): AsyncGenerator<readonly number[]> {
  for await (const records of readBare(api, object, call, true)) yield records.map(({ archivedAt }) => Date.parse(archivedAt ?? ''));
}

/** Lists records without their fields, 100 a request. */
async function* readBare(api: HubSpotApi, object: string, call: CallOptions, archived: boolean): AsyncGenerator<readonly WireRecord[]> {
  const cursors = new Cursors(api);
  let after: string | undefined;
  do {
    const query = `?limit=${String(READ_BATCH)}&archived=${String(archived)}&properties=hs_object_id${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`;
    const page = await listPage(api, object, query, call);
    if (page === undefined) throw incomplete(api, `the list of ${object}`, 'It refuses an address that is short.');
    yield page.results.filter((record) => (record.archived === true) === archived);
    after = cursors.next(cursorOf(page));
  } while (after !== undefined);
}

/**
 * Records by key, several requests under way at once, in the order of the keys' batches. Ids that were merged into
 * another record come back as aliases.
 */
export async function* readByKeys(
  api: HubSpotApi,
  schema: ObjectSchema,
  keys: readonly string[],
  { history, lacking }: HistoryWanted,
  call: CallOptions,
): AsyncGenerator<RecordBatch> {
  const make = recordMaker(schema);
  // HubSpot refuses a whole batch for an id that is not a number; such a record cannot exist.
  const distinct = [...new Set(keys)].filter((key) => /^\d+$/.test(key));
  const names = schema.fields.map((field) => field.name);
  const given = new Set<string>();
  const batches = chunksOf(distinct, history ? HISTORY_BATCH : READ_BATCH);
  let done = 0;
  for await (const { whole, asked } of inOrder(batches, REQUESTS_AT_ONCE, async (asked) => ({
    asked,
    whole: await batchRead(api, schema, asked, { names, ...defined({ history, lacking }) }, call),
  }))) {
    const wires = demandWhole(api, whole, schema.object, asked.length);
    const wanted = new Set(asked);
    const records = wires.filter((wire) => wanted.has(wire.id) && !given.has(wire.id));
    for (const wire of records) given.add(wire.id);
    const aliases = new Map([...whole.aliases].filter(([key]) => !given.has(key)));
    const histories = history ? new Map<string, RecordHistory>(records.map((wire) => [wire.id, historyOf(schema, wire)])) : undefined;
    done += asked.length;
    call.reporter?.progress({ task: `Reading ${schema.object}`, done, total: distinct.length, unit: 'records' });
    yield { records: records.map(make), ...(histories ? { history: histories } : {}), ...(aliases.size > 0 ? { aliases } : {}) };
  }
}

/** Which history a read by key is to give. */
export interface HistoryWanted {
  /** Properties. */
  readonly history?: readonly string[] | undefined;
  /** Some of them may have none; see {@link Lacking}. */
  readonly lacking?: Lacking | undefined;
}

/** What a batch read is to give. */
export interface Wanted {
  readonly names: readonly string[];
  readonly history?: readonly string[];
  readonly lacking?: Lacking;
  /** A unique property that the keys are values of; without it they are ids. */
  readonly idProperty?: string;
}

/** Records of a batch read. */
export interface WholeRecords extends Whole<WireRecord> {
  /** Keys that now lead to another record (merged): old key to present key. */
  readonly aliases: ReadonlyMap<string, string>;
  /** What each key led to: its own record, the one it was merged into, the holder of the value. */
  readonly holders: ReadonlyMap<string, WireRecord>;
}

/**
 * Reads records by key until HubSpot has said of each key that it is there, that it leads to another record, or that
 * there is none: then it is simply not in the answer. Keys that it says nothing of are `missing`.
 */
export async function batchRead(
  api: HubSpotApi,
  schema: ObjectSchema,
  keys: readonly string[],
  wanted: Wanted,
  call: CallOptions,
): Promise<WholeRecords> {
  const known = new Set(schema.fields.map((field) => field.name));
  const writable = new Set(schema.fields.filter((field) => !field.readOnly).map((field) => field.name));
  const further = [...MERGED_IDS, ...(wanted.idProperty === 'email' ? [OTHER_ADDRESSES] : [])].filter((name) => known.has(name));
  const properties = [...new Set([...wanted.names, ...further, ...(wanted.history ? SOURCE : [])])];
  const holders = new Map<string, WireRecord>();
  const body = {
    properties,
    ...(wanted.history ? { propertiesWithHistory: wanted.history } : {}),
    ...defined({ idProperty: wanted.idProperty }),
    archived: false,
  };
  const ask = async (asked: readonly string[]): Promise<Said<WireRecord>> => {
    const path = api.objects(schema.object, '/batch/read?archived=false');
    const page = (await api.ask(path, { inputs: asked.map((id) => ({ id })), ...body }, isRecordPage, call)) as WirePage<WireRecord>;
    const history = wanted.history?.filter((name) => writable.has(name) && wanted.lacking?.isKnown(name) !== true);
    return saidOf(asked, page, { ...wanted, ...defined({ history }) }, holders);
  };
  const size = wanted.history ? HISTORY_BATCH : READ_BATCH;
  const otherwise = async (key: string): Promise<Said<WireRecord>> => {
    const there = await lookAlone(api, schema.object, key, wanted.idProperty, call);
    if (there === undefined) return { found: [], settled: [key], errors: [] };
    // That it is there settles nothing, since its batch read said nothing; that it is another record now does.
    if (wanted.idProperty !== undefined || there.id === key || there.id === undefined) return { found: [], settled: [], errors: [] };
    holders.set(key, { id: there.id, properties: {} });
    return { found: [], settled: [key], errors: [] };
  };
  const whole = await askWhole(api, { ask, otherwise, size }, keys, call);
  const aliases = wanted.idProperty === undefined ? [...holders].filter(([key, wire]) => wire.id !== key) : [];
  return {
    ...whole,
    found: [...new Map(whole.found.map((wire) => [wire.id, wire])).values()],
    aliases: new Map(aliases.map(([key, wire]) => [key, wire.id])),
    holders,
  };
}

/**
 * Which of the asked keys an answer settles: by the record itself, by the record it was merged into, or by HubSpot's
 * word that there is none.
 */
function saidOf(asked: readonly string[], page: WirePage<WireRecord>, wanted: Wanted, holders: Map<string, WireRecord>): Said<WireRecord> {
  const { idProperty } = wanted;
  const { none, partly, unnamed } = verdictOf(asked, page);
  const plain = idProperty === undefined ? (key: string): string => key : (key: string): string => key.trim().toLowerCase();
  const open = new Map<string, string[]>();
  for (const key of asked) open.set(plain(key), [...(open.get(plain(key)) ?? []), key]);
  const settled = new Set(none);
  const found: WireRecord[] = [];
  let strangers = 0;
  for (const wire of page.results) {
    if (partly.has(wire.id)) continue;
    // Without the history that was asked for it is a part of an answer.
    if (wanted.history && !hasHistory(wire, wanted.history, wanted.lacking)) continue;
    const names = idProperty === undefined ? [wire.id, ...mergedIds(wire)] : valuesOf(wire, idProperty);
    const named = names.flatMap((name) => open.get(plain(name)) ?? []);
    const keys = named.length === 0 && asked.length === 1 ? asked : named;
    if (keys.length === 0) strangers += 1;
    for (const key of keys) settled.add(key);
    if (wire.archived === true) continue;
    found.push(wire);
    for (const key of keys) if (holders.get(key)?.id !== key) holders.set(key, wire);
  }
  return { found, settled: [...settled], errors: complaintsIn(page), alone: strangers > 0 || unnamed };
}

/**
 * False where the history of one of these properties is left out, although the record holds a value there, which
 * somebody wrote.
 */
function hasHistory({ id, properties, propertiesWithHistory: all }: WireRecord, names: readonly string[], lacking?: Lacking): boolean {
  if (!isObject(all)) return false;
  const without = names.filter((name) => {
    const versions = ownValue(all, name);
    return (textIn(properties, name) ?? '') !== '' && !(Array.isArray(versions) && versions.length > 0);
  });
  return without.length === 0 || lacking?.isKept(id, without) === true;
}

/**
 * Another way to look for a record: the id that a key leads to, as far as it is told; undefined where HubSpot says that
 * there is none.
 */
async function lookAlone(
  api: HubSpotApi,
  object: string,
  key: string,
  idProperty: string | undefined,
  call: CallOptions,
): Promise<{ readonly id?: string } | undefined> {
  const by = idProperty === undefined ? '' : `&idProperty=${encodeURIComponent(idProperty)}`;
  const path = api.objects(object, `/${encodeURIComponent(key)}?archived=false&properties=hs_object_id${by}`);
  const result = await api.look('GET', path, undefined, call);
  if (isRefusal(result, 404) && isNoRecord(result.body)) return undefined;
  if (!isSuccess(result) && !isRefusal(result, 400, 404)) throw api.failure(result);
  const id = textIn(result.body, 'id');
  return isSuccess(result) && id !== undefined ? { id } : {};
}

/** HubSpot's words for a record that does not exist, as against a path that does not. */
export function isNoRecord(body: unknown): boolean {
  const error = errorBody(body);
  return error.category === 'OBJECT_NOT_FOUND' || error.message === 'resource not found';
}

/** What a record may be looked up by: for e-mail, its other addresses too. */
function valuesOf(wire: WireRecord, idProperty: string): readonly string[] {
  const others = idProperty === 'email' ? (textIn(wire.properties, OTHER_ADDRESSES) ?? '').split(';') : [];
  return [textIn(wire.properties, idProperty) ?? '', ...others].filter((value) => value !== '');
}

/** `123;456`, or with times `123:1690000000000;456:…`. */
function mergedIds(wire: WireRecord): readonly string[] {
  return MERGED_IDS.flatMap((name) => idsIn(textIn(wire.properties, name) ?? ''));
}

/** The same of a record in canonical form: what was merged into it, its own key among them. */
export function mergedIdsOf({ meta }: PlatformRecord): readonly string[] {
  return MERGED_IDS.flatMap((name) => {
    const value = ownValue(meta, name);
    return Array.isArray(value) ? value.flatMap((part) => idsIn(String(part))) : typeof value === 'string' ? idsIn(value) : [];
  });
}

const idsIn = (text: string): readonly string[] => text.split(';').flatMap((part) => part.split(':')[0] || []);
