import type { CallOptions } from '../../../lib/index.js';
import { defined } from '../../../lib/index.js';
import type { ObjectSchema } from '../../../records/index.js';
import type { BetweenSample, RecordBatch } from '../../connector.js';
import { Cursors } from '../../http/cursors.js';
import type { HubSpotApi } from '../wire/api.js';
import { textIn, cursorOf, isRecordPage, type WirePage, type WireRecord } from '../wire/shapes.js';
import { wholePage } from '../wire/whole.js';
import { readAll, readByKeys } from './read.js';

const PAGE = 200;
const MOST = 10_000;
/** How often a search begins anew since records left it while it was read. */
const TRIES = 5;
/** HubSpot tells its time in whole seconds. */
const TOLD_MS = 1000;

/**
 * Records changed since a time. Search finds their keys only: its values and its index lag, so runback first waits
 * `lagMs` for what was changed up to now to be indexed, and reads the records themselves by key. Where search cannot
 * give all of them, everything is read instead.
 */
export async function* readChanged(
  api: HubSpotApi,
  schema: ObjectSchema,
  since: Date,
  lagMs: number,
  call: CallOptions,
): AsyncGenerator<RecordBatch> {
  const given = new Set<string>();
  for await (const fresh of freshKeys(api, schema, since, lagMs, given, call)) {
    if (fresh !== 'all') yield* readByKeys(api, schema, fresh, {}, call);
    else for await (const batch of readAll(api, schema, call)) yield { records: batch.records.filter((record) => !given.has(record.key)) };
  }
}

/**
 * Keys of the records changed since a time, each once, which are added to `given`; at last `all` where search cannot
 * give the rest of them.
 */
export async function* freshKeys(
  api: HubSpotApi,
  schema: ObjectSchema,
  since: Date,
  lagMs: number,
  given: Set<string>,
  call: CallOptions,
): AsyncGenerator<readonly string[] | 'all'> {
  await letIndexCatchUp(api, lagMs, call);
  let from = since;
  // What is changed while the search is under way may slip past it: the second round looks for that.
  for (let round = 0; round < 2; round += 1) {
    const begun = indexedAt(api, lagMs);
    const keys = await changedKeys(api, schema, from, lagMs, call);
    if (keys === undefined) {
      yield 'all';
      return;
    }
    const fresh = [...keys].filter((key) => !given.has(key));
    for (const key of fresh) given.add(key);
    if (fresh.length > 0) yield fresh;
    from = begun;
  }
}

/** The property that tells when a record of an object type was changed last. */
export const modifiedProperty = ({ object }: ObjectSchema): string => (object === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate');

/** Waits until what was changed up to now can be found. */
export async function letIndexCatchUp(api: HubSpotApi, lagMs: number, call: CallOptions): Promise<void> {
  call.reporter?.waiting({ reason: 'HubSpot indexes changes with a delay', ms: lagMs });
  await api.clock.sleep(lagMs, call.signal);
}

/** What was changed before this is found by a search that begins now; by HubSpot's clock. */
function indexedAt(api: HubSpotApi, lagMs: number): Date {
  return new Date((api.now() ?? api.clock.now()).getTime() - lagMs - TOLD_MS);
}

/**
 * Keys of the records changed since a time, as far as HubSpot has indexed them; undefined where search cannot give them
 * all. A record that is changed while this is under way may be missing: it is one of those changed since this began.
 *
 * The newest come first: a record that is changed while its list is read moves to the front, and pushes others onto the
 * next page, where they come twice. The other way round they would move up, past the page that is asked for next. Where
 * records leave the list, or come out fewer than its total says, it is read again. Beyond 10,000 results the search goes on before the
 * earliest time that the last page shows: values are those of now, so never earlier than those by which it was sorted.
 */
export async function changedKeys(
  api: HubSpotApi,
  schema: ObjectSchema,
  since: Date,
  lagMs: number,
  call: CallOptions,
): Promise<ReadonlySet<string> | undefined> {
  const keys = new Set<string>();
  let upTo: number | undefined;
  for (;;) {
    const window = await searchWindow(api, schema, since.getTime(), upTo, lagMs, call);
    if (window === undefined) return undefined;
    for (const key of window.keys) keys.add(key);
    if (!window.full) return keys;
    if (window.earliest >= (upTo ?? Infinity) || window.earliest < since.getTime()) return undefined;
    upTo = window.earliest;
  }
}

interface Window {
  readonly keys: readonly string[];
  /** The search reached its cap: there may be more. */
  readonly full: boolean;
  /** Earliest time on its last page. */
  readonly earliest: number;
}

/** One search, up to its cap; undefined where records kept leaving it. */
async function searchWindow(
  api: HubSpotApi,
  schema: ObjectSchema,
  from: number,
  upTo: number | undefined,
  lagMs: number,
  call: CallOptions,
): Promise<Window | undefined> {
  const property = modifiedProperty(schema);
  const range = upTo === undefined ? { operator: 'GTE', value: String(from) } : { operator: 'BETWEEN', value: String(from), highValue: String(upTo) };
  const query = {
    filterGroups: [{ filters: [{ propertyName: property, ...range }] }],
    sorts: [{ propertyName: property, direction: 'DESCENDING' }],
    properties: [property],
    limit: PAGE,
  };
  for (let tried = 1; ; tried += 1) {
    const window = await onePass(api, schema, property, query, call);
    if (window !== undefined || tried === TRIES) return window;
    // What was archived since is still counted until the index has caught up.
    await letIndexCatchUp(api, lagMs, call);
  }
}

/** Reads a search page by page; undefined where it became shorter on the way, or did not give all that it counts. */
async function onePass(api: HubSpotApi, schema: ObjectSchema, property: string, query: object, call: CallOptions): Promise<Window | undefined> {
  const keys: string[] = [];
  const cursors = new Cursors(api);
  let [earliest, total] = [Infinity, 0];
  let after: string | undefined;
  do {
    const page = await searchPage(api, schema, { ...query, ...defined({ after }) }, call);
    const found = totalOf(page) ?? total;
    if (found < total) return undefined;
    total = found;
    const times = page.results.map((wire) => Date.parse(textIn(wire.properties, property) ?? '')).filter((at) => !Number.isNaN(at));
    if (times.length > 0) earliest = Math.min(...times);
    keys.push(...page.results.map(({ id }) => id));
    // A short or even empty page is not the last one while it carries a cursor.
    after = cursors.next(cursorOf(page));
  } while (after !== undefined && Number(after) + PAGE <= MOST);
  if (after === undefined && new Set(keys).size < total) return undefined;
  return { keys, full: after !== undefined, earliest };
}

/** One page of the records changed last between two times, the latest first, and how many there are. */
export async function someBetween(
  api: HubSpotApi,
  schema: ObjectSchema,
  from: Date,
  to: Date,
  most: number,
  call: CallOptions,
): Promise<BetweenSample> {
  const property = modifiedProperty(schema);
  const between = { propertyName: property, operator: 'BETWEEN', value: String(from.getTime()), highValue: String(to.getTime()) };
  const query = {
    filterGroups: [{ filters: [between] }],
    sorts: [{ propertyName: property, direction: 'DESCENDING' }],
    properties: ['hs_object_id'],
    limit: Math.min(PAGE, most),
  };
  const page = await searchPage(api, schema, query, call);
  return { keys: page.results.map(({ id }) => id), ...defined({ total: totalOf(page) }) };
}

async function searchPage(api: HubSpotApi, schema: ObjectSchema, query: object, call: CallOptions): Promise<WirePage<WireRecord>> {
  return await wholePage(api, `a part of the changed ${schema.object}`, call, async () => {
    return (await api.ask(api.objects(schema.object, '/search'), query, isRecordPage, call, 'search')) as WirePage<WireRecord>;
  });
}

/** How many records a search finds in all; undefined where HubSpot does not say. */
const totalOf = ({ total }: WirePage<WireRecord>): number | undefined => (typeof total === 'number' ? total : undefined);

/** How many live records of an object type HubSpot has indexed, or changed since a time; undefined where it does not say. */
export async function countAll(api: HubSpotApi, schema: ObjectSchema, call: CallOptions, since?: Date): Promise<number | undefined> {
  const changed = { propertyName: modifiedProperty(schema), operator: 'GTE', value: String(since?.getTime() ?? 0) };
  return await countMatching(api, schema, since === undefined ? [] : [changed], call);
}

/** How many live records fit all of some filters, as far as they are indexed; undefined where HubSpot does not say. */
export async function countMatching(
  api: HubSpotApi,
  schema: ObjectSchema,
  filters: readonly object[],
  call: CallOptions,
): Promise<number | undefined> {
  const filterGroups = filters.length === 0 ? [] : [{ filters }];
  return totalOf(await searchPage(api, schema, { filterGroups, properties: ['hs_object_id'], limit: 1 }, call));
}
