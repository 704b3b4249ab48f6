import { ApiFailure, notFound } from '../failure.js';
import { type ApiContext, on, type SalesforceRoute, writerOf } from '../routes/route.js';
import { nthId } from '../state/ids.js';
import type { Writer } from '../state/record.js';
import { said } from '../state/text.js';
import { csvLine, csvRows } from './csv.js';
import { process, type Outcome } from './ingest.js';
import { formatAsked, formatOf, type Job, mustBe, told } from './job.js';

const OPERATIONS = ['insert', 'update', 'upsert', 'delete', 'hardDelete'];

/** A job that writes the lines of a file. */
interface IngestJob extends Job {
  readonly key: string | undefined;
  readonly writer: Writer;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  content: string | undefined;
  outcomes: readonly Outcome[];
}

/** Writes in the background: a job is opened, gets one CSV file, is closed, and then done after a while. */
export class IngestJobs {
  readonly #jobs = new Map<string, IngestJob>();

  constructor(
    private readonly context: ApiContext,
    private readonly busyMs: number,
  ) {}

  /** Does what is due. */
  settle(): void {
    const { org } = this.context;
    for (const job of this.#jobs.values()) {
      if (job.state !== 'UploadComplete' && job.state !== 'InProgress') continue;
      if (org.now() < job.dueAt) continue;
      job.outcomes = process(org, job, job.writer);
      job.state = 'JobComplete';
      org.automations.settle();
    }
  }

  routes(): readonly SalesforceRoute[] {
    const one = '/jobs/ingest/([^/]+)';
    return [
      on('POST', '/jobs/ingest', (request, version) => {
        const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
        const { operation, object, externalIdFieldName: key } = body;
        const type = this.context.org.schema.find(String(object));
        if (!type || !OPERATIONS.includes(String(operation))) throw new ApiFailure(400, 'INVALIDJOB', 'InvalidJob : Unknown object or operation');
        if (operation === 'upsert' && key === undefined) throw new ApiFailure(400, 'INVALIDJOB', 'InvalidJob : External ID was blank for upsert');
        const job: IngestJob = {
          id: nthId('750', this.context.org.facts.pod, 1_000_000 + this.#jobs.size),
          operation: String(operation),
          object: type.name,
          key: key === undefined ? undefined : said(key),
          userId: request.caller.userId,
          writer: writerOf(this.context, request),
          createdAt: this.context.org.now(),
          version,
          ...formatAsked(body),
          state: 'Open',
          dueAt: Number.POSITIVE_INFINITY,
          columns: [],
          rows: [],
          content: undefined,
          outcomes: [],
        };
        this.#jobs.set(job.id, job);
        return { status: 200, body: { ...told(job), contentUrl: `services/data/v${version}/jobs/ingest/${job.id}/batches` } };
      }),
      on('GET', '/jobs/ingest', () => ({ status: 200, body: { done: true, records: [...this.#jobs.values()].map(told), nextRecordsUrl: null } })),
      on('PUT', `${one}/batches`, ({ body }, _, id = '') => {
        const job = this.#job(id);
        mustBe(job, ['Open']);
        if (job.content !== undefined) throw new ApiFailure(400, 'INVALIDJOBSTATE', 'InvalidJobState : The data of this job was uploaded already');
        job.content = said(body);
        return { status: 201 };
      }),
      on('GET', one, (_, __, id = '') => ({ status: 200, body: this.#progress(this.#job(id)) })),
      on('PATCH', one, ({ body }, _, id = '') => {
        const job = this.#job(id);
        const { state } = (body ?? {}) as { readonly state?: string };
        if (state === 'Aborted') {
          mustBe(job, ['Open', 'UploadComplete', 'InProgress']);
          this.#read(job);
          job.state = 'Aborted';
        } else if (state === 'UploadComplete') {
          mustBe(job, ['Open']);
          job.state = 'UploadComplete';
          job.dueAt = this.context.org.now() + this.busyMs;
          this.#read(job);
        } else throw new ApiFailure(400, 'INVALIDJOB', `InvalidJob : Unknown state ${String(state)}`);
        return { status: 200, body: told(job) };
      }),
      on('DELETE', one, (_, __, id = '') => {
        mustBe(this.#job(id), ['JobComplete', 'Aborted', 'Failed']);
        this.#jobs.delete(id);
        return { status: 204 };
      }),
      this.#results('successfulResults', ['sf__Id', 'sf__Created'], ({ id, created }) => (created === undefined ? undefined : [id, created])),
      this.#results('failedResults', ['sf__Id', 'sf__Error'], ({ id, error }) => (error === undefined ? undefined : [id, error])),
      on('GET', `${one}/unprocessedrecords`, (_, __, id = '') => {
        const job = this.#job(id);
        const rest = job.state === 'JobComplete' ? [] : job.rows;
        const content = [job.columns, ...rest].map((cells) => csvLine(cells, formatOf(job))).join('');
        return { status: 200, text: { type: 'text/csv', content } };
      }),
    ];
  }

  #results(name: string, first: readonly string[], cellsOf: (outcome: Outcome) => readonly unknown[] | undefined): SalesforceRoute {
    return on('GET', `/jobs/ingest/([^/]+)/${name}`, (_, __, id = '') => {
      const job = this.#job(id);
      mustBe(job, ['JobComplete', 'Aborted', 'Failed']);
      const lines = job.outcomes.flatMap((outcome, index) => {
        const cells = cellsOf(outcome);
        return cells ? [csvLine([...cells, ...(job.rows[index] ?? [])], formatOf(job))] : [];
      });
      return { status: 200, text: { type: 'text/csv', content: csvLine([...first, ...job.columns], formatOf(job)) + lines.join('') } };
    });
  }

  #job(id: string): IngestJob {
    const job = this.#jobs.get(id);
    if (!job) throw notFound();
    return job;
  }

  #progress(job: IngestJob): Readonly<Record<string, unknown>> {
    // It was looked at: from here on it is on its way.
    if (job.state === 'UploadComplete') job.state = 'InProgress';
    const failed = job.outcomes.filter(({ error }) => error !== undefined).length;
    const processed = job.state === 'JobComplete' ? job.outcomes.length : 0;
    return {
      ...told(job),
      jobType: 'V2Ingest',
      numberRecordsProcessed: processed,
      numberRecordsFailed: failed,
      retries: 0,
      totalProcessingTime: this.busyMs,
    };
  }

  /** Reads the file; a job whose file is no good has failed. */
  #read(job: IngestJob): void {
    const content = job.content ?? '';
    const isOther = job.lineEnding === 'LF' ? content.includes('\r\n') : content.includes('\n') && !content.includes('\r\n');
    const [columns = [], ...rows] = csvRows(content, formatOf(job).delimiter);
    job.columns = columns;
    job.rows = rows;
    const unknown = columns.find((name) => !this.#knows(job.object, name));
    if (isOther) fail(job, `LineEnding is invalid on user data. Current LineEnding setting is ${job.lineEnding}`);
    else if (unknown !== undefined) fail(job, `InvalidBatch : Field name not found : ${unknown}`);
  }

  #knows(object: string, column: string): boolean {
    const { org } = this.context;
    try {
      const type = org.schema.get(object);
      const { relations, field } = org.everything.resolve(type, column.split('.'), column, 0);
      return org.sees(object, (relations[0] ?? field).name);
    } catch {
      return false;
    }
  }
}

function fail(job: IngestJob, why: string): void {
  job.state = 'Failed';
  job.errorMessage = why;
}
