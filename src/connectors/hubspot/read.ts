import type { CallOptions } from '../../lib/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { RecordBatch, RecordHistory } from '../connector.js';
import { Cursors, type HubSpotApi, isSuccess } from './api.js';
import { chunksOf, inOrder } from './chunks.js';
import { historyOf, recordMaker } from './records.js';
import { textIn, cursorOf, isRecordPage, type WirePage, type WireRecord } from './wire.js';

/** HubSpot's sizes: records a list page, keys a batch read, keys a batch read with history. */
export const READ_BATCH = 100;
export const HISTORY_BATCH = 50;
/** HubSpot refuses a longer path and query (measured by others at 16.2 thousand characters) with 414. */
const LONGEST_PATH = 12_000;
/** Properties that tell how merged records hang together and where a record came from. */
const MERGED_IDS = ['hs_merged_object_ids', 'hs_calculated_merged_vids'] as const;
const SOURCE = ['hs_object_source', 'hs_object_source_id'] as const;

/** All live records of an object type, in HubSpot's order; see {@link readAllWires}. */
export async function* readAll(api: HubSpotApi, schema: ObjectSchema, call: CallOptions): AsyncGenerator<RecordBatch> {
  const make = recordMaker(schema);
  const names = schema.fields.map((field) => field.name);
  for await (const wires of readAllWires(api, schema, names, call)) yield { records: wires.map(make) };
}

/** Lists live records, 100 a request; 2 requests per 100 where the names of the properties do not fit into an address. */
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
    const result = await api.look('GET', api.objects(schema.object, `${start}${inAddress ? query : ''}`), undefined, call);
    if (inAddress && result.kind === 'answered' && (result.status === 414 || result.status === 431)) {
      inAddress = false;
      continue;
    }
    if (!isSuccess(result)) throw api.failure(result);
    if (!isRecordPage(result.body))
      throw api.failure({ kind: 'lost', message: 'The answer of HubSpot makes no sense: a list of records was expected' });
    const page = result.body as WirePage<WireRecord>;
    const live = page.results.filter((record) => record.archived !== true);
    const ids = live.map((record) => record.id);
    const records = inAddress || live.length === 0 ? live : await batchRead(api, schema, ids, { names }, call);
    done += records.length;
    call.reporter?.progress({ task: `Reading ${schema.object}`, done, unit: 'records' });
    if (records.length > 0) yield records;
    after = cursors.next(cursorOf(page));
    if (after === undefined) return;
  }
}

/** The keys of all live records, without their fields. */
export async function* readKeys(api: HubSpotApi, object: string, call: CallOptions): AsyncGenerator<readonly string[]> {
  const cursors = new Cursors(api);
  let after: string | undefined;
  do {
    const path = api.objects(
      object,
      `?limit=${String(READ_BATCH)}&archived=false&properties=hs_object_id${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`,
    );
    const page = (await api.get(path, isRecordPage, call)) as WirePage<WireRecord>;
    yield page.results.filter((record) => record.archived !== true).map((record) => record.id);
    after = cursors.next(cursorOf(page));
  } while (after !== undefined);
}

/**
 * Records by key, several requests under way at once, in the order of the keys' batches. Ids that were merged into another
 * record come back as aliases.
 */
export async function* readByKeys(
  api: HubSpotApi,
  schema: ObjectSchema,
  keys: readonly string[],
  history: readonly string[] | undefined,
  call: CallOptions,
): AsyncGenerator<RecordBatch> {
  const make = recordMaker(schema);
  // HubSpot refuses a whole batch for an id that is not a number; such a record cannot exist.
  const distinct = [...new Set(keys)].filter((key) => /^\d+$/.test(key));
  const names = schema.fields.map((field) => field.name);
  const given = new Set<string>();
  const batches = chunksOf(distinct, history ? HISTORY_BATCH : READ_BATCH);
  let done = 0;
  for await (const { wires, asked } of inOrder(batches, async (asked) => ({
    asked,
    wires: await batchRead(api, schema, asked, { names, ...(history ? { history } : {}) }, call),
  }))) {
    const wanted = new Set(asked);
    const records = wires.filter((wire) => wanted.has(wire.id) && !given.has(wire.id));
    for (const wire of records) given.add(wire.id);
    const found = new Set(records.map((wire) => wire.id));
    const aliases = await aliasesOf(
      api,
      schema.object,
      asked.filter((key) => !found.has(key) && !given.has(key)),
      wires,
      wanted,
      call,
    );
    const histories = history ? new Map<string, RecordHistory>(records.map((wire) => [wire.id, historyOf(schema, wire)])) : undefined;
    done += asked.length;
    call.reporter?.progress({ task: `Reading ${schema.object}`, done, total: distinct.length, unit: 'records' });
    yield { records: records.map(make), ...(histories ? { history: histories } : {}), ...(aliases.size > 0 ? { aliases } : {}) };
  }
}

/** One batch read. Keys that do not exist, or not any more, are simply not in the answer. */
export async function batchRead(
  api: HubSpotApi,
  schema: ObjectSchema,
  keys: readonly string[],
  wanted: { readonly names: readonly string[]; readonly history?: readonly string[]; readonly idProperty?: string },
  call: CallOptions,
): Promise<readonly WireRecord[]> {
  const known = new Set(schema.fields.map((field) => field.name));
  const extra = wanted.history ? SOURCE : [];
  const properties = [...new Set([...wanted.names, ...MERGED_IDS.filter((name) => known.has(name)), ...extra])];
  const body = {
    inputs: keys.map((id) => ({ id })),
    properties,
    ...(wanted.history ? { propertiesWithHistory: wanted.history } : {}),
    ...(wanted.idProperty === undefined ? {} : { idProperty: wanted.idProperty }),
    archived: false,
  };
  const page = (await api.ask(api.objects(schema.object, '/batch/read?archived=false'), body, isRecordPage, call)) as WirePage<WireRecord>;
  return page.results.filter((record) => record.archived !== true);
}

/**
 * Which of the `missing` keys now lead to another record. The other record names them itself; only where it does not, and some
 * record came that nobody asked for, each missing key is asked for alone.
 */
async function aliasesOf(
  api: HubSpotApi,
  object: string,
  missing: readonly string[],
  wires: readonly WireRecord[],
  wanted: ReadonlySet<string>,
  call: CallOptions,
): Promise<ReadonlyMap<string, string>> {
  const aliases = new Map<string, string>();
  if (missing.length === 0) return aliases;
  const open = new Set(missing);
  const strangers = new Set(wires.filter((wire) => !wanted.has(wire.id)).map((wire) => wire.id));
  for (const wire of wires) {
    for (const id of mergedIds(wire)) {
      if (!open.delete(id)) continue;
      aliases.set(id, wire.id);
      strangers.delete(wire.id);
    }
  }
  if (strangers.size === 0) return aliases;
  const [only] = open;
  const [stranger] = strangers;
  if (open.size === 1 && strangers.size === 1 && only !== undefined && stranger !== undefined) return aliases.set(only, stranger);
  for (const key of open) {
    const result = await api.look('GET', api.objects(object, `/${encodeURIComponent(key)}?archived=false&properties=hs_object_id`), undefined, call);
    if (result.kind === 'answered' && result.status === 404) continue;
    if (!isSuccess(result)) throw api.failure(result);
    const id = (result.body as { readonly id?: unknown } | undefined)?.id;
    if (typeof id === 'string' && id !== key) aliases.set(key, id);
  }
  return aliases;
}

/** `123;456`, or with times `123:1690000000000;456:…`. */
function mergedIds(wire: WireRecord): readonly string[] {
  return MERGED_IDS.flatMap((name) => (textIn(wire.properties, name) ?? '').split(';').map((part) => part.split(':')[0] ?? '')).filter(
    (id) => id !== '',
  );
}
