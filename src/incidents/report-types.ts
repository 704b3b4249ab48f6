import type { IncidentStatus, LinkKind } from './types.js';

/** A span between two moments of an incident. `ms` is there only where both are on record; it is never guessed. */
export interface ReportSpan {
  readonly name: string;
  readonly from?: string;
  readonly to?: string;
  readonly ms?: number;
  /** Milliseconds the policy asks for, where it does. */
  readonly withinMs?: number;
}

/** One change of a plan, as an example. */
export interface ChangeExample {
  readonly object: string;
  readonly key: string;
  readonly field: string;
  readonly action: string;
  /** Value of the damage and the good one. Values of records: personal. `undefined`: absent. */
  readonly from?: unknown;
  readonly to?: unknown;
  readonly writer?: string;
  readonly at?: string;
}

/** How often a plan writes a field, and what the damage had done to it. */
export interface FieldCount {
  readonly object: string;
  readonly field: string;
  readonly changes: number;
  /** Where the damage had emptied it, and where it had filled what was empty. */
  readonly emptied: number;
  readonly filled: number;
  /** The damaged value is the same everywhere. */
  readonly alike: boolean;
}

/** What a plan would write, by object type. */
export interface PlanFacts {
  readonly id: string;
  /** What approvals are bound to. */
  readonly hash?: string;
  readonly problem?: string;
  readonly platform: string;
  readonly account: string;
  readonly environment: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly base?: string;
  readonly damaged?: string;
  /** Of the header: what the plan itself counted. */
  readonly records: number;
  readonly of: number;
  readonly fields: number;
  readonly conflicts: Readonly<Record<string, number>>;
  readonly objects: readonly { readonly object: string; readonly records: number; readonly fields: number; readonly links: number }[];
  /** What the plan says nothing about, and why. */
  readonly notCovered: readonly { readonly object: string; readonly why: string }[];
  /** What records that are created again do not get back: how many of them hold something in a field, and what none gets back. No values. */
  readonly lost: readonly {
    readonly object: string;
    readonly records: number;
    readonly always: readonly string[];
    readonly fields: readonly { readonly field: string; readonly what: string; readonly records: number }[];
  }[];
  /** How often each field is written, most often first. */
  readonly fieldCounts: readonly FieldCount[];
  /** Writers that the platform's history names, most changes first. */
  readonly writers: readonly { readonly writer: string; readonly changes: number }[];
  readonly examples: readonly ChangeExample[];
}

/** Changes by how they ended. */
export interface Outcomes {
  readonly applied: number;
  /** Left alone: somebody had changed the value since the plan was made. */
  readonly moved: number;
  readonly rejected: number;
  readonly failed: number;
  readonly inDoubt: number;
}

/** What a restore did. */
export interface RestoreFacts extends Outcomes {
  readonly id: string;
  readonly problem?: string;
  readonly plan: string;
  readonly platform: string;
  readonly account: string;
  readonly hash: string;
  readonly by: string;
  readonly state: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly stoppedBecause?: string;
  /** Changes the plan lists. */
  readonly total: number;
  readonly undone: number;
  readonly undoneAt?: string;
  readonly objects: readonly ({ readonly object: string } & Outcomes)[];
  /** Why the platform refused, by code. */
  readonly reasons: Readonly<Record<string, number>>;
  /** What the platform said, each once; the first ten. */
  readonly messages: readonly string[];
  readonly correlationIds: readonly string[];
  /** What the platform changed by itself beside what was written; `field` is empty for a record that it made. */
  readonly beside: readonly FieldTally[];
  /** Fields that the platform refused, so that the rest of their records was written without them. */
  readonly fieldsLeft: readonly FieldTally[];
  /** Fields that were written and that the platform made something else of. */
  readonly altered: readonly FieldTally[];
  readonly lastHash: string;
}

export interface FieldTally {
  readonly object: string;
  readonly field: string;
  readonly count: number;
}

export interface StepFacts {
  readonly id: string;
  readonly title: string;
  readonly state: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly error?: string;
  /** Files a person attached. */
  readonly evidence: readonly string[];
}

export interface ApprovalFacts {
  readonly run: string;
  readonly step: string;
  readonly by: string;
  readonly at: string;
  /** Hash of what was approved. */
  readonly of: string;
  readonly authority: string;
  readonly authenticated: boolean;
  readonly note?: string;
}

/** What a run did. */
export interface RunFacts {
  readonly id: string;
  readonly problem?: string;
  readonly runbook: string;
  readonly title: string;
  readonly state: string;
  readonly by: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly because?: string;
  readonly steps: readonly StepFacts[];
  readonly approvals: readonly ApprovalFacts[];
  /** Its verifications, by plan: changes looked at and those that are not so. */
  readonly verified: readonly { readonly at: string; readonly plan: string; readonly checked: number; readonly remaining: number }[];
  /** Plans and restores that its steps named. */
  readonly plans: readonly string[];
  readonly restores: readonly string[];
  readonly correlationIds: readonly string[];
  readonly events: readonly { readonly seq: number; readonly at: string; readonly by: string; readonly text: string }[];
  readonly lastHash: string;
}

/** A sync that was paused. */
export interface PausedSync {
  readonly pause: string;
  readonly sync: string;
  readonly by: string;
  readonly at: string;
  readonly reason: string;
  /** The state it was found in. */
  readonly earlier: string;
  /** `paused`, `resumed`, `left` (was paused before), `held` (by another pause), `failed`, `pausing`. */
  readonly state: string;
  readonly why?: string;
  readonly resumedAt?: string;
  readonly resumedBy?: string;
  /** The run that paused it; undefined: somebody else did, while the incident lasted. */
  readonly run?: string;
}

export interface PageFacts {
  readonly key: string;
  readonly kind: string;
  /** Name of the person or channel. */
  readonly to: string;
  readonly person?: string;
  readonly medium: string;
  readonly channel: string;
  readonly at: string;
  readonly state: string;
  readonly settledAt?: string;
  readonly attempts?: number;
  readonly why?: string;
  readonly needs?: readonly string[];
  readonly bundle?: string;
}

export interface ReportLine {
  readonly at: string;
  readonly by: string;
  readonly source: string;
  readonly text: string;
  readonly evidence?: { readonly kind: LinkKind | 'pause' | 'incident'; readonly id: string };
}

/** Everything a report says, as plain JSON. Values of records and addresses stand in it: see {@link withoutPersonalData}. */
export interface ReportData {
  readonly version: 1;
  /** ISO 8601: when it was gathered. */
  readonly gatheredAt: string;
  /** False: placeholders stand for personal data. */
  readonly personal: boolean;
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  /** What the severity means, in the words of the policy. */
  readonly means?: string;
  readonly status: IncidentStatus;
  readonly summary?: string;
  readonly impact?: string;
  readonly platforms: readonly string[];
  readonly source: string;
  readonly openedBy: string;
  readonly holder?: string;
  /** Everybody who did something, in order of appearance. */
  readonly people: readonly { readonly id: string; readonly name?: string }[];
  readonly times: {
    readonly began?: string;
    readonly detected?: string;
    readonly opened: string;
    readonly firstAccepted?: string;
    readonly firstAcknowledged?: string;
    readonly mitigated?: string;
    readonly resolved?: string;
  };
  readonly spans: readonly ReportSpan[];
  readonly plans: readonly PlanFacts[];
  readonly restores: readonly RestoreFacts[];
  readonly syncs: readonly PausedSync[];
  readonly runs: readonly RunFacts[];
  readonly approvals: readonly ApprovalFacts[];
  readonly pages: readonly PageFacts[];
  readonly vendors: readonly {
    readonly vendor: string;
    readonly number?: string;
    readonly at: string;
    readonly by: string;
    readonly followUpAt?: string;
  }[];
  readonly links: readonly { readonly kind: LinkKind; readonly id: string; readonly at: string; readonly by: string }[];
  readonly merged: { readonly into?: string; readonly absorbed: readonly { readonly id: string; readonly title: string }[] };
  readonly timeline: readonly ReportLine[];
  /** Facts that somebody should look at; where action items begin. */
  readonly findings: readonly string[];
  /** Values of records that occur in what people wrote. Empty once they are replaced. */
  readonly valuesInText: readonly string[];
  /** Hash of the last line of the incident's journal. */
  readonly lastHash: string;
}
