import type { ApiAnswer } from '../../kit/route.js';
import { ApiFailure, malformedQuery } from '../failure.js';
import type { LimitSettings } from '../limits.js';
import { parseQuery } from '../soql/parse.js';
import { type Asked, presentRow, type Result, runQuery } from '../soql/run.js';
import { nthId } from '../state/ids.js';
import type { StoredRecord } from '../state/record.js';
import { type ApiContext, askedOf, on, type Request, type SalesforceRoute } from './route.js';
import { setupView } from './setup-views.js';

/** A query that was not read to its end: which records it found. What they hold is told when they are read. */
interface Cursor {
  readonly id: string;
  readonly result: Result;
  readonly size: number;
  readonly userId: string;
  readonly openedAt: number;
  readonly deletedToo: boolean;
}

const MOST_CURSORS = 10;
/** Records of a page where two or more long texts of one's own are asked for. */
const WIDE_PAGE = 200;

/** Queries, page by page. */
export function queryRoutes(context: ApiContext, limits: () => LimitSettings): readonly SalesforceRoute[] {
  const { org } = context;
  const cursors = new Map<string, Cursor>();
  let opened = 0;

  const begin = (request: Request, version: string, deletedToo: boolean): ApiAnswer => {
    const text = request.query.get('q');
    if (text === null || text.trim() === '') throw malformedQuery('SOQL statement cannot be empty or null');
    const view = setupView(text, org);
    if (view !== undefined) return view;
    const query = parseQuery(text);
    const asked = askedOf(context, deletedToo);
    const result = runQuery(query, asked);
    if (query.counts) return { status: 200, body: { totalSize: result.records.length, done: true, records: [] } };
    const size = pageSize(request, result, limits());
    if (result.records.length <= size) return { status: 200, body: page(result, 0, result.records.length, version, deletedToo) };
    opened += 1;
    const cursor = { id: nthId('0r8', org.facts.pod, opened), result, size, userId: request.caller.userId, openedAt: org.now(), deletedToo };
    cursors.set(cursor.id, cursor);
    const own = [...cursors.values()].filter(({ userId }) => userId === cursor.userId);
    if (own.length > MOST_CURSORS) cursors.delete(own[0]?.id ?? '');
    return { status: 200, body: continued(cursor, 0, version) };
  };
  const page = (result: Result, from: number, to: number, version: string, deletedToo: boolean): Readonly<Record<string, unknown>> => {
    const asked = askedOf(context, deletedToo);
    const records = result.records.slice(from, to).map((record) => presentRow(result, nowOf(record, result, asked), asked, version));
    return { totalSize: result.records.length, done: to >= result.records.length, records };
  };
  const continued = ({ id, result, size, deletedToo }: Cursor, from: number, version: string): unknown => {
    const to = Math.min(from + size, result.records.length);
    const next = to < result.records.length ? { nextRecordsUrl: `/services/data/v${version}/query/${id}-${to}` } : {};
    const { totalSize, done, records } = page(result, from, to, version, deletedToo);
    return { totalSize, done, ...next, records };
  };
  const resume = (version: string, locator: string): ApiAnswer => {
    const [, id = '', from = ''] = /^(0r8\w{15})-(\d+)$/.exec(locator) ?? [];
    const cursor = cursors.get(id);
    if (!cursor || org.now() - cursor.openedAt >= limits().locatorMs || Number(from) >= cursor.result.records.length)
      throw new ApiFailure(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
    return { status: 200, body: continued(cursor, Number(from), version) };
  };
  return [
    on('GET', '/query', (request, version) => begin(request, version, false)),
    on('GET', '/queryAll', (request, version) => begin(request, version, true)),
    on('GET', '/query/([^/]+)', (_, version, locator = '') => resume(version, locator)),
    on('GET', '/queryAll/([^/]+)', (_, version, locator = '') => resume(version, locator)),
  ];
}

/** A record as it is when its page is read, as far as that is seen. */
function nowOf(record: StoredRecord, { object }: Result, { tables, seen }: Asked): StoredRecord {
  const live = tables.get(object, record.id) ?? record;
  return (seen === undefined ? live : seen(object, live)) ?? record;
}

/** `Sforce-Query-Options: batchSize=500` is a wish, between 200 and 2000. */
function pageSize({ headers }: Request, { columns }: Result, { pageSize: most }: LimitSettings): number {
  const wish = /batchSize\s*=\s*(\d+)/i.exec(headers['sforce-query-options'] ?? '')?.[1];
  const wide = columns.filter((each) => each.kind === 'field' && each.resolved.field.custom && each.resolved.field.longText).length;
  const size = Math.min(most, wish === undefined ? most : Math.min(2000, Math.max(200, Number(wish))));
  return wide >= 2 ? Math.min(size, WIDE_PAGE) : size;
}
