import type { ApiAnswer } from '../../kit/route.js';
import { ApiFailure, malformedQuery, notFound } from '../failure.js';
import { type ApiContext, askedOf, on, type SalesforceRoute } from '../routes/route.js';
import { parseQuery } from '../soql/parse.js';
import { runQuery } from '../soql/run.js';
import { nthId } from '../state/ids.js';
import { said } from '../state/text.js';
import { csvCell, csvLine } from './csv.js';
import { formatAsked, formatOf, type Job, mustBe, told } from './job.js';

interface QueryJob extends Job {
  readonly header: string;
  readonly lines: readonly string[];
}

/** Queries in the background, whose results are CSV files with a locator from part to part. */
export function queryJobRoutes(context: ApiContext, busyMs: number): readonly SalesforceRoute[] {
  const { org } = context;
  const jobs = new Map<string, QueryJob>();
  const settled = (id: string): QueryJob => {
    const job = jobs.get(id);
    if (!job) throw notFound();
    if (job.state === 'InProgress' && org.now() >= job.dueAt) job.state = 'JobComplete';
    if (job.state === 'UploadComplete') job.state = 'InProgress';
    return job;
  };
  const begin = (body: Readonly<Record<string, unknown>>, userId: string, version: string): ApiAnswer => {
    const { operation, query: text } = body;
    if (operation !== 'query' && operation !== 'queryAll') throw new ApiFailure(400, 'INVALIDJOB', 'InvalidJob : Unsupported operation');
    const query = parseQuery(said(text));
    if (query.counts || query.offset > 0 || query.select.some(({ kind }) => kind === 'fields'))
      throw malformedQuery('Aggregate queries, OFFSET and FIELDS() are not supported in Bulk Query');
    const asked = askedOf(context, operation === 'queryAll');
    const result = runQuery(query, asked);
    const columns = result.columns.map((column) => {
      if (column.kind === 'children' || column.resolved.field.type === 'address')
        throw new ApiFailure(400, 'FUNCTIONALITY_NOT_ENABLED', 'Selecting compound data not supported in Bulk Query');
      return column.resolved;
    });
    const format = formatAsked(body);
    const write = formatOf(format);
    const job: QueryJob = {
      id: nthId('750', org.facts.pod, jobs.size + 1),
      operation,
      object: result.object.name,
      userId,
      createdAt: org.now(),
      version,
      ...format,
      state: 'UploadComplete',
      dueAt: org.now() + busyMs,
      header: csvLine(
        columns.map(({ names }) => names.join('.')),
        write,
      ),
      lines: result.records.map((record) =>
        csvLine(
          columns.map((each) => csvCell(each.field, asked.reader.plain(result.object, record, each))),
          write,
        ),
      ),
    };
    jobs.set(job.id, job);
    return { status: 200, body: told(job) };
  };
  return [
    on('POST', '/jobs/query', ({ body, caller }, version) => begin((body ?? {}) as Record<string, unknown>, caller.userId, version), false),
    on('GET', '/jobs/query', () => ({
      status: 200,
      body: { done: true, records: [...jobs.keys()].map((id) => told(settled(id))), nextRecordsUrl: null },
    })),
    on('GET', '/jobs/query/([^/]+)', (_, __, id = '') => {
      const job = settled(id);
      const numberRecordsProcessed = job.state === 'JobComplete' ? job.lines.length : 0;
      return { status: 200, body: { ...told(job), jobType: 'V2Query', numberRecordsProcessed, retries: 0, totalProcessingTime: busyMs } };
    }),
    on('GET', '/jobs/query/([^/]+)/results', ({ query }, _, id = '') => {
      const job = settled(id);
      mustBe(job, ['JobComplete']);
      const from = startOf(query.get('locator'), job.lines.length);
      const to = Math.min(job.lines.length, from + Number(query.get('maxRecords') ?? 50_000));
      const headers = {
        'Sforce-Locator': to < job.lines.length ? Buffer.from(String(to)).toString('base64url') : 'null',
        'Sforce-NumberOfRecords': String(to - from),
      };
      return { status: 200, headers, text: { type: 'text/csv', content: job.header + job.lines.slice(from, to).join('') } };
    }),
    on(
      'PATCH',
      '/jobs/query/([^/]+)',
      ({ body }, _, id = '') => {
        const job = settled(id);
        if ((body as { readonly state?: string } | undefined)?.state !== 'Aborted')
          throw new ApiFailure(400, 'INVALIDJOB', 'InvalidJob : A query job can be aborted only');
        mustBe(job, ['UploadComplete', 'InProgress']);
        job.state = 'Aborted';
        return { status: 200, body: told(job) };
      },
      false,
    ),
    on(
      'DELETE',
      '/jobs/query/([^/]+)',
      (_, __, id = '') => {
        mustBe(settled(id), ['JobComplete', 'Aborted', 'Failed']);
        jobs.delete(id);
        return { status: 204 };
      },
      false,
    ),
  ];
}

function startOf(locator: string | null, count: number): number {
  if (locator === null) return 0;
  const from = Number(Buffer.from(locator, 'base64url').toString('utf8'));
  if (!Number.isInteger(from) || from <= 0 || from >= count) throw new ApiFailure(400, 'INVALID_QUERY_LOCATOR', 'invalid query locator');
  return from;
}
