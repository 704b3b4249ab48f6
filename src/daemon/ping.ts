import { type Clock, HttpClient, type HttpResult, mayCarrySecrets, ProxyRefused, RunbackError } from '../lib/index.js';
import type { PingPulse } from './pulse.js';
import type { Trouble } from './trouble.js';
import type { PingOptions } from './types.js';

const EVERY_MS = 60_000;
/** After a ping that was withheld or failed. */
const AGAIN_MS = 5000;
const TIMEOUT_MS = 5000;

/**
 * The dead man's switch: a service out there raises an alarm when it hears nothing. So it hears something only while
 * everything that is due gets done; a ping that is withheld or lost is what it is for.
 */
export class DeadMan {
  readonly pulse: PingPulse = { sent: 0, failed: 0, withheld: 0, lastSentAt: undefined, withheldBecause: 'not everything has been checked yet' };
  #nextMs = Number.NEGATIVE_INFINITY;
  #countedMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> = Promise.resolve();
  #busy = false;
  readonly #client: HttpClient;
  readonly #path: string;

  /** Throws `usage` for what is no web address; the address itself is a secret and not shown. */
  constructor(
    private readonly options: PingOptions,
    private readonly deps: {
      readonly clock: Clock;
      readonly signal: AbortSignal;
      readonly trouble: Trouble;
      /** Why none may be sent, in words; undefined where all is well. */
      readonly obstacle: () => Promise<string | undefined>;
    },
  ) {
    if (!URL.canParse(options.url) || !/^https?:$/u.test(new URL(options.url).protocol))
      throw new RunbackError('usage', 'The address of the ping is not an http or https address', {
        state: 'Nothing was started.',
        next: 'Put an address such as https://hc-ping.com/… in the place that --ping names.',
      });
    if (!mayCarrySecrets(new URL(options.url)))
      throw new RunbackError('usage', 'The address of the ping is plain http', {
        why: 'Anyone who knows the address can keep the alarm quiet, and http would show it to the whole network.',
        state: 'Nothing was started.',
        next: 'Put the https address of the service in the place that --ping names.',
      });
    const { origin, pathname, search } = new URL(options.url);
    this.#path = pathname + search;
    this.#client = new HttpClient({
      origin,
      name: 'The service of the ping',
      headers: { 'user-agent': 'runback' },
      clock: deps.clock,
      environment: options.environment ?? {},
      tryTimeoutMs: TIMEOUT_MS,
      maxTries: 1,
      maxWaitMs: -1,
    });
  }

  /** After each pass: sends one where it is time and nothing is overdue. Does not wait for the answer. */
  async beat(): Promise<void> {
    const { clock } = this.deps;
    const now = clock.monotonicMs();
    if (this.#busy || now < this.#nextMs) return;
    const everyMs = this.options.everyMs ?? EVERY_MS;
    const because = await this.deps.obstacle();
    this.pulse.withheldBecause = because;
    if (because === undefined) {
      this.#nextMs = now + everyMs;
      this.#busy = true;
      this.#underWay = this.#send().finally(() => (this.#busy = false));
      return;
    }
    this.#nextMs = now + Math.min(everyMs, AGAIN_MS);
    if (now - this.#countedMs < everyMs) return;
    this.#countedMs = now;
    this.pulse.withheld += 1;
    this.deps.trouble.tell(`ping ${because}`, `No ping is sent: ${because}.`);
  }

  /** Resolves when no ping is under way, and nothing of it is open. */
  async idle(): Promise<void> {
    await this.#underWay;
    await this.#client.close();
  }

  async #send(): Promise<void> {
    const { clock, signal, trouble } = this.deps;
    try {
      const result = await this.#client.request({ method: 'GET', path: this.#path, repeatable: true, anyAnswer: true }, { signal });
      const failure = failureOf(result);
      if (failure === undefined) {
        this.pulse.sent += 1;
        this.pulse.lastSentAt = clock.now();
        return;
      }
      this.pulse.failed += 1;
      this.#nextMs = Math.min(this.#nextMs, clock.monotonicMs() + AGAIN_MS);
      trouble.tell(`ping ${failure}`, `The ping did not get through: ${failure}.`);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** Why a ping did not count; undefined where it did. Never the address, which is a secret. */
function failureOf(result: HttpResult): string | undefined {
  if (result.kind === 'answered') return result.status < 300 ? undefined : `it answered with status ${result.status}`;
  const { cause } = result;
  if (cause instanceof ProxyRefused) return cause.message;
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : 'no complete answer arrived';
}
