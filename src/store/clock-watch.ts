import type { Clock } from '../lib/index.js';
import type { Document, Store } from './store.js';

/** Clocks are put right by seconds all the time, and those of two machines differ: less than this is not told. */
export const CLOCK_TOLERANCE_MS = 30_000;
/** How old what is on disk of the clock may get. */
const KEPT_MS = 15_000;

/**
 * Notices that the clock of this machine was put back, also between two processes: whatever waits for a time would wait
 * longer by as much. Each name is told once a process; whoever asks looks again at all that waits.
 */
export class ClockWatch {
  readonly #document: Document<{ readonly seen: string }>;
  #seen = Number.NEGATIVE_INFINITY;

  constructor(
    store: Store,
    private readonly clock: Clock,
    name: string,
  ) {
    this.#document = store.document('clocks', name);
  }

  /** Milliseconds by which it went back since it was last asked; undefined where it did not. Never throws. */
  async wentBack(): Promise<number | undefined> {
    const now = this.clock.now().getTime();
    const kept = await this.#document.read().catch(() => undefined);
    const onDisk = kept === undefined ? Number.NEGATIVE_INFINITY : Date.parse(kept.seen);
    const last = Math.max(this.#seen, onDisk);
    this.#seen = now;
    const back = last - now;
    if (onDisk - now > CLOCK_TOLERANCE_MS || now - onDisk >= KEPT_MS)
      await this.#document.update(() => ({ seen: new Date(now).toISOString() })).catch(() => undefined);
    return back > CLOCK_TOLERANCE_MS ? back : undefined;
  }
}
