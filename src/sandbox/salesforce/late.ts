import type { Clock } from '../../lib/index.js';
import { Failure } from '../kit/failure.js';
import type { ApiAnswer } from '../kit/route.js';
import type { SalesforceRoute } from './routes/route.js';

/** Requests that are still at work when nobody waits for their answer any more: what they write is there later. */
export class LateRequests {
  #waiting: { readonly due: number; readonly run: () => void }[] = [];
  #ms: number | undefined;

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /** How much later the request that is handled next is done; undefined where it is done at once. */
  next(ms: number | undefined): void {
    this.#ms = ms;
  }

  /** The endpoint, which waits with what it is to do where that was said. */
  around(route: SalesforceRoute): SalesforceRoute {
    return {
      ...route,
      handle: (request): ApiAnswer => {
        const ms = this.#ms;
        this.#ms = undefined;
        if (ms === undefined) return route.handle(request);
        this.#waiting.push({ due: this.clock.now().getTime() + ms, run: () => void route.handle(request) });
        return { status: 200, body: [] };
      },
    };
  }

  /** Does what is due by now. */
  settle(): void {
    const now = this.clock.now().getTime();
    const due = this.#waiting.filter((one) => one.due <= now);
    this.#waiting = this.#waiting.filter((one) => one.due > now);
    for (const { run } of due)
      try {
        run();
      } catch (error) {
        // Nobody is told that it was refused.
        if (!(error instanceof Failure)) throw error;
      }
  }
}
