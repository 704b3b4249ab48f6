import type { Clock } from '../../lib/index.js';
import { type CommonEffect, FaultSwitches, type When } from '../kit/faults.js';

/** What a fault does to a matching request: what every sandbox can do, and what Salesforce does besides. */
export type FaultEffect =
  | Exclude<CommonEffect, { readonly kind: 'rate-limit' }>
  /** 403 `REQUEST_LIMIT_EXCEEDED`: of the day's requests, or of long ones at a time. */
  | { readonly kind: 'rate-limit'; readonly limit?: 'TotalRequests' | 'ConcurrentPerOrgLongTxn'; readonly retryAfterSeconds?: number }
  /** The session of the request has ended, for it and all later ones. */
  | { readonly kind: 'expire-session' }
  /** `UNABLE_TO_LOCK_ROW` for the records of `ids`, or for every second one that the request writes; the first is one. */
  | { readonly kind: 'lock-row'; readonly ids?: readonly string[] }
  /** The user of the API does not see this field from now on: `Contact.Title`. */
  | { readonly kind: 'hide-field'; readonly field: string }
  /** A page of a gateway instead of JSON (default 503), before (default) or after the request was applied. */
  | { readonly kind: 'html-error'; readonly status?: number; readonly applied?: boolean }
  /** 400 `QUERY_TIMEOUT`: a query over a large object that no index helps, stopped after two minutes. */
  | { readonly kind: 'query-timeout' }
  /** The first half of the records of a collection is written, then the request fails with 500. */
  | { readonly kind: 'half-batch' };

/** A fault and when it strikes. */
export type Fault = FaultEffect & When;

const PATHS: Readonly<Partial<Record<Fault['kind'], string>>> = {
  partial: '*/composite/sobjects/*',
  'half-batch': '*/composite/sobjects',
  'query-timeout': '*/query',
};

/** The fault switches of one account. */
export function salesforceFaults(clock: Clock): FaultSwitches<Fault> {
  return new FaultSwitches<Fault>(clock, {
    pathOf: ({ kind }) => PATHS[kind],
  });
}
