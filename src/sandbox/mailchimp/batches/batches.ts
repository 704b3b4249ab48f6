import { randomUUID } from 'node:crypto';

import type { ApiAnswer } from '../../kit/route.js';
import { ApiFailure, invalidFields, noMethod, notFound, trouble } from '../failure.js';
import { type Body, checkedBody, textIn, wrongIn } from '../routes/body.js';
import { self } from '../routes/present.js';
import { type ApiContext, collection, done, type MailchimpRoute, ok, on, type Request } from '../routes/route.js';
import { timeOf } from '../state/times.js';
import { archiveOf } from './archive.js';

interface Batch {
  readonly id: string;
  readonly operations: readonly Body[];
  readonly submittedAt: number;
  readonly dueAt: number;
  readonly request: Request;
  /** Results, once it is done. */
  archive?: Uint8Array;
  errors: number;
  /** What the address of the results has to say. */
  readonly signature: string;
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
/** Batches that may wait at a time. */
const MOST = 500;
const KEPT_MS = 7 * 86_400_000;
export const RESULTS_PATH = '/batch-results/';

/** Requests that run one after the other in the background, and whose answers are an archive. */
export class Batches {
  readonly #batches = new Map<string, Batch>();

  /** `busyMs`: how long each takes. */
  constructor(
    private readonly context: ApiContext,
    private readonly busyMs: number,
    private readonly routes: () => readonly MailchimpRoute[],
  ) {}

  /** Runs what is due. */
  settle(): void {
    const now = this.context.account.clockNow();
    for (const batch of this.#batches.values()) {
      if (!batch.archive && batch.dueAt <= now) this.#run(batch);
      if (batch.submittedAt + KEPT_MS < now) this.#batches.delete(batch.id);
    }
  }

  /** The archive at an address that the answer gave, which no key is needed for. */
  results(target: string): ApiAnswer | undefined {
    const url = new URL(`http://sandbox.invalid${target}`);
    if (!url.pathname.startsWith(RESULTS_PATH)) return undefined;
    const batch = this.#batches.get(url.pathname.slice(RESULTS_PATH.length).replace(/-response\.tar\.gz$/, ''));
    if (!batch?.archive || url.searchParams.get('signature') !== batch.signature)
      return { status: 403, text: { type: 'application/xml', content: '<Error><Code>AccessDenied</Code></Error>' } };
    return { status: 200, text: { type: 'application/gzip', content: batch.archive } };
  }

  endpoints(): readonly MailchimpRoute[] {
    const held = (id: string): Batch => {
      const found = this.#batches.get(id);
      if (!found) throw notFound();
      return found;
    };
    return [
      on('POST', '/batches', (request) => this.#begin(request)),
      on('GET', '/batches', ({ query }) => collection('batches', [...this.#batches.values()], query, {}, (each) => this.#told(each))),
      on('GET', '/batches/([^/]+)', (_, id = '') => ok(this.#told(held(id)))),
      on('DELETE', '/batches/([^/]+)', (_, id = '') => {
        this.#batches.delete(held(id).id);
        return done;
      }),
    ];
  }

  #begin(request: Request): ApiAnswer {
    const body = checkedBody(request.body, { operations: 'array' }, ['operations']);
    const operations = body['operations'] as readonly Body[];
    const errors = operations.flatMap((each, n) =>
      wrongIn(
        each ?? {},
        { method: METHODS, path: 'string', params: 'object', body: 'string', operation_id: 'string' },
        ['method', 'path'],
        `operations.item:${n}.`,
      ),
    );
    if (errors.length > 0) throw invalidFields(errors);
    const waiting = [...this.#batches.values()].filter(({ archive }) => !archive).length;
    if (waiting >= MOST) throw new ApiFailure({ title: 'Too Many Requests', status: 429, detail: `You have more than ${MOST} pending batches.` });
    const { account } = this.context;
    const submittedAt = account.clockNow();
    const batch: Batch = {
      id: account.ids.short(),
      operations,
      submittedAt,
      dueAt: submittedAt + this.busyMs,
      request,
      errors: 0,
      signature: randomUUID(),
    };
    this.#batches.set(batch.id, batch);
    return ok(this.#told(batch));
  }

  #told(batch: Batch): unknown {
    const { id, operations, submittedAt, dueAt, archive, errors, signature } = batch;
    const isBegun = this.context.account.clockNow() > submittedAt;
    const url = this.context.url();
    return {
      id,
      status: archive ? 'finished' : isBegun ? 'started' : 'pending',
      total_operations: archive || isBegun ? operations.length : 0,
      finished_operations: archive ? operations.length : 0,
      errored_operations: errors,
      submitted_at: timeOf(submittedAt),
      completed_at: archive ? timeOf(dueAt) : '',
      response_body_url: archive ? `${url}${RESULTS_PATH}${id}-response.tar.gz?signature=${signature}` : '',
      _links: self(url, `/batches/${id}`),
    };
  }

  #run(batch: Batch): void {
    const results = batch.operations.map((operation) => {
      const { status, body } = this.#answer(operation, batch.request);
      if (status >= 400) batch.errors += 1;
      return { status_code: status, operation_id: operation['operation_id'] ?? null, response: body === undefined ? '' : JSON.stringify(body) };
    });
    batch.archive = archiveOf([{ name: `${batch.id}.json`, content: JSON.stringify(results) }], batch.dueAt);
  }

  #answer(operation: Body, request: Request): ApiAnswer {
    const [method, path] = [textIn(operation, 'method'), `/3.0/${textIn(operation, 'path').replace(/^\//, '')}`];
    const url = new URL(`http://sandbox.invalid${path}`);
    for (const [name, value] of Object.entries((operation['params'] ?? {}) as Body)) url.searchParams.set(name, String(value));
    try {
      const matched = this.routes().filter(({ pattern }) => pattern.test(url.pathname));
      const found = matched.find((each) => each.method === method);
      if (!found) throw matched.length > 0 ? noMethod() : notFound();
      const params = (found.pattern.exec(url.pathname) ?? []).slice(1).map(decodeURIComponent);
      const body: unknown = textIn(operation, 'body') === '' ? undefined : JSON.parse(textIn(operation, 'body'));
      return found.handle({ ...request, method, path: url.pathname, query: url.searchParams, body, params });
    } catch (error) {
      const failure =
        error instanceof ApiFailure ? error : error instanceof SyntaxError ? invalidFields([{ field: 'body', message: 'Not JSON' }]) : trouble(500);
      return { status: failure.status, body: { ...failure.body, instance: '' } };
    }
  }
}
