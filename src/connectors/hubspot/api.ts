import { type CallOptions, type Clock, HttpClient, type HttpAnswer, type HttpResult, isRunbackError, RunbackError } from '../../lib/index.js';
import type { Usage } from '../connector.js';
import { PlatformTime } from '../platform-time.js';
import { failureOf, type Naming } from './errors.js';
import { HubSpotGate, type LimitSettings, WRITES } from './limits.js';
import { Patience } from './patience.js';
import { troubleOf } from './trouble.js';

/** How long one request may wait where runback.yml does not say. */
const MAX_WAIT_MS = 120_000;

/** What the driver needs to reach one HubSpot account. */
export interface ApiSettings extends Naming {
  /** Origin, without a path. */
  readonly url: string;
  readonly token: string;
  /** Path of the objects API: `/crm/v3/objects`, or the newer dated form. */
  readonly prefix: string;
  readonly limits: LimitSettings & { readonly concurrency?: number };
  readonly clock: Clock;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Takes secrets out of texts. */
  readonly redact: (text: string) => string;
  readonly maxWaitMs?: number;
  readonly tryTimeoutMs?: number;
}

/** Requests to one HubSpot account: `get` and `ask` for reading, `send` for writing. */
export class HubSpotApi {
  readonly naming: Naming;
  readonly clock: Clock;
  readonly #prefix: string;
  readonly #http: HttpClient;
  readonly #gate: HubSpotGate;
  readonly #maxWaitMs: number;
  readonly #time: PlatformTime;

  constructor(settings: ApiSettings) {
    this.naming = { platform: settings.platform, tokenRef: settings.tokenRef };
    this.clock = settings.clock;
    this.#time = new PlatformTime(settings.clock);
    this.#prefix = settings.prefix;
    this.#maxWaitMs = settings.maxWaitMs ?? MAX_WAIT_MS;
    this.#gate = new HubSpotGate(settings.limits, settings.clock);
    this.#http = new HttpClient({
      origin: settings.url,
      name: 'HubSpot',
      headers: { authorization: `Bearer ${settings.token}` },
      clock: settings.clock,
      gate: this.#gate,
      trouble: troubleOf,
      environment: settings.environment,
      redact: settings.redact,
      concurrency: settings.limits.concurrency ?? 8,
      maxWaitMs: this.#maxWaitMs,
      ...(settings.tryTimeoutMs === undefined ? {} : { tryTimeoutMs: settings.tryTimeoutMs }),
    });
  }

  /** Path of an object type, or of something below it. */
  objects(type: string, rest = ''): string {
    return `${this.#prefix}/${encodeURIComponent(type)}${rest}`;
  }

  /** A GET; the body of a 2xx that `valid` accepts. Throws what {@link failureOf} makes of everything else. */
  async get(path: string, valid: (body: unknown) => boolean, call: CallOptions = {}): Promise<unknown> {
    return this.#bodyOf(await this.#request({ method: 'GET', path, repeatable: true, valid }, call));
  }

  /** A POST that only reads. */
  async ask(path: string, body: unknown, valid: (body: unknown) => boolean, call: CallOptions = {}, lane?: string): Promise<unknown> {
    return this.#bodyOf(await this.#request({ method: 'POST', path, body, repeatable: true, valid, ...(lane === undefined ? {} : { lane }) }, call));
  }

  /** The same, with the answer as it came: for callers to whom a refusal is information. */
  async look(method: 'GET' | 'POST', path: string, body: unknown, call: CallOptions = {}): Promise<HttpResult> {
    return await this.#request({ method, path, repeatable: true, ...(body === undefined ? {} : { body }) }, call);
  }

  /** A POST that writes. Never repeated once it may have had an effect. */
  async send(path: string, body: unknown, valid: (body: unknown) => boolean, call: CallOptions = {}): Promise<HttpResult> {
    return await this.#request({ method: 'POST', path, body, repeatable: false, valid, lane: WRITES }, call);
  }

  /** For waiting between tries of what one request does not do. */
  patience(): Patience {
    return new Patience(this.clock, this.#maxWaitMs);
  }

  /** The error for a result that is not a success. */
  failure(result: HttpResult): RunbackError {
    return failureOf(result, this.naming);
  }

  /** What time it is at HubSpot, by the latest answer. */
  now(): Date | undefined {
    return this.#time.now();
  }

  /** By how much our clock is ahead of HubSpot's, in milliseconds. */
  aheadMs(): number | undefined {
    return this.#time.aheadMs();
  }

  usage(): Usage {
    const { dailyLeft } = this.#gate;
    return { ...this.#http.counts, ...(dailyLeft === undefined ? {} : { dailyLeft }) };
  }

  async close(): Promise<void> {
    await this.#http.close();
  }

  #bodyOf(result: HttpResult): unknown {
    if (isSuccess(result)) return result.body;
    throw this.failure(result);
  }

  async #request(request: Parameters<HttpClient['request']>[0], call: CallOptions): Promise<HttpResult> {
    try {
      const result = await this.#http.request(request, call);
      // A page of something in between tells its own time.
      if (result.kind === 'answered' && result.page !== true) this.#time.tell(Date.parse(result.headers['date'] ?? ''));
      return result;
    } catch (error) {
      if (call.signal?.aborted && !isRunbackError(error))
        throw new RunbackError('interrupted', 'Stopped before the next request to HubSpot', { state: 'This request was not sent.', cause: error });
      throw error;
    }
  }
}

/** A question that the API itself refuses, in its own words. */
export type Refused = HttpAnswer & { readonly status: 400 | 403 | 404 };

/** Whether the API itself refused with one of these statuses: neither trouble nor a page of something in between. */
export function isRefusal(result: HttpResult, ...statuses: readonly Refused['status'][]): result is Refused {
  return result.kind === 'answered' && statuses.some((status) => status === result.status) && troubleOf(result) === undefined;
}

/** Follows the cursors of a list. One that comes again would be read for ever, or leave out the rest unnoticed: that is an error. */
export class Cursors {
  readonly #seen = new Set<string>();
  readonly #api: HubSpotApi;

  constructor(api: HubSpotApi) {
    this.#api = api;
  }

  /** The same cursor, for the next request; undefined at the end. Throws `platform-nonsense`. */
  next(cursor: string | undefined): string | undefined {
    if (cursor === undefined) return undefined;
    if (this.#seen.has(cursor))
      throw this.#api.failure({ kind: 'lost', nonsense: true, message: `The answer of HubSpot makes no sense: its list leads back to ${cursor}` });
    this.#seen.add(cursor);
    return cursor;
  }
}

/** A whole answer with a 2xx status; 207 is one. */
export type Success = HttpAnswer & { readonly status: 200 | 201 | 202 | 204 | 207 };

export function isSuccess(result: HttpResult): result is Success {
  return result.kind === 'answered' && result.status >= 200 && result.status < 300;
}
