import type { KeepConfig } from '../../workspace/index.js';
import type { Grade } from '../grade.js';

/** What retention knows of a snapshot. */
export interface RetainedSnapshot {
  readonly id: string;
  /** ISO 8601, UTC: what the clock of the machine said when reading began. */
  readonly startedAt: string;
  /** The job that made it; absent where none did. */
  readonly job?: string;
  readonly grade: Grade;
  /** What it may be the last verified one of: see `holdsOf`. */
  readonly holds: readonly string[];
  /** Every byte of it was read and found right. */
  readonly verified: boolean;
  /** Pinned by a person, with the reason where one was given. */
  readonly pinned: false | { readonly reason?: string };
  /** Ids of the snapshots it builds on. */
  readonly bases: readonly string[];
}

/** Places by rule; `withinMs` is a span. */
export interface KeepRules extends Omit<KeepConfig, 'within'> {
  readonly withinMs?: number;
}

/** Rules that give a place to the newest snapshot of a period. */
export const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type Period = (typeof PERIODS)[number];
export type RuleName = 'last' | Period | 'within';

/** A job, as far as retention goes. */
export interface RetainedJob {
  /** Absent: all of its snapshots stay. */
  readonly rules?: KeepRules;
  /** Zone in which its hours, days, weeks, months and years are told. */
  readonly zone: string;
}

/** Something that is open and refers to a snapshot. */
export interface Referrer {
  readonly kind: 'incident' | 'run' | 'restore' | 'plan';
  readonly id: string;
}

/** Why a snapshot stays. */
export type StayReason =
  /** `period`: the hour, day, week, month or year that it stands for. */
  | { readonly kind: 'rule'; readonly rule: RuleName; readonly period?: string }
  | { readonly kind: 'pinned'; readonly reason?: string }
  /** It is the newest verified one of what is named: see `holdsOf`. */
  | { readonly kind: 'last-verified'; readonly of: readonly string[] }
  | { readonly kind: 'referred'; readonly by: Referrer }
  /** Snapshots that stay build on it. */
  | { readonly kind: 'base'; readonly of: readonly string[] }
  | { readonly kind: 'no-job' }
  /** The job that made it is not in runback.yml any more. */
  | { readonly kind: 'job-gone'; readonly job: string }
  | { readonly kind: 'no-rules'; readonly job: string }
  /** Its time cannot be right: one that was taken later says an earlier time (`later`), or it lies in the future. */
  | { readonly kind: 'clock'; readonly later?: string }
  /** A file that cannot be read was made after it, and may build on it. */
  | { readonly kind: 'unreadable'; readonly file: string }
  /** What is open and cannot be read may refer to it. */
  | { readonly kind: 'unknown-reference'; readonly by: Referrer }
  /** A copy that would keep it does not have it as it was written, or cannot be asked. */
  | CopyLacks;

/** What a copy lacks: it is still to get a snapshot, holds it damaged, or cannot say (`why`). */
export type CopyLacks = { readonly kind: 'copy'; readonly copy: string } & (
  | { readonly lacks: 'missing' | 'damaged' }
  | { readonly lacks: 'unknown'; readonly why: string }
);

/**
 * Why a rule of its job does not keep a snapshot. `stands`: another one of its period stands for that. `full`: newer
 * ones have all places. `old`: it is older than the span.
 */
export type GoReason = { readonly rule: RuleName } & (
  | { readonly because: 'stands'; readonly period: string; readonly by: string }
  | { readonly because: 'full'; readonly places: number }
  | { readonly because: 'old'; readonly ageMs: number }
);

/** What becomes of a snapshot, and why: all reasons for which it stays, or one for each rule of its job. */
export type Verdict = { readonly id: string } & (
  | { readonly stays: true; readonly because: readonly StayReason[] }
  | { readonly stays: false; readonly because: readonly GoReason[] }
);

/** All that retention goes by. */
export interface RetentionFacts {
  /** In the order in which they were taken, whatever their times say. */
  readonly snapshots: readonly RetainedSnapshot[];
  readonly jobs: ReadonlyMap<string, RetainedJob>;
  /** What is open and refers to which snapshots, by their ids. */
  readonly references: ReadonlyMap<string, readonly Referrer[]>;
  /** What is open and cannot be read: it may refer to any of them. */
  readonly unreadReferrers: readonly Referrer[];
  /** Ids of files among the snapshots that cannot be read. */
  readonly unreadable: readonly string[];
  /** Copies that are waited for, by the ids of the snapshots that they lack; see `lackingIn`. */
  readonly lacking?: ReadonlyMap<string, readonly CopyLacks[]>;
  readonly now: Date;
}
