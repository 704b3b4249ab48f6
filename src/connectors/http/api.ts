import {
  type CallOptions,
  type CallWatch,
  type Clock,
  defined,
  type HttpAnswer,
  HttpClient,
  type HttpRequest,
  type HttpResult,
  type HttpSession,
  isRunbackError,
  RunbackError,
  type Trouble,
} from '../../lib/index.js';
import type { Pace, Usage } from '../connector.js';
import { PlatformTime } from '../platform-time.js';
import { type Gate, WRITES } from './gate.js';
import { Patience } from './patience.js';
import { failureOf, type Words } from './words.js';

/** Reads under way at once where many of one kind are needed: one waits for its answer while others are asked. */
export const REQUESTS_AT_ONCE = 4;

/** How long one request may wait where runback.yml does not say. */
const MAX_WAIT_MS = 120_000;

/** What reaching one account of a vendor takes. */
export interface ApiSettings {
  /** Origin, without a path. */
  readonly url: string;
  /** Sent with every request: credentials above all. */
  readonly headers: Readonly<Record<string, string>>;
  /** Credentials that expire, beside the headers. */
  readonly session?: HttpSession;
  readonly words: Words;
  readonly gate: Gate;
  /** Answers that mean "not now". */
  readonly troubleOf: (answer: HttpAnswer) => Trouble | undefined;
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes secrets out of texts. */
  readonly redact: (text: string) => string;
  readonly concurrency?: number;
  readonly maxWaitMs?: number;
  readonly tryTimeoutMs?: number;
  /** How long the vendor may be at work on a request after its answer was lost. Default: not at all. */
  readonly settleMs?: number;
  readonly watch?: CallWatch;
}

type Valid = (body: unknown) => boolean;

/** Requests to one account: `get` and `ask` for reading, `look` where a refusal is information, `send` for writing. */
export class PlatformApi {
  readonly words: Words;
  readonly clock: Clock;
  readonly troubleOf: ApiSettings['troubleOf'];
  readonly settleMs: number;
  readonly #http: HttpClient;
  readonly #gate: Gate;
  readonly #maxWaitMs: number;
  readonly #time: PlatformTime;

  constructor(settings: ApiSettings) {
    this.words = settings.words;
    this.clock = settings.clock;
    this.settleMs = settings.settleMs ?? 0;
    this.troubleOf = settings.troubleOf;
    this.#time = new PlatformTime(settings.clock);
    this.#maxWaitMs = settings.maxWaitMs ?? MAX_WAIT_MS;
    this.#gate = settings.gate;
    this.#http = new HttpClient({
      origin: settings.url,
      name: settings.words.name,
      headers: settings.headers,
      clock: settings.clock,
      gate: this.#gate,
      trouble: settings.troubleOf,
      environment: settings.environment,
      redact: settings.redact,
      concurrency: settings.concurrency ?? 8,
      maxWaitMs: this.#maxWaitMs,
      ...defined({ tryTimeoutMs: settings.tryTimeoutMs, watch: settings.watch, session: settings.session }),
    });
  }

  /** A GET; the body of a 2xx that `valid` accepts. Throws what {@link failureOf} makes of everything else. */
  async get(path: string, valid: Valid, call: CallOptions = {}): Promise<unknown> {
    return this.#bodyOf(await this.#request({ method: 'GET', path, repeatable: true, valid }, call));
  }

  /** A GET of what may not be there: undefined where the API itself answers 404. */
  async find(path: string, valid: Valid, call: CallOptions = {}): Promise<unknown> {
    const result = await this.#request({ method: 'GET', path, repeatable: true, valid }, call);
    return isRefusal(this, result, 404) ? undefined : this.#bodyOf(result);
  }

  /** A POST that only reads. */
  async ask(path: string, body: unknown, valid: Valid, call: CallOptions = {}, lane?: string): Promise<unknown> {
    return this.#bodyOf(await this.#request({ method: 'POST', path, body, repeatable: true, valid, ...defined({ lane }) }, call));
  }

  /** The same, with the answer as it came: for callers to whom a refusal is information. */
  async look(method: 'GET' | 'POST', path: string, body: unknown, call: CallOptions = {}): Promise<HttpResult> {
    return await this.#request({ method, path, repeatable: true, ...defined({ body }) }, call);
  }

  /** A request that writes, POST by default. Never repeated once it may have had an effect. */
  async send(path: string, body: unknown, valid: Valid, call: CallOptions = {}, method: HttpRequest['method'] = 'POST'): Promise<HttpResult> {
    return await this.#request({ method, path, ...defined({ body }), repeatable: false, valid, lane: WRITES }, call);
  }

  /** A request of another form than JSON, with its answer as it came. */
  async exchange(request: HttpRequest, call: CallOptions = {}): Promise<HttpResult> {
    return await this.#request(request, call);
  }

  /** For waiting between tries of what one request does not do. */
  patience(): Patience {
    return new Patience(this.clock, this.#maxWaitMs, this.words.name);
  }

  /** The error for a result that is not a success. */
  failure(result: HttpResult): RunbackError {
    return failureOf(result, this.words, this.troubleOf);
  }

  /** The error for an answer that does not fit the API. `why`: `its list leads back to 7`. */
  nonsense(why: string): RunbackError {
    return this.failure({ kind: 'lost', nonsense: true, message: `Unexpected response from ${this.words.name}: ${why}` });
  }

  /** What time it is on the platform, by the latest answer. */
  now(): Date | undefined {
    return this.#time.now();
  }

  /** By how much our clock is ahead of the platform's, in milliseconds. */
  aheadMs(): number | undefined {
    return this.#time.aheadMs();
  }

  pace(): Pace {
    return this.#gate.pace;
  }

  usage(): Usage {
    const { dailyLeft, daily } = this.#gate;
    return { ...this.#http.counts, ...defined({ dailyLeft, daily }) };
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  #bodyOf(result: HttpResult): unknown {
    if (isSuccess(result)) return result.body;
    throw this.failure(result);
  }

  async #request(request: HttpRequest, call: CallOptions): Promise<HttpResult> {
    try {
      const result = await this.#http.request(request, call);
      // A page of something in between tells its own time.
      if (result.kind === 'answered' && result.page !== true) this.#time.tell(Date.parse(result.headers['date'] ?? ''));
      return result;
    } catch (error) {
      if (call.signal?.aborted && !isRunbackError(error))
        throw new RunbackError('interrupted', `Stopped before the next request to ${this.words.name}`, {
          state: 'This request was not sent.',
          cause: error,
        });
      throw error;
    }
  }
}

/** A whole answer with a 2xx status; 207 is one. */
export type Success = HttpAnswer & { readonly status: 200 | 201 | 202 | 204 | 207 };

export function isSuccess(result: HttpResult): result is Success {
  return result.kind === 'answered' && result.status >= 200 && result.status < 300;
}

/** A question that the API itself refuses, in its own words. */
export type Refused = HttpAnswer & { readonly status: 400 | 403 | 404 };

/** Whether the API itself refused with one of these statuses: neither trouble nor a page of something in between. */
export function isRefusal(api: Pick<PlatformApi, 'troubleOf'>, result: HttpResult, ...statuses: readonly Refused['status'][]): result is Refused {
  return result.kind === 'answered' && statuses.some((status) => status === result.status) && api.troubleOf(result) === undefined;
}
