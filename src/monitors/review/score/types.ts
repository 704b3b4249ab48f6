import type { CallExample, CallRow } from '../../../calls/index.js';

/** How long something took, or how much of something was used, over time. */
export interface Course {
  /** For people: `snapshots of nightly`, `test lifecycle`. */
  readonly name: string;
  /** Oldest first. `at`: ISO 8601, UTC; `value`: milliseconds, or what was used. */
  readonly points: readonly { readonly at: string; readonly value: number }[];
  readonly unit: 'ms' | 'count';
  /** What it must not pass. */
  readonly limit?: number;
  /** Id of the latest run of it, by which it is found again. */
  readonly latest?: string;
}

/** What a review is made of. */
export interface ReviewInput {
  /** The week: from a whole hour, up to and without another. */
  readonly from: Date;
  readonly to: Date;
  /** Since when calls were counted; before that nothing is known. */
  readonly countedSince: Date;
  /** Of the week and of up to eight weeks before it. */
  readonly calls: readonly CallRow[];
  readonly courses: readonly Course[];
}

/** What a finding is about. */
export type ReviewKind = 'always-fails' | 'hours' | 'drift' | 'grew' | 'new';

/** One line of a review. */
export interface ReviewFinding {
  readonly kind: ReviewKind;
  /** Name of the platform or sync, or of what takes time. */
  readonly subject: string;
  /** One plain sentence. */
  readonly says: string;
  /** How often in the week, and before in a week; or the change in a week as a share. */
  readonly count?: number;
  readonly usual?: number;
  readonly aWeek?: number;
  /** ISO 8601, UTC. */
  readonly since?: string;
  /** Masked words of the error. */
  readonly message?: string;
  readonly example?: CallExample;
}
