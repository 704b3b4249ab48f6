import type { Value } from '../../records/index.js';
import type { KeptStart } from '../start/types.js';
import type { Label, Maker, Sign, Verdict } from '../types.js';

/** A record of a group as people know it, and what became of one of its values. */
export interface Example {
  readonly object: string;
  readonly key: string;
  readonly name?: string;
  readonly field?: string;
  readonly before?: Value;
  readonly after?: Value;
}

/** A group as it is kept and shown. Times are ISO 8601, UTC. */
export interface KeptGroup {
  /** From 1, in the order shown. */
  readonly n: number;
  readonly verdict: Verdict;
  readonly object: string;
  /** What people call a kind of link; absent of records, and in investigations of earlier versions. */
  readonly title?: string;
  readonly fields: readonly string[];
  readonly label: Label;
  readonly detail?: string;
  /** In words: `600 values were emptied`. */
  readonly what: string;
  /** Reasons, the strongest first; `points` above 0 speak for damage. */
  readonly why: readonly Sign[];
  readonly points: number;
  readonly writer?: string;
  readonly maker?: Maker;
  /** Name of the declared sync that the writer is; absent where it is none of them. */
  readonly sync?: string;
  readonly from: string;
  readonly to: string;
  /** False where only the snapshots around it are known. */
  readonly exact: boolean;
  /** Cells; of records and links, these. */
  readonly cells: number;
  readonly records: number;
  /** Groups with the same number are one question. */
  readonly question?: number;
  /** Number of the group that it follows from. */
  readonly follows?: number;
  readonly examples: readonly Example[];
}

/** Writes of one writer over the time that was looked at, in equal parts. */
export interface WriterChart {
  readonly writer: string;
  readonly sync?: string;
  readonly counts: readonly number[];
  readonly total: number;
}

/** First line of a kept investigation. */
export interface InvestigationHeader {
  readonly version: 1;
  readonly id: string;
  readonly platform: string;
  readonly account: string;
  /** Snapshot that it began with, and the one of the present state. */
  readonly base: { readonly snapshot: string; readonly digest: string };
  readonly damaged: { readonly snapshot: string; readonly digest: string };
  readonly objects: readonly string[];
  readonly from: string;
  readonly to: string;
  /** When the earliest group of damage began; absent where none is. */
  readonly onset?: string;
  readonly onsetExact?: boolean;
  readonly reading: {
    readonly changed: number;
    readonly asked: number;
    readonly drawn: number;
    /** Cells whose history was not asked for. */
    readonly bySample: number;
    /** Cells of records that were asked for and are gone since; absent in investigations of earlier versions. */
    readonly gone?: number;
    /** Cells of which the history does not tell who wrote what stands there; absent where there are none. */
    readonly untold?: number;
    /** Cells whose oldest change that the platform keeps is younger than the base; absent where there are none. */
    readonly cut?: number;
    /** Cells with a write whose time may be an hour later, since clocks were set back; absent where there are none. */
    readonly unsure?: number;
    readonly requests: number;
    readonly history: boolean;
    readonly days: number;
  };
  readonly notCompared: readonly { readonly kind: string; readonly name: string; readonly why: string }[];
  readonly charts: readonly WriterChart[];
  /** Where the person started, and what was found there; absent where nothing was given. */
  readonly start?: KeptStart;
  readonly groups: readonly KeptGroup[];
  readonly createdBy: string;
  readonly createdAt: string;
}

/** An investigation read back; `digest`: SHA-256 of all of it. */
export interface Investigation {
  readonly header: InvestigationHeader;
  readonly digest: string;
  readonly location: string;
}
