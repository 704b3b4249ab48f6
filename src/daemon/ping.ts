import { type Clock, messageOf, RunbackError } from '../lib/index.js';
import type { PingPulse } from './pulse.js';
import type { Trouble } from './trouble.js';
import type { PingOptions } from './types.js';

const EVERY_MS = 60_000;
/** After a ping that was withheld or failed. */
const AGAIN_MS = 5000;
const TIMEOUT_MS = 5000;

/**
 * The dead man's switch: a service out there raises an alarm when it hears nothing. So it hears something only while everything that is
 * due gets done; a ping that is withheld or lost is what it is for.
 */
export class DeadMan {
  readonly pulse: PingPulse = { sent: 0, failed: 0, withheld: 0, lastSentAt: undefined, withheldBecause: 'not everything was looked at yet' };
  #nextMs = Number.NEGATIVE_INFINITY;
  #countedMs = Number.NEGATIVE_INFINITY;
  #underWay: Promise<void> = Promise.resolve();
  #busy = false;

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
      throw new RunbackError('usage', 'The address of the ping is no http or https address', {
        state: 'Nothing was started.',
        next: 'Put an address such as https://hc-ping.com/… where --ping refers to.',
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

  /** Resolves when no ping is under way. */
  async idle(): Promise<void> {
    await this.#underWay;
  }

  async #send(): Promise<void> {
    const { clock, signal, trouble } = this.deps;
    try {
      const response = await fetch(this.options.url, { redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`it answered with status ${response.status}`);
      this.pulse.sent += 1;
      this.pulse.lastSentAt = clock.now();
    } catch (error) {
      if (signal.aborted) return;
      this.pulse.failed += 1;
      this.#nextMs = Math.min(this.#nextMs, clock.monotonicMs() + AGAIN_MS);
      const reason = reasonOf(error);
      trouble.tell(`ping ${reason}`, `The ping did not get through: ${reason}.`);
    }
  }
}

/** Never the address, which is a secret. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return 'code' in cause && typeof cause.code === 'string' ? cause.code : 'the connection failed';
  return error instanceof Error && error.name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : messageOf(error);
}
