import type { FieldType } from '../../records/index.js';
import type { ValueKind } from './kinds.js';

/** Which of the two sides of a mapping, in the order of `between`. */
export type SideIndex = 0 | 1;

/** One side of a mapping. */
export interface MappingSide {
  /** Its name within the mapping. */
  readonly name: string;
  /** Name of the platform in runback.yml. */
  readonly platform: string;
  readonly object: string;
}

/** Which way a field goes. */
export type Flow =
  /** The value of `from` counts, and is written to the other side. */
  | { readonly kind: 'one-way'; readonly from: SideIndex }
  /** Both may change it, for a reason; `wins` when both did: the newest, a side, or a person decides. */
  | { readonly kind: 'two-way'; readonly reason: string; readonly wins: 'newest' | 'person' | SideIndex };

/** What an empty value of the authority means: the other side keeps its value, is cleared too, or it is never right. */
export type Blank = 'keep' | 'clear' | 'refuse';

/** One pair of fields. */
export interface MappedField {
  /** Names on both sides, in the order of `between`; `key` is the key of the record. */
  readonly names: readonly [string, string];
  readonly flow: Flow;
  /** Absent: by the types of the two fields. */
  readonly as?: ValueKind;
  /** Options of the two sides that mean the same, in the order of the file. The first of several is the one written. */
  readonly values?: readonly (readonly [string, string])[];
  readonly blank: Blank;
  /** Most characters (code points) that are carried over. */
  readonly max?: number;
  readonly type?: FieldType;
  readonly settleMs: number;
  readonly frequencyMs?: number;
  readonly note?: string;
}

/** One way of finding a record on the other side. */
export interface MatchKey {
  readonly names: readonly [string, string];
  /** Absent: as text. */
  readonly as?: ValueKind;
}

/** What becomes of a record when the one on the other side is deleted. */
export type OnDelete = 'deleted' | 'inactive' | 'kept';

/** Where something stands in the file of a mapping. Both from 1. */
export interface MappingPlace {
  readonly line: number;
  readonly column: number;
}

/** A mapping that was read and fits its format. */
export interface Mapping {
  readonly id: string;
  readonly title?: string;
  /** Path of its file. */
  readonly file: string;
  /** SHA-256 of its text. */
  readonly digest: string;
  readonly sides: readonly [MappingSide, MappingSide];
  /** The sides on which records are created, where it says. */
  readonly creates?: readonly SideIndex[];
  /** The syncs that carry it, where it says. */
  readonly syncs?: readonly string[];
  /** Tried in order; at least one. */
  readonly match: readonly MatchKey[];
  readonly settleMs: number;
  /** By the side whose record is deleted: what becomes of the other one; absent where nothing is said. */
  readonly onDelete: readonly [OnDelete | undefined, OnDelete | undefined];
  /** By side: what an inactive record holds, by field. */
  readonly inactive: readonly [Readonly<Record<string, string>> | undefined, Readonly<Record<string, string>> | undefined];
  readonly fields: readonly MappedField[];
  readonly note?: string;
  /** Where a part of it stands in the file, by its path in the YAML: `['fields', 3, 'as']`; else what is around it. */
  readonly place: (path: readonly PropertyKey[]) => MappingPlace;
}

/** The other side. */
export const otherSide = (side: SideIndex): SideIndex => (side === 0 ? 1 : 0);

/** The sides that a field is written to: one, or both where it goes both ways. */
export function writtenSides({ flow }: Pick<MappedField, 'flow'>): readonly SideIndex[] {
  return flow.kind === 'two-way' ? [0, 1] : [otherSide(flow.from)];
}
