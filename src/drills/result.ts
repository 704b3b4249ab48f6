import type { PeopleResult } from './people/index.js';
import type { Disturbed } from './rehearsal/disturb.js';
import type { Check } from './verdict/checks.js';

/** What one drill on one stage proved. Times are ISO 8601, UTC; spans are milliseconds. */
export interface DrillResult {
  readonly version: 1;
  readonly id: string;
  readonly drill: string;
  readonly title: string;
  /** SHA-256 of the drill's text. */
  readonly digest: string;
  readonly runbook: { readonly id: string; readonly title: string; readonly digest: string };
  readonly stage: { readonly label: string; readonly platform: string; readonly environment: 'sandbox' | 'staging' };
  readonly faults: readonly string[];
  readonly startedAt: string;
  readonly endedAt: string;
  /** It proved what it is there to prove: every check passed, or of one that is built to fail exactly those that must. */
  readonly passed: boolean;
  readonly checks: readonly Check[];
  /** Checks that have to fail. */
  readonly mustFail?: readonly string[];
  readonly recoveryMs: number;
  readonly run: {
    readonly id: string | undefined;
    readonly state: string;
    readonly because?: string;
    readonly kills: number;
    readonly resumes: number;
  };
  readonly disturbed: readonly Disturbed[];
  readonly timeline: readonly Moment[];
  /** The first few of whatever is not as it should be. */
  readonly examples: readonly string[];
  /** Some of the damaged cells, of invented data only. */
  readonly samples: readonly Sample[];
  /** How the stage differs from what it stands for, in words: that limits what was proved. */
  readonly differs: readonly string[];
  readonly requests?: number;
  /** Of a drill in which a person was at the terminal: the steps of their last run, and how long each took them. */
  readonly byHand?: readonly { readonly title: string; readonly ms: number }[];
  /** Of a game day: who answered when, and what was missing. */
  readonly people?: PeopleResult;
}

/** One damaged cell on its way; null where there is no value. */
export interface Sample {
  /** `contacts/151000000012/firstname` */
  readonly cell: string;
  readonly before: string | null;
  readonly damaged: string | null;
  readonly restored: string | null;
}

/** Something that happened in a drill. */
export interface Moment {
  readonly at: string;
  readonly what: string;
}
