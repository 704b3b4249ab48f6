import type { Clock } from '../../lib/index.js';
import { type CommonEffect, FaultSwitches, type When } from '../kit/faults.js';

/** What a fault does to a matching request: what every sandbox can do, and what Mailchimp does besides. */
export type FaultEffect =
  | Exclude<CommonEffect, { readonly kind: 'rate-limit' }>
  /** 429; with `body` `html` or `empty` no JSON comes along. */
  | { readonly kind: 'rate-limit'; readonly retryAfterSeconds?: number; readonly body?: 'json' | 'html' | 'empty' }
  /** 403 of what stands before the API, with a page or nothing at all. */
  | { readonly kind: 'blocked'; readonly body?: 'html' | 'empty' }
  /** A page of a gateway instead of JSON (default 503), before (default) or after the request was applied. */
  | { readonly kind: 'html-error'; readonly status?: number; readonly applied?: boolean }
  /** The first half of the members of a batch is written, then the request fails: 500, or the connection is cut. */
  | { readonly kind: 'half-batch'; readonly answer?: 'error' | 'cut' }
  /** The account takes no sign-up of these addresses for now, or of none. */
  | { readonly kind: 'too-many-signups'; readonly addresses?: readonly string[] };

/** A fault and when it strikes. */
export type Fault = FaultEffect & When;

/** Requests that a fault is about, by kind: method and path. */
const FITS: Readonly<Record<string, readonly [string, RegExp]>> = {
  partial: ['GET', /^\/3\.0\/lists\/[^/]+\/members\/?$/],
  'half-batch': ['POST', /^\/3\.0\/lists\/[^/]+\/?$/],
};

/** The fault switches of one account. */
export function mailchimpFaults(clock: Clock): FaultSwitches<Fault> {
  return new FaultSwitches<Fault>(clock, {
    fits({ kind }, method, path) {
      const [wanted, pattern] = FITS[kind] ?? [method, /^/];
      return wanted === method && pattern.test(path);
    },
  });
}
