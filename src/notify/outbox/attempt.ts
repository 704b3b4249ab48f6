import { type Clock, isRunbackError, messageOf } from '../../lib/index.js';
import type { Channel, Delivery, Page } from '../channel.js';

/** What one attempt may use. */
export interface AttemptOptions {
  readonly channel: (name: string) => Promise<Channel>;
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** Ends the attempt with nothing known of it. */
  readonly signal: AbortSignal;
}

/**
 * One attempt, over within its time whatever the channel does. Undefined where it was stopped: then nothing is known of
 * how it ended. A channel that cannot be opened fails the page for good.
 */
export async function attemptOnce(page: Page, attempt: number, options: AttemptOptions): Promise<Delivery | undefined> {
  const stop = new AbortController();
  const timer = new AbortController();
  const stopped = new Promise<undefined>((resolve) => {
    options.signal.addEventListener('abort', () => resolve(undefined), { once: true, signal: timer.signal });
    if (options.signal.aborted) resolve(undefined);
  });
  const late = options.clock.sleep(options.timeoutMs, timer.signal).then(
    (): Delivery => ({ state: 'transient', why: `not finished within ${options.timeoutMs / 1000} s` }),
    (): Promise<never> => new Promise(() => undefined),
  );
  const work = (async (): Promise<Delivery> => {
    let channel: Channel;
    try {
      channel = await options.channel(page.to.channel);
    } catch (error) {
      const why = isRunbackError(error) && error.why !== undefined ? `${error.message}: ${error.why}` : messageOf(error);
      return { state: 'permanent', why: `channel ${page.to.channel} cannot be opened: ${why}` };
    }
    return await channel.send(page, { signal: stop.signal, attempt });
  })().catch((error: unknown): Delivery => ({ state: 'transient', why: `channel ${page.to.channel} stopped early: ${messageOf(error)}` }));
  try {
    return await Promise.race([work, late, stopped]);
  } finally {
    timer.abort();
    stop.abort(new Error('the attempt has ended'));
  }
}
