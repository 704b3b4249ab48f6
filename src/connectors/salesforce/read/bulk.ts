import type { CallOptions } from '../../../lib/index.js';
import type { FieldSchema, ObjectSchema, PlatformRecord } from '../../../records/index.js';
import { isSuccess } from '../../http/api.js';
import type { SalesforceApi } from '../wire/api.js';
import { rowsOfCsv } from '../wire/csv.js';
import { isObject, type WireRecord } from '../wire/shapes.js';
import { type Query, withArchived } from './query.js';
import { namesOf, recordOf } from './records.js';

/** Calls that a job takes beside those for its results: to make it, to ask four times or so how it is, to take it away. */
const CALLS_OF_JOB = 6;

/** Characters of a page of results at most, about, and of a value in it on average: what is too long for one answer is lost. */
const PAGE_CHARACTERS = 24_000_000;
const VALUE_CHARACTERS = 16;

/** Rows of a page of results. */
function pageOf(schema: ObjectSchema): number {
  return Math.max(1000, Math.floor(PAGE_CHARACTERS / (VALUE_CHARACTERS * namesOf(schema).length)));
}

/** Whether a job gives so many records in fewer calls than pages of a query do. */
export function isCheaper(schema: ObjectSchema, records: number, pageSize: number): boolean {
  return Math.ceil(records / pageSize) > CALLS_OF_JOB + Math.ceil(records / pageOf(schema));
}

/** A job that is not allowed, or was not finished: pages of a query give the same. */
export class NoJob extends Error {}

/**
 * Records by a query job of Bulk API 2.0, in whatever order; its text goes in a body, and may be of any length. Throws {@link NoJob}
 * before it gives any.
 */
export async function* readByJob(
  api: SalesforceApi,
  schema: ObjectSchema,
  asked: readonly string[],
  call: CallOptions,
): AsyncGenerator<readonly PlatformRecord[]> {
  const { where: conditions = [], all } = withArchived<Omit<Query, 'names'>>({ object: schema.object, where: asked });
  const query = `SELECT ${namesOf(schema).join(',')} FROM ${schema.object}${conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`}`;
  const id = await made(api, query, all === true ? 'queryAll' : 'query', call);
  const path = api.data(`/jobs/query/${encodeURIComponent(id)}`);
  let isOver = false;
  try {
    isOver = await finished(api, path, call);
    if (!isOver) throw new NoJob('the job takes too long');
    yield* results(api, path, schema, call);
  } finally {
    // It would stay for a week, and takes place; one that still runs has to be stopped first. That it went is not worth an error.
    if (!isOver) await api.exchange({ method: 'PATCH', path, body: { state: 'Aborted' }, repeatable: true }).catch(() => undefined);
    await api.exchange({ method: 'DELETE', path, repeatable: true, anyAnswer: true }).catch(() => undefined);
  }
}

async function made(api: SalesforceApi, query: string, operation: 'query' | 'queryAll', call: CallOptions): Promise<string> {
  // A job too many only reads.
  const result = await api.look('POST', api.data('/jobs/query'), { operation, query, contentType: 'CSV', lineEnding: 'LF' }, call);
  const id = isSuccess(result) && isObject(result.body) ? result.body['id'] : undefined;
  if (typeof id === 'string' && id !== '') return id;
  if (result.kind === 'answered' && [400, 403, 404, 405].includes(result.status)) throw new NoJob('the job was refused');
  throw api.failure(result);
}

/** Waits until a job is done; each wait is longer than the one before. False where that would take too long. */
async function finished(api: SalesforceApi, path: string, call: CallOptions): Promise<boolean> {
  const patience = api.patience();
  for (;;) {
    const job = (await api.get(path, isObject, call)) as Readonly<Record<string, unknown>>;
    const { state } = job;
    if (state === 'JobComplete') return true;
    if (state === 'Failed' || state === 'Aborted') throw new NoJob(`the job is ${state}`);
    if (!(await patience.wait('Salesforce is gathering the records', call))) return false;
  }
}

/** Pages of the results: the place of the next one is in a header, `null` at the end. */
async function* results(api: SalesforceApi, path: string, schema: ObjectSchema, call: CallOptions): AsyncGenerator<readonly PlatformRecord[]> {
  const seen = new Set<string>();
  for (let locator: string | undefined = ''; locator !== undefined;) {
    const asked: string = `${path}/results?maxRecords=${String(pageOf(schema))}${locator === '' ? '' : `&locator=${encodeURIComponent(locator)}`}`;
    const { body, headers } = await api.took({ method: 'GET', path: asked, headers: { accept: 'text/csv' }, bytes: true }, call);
    const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
    yield recordsIn(api, schema, text);
    call.signal?.throwIfAborted();
    const next: string = headers['sforce-locator'] ?? 'null';
    if (seen.has(next)) throw api.nonsense('the results of a job lead back to a page that came before');
    seen.add(next);
    locator = next === 'null' ? undefined : next;
  }
}

function recordsIn(api: SalesforceApi, schema: ObjectSchema, text: string): readonly PlatformRecord[] {
  const fields = new Map(schema.fields.map((field) => [field.name, field]));
  const records: PlatformRecord[] = [];
  let names: readonly string[] | undefined;
  try {
    for (const row of rowsOfCsv(text.startsWith('\ufeff') ? text.slice(1) : text)) {
      if (names === undefined) {
        names = row;
        if (namesOf(schema).some((name) => !row.includes(name))) throw api.nonsense('the results of a job lack a field');
      } else if (row.length === names.length) records.push(recordOf(api, schema, wireOf(names, row, fields)));
      else throw api.nonsense('a row of the results of a job has another length than the first');
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw api.nonsense(error.message);
    throw error;
  }
  return records;
}

/** A row as a query would give it: in a file everything is text, and nothing is an empty one. */
function wireOf(names: readonly string[], row: readonly string[], fields: ReadonlyMap<string, FieldSchema>): WireRecord {
  return Object.fromEntries(
    names.map((name, n) => {
      const text = row[n] ?? '';
      const type = fields.get(name)?.type;
      if (text === '') return [name, null];
      if (type === 'boolean') return [name, text === 'true'];
      return [name, type === 'number' || type === 'integer' ? Number(text) : text];
    }),
  );
}
