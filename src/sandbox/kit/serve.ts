import type { Clock } from '../../lib/index.js';
import { control, CONTROL_PATH, type Controls } from './control.js';
import type { RequestCounter } from './counts.js';
import { type Api, dispatch } from './dispatch.js';
import type { FaultSwitches, When } from './faults.js';
import { LARGEST_BODY, LARGEST_LOAD } from './gate.js';
import type { LateRequests } from './late.js';
import type { Route } from './route.js';
import { type Arrival, listen } from './server.js';
import { type RequestSeen, seenOf } from './wire.js';

/** What one sandbox serves. */
export interface Serving<C, R extends Route<C>, F extends When & { readonly kind: string }> {
  /** Loopback only. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly clock: Clock;
  /** What the control routes want to be shown. */
  readonly token: string;
  readonly api: Api<C, R, F>;
  readonly faults: FaultSwitches<F>;
  readonly counter: RequestCounter;
  readonly late: LateRequests;
  /** What runs before and after each request. */
  readonly automations: { settle(): void };
  /** Asked for at each request. */
  controls(): Controls;
  /** Told of each request to the API for as long as it is being answered. */
  readonly arrives?: Arrival;
  /** Whether the body of an API request is read at all: whether its token is known, or it needs none. */
  mayCome(head: { readonly method: string; readonly path: string; readonly authorization: string | undefined }): boolean;
}

/** A sandbox that is being served. */
export interface Served {
  readonly url: string;
  /** Awaited before each API request is handled; one listener at a time, undefined removes it. */
  onRequest(listener: ((seen: RequestSeen) => void | Promise<void>) | undefined): void;
  /**
   * Awaited after each API request was applied and before it is answered; one listener at a time, undefined removes it.
   */
  onApplied(listener: ((seen: RequestSeen, status: number) => void | Promise<void>) | undefined): void;
  stop(): Promise<void>;
}

/** Starts to answer. Throws a RangeError for an address that is not loopback. */
export async function serve<C, R extends Route<C>, F extends When & { readonly kind: string }>(serving: Serving<C, R, F>): Promise<Served> {
  let before: Parameters<Served['onRequest']>[0];
  let applied: Parameters<Served['onApplied']>[0];
  const server = await listen(
    serving,
    ({ method, target, authorization }) => {
      const path = target.split('?')[0] ?? '/';
      if (path.startsWith(CONTROL_PATH)) return authorization === `Bearer ${serving.token}` ? LARGEST_LOAD : 0;
      return serving.mayCome({ method, path, authorization }) ? LARGEST_BODY : 0;
    },
    async (wire) => {
      const seen = seenOf(wire);
      serving.late.settle();
      serving.automations.settle();
      if (seen.path.startsWith(CONTROL_PATH)) return control(serving.controls(), serving.token, wire);
      await before?.(seen);
      const answer = dispatch(serving.api, serving, wire, seen);
      serving.automations.settle();
      await applied?.(seen, answer.status);
      return answer;
    },
    (head) => (head.target.startsWith(CONTROL_PATH) ? undefined : serving.arrives?.(head)) ?? (() => undefined),
  );
  return {
    url: server.url,
    onRequest: (listener) => {
      before = listener;
    },
    onApplied: (listener) => {
      applied = listener;
    },
    stop: async () => await server.stop(),
  };
}
