import { type CallOptions, chunksOf } from '../../../lib/index.js';
import { isSuccess } from '../../http/api.js';
import { Cursors } from '../../http/cursors.js';
import type { SalesforceApi } from '../wire/api.js';
import { codesIn } from '../wire/errors.js';
import { isPage, type WirePage, type WireRecord } from '../wire/shapes.js';
import { listed, LONGEST_PATH, quoted } from '../wire/soql.js';
import { keyOf } from './records.js';

/** What is asked. */
export interface Query {
  readonly names: readonly string[];
  readonly object: string;
  /** Conditions that all hold. */
  readonly where?: readonly string[];
  /** With what was deleted. */
  readonly all?: boolean;
}

/** Rows of a page, in the order of their ids. */
export interface Rows {
  readonly rows: readonly WireRecord[];
  /** How many there are in all, as it was when the query began. */
  readonly total: number;
}

/** Object types of which a query leaves out what is archived: closed tasks and past events of more than a year ago, which are still there. */
const ARCHIVING: ReadonlySet<string> = new Set(['Task', 'Event']);

/** The same query, in a form that tells of archived records too: only queries that see the recycle bin do. */
export function withArchived<Asked extends Omit<Query, 'names'>>(query: Asked): Asked {
  return query.all === true || !ARCHIVING.has(query.object) ? query : { ...query, all: true, where: ['IsDeleted = false', ...(query.where ?? [])] };
}

/** The text of a query, in the order of ids, so that it can be taken up after any of them. */
export function soqlOf({ names, object, where = [] }: Query, after?: string): string {
  const conditions = [...where, ...(after === undefined ? [] : [`Id > ${quoted(after)}`])];
  return `SELECT ${names.join(',')} FROM ${object}${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`} ORDER BY Id`;
}

/** Whether the address of a query is short enough. */
export function fits(api: SalesforceApi, asked: Query): boolean {
  const query = withArchived(asked);
  return api.queryPath(soqlOf(query, 'x'.repeat(18)), query.all).length <= LONGEST_PATH;
}

/** How often a query is taken up again after its last id, where Salesforce no longer knows where the next page is. */
const MOST_BEGINNINGS = 5;

/**
 * All rows of a query, a page at a time. Where the cursor of the next page is gone (there are ten a user, for two days), the query is
 * asked again from the last id on.
 */
export async function* rowsOf(api: SalesforceApi, asked: Query, call: CallOptions): AsyncGenerator<Rows> {
  const query = withArchived(asked);
  let after: string | undefined;
  let came = 0;
  for (let beginnings = 1; ; beginnings += 1) {
    let page = (await api.get(api.queryPath(soqlOf(query, after), query.all), isPage, call)) as WirePage;
    const before = came;
    const cursors = new Cursors(api);
    for (let at: string | undefined = 'first'; at !== undefined;) {
      const last = page.records.at(-1);
      after = last === undefined ? after : keyOf(api, last);
      came += page.records.length;
      yield { rows: page.records, total: before + page.totalSize };
      call.signal?.throwIfAborted();
      if (page.done) return;
      at = cursors.next(nextOf(api, page));
      const next = at === undefined ? undefined : await nextPage(api, at, beginnings < MOST_BEGINNINGS, call);
      if (next === undefined) break;
      page = next;
    }
  }
}

/** The page at a cursor; undefined where it is gone and `mayBegin`. */
async function nextPage(api: SalesforceApi, path: string, mayBegin: boolean, call: CallOptions): Promise<WirePage | undefined> {
  const result = await api.look('GET', path, undefined, call);
  if (isSuccess(result) && isPage(result.body)) return result.body;
  if (isSuccess(result)) throw api.nonsense('the next page of a query is none');
  const isGone = result.kind === 'answered' && codesIn(result.body).some(({ code }) => code === 'INVALID_QUERY_LOCATOR');
  if (isGone && mayBegin) return undefined;
  throw api.failure(result);
}

/** Where the next page is; only a path of the API, whatever the answer says. */
function nextOf(api: SalesforceApi, { nextRecordsUrl }: WirePage): string {
  if (nextRecordsUrl?.startsWith('/services/data/') === true) return nextRecordsUrl;
  throw api.nonsense('the next page of a query is said to be outside of the API');
}

/** How many records a query would give: one call. */
export async function countOf(api: SalesforceApi, asked: Omit<Query, 'names'>, call: CallOptions): Promise<number> {
  const { object, where = [], all } = withArchived(asked);
  const soql = `SELECT COUNT() FROM ${object}${where.length === 0 ? '' : ` WHERE ${where.join(' AND ')}`}`;
  return ((await api.get(api.queryPath(soql, all), isPage, call)) as WirePage).totalSize;
}

/** Ids in one condition: 600 of them leave the address room for short lists of fields. */
const MOST_IN_LIST = 600;

/** The same query for some values of a field, in as many pieces as their addresses need. */
export function piecesOf(api: SalesforceApi, query: Query, name: string, values: readonly string[]): readonly Query[] {
  const pieceOf = (some: readonly string[]): Query => ({ ...query, where: [...(query.where ?? []), `${name} IN ${listed(some)}`] });
  for (let size = MOST_IN_LIST; size > 1; size = Math.floor(size / 2)) {
    const pieces = chunksOf(values, size).map(pieceOf);
    if (pieces.every((piece) => fits(api, piece))) return pieces;
  }
  return chunksOf(values, 1).map(pieceOf);
}
