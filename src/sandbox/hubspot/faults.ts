import type { Clock } from '../../lib/index.js';
import { type CommonEffect, FaultSwitches, type When } from '../kit/faults.js';
import type { LimitPolicy } from './failure.js';

/** What a fault does to a matching request: what every sandbox can do, and what HubSpot does beside it. */
export type FaultEffect =
  | Exclude<CommonEffect, { readonly kind: 'rate-limit' | 'partial' }>
  /** 429 with the body of that limit; nothing applied. `retryAfterSeconds` adds the header HubSpot usually leaves out. */
  | { readonly kind: 'rate-limit'; readonly policy?: LimitPolicy; readonly retryAfterSeconds?: number }
  /** 423 from the first matching request on for this long, 2 s unless said; nothing applied meanwhile. It counts as striking once. */
  | { readonly kind: 'locked'; readonly ms?: number }
  /** 477 with `Retry-After`, for as long as that says (default 3 s); nothing applied meanwhile. It counts as striking once. */
  | { readonly kind: 'moving'; readonly retryAfterSeconds?: number }
  /** A page of a gateway instead of JSON (default 502), before (default) or after the request was applied. */
  | { readonly kind: 'html-error'; readonly status?: number; readonly applied?: boolean }
  /**
   * A batch read of records or links that leaves some out (every second one, or those of `ids`): told as errors with their ids,
   * as errors that name none, by a number alone, or not at all. Default: errors with ids.
   */
  | { readonly kind: 'partial'; readonly answer?: 'internal-error' | 'nameless-error' | 'count-only' | 'silent'; readonly ids?: readonly string[] }
  /** The token of the calling app expires: this request and all later ones get 401. */
  | { readonly kind: 'expire-token' }
  /** The calling app loses a scope: this request and later ones may get 403. */
  | { readonly kind: 'remove-scope'; readonly scope: string }
  /** The first half of a batch's inputs is applied, then the request fails: with 500 (default) or a cut connection. */
  | { readonly kind: 'half-batch'; readonly answer?: 'server-error' | 'cut' };

/** A fault and when it strikes. */
export type Fault = FaultEffect & When;

/** The fault switches of one account. */
export function hubspotFaults(clock: Clock): FaultSwitches<Fault> {
  return new FaultSwitches<Fault>(clock, { lastsMs, pathOf: ({ kind }) => (kind === 'partial' ? '*/batch/read' : undefined) });
}

function lastsMs(fault: Fault): number {
  if (fault.kind === 'locked') return fault.ms ?? 2000;
  return fault.kind === 'moving' ? (fault.retryAfterSeconds ?? 3) * 1000 : 0;
}
