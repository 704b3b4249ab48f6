import type { Dispatcher } from 'undici';

import { messageOf } from '../errors.js';
import type { CallOptions } from '../progress.js';
import { withoutBom } from '../text/text-file.js';
import { atLimit } from '../time/limit.js';
import { GuardedSend } from './guarded-send.js';
import { type Proxy, proxyFor } from './proxy.js';
import { Slots } from './slots.js';
import { openTransport, ProxyRefused, type Transport } from './transport.js';
import type { HttpAnswer, HttpCounts, HttpOptions, HttpRequest, HttpResult, Trouble } from './types.js';

/** Failures before a connection stood: nothing can have reached the other side. */
const NOT_SENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
/** The same, and another try will not go better. */
const HOPELESS = /CERT|SELF_SIGNED|LEAF_SIGNATURE|ERR_TLS|ERR_SSL|ISSUER|HOSTNAME_MISMATCH|INVALID_CA/;
const SIGN_OF_LIFE_MS = 2000;
const CONCURRENCY = 8;

/**
 * The one HTTP client: requests to one origin, JSON mostly, with retries, rate limits, visible waits and limits on time
 * and size.
 *
 * It never guesses: a request that was sent and whose answer did not arrive whole ends as `lost`, and is tried again
 * only where the caller declared it `repeatable`. Loads its libraries at the first request.
 */
export class HttpClient {
  readonly #options: HttpOptions;
  readonly #slots: Slots;
  readonly #count = { requests: 0, retries: 0, limited: 0 };
  #transport: Promise<Transport> | undefined;

  readonly #proxy: Proxy | undefined;

  /** Throws `usage` where the environment names a proxy that cannot be used. */
  constructor(options: HttpOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency ?? CONCURRENCY);
    this.#proxy = proxyFor(new URL(options.origin), options.environment);
  }

  get counts(): HttpCounts {
    return { ...this.#count };
  }

  /**
   * Sends one request and tries again as {@link HttpRequest.repeatable} allows. Rejects only with the signal's reason:
   * before anything was sent, between tries, or in the middle of a repeatable request. A request that is not repeatable
   * is never cut off once it was sent, but where a guard that expires holds no longer. Rejects with what a guard throws
   * before anything was sent, or between tries.
   */
  async request(request: HttpRequest, call: CallOptions = {}): Promise<HttpResult> {
    const transport = await (this.#transport ??= openTransport(this.#options.concurrency ?? CONCURRENCY, this.#proxy));
    let waited = 0;
    let failures = 0;
    let limited = 0;
    let renewed = false;
    for (let tries = 1; ; tries += 1) {
      const session = (await this.#options.session?.headers()) ?? {};
      const signed = this.#options.session === undefined ? request : { ...request, headers: { ...session, ...request.headers } };
      const result = await this.#slots.run(async () => await this.#gated(transport, signed, call, tries));
      // What is refused so was not done: once more with others.
      if (result.kind === 'answered' && result.status === 401 && !renewed && (await this.#options.session?.renew(session))) {
        renewed = true;
        continue;
      }
      let pause: number | undefined;
      if (result.kind === 'answered' && result.status === 429) {
        limited += 1;
        this.#count.limited += 1;
        pause = this.#options.gate ? this.#options.gate.backOff(request.lane, result, limited) : (retryAfterMs(result) ?? this.#backOff(limited));
      } else {
        const trouble = this.#worthAnotherTry(request, result);
        if (trouble !== undefined) {
          failures += 1;
          if (trouble.lasting === true || failures < (this.#options.maxTries ?? 6)) pause = this.#pauseAfter(result, trouble, failures);
        }
      }
      if (pause === undefined || waited + pause > (this.#options.maxWaitMs ?? 120_000)) return result;
      waited += pause;
      call.reporter?.waiting({ reason: `${this.#describe(result)}; trying again`, ms: pause });
      await this.#options.clock.sleep(pause, call.signal);
    }
  }

  /** Closes idle connections; requests under way end first. */
  async close(): Promise<void> {
    if (this.#transport) await (await this.#transport).close();
  }

  async #gated(transport: Transport, request: HttpRequest, call: CallOptions, tries: number): Promise<HttpResult> {
    call.signal?.throwIfAborted();
    await this.#options.gate?.enter(request.lane, call);
    let answer: HttpAnswer | undefined;
    let ended: (() => void) | undefined;
    try {
      call.signal?.throwIfAborted();
      await call.guard?.confirm();
      ended = this.#options.watch?.began(request.lane);
      this.#count.requests += 1;
      if (tries > 1) this.#count.retries += 1;
      const result = await this.#once(transport, request, call);
      if (result.kind === 'answered') answer = result;
      return result;
    } finally {
      ended?.();
      this.#options.gate?.leave(request.lane, answer);
    }
  }

  async #once(transport: Transport, request: HttpRequest, call: CallOptions): Promise<HttpResult> {
    const timeoutMs = this.#options.tryTimeoutMs ?? 30_000;
    const late = new AbortController();
    const inTime = atLimit(timeoutMs, () => late.abort());
    const guarded = call.guard === undefined ? undefined : new GuardedSend(call.guard);
    const signal = AbortSignal.any([late.signal, ...(request.repeatable && call.signal ? [call.signal] : []), ...(guarded ? [guarded.signal] : [])]);
    const life = this.#signOfLife(call, timeoutMs);
    const body = request.raw?.text ?? (request.body === undefined ? undefined : JSON.stringify(request.body));
    let status: number | undefined;
    try {
      const response = await transport.request(
        {
          origin: this.#options.origin,
          path: request.path,
          method: request.method,
          headers: {
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': request.raw?.type ?? 'application/json' }),
            ...this.#options.headers,
            ...request.headers,
          },
          body: body ?? null,
          signal,
          // The limit above is that of the whole answer.
          headersTimeout: 0,
          bodyTimeout: 0,
        },
        guarded && (() => guarded.look()),
      );
      status = response.statusCode;
      const read = await this.#readBody(response);
      return this.#answer(request, status, flatten(response.headers), read);
    } catch (error) {
      if (guarded?.refused !== undefined) throw guarded.refused;
      if (request.repeatable) call.signal?.throwIfAborted();
      const why = late.signal.aborted ? `no complete answer within ${String(timeoutMs / 1000)} s` : this.#redact(reasonOf(error));
      if (status === undefined && wasNotSent(error))
        return { kind: 'not_sent', message: `${this.#options.name} cannot be reached${this.#way()}: ${why}`, cause: error };
      // An error status whose body was cut still says that the request failed.
      if (status !== undefined && status >= 400) return { kind: 'answered', status, headers: {}, body: undefined };
      return { kind: 'lost', message: `The answer of ${this.#options.name} was lost: ${why}`, cause: error };
    } finally {
      inTime();
      clearInterval(life);
      guarded?.end();
    }
  }

  #answer(request: HttpRequest, status: number, headers: Record<string, string>, read: Buffer): HttpResult {
    if (request.bytes === true && status >= 200 && status < 300) return { kind: 'answered', status, headers, body: read };
    const text = read.toString('utf8');
    let body: unknown;
    let page = false;
    try {
      body = text === '' ? undefined : JSON.parse(withoutBom(text));
    } catch {
      if (request.anyAnswer) body = text;
      else if (status < 400) return this.#nonsense('it is not JSON');
      else page = true;
    }
    if (status < 200 || (status >= 300 && status < 400 && !request.anyAnswer)) return this.#nonsense(`status ${String(status)} is not expected`);
    if (status < 300 && request.valid && !request.valid(body)) return this.#nonsense('it does not match the API');
    // What is refused is told to people, and may repeat what was sent; what is given is data, and stays as it is.
    const { redact } = this.#options;
    const told = status >= 400 && redact !== undefined ? mapTexts(body, redact) : body;
    return { kind: 'answered', status, headers, body: told, ...(page ? { page } : {}) };
  }

  #nonsense(why: string): HttpResult {
    return { kind: 'lost', nonsense: true, message: `Unexpected response from ${this.#options.name}: ${why}` };
  }

  async #readBody(response: Dispatcher.ResponseData): Promise<Buffer> {
    const limit = this.#options.maxBodyBytes ?? 64 * 1024 * 1024;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > limit) throw new Error(`the answer is larger than ${String(limit)} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, bytes);
  }

  /** What is in the way for now; undefined where another try cannot help, or must not be. */
  #worthAnotherTry(request: HttpRequest, result: HttpResult): Trouble | undefined {
    if (result.kind === 'not_sent') return cannotSucceed(result) ? undefined : { mayHaveHappened: false };
    const trouble = result.kind === 'lost' ? { mayHaveHappened: true } : (this.#options.trouble ?? anyTrouble)(result);
    return request.repeatable || trouble?.mayHaveHappened === false ? trouble : undefined;
  }

  #pauseAfter(result: HttpResult, trouble: Trouble, failures: number): number {
    const asked = result.kind === 'answered' ? retryAfterMs(result, this.#options.clock.now()) : undefined;
    return Math.max(asked ?? 0, this.#backOff(failures), trouble.leastMs ?? 0);
  }

  /** Exponential with jitter: about 0.25, 0.5, 1, 2, 4 … 10 s. */
  #backOff(attempt: number): number {
    const full = Math.min(10_000, 250 * 2 ** (attempt - 1));
    return Math.round(full * (0.75 + 0.5 * (this.#options.random ?? Math.random)()));
  }

  #describe(result: HttpResult): string {
    if (result.kind !== 'answered') return result.message;
    if (result.status === 429) return `${this.#options.name} is rate-limiting us`;
    return `${this.#options.name} reports a problem (status ${String(result.status)})`;
  }

  /** Tells the person that we still wait for a slow answer. Real time on purpose: a view needs it. */
  #signOfLife(call: CallOptions, timeoutMs: number): NodeJS.Timeout | undefined {
    if (!call.reporter) return undefined;
    const reporter = call.reporter;
    let elapsed = 0;
    const timer = setInterval(() => {
      elapsed += SIGN_OF_LIFE_MS;
      reporter.waiting({ reason: `${this.#options.name} has not answered for ${String(elapsed / 1000)} s`, ms: Math.max(0, timeoutMs - elapsed) });
    }, SIGN_OF_LIFE_MS);
    timer.unref();
    return timer;
  }

  /** How it was tried, where that is not plain. */
  #way(): string {
    return this.#proxy === undefined ? '' : ` through the proxy ${this.#proxy.address} (${this.#proxy.variable})`;
  }

  #redact(text: string): string {
    return this.#options.redact ? this.#options.redact(text) : text;
  }
}

/**
 * The wait an answer asks for with `Retry-After` in seconds or as a date; undefined where it does not. A date is
 * counted from the `Date` of the same answer, since it is of that clock; from `now` where there is none, and where that
 * is not given neither it says nothing.
 */
export function retryAfterMs(answer: HttpAnswer, now?: Date): number | undefined {
  const value = (answer.headers['retry-after'] ?? '').trim();
  const seconds = value === '' ? Number.NaN : Number(value);
  if (Number.isFinite(seconds) && seconds >= 0) return Math.ceil(seconds * 1000);
  const date = /^[A-Z][a-z]{2}, /.test(value) ? Date.parse(value) : Number.NaN;
  const told = Date.parse(answer.headers['date'] ?? '');
  const from = Number.isNaN(told) ? now?.getTime() : told;
  return from === undefined || Number.isNaN(date) ? undefined : Math.max(0, date - from);
}

/** What every service means by these. */
export function anyTrouble(answer: HttpAnswer): Trouble | undefined {
  return answer.status === 408 || answer.status >= 500 ? { mayHaveHappened: true } : undefined;
}

/** Whether no later try can go better: the certificate of the other side is refused. */
export function cannotSucceed(result: HttpResult): boolean {
  return result.kind === 'not_sent' && HOPELESS.test(codeOf(result.cause));
}

function mapTexts(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapTexts(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, mapTexts(item, map)]));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function wasNotSent(error: unknown): boolean {
  return error instanceof ProxyRefused || NOT_SENT.has(codeOf(error)) || HOPELESS.test(codeOf(error));
}

function reasonOf(error: unknown): string {
  return messageOf(error) || codeOf(error) || 'the connection failed';
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}
