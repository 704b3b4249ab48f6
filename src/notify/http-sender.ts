import { cannotSucceed, defined, type HttpAnswer, HttpClient, type HttpRequest, mayCarrySecrets, retryAfterMs, RunbackError } from '../lib/index.js';
import type { Delivery } from './channel.js';
import { type ChannelDeps, TIMEOUT_MS } from './driver.js';
import { oneLine } from './text.js';

/** Answers that another try may change, beside 5xx. */
const TRY_AGAIN = new Set([408, 425, 429]);
const MOST_BYTES = 256 * 1024;
const SAID = 160;

/** Requests of one channel to one service. One try each: the outbox is what tries again. */
export class HttpSender {
  readonly #client: HttpClient;
  readonly #prefix: string;
  readonly #hidden: readonly string[];

  /**
   * `name`: what people call the service. `url` may hold a secret: none of its path is ever shown. `open`: nothing that
   * is sent is secret. Throws `file-invalid`.
   */
  constructor(
    private readonly name: string,
    url: string,
    private readonly deps: ChannelDeps,
    { headers = {}, open = false }: { readonly headers?: Readonly<Record<string, string>>; readonly open?: boolean } = {},
  ) {
    const { origin, pathname, search } = new URL(url);
    if (!open && !mayCarrySecrets(new URL(url)))
      throw new RunbackError('file-invalid', `the address of ${name} begins with http:// and is not on this machine`, {
        why: 'What goes there holds a secret, which others on the network could read. Use an https address.',
      });
    this.#prefix = pathname === '/' ? '' : pathname.replace(/\/$/, '') + search;
    this.#hidden = [pathname + search, ...(pathname + search).split(/[/?&=]/)].filter((part) => part.length >= 6).sort((a, b) => b.length - a.length);
    this.#client = new HttpClient({
      origin,
      name,
      headers: { 'user-agent': 'runback', ...headers },
      clock: deps.clock,
      environment: deps.environment,
      redact: (text) => this.#hide(text),
      tryTimeoutMs: deps.timeoutMs ?? TIMEOUT_MS,
      maxTries: 1,
      // Below 0: not even an answer that asks for no wait is tried again here.
      maxWaitMs: -1,
      maxBodyBytes: MOST_BYTES,
    });
  }

  /**
   * Posts below the address of the service. `accepted` looks at an answer of 2xx; `other` may know better about another
   * one.
   */
  async post(
    request: Pick<HttpRequest, 'body' | 'raw' | 'headers'> & { readonly path?: string },
    signal: AbortSignal,
    accepted: (answer: HttpAnswer) => Delivery,
    other: (answer: HttpAnswer) => Delivery['state'] | undefined = () => undefined,
  ): Promise<Delivery> {
    const { path = '', ...rest } = request;
    const result = await this.#client.request(
      { method: 'POST', path: this.#prefix + path || '/', repeatable: true, anyAnswer: true, ...rest },
      { signal },
    );
    if (result.kind !== 'answered') return { state: cannotSucceed(result) ? 'permanent' : 'transient', why: result.message };
    if (result.status < 300) {
      const ended = accepted(result);
      return ended.state === 'accepted' ? { ...ended, receipt: this.#shown(ended.receipt) } : ended;
    }
    const why = `${this.name} answered with status ${result.status}${this.#said(result.body)}`;
    const state = other(result) ?? (TRY_AGAIN.has(result.status) || result.status >= 500 ? 'transient' : 'permanent');
    if (state !== 'transient') return { state: 'permanent', why };
    const wait = retryAfterMs(result, this.deps.clock.now());
    return { state: 'transient', why, ...defined({ retryAfterMs: wait }) };
  }

  /** For an answer of 2xx that does not say what the service says when it has taken a message. */
  nonsense(answer: HttpAnswer): Delivery {
    return { state: 'transient', why: `${this.name} answered with status ${answer.status}, but not as it does when it accepts a message` };
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #said(body: unknown): string {
    const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
    const said = oneLine(this.#hide(text)).slice(0, SAID);
    return said === '' ? '' : `: ${said}`;
  }

  #shown(receipt: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(receipt).map(([name, value]) => [name, oneLine(this.#hide(value))]));
  }

  #hide(text: string): string {
    let hidden = this.deps.redact(text);
    for (const part of this.#hidden) hidden = hidden.replaceAll(part, '[redacted]');
    return hidden;
  }
}

/** A member of a JSON answer as text; undefined where it is not there. */
export function member(body: unknown, name: string): string | undefined {
  const value = typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
