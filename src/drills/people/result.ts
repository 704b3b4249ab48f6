import type { Address } from '../../notify/index.js';

/** What kind of gap a game day found. */
export type FindingKind = 'unanswered' | 'unreachable' | 'permission' | 'key' | 'channel' | 'procedure';

/** A gap in procedures, access or reachability, and whose it is to close. */
export interface Finding {
  readonly kind: FindingKind;
  /** A sentence without its full stop. */
  readonly what: string;
  /** Who closes it: a person, or a role in words. */
  readonly owner: string;
  /** What to do about it. */
  readonly next: string;
}

/** A page that went to somebody, or should have. */
export interface PersonPaged {
  /** Name of the person or channel. */
  readonly who: string;
  /** Id of the person; absent for a channel. */
  readonly person?: string;
  readonly channel: string;
  readonly medium: Address['medium'];
  /** Level of the policy, from 1; absent for the exhausted one. */
  readonly level?: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly state: 'open' | 'accepted' | 'failed' | 'withdrawn';
  readonly why?: string;
}

/** Who said first that they have it. */
export interface Answer {
  readonly by: string;
  readonly name: string;
  readonly at: string;
  /** Milliseconds since the incident was opened. */
  readonly afterMs: number;
}

/** An approval that the run asked for. */
export interface ApprovalMeasured {
  /** Title of the step. */
  readonly step: string;
  readonly at: string;
  /** Names of those who could have given it. */
  readonly from: readonly string[];
  /** Names of those who gave it; empty: the answers of the drill did, in their place. */
  readonly given: readonly string[];
  readonly afterMs: number;
}

/** What a game day measured of people. Times are ISO 8601, UTC. */
export interface PeopleResult {
  /** The incident that was opened for it. */
  readonly incident: string;
  readonly severity: string;
  readonly openedAt: string;
  /** How long people were waited for, in milliseconds. */
  readonly waitedMs: number;
  readonly answer?: Answer;
  readonly pages: readonly PersonPaged[];
  readonly approvals: readonly ApprovalMeasured[];
  readonly findings: readonly Finding[];
}
