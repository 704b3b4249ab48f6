/** Time as a value that is passed in, so that tests move it. */
export interface Clock {
  /** Wall time. May jump; never use it to measure a duration. */
  now(): Date;
  /** Milliseconds that only grow. */
  monotonicMs(): number;
  /** Resolves after `ms`, and not before, or rejects with the signal's reason. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A timer for longer would be over at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        clearTimeout(timer);
        reject(signal?.reason as Error);
      };
      const endMs = performance.now() + ms;
      const wake = (): void => {
        const leftMs = endMs - performance.now();
        // Timers count whole milliseconds, and may be told of a part of one too early.
        if (leftMs > 0) timer = setTimeout(wake, Math.min(Math.ceil(leftMs), LONGEST_TIMER_MS));
        else {
          signal?.removeEventListener('abort', onAbort);
          resolve();
        }
      };
      let timer = setTimeout(wake, Math.min(ms, LONGEST_TIMER_MS));
      signal?.addEventListener('abort', onAbort, { once: true });
    }),
};

/** Resolves when the wall clock shows `at`. One that is set back while this waits is not waited for. */
export async function sleepUntil(at: Date, clock: Clock, signal?: AbortSignal): Promise<void> {
  const left = (): number => at.getTime() - clock.now().getTime();
  for (let ms = left(), before = Infinity; ms > 0 && ms < before; before = ms, ms = left()) await clock.sleep(ms, signal);
}
