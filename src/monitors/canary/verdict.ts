import { defined } from '../../lib/index.js';
import type { FindingKind, Measurement } from '../types.js';

/**
 * What a run of a canary came to. `refused`: nothing was written, since the record is not as it has to be or the platform
 * does not take it; `unknown`: nothing can be said.
 */
export const CANARY_VERDICTS = ['arrived', 'late', 'wrong', 'lost', 'refused', 'unknown'] as const;
export type CanaryVerdict = (typeof CANARY_VERDICTS)[number];

/** Why, where it did not arrive in time. */
export type CanaryBecause =
  /** The record is not the declared one any longer: other values, gone, another account, or a second canary of the flow. */
  | 'not-the-record'
  | 'record-gone'
  | 'other-account'
  | 'second-canary'
  /** Somebody could be mailed, or it cannot be told. */
  | 'subscribed'
  | 'on-list'
  | 'unreadable'
  /** The platform has changed. */
  | 'field-gone'
  | 'field-renamed'
  | 'field-read-only'
  | 'field-changed'
  | 'object-gone'
  | 'rejected'
  /** What came of the write. */
  | 'written-back'
  | 'other-fields'
  | 'other-value'
  | 'not-arrived'
  | 'copy-gone'
  /** Nothing can be said. */
  | 'authorization'
  | 'unreachable'
  | 'busy'
  | 'moved'
  | 'in-doubt';

/** One run. Times are ISO 8601, UTC. */
export interface CanaryResult {
  readonly canary: string;
  readonly run: string;
  readonly at: string;
  readonly verdict: CanaryVerdict;
  readonly because?: CanaryBecause;
  /** One sentence. Holds names of fields and lists, and no values. */
  readonly why?: string;
  /** From the write to the look that showed it. */
  readonly tookMs?: number;
  readonly correlationId?: string;
  /** The platform that did not answer as it should, where one of the two did not. */
  readonly platform?: string;
  /** The one write of it may have reached the platform. */
  readonly wrote: boolean;
}

const FINDING: Readonly<Record<CanaryBecause, FindingKind>> = {
  'not-the-record': 'canary-unsafe',
  'record-gone': 'canary-unsafe',
  'other-account': 'canary-unsafe',
  'second-canary': 'canary-unsafe',
  subscribed: 'canary-unsafe',
  'on-list': 'canary-unsafe',
  unreadable: 'canary-unsafe',
  'field-gone': 'schema-changed',
  'field-renamed': 'schema-changed',
  'field-read-only': 'schema-changed',
  'field-changed': 'schema-changed',
  'object-gone': 'schema-changed',
  rejected: 'schema-changed',
  'written-back': 'canary-lost',
  'other-fields': 'canary-unsafe',
  'other-value': 'canary-lost',
  'not-arrived': 'canary-lost',
  'copy-gone': 'canary-lost',
  authorization: 'authorization',
  unreachable: 'unmeasured',
  busy: 'unmeasured',
  moved: 'unmeasured',
  'in-doubt': 'unmeasured',
};

/** A run as monitors take it. */
export function measurementOf({ at, verdict, because, platform, why = verdict }: CanaryResult): Measurement {
  if (verdict === 'arrived') return { kind: 'trial', at, passed: true };
  if (verdict === 'unknown')
    return { kind: 'unmeasured', at, why, ...defined({ platform }), ...(because === 'authorization' && { authorization: true }) };
  return { kind: 'trial', at, passed: false, finding: because === undefined ? 'canary-lost' : FINDING[because], why };
}
