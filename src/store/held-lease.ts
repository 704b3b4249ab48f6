import { formatDuration, RunbackError } from '../lib/index.js';

/** The same moment by both clocks of this machine, in milliseconds. */
export interface Moment {
  /** Never put back; on some systems it stands still while the machine sleeps. */
  readonly monotonic: number;
  /** Runs while the machine sleeps; may be put back. */
  readonly wall: number;
}

/** Now. */
export const momentNow = (): Moment => ({ monotonic: performance.now(), wall: Date.now() });

/**
 * What a holder knows of its own lease without asking anyone: how long ago a renewal was confirmed, by whichever clock
 * says longer. A renewal counts from when it was sent, so that the store never takes the lease to end before this does.
 */
export class HeldLease {
  readonly #lost = new AbortController();
  #over: RunbackError | undefined;
  #confirmed: Moment;

  /** `what` names the lock for people; `sent`: when what took the lease was sent. */
  constructor(
    private readonly what: string,
    readonly leaseMs: number,
    sent: Moment,
    private readonly now: () => Moment = momentNow,
  ) {
    this.#confirmed = sent;
  }

  /** Aborts once the lease is lost, with the reason. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** A renewal that was sent then was confirmed. */
  confirm(sent: Moment): void {
    if (sent.monotonic > this.#confirmed.monotonic || sent.wall > this.#confirmed.wall) this.#confirmed = sent;
  }

  /** It belongs to another holder, or ended unrenewed: nothing brings it back. */
  lose(reason: RunbackError): void {
    if (this.#over !== undefined) return;
    this.#over = reason;
    this.#lost.abort(reason);
  }

  /** It is given back: from now on this is the answer, and nothing is aborted. */
  end(reason: RunbackError): void {
    this.#over ??= reason;
  }

  /** Why it is held no longer; undefined as long as nothing says so. */
  get over(): RunbackError | undefined {
    return this.#over;
  }

  /** True where the time of the lease has passed since the last confirmed renewal. */
  get hasRunOut(): boolean {
    return this.#left() <= 0;
  }

  /** Milliseconds that are left of the lease for certain. Throws `fenced` where nothing is. */
  assertHeld(): number {
    if (this.#over !== undefined) throw this.#over;
    const left = this.#left();
    if (left > 0) return left;
    throw new RunbackError('fenced', `${this.what} was not renewed within its lease of ${formatDuration(this.leaseMs)}`, {
      why: 'This process was stopped for that long, or the store could not be reached, so another one may have taken over.',
      state: 'Nothing more is done by this process. What it did is in its journal.',
      next: 'See the current state: runback status',
    });
  }

  #left(): number {
    const { monotonic, wall } = this.now();
    return this.leaseMs - Math.max(monotonic - this.#confirmed.monotonic, wall - this.#confirmed.wall);
  }
}
