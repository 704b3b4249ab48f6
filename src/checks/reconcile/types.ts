import type { SideIndex } from '../../mappings/index.js';
import type { Value } from '../../records/index.js';

/**
 * What a difference between the two sides of a mapping is:
 * - `missing`: a record has no counterpart on the other side, on which the mapping creates records;
 * - `extra`: a record has no counterpart on the other side, on which none are created;
 * - `twice`: several records of a side fit one of the other;
 * - `value`: the two records of a pair hold other values in a field;
 * - `unreadable`: a value or field that cannot be compared: an option without a counterpart, a field that is not there;
 * - `order`: a list holds the same elements in another order. Told, and no failure;
 * - `in-flight`: it differed, and was changed on its way each time it was looked at: nobody can say yet.
 */
export const DIFFERENCE_CLASSES = ['missing', 'extra', 'twice', 'value', 'unreadable', 'order', 'in-flight'] as const;
export type DifferenceClass = (typeof DIFFERENCE_CLASSES)[number];

/** Classes that are confirmed, and wrong. */
export const FAILURES: readonly DifferenceClass[] = ['missing', 'extra', 'twice', 'value', 'unreadable'];

/** A field of a difference. */
export interface FieldDifference {
  /** Place in `mapping.fields`. */
  readonly field: number;
  /** The side whose value counts; absent where it goes both ways. */
  readonly authority?: SideIndex;
  /** Why it cannot be compared. */
  readonly why?: string;
  /** Values of both sides when they were read last. Shown, and never kept. */
  readonly values?: readonly [Value | undefined, Value | undefined];
}

/** One difference between the two sides. */
export interface Difference {
  readonly class: DifferenceClass;
  /** Keys of the records on both sides; empty where there is none. More than one only where it is `twice`. */
  readonly keys: readonly [readonly string[], readonly string[]];
  /** Of a pair. */
  readonly fields?: readonly FieldDifference[];
  /** More about it, as a sentence without a full stop. */
  readonly why?: string;
}

/** A field of a mapping that cannot be compared at all. */
export interface UnreadableField {
  readonly field: number;
  readonly side: SideIndex;
  readonly why: string;
}

/** One side of a reconciliation. */
export interface ReconciledSide {
  /** Its name within the mapping. */
  readonly name: string;
  readonly platform: string;
  readonly object: string;
  readonly account: string;
  /** The snapshot that was compared. */
  readonly snapshot: string;
  readonly records: number;
}

/** Differences of one class in one field; `field` is absent where they are about records. */
export interface DifferenceCount {
  readonly class: DifferenceClass;
  /** The side that lacks a record, or has one too many. */
  readonly side?: SideIndex;
  readonly field?: number;
  /** Names of the field on both sides. */
  readonly names?: readonly [string, string];
  readonly authority?: SideIndex;
  readonly count: number;
}

/** What a reconciliation found, without any value. */
export interface Reconciliation {
  readonly version: 1;
  readonly id: string;
  readonly mapping: { readonly id: string; readonly title?: string; readonly digest: string };
  readonly sides: readonly [ReconciledSide, ReconciledSide];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly by: string;
  /** Pairs of records that belong together, in the snapshots. */
  readonly matched: number;
  /** Records and pairs that differed in the snapshots, and were read again. */
  readonly candidates: number;
  /** More that differed in the snapshots, and that were too many to be read again. */
  readonly beyond: number;
  /** Records of each side without a counterpart that the mapping lets stand alone. */
  readonly leftAlone: readonly [number, number];
  /** Of those, the ones that were the same when they were read again. */
  readonly settled: number;
  /** How often candidates were read again, and how long apart. */
  readonly rounds: number;
  readonly settleMs: number;
  /** By class, and within it by side or field; the largest first. A pair that differs in two fields counts for both. */
  readonly counts: readonly DifferenceCount[];
  /** Differences that are confirmed: records, and pairs once. */
  readonly differences: number;
  readonly unreadable: readonly UnreadableField[];
  /** Ways to match that a side does not have the field for; `field` is the place in `mapping.match`. */
  readonly lostWays: readonly UnreadableField[];
  /** No difference is confirmed, and nothing was unreadable. */
  readonly passed: boolean;
}
