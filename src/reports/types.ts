import type { IncidentStatus, LinkKind } from '../incidents/index.js';

/** A span between two moments of an incident. `ms` is there only where both are on record; it is never guessed. */
export interface ReportSpan {
  readonly name: string;
  readonly from?: string;
  readonly to?: string;
  readonly ms?: number;
  /** Milliseconds the policy asks for, where it does. */
  readonly withinMs?: number;
}

/** How people know a record. Name and address are personal; the page holds its key alone. */
export interface RecordLook {
  readonly name?: string;
  readonly address?: string;
  /** Address of the page that opens it on its platform. */
  readonly page?: string;
}

/** A record as a report shows it. */
export interface ShownRecord extends RecordLook {
  readonly object: string;
  readonly key: string;
}

/** One change of a plan, as an example. */
export interface ChangeExample extends ShownRecord {
  /** Empty: the whole record. */
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

/** A conflict of a plan, as an example. */
export interface ConflictExample extends ShownRecord {
  readonly code: string;
  /** Empty: the whole record. */
  readonly field: string;
}

/** How another plan came in the place of one. */
export interface PlanReplaced {
  readonly by: string;
  /** Who decided it, and when. */
  readonly person: string;
  readonly at: string;
  /** `narrowed`: with other limits. `decided`: its conflicts were. `anew`: with the same limits. */
  readonly how: 'narrowed' | 'decided' | 'anew';
  /** What was asked for instead, as it was given. */
  readonly limits?: string;
  /** What it held, and no plan that counts does. */
  readonly leftOut: { readonly records: number; readonly fields: number };
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
  /** The plan whose conflicts were decided to make this one, and how. */
  readonly from?: string;
  readonly decisions?: Readonly<Record<string, string>>;
  /** What it was limited to, as canonical JSON. */
  readonly filters?: string;
  /** A restore of it stands, or stands in part. */
  readonly applied: boolean;
  /** Set where another plan counts instead: nothing of this one was written, or all of it was put back. */
  readonly replaced?: PlanReplaced;
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
  /**
   * What records that are created again do not get back: how many of them hold something in a field, and what none gets
   * back. No values.
   */
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
  readonly conflictExamples: readonly ConflictExample[];
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
  /** It was begun beside every run, by `restore apply`. */
  readonly byHand: boolean;
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
  /** Fields that were written and that the platform stored differently. */
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

export const DECISION_KINDS = [
  'approved',
  'refused',
  'answered',
  'narrowed',
  'plan decided',
  'confirmed',
  'overrode',
  'retried',
  'skipped',
  'settled doubt',
  'other input',
  'took over',
  'took a lock',
  'undid',
  'gave up',
  'incident',
] as const;

/** Something that a person decided. Facts only: what follows from it stands elsewhere. */
export interface DecisionFacts {
  readonly at: string;
  readonly by: string;
  readonly kind: (typeof DECISION_KINDS)[number];
  /** What it was about, in words. */
  readonly what: string;
  /** Their answer, as they gave it. */
  readonly answer?: string;
  /** The reason they gave. */
  readonly why?: string;
  readonly evidence: { readonly kind: LinkKind | 'pause' | 'incident'; readonly id: string };
}

/** A plan that a step made in the place of an earlier one of its own. */
export interface StepReplaced {
  readonly plan: string;
  readonly by: string;
  /** The person who asked for it; absent where the run did so by itself. */
  readonly person?: string;
  readonly at?: string;
  readonly limits?: string;
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
  readonly decisions: readonly DecisionFacts[];
  readonly replaced: readonly StepReplaced[];
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
  /** It was started again although nothing had proved that the damage is gone. */
  readonly override?: true;
  /** The run that paused it; undefined: somebody else did, while the incident was open. */
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

/** A record that is damaged still. */
export interface LeftRecord extends ShownRecord {
  /**
   * What became of it: a code of a conflict or refusal, `moved-since-plan`, `in-doubt`, `undone`, `not-applied`,
   * `altered`, `beside`, `field-left`.
   */
  readonly why: string;
}

/** Records by what became of them. `damaged` = `repaired` + `left`. */
export interface RepairCounts {
  readonly damaged: number;
  /** Everything that the plans say of them is on the platform, and nothing came beside it. */
  readonly repaired: number;
  readonly left: number;
}

/**
 * The report in one line. Records are counted once, however many plans and restores are about them, from the plans that
 * count and the journals of the restores; what an undo put back is not repaired.
 */
export interface ReportHeadline extends RepairCounts {
  /** False: no plan is on record, so that nothing is counted. */
  readonly counted: boolean;
  /** Not everything could be read: the numbers are of what could be. */
  readonly incomplete: boolean;
  /** Of those left, the ones that are repaired in part. */
  readonly inPart: number;
  /** Records that people left out when they narrowed a plan; they count as neither damaged nor left. */
  readonly leftOut: number;
  /**
   * Records that differ and that nothing ties to the incident, or that could not be compared. Not counted as damaged.
   */
  readonly unclear: number;
  readonly objects: readonly ({ readonly object: string } & RepairCounts)[];
  /** Of those left, the first ten. */
  readonly examples: readonly LeftRecord[];
  /** Where the times are counted from, and how long it took from there, in milliseconds; only what is on record. */
  readonly from: 'began' | 'detected' | 'opened';
  readonly toDetectedMs?: number;
  readonly toMitigatedMs?: number;
  readonly toResolvedMs?: number;
}

/**
 * Everything a report says, as plain JSON. Values of records and addresses stand in it: see {@link
 * withoutPersonalData}.
 */
export interface ReportData {
  readonly version: 1;
  /** ISO 8601: when it was gathered. */
  readonly gatheredAt: string;
  /** False: placeholders stand for personal data. */
  readonly personal: boolean;
  readonly id: string;
  /** That of a drill says so. */
  readonly title: string;
  /** Id of the drill it is part of. */
  readonly drill?: string;
  readonly headline: ReportHeadline;
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
  /** What people decided, in order. */
  readonly decisions: readonly DecisionFacts[];
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
