import type { Value } from '../../records/index.js';
import type { ConflictCode } from '../types.js';

/** Kind of the documents that sets of plans are kept in. */
export const PLAN_SETS = 'plan-sets';

/**
 * Why two systems will not hold the same.
 * `changed-in-window`: it was changed while the snapshots of the set were taken. `in-set`: the set holds the difference
 * already. `kept`: one plan leaves a value that the other puts back, by a conflict. `since`: changed on one side only.
 * `missing`: one side lacks the record that the other one has. `ambiguous`: several records of a side fit one of the other.
 */
export const DIFFERENCE_CODES = ['changed-in-window', 'in-set', 'kept', 'since', 'missing', 'ambiguous'] as const;
export type DifferenceCode = (typeof DIFFERENCE_CODES)[number];

/**
 * What is done about a difference: the name of a platform whose value the other side gets too, `restore` (both sides get
 * what the set holds), `keep` (it stays).
 */
export type DifferenceChoice = string;

/** One side of a difference. */
export interface DifferingSide {
  readonly platform: string;
  readonly object: string;
  /** Absent where this side has no such record. */
  readonly key?: string;
  /** Absent where the whole record differs. */
  readonly field?: string;
  /** What it will hold once the plans are applied, or holds now. */
  readonly value?: Value;
  /** `written`: its plan writes this value. `left`: its plan leaves what is there, by the conflict `conflict`. */
  readonly plan?: 'written' | 'left';
  readonly conflict?: ConflictCode;
  /** Id of that conflict, where its plan may decide it as `restore`. */
  readonly conflictId?: string;
}

/** A record or value of which two systems do not hold the same. */
export interface SetDifference {
  /** `<platform>/<object>/<key>` and the field, of the first side that has it. */
  readonly id: string;
  readonly sync: string;
  readonly code: DifferenceCode;
  readonly sides: readonly [DifferingSide, DifferingSide];
  /** Who changed it in the window, where that is known. */
  readonly by?: readonly string[];
  /** The side whose value counts, by `authority`. */
  readonly authority?: string;
}

/** A difference of which it was decided what both sides get, and which a plan therefore writes. */
export interface SettledDifference extends SetDifference {
  /** `authority` of the field, or a person. */
  readonly decidedBy: 'authority' | 'person';
  readonly takes: DifferenceChoice;
}

/** Differences as they are counted and named. */
export interface Differences {
  readonly count: number;
  readonly counts: Readonly<Partial<Record<DifferenceCode, number>>>;
  /** The first thousand. */
  readonly named: readonly SetDifference[];
}

/** What was held against each other by one entry of `carries`. */
export interface ComparedPair {
  readonly sync: string;
  /** `<platform>/<object>` of both sides. */
  readonly between: readonly [string, string];
  /** Records that both sides have. */
  readonly records: number;
  /** Values of them. */
  readonly values: number;
  /** Records that had no counterpart in the set already, and have none now; those without a value to match by among them. */
  readonly alone: number;
}

/** What was not held against each other, and why. */
export interface NotComparedPair {
  readonly sync: string;
  readonly why: string;
}

/** The outcome of holding both sides against each other. */
export interface SetComparison {
  readonly compared: readonly ComparedPair[];
  readonly notCompared: readonly NotComparedPair[];
  /** Why it is not known, or not all of it, what was changed while the set was taken; empty where it is. */
  readonly windowUnknown: readonly string[];
  readonly differences: Differences;
}

/** One plan of a set. */
export interface SetSide {
  readonly platform: string;
  readonly plan: string;
  /** What was bound: another plan under that id is refused. */
  readonly hash: string;
}

/** Plans for the platforms of one snapshot that belong together. Each is an ordinary plan; this binds them. */
export interface PlanSet extends SetComparison {
  readonly version: 1;
  readonly id: string;
  readonly createdBy: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Ids of the one base, the one evidence, and the one snapshot of the state that the plans were held against. */
  readonly base: string;
  readonly damaged: string;
  readonly now: string;
  readonly sides: readonly SetSide[];
  /** The plans as they were made first, before any difference was settled: what each decision starts from. */
  readonly first: readonly SetSide[];
  /** Holder of the pause of the syncs; sets that follow from one another share it. */
  readonly pause: string;
  readonly settled: readonly SettledDifference[];
  readonly settledCount: number;
  /** The set that a decision was taken on. */
  readonly from?: string;
  readonly choices?: Readonly<Record<string, DifferenceChoice>>;
}
