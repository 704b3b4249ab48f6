import type { Maker } from '../connectors/index.js';
import type { FieldSchema, Value } from '../records/index.js';

export type { Maker };

/** A value of a cell; undefined where the platform did not give the field. */
export type Cell = Value | undefined;

/** One write to one field of one record. Where no history is kept, all that happened between two neighbouring snapshots. */
export interface Write {
  readonly before: Cell;
  readonly after: Cell;
  /** Milliseconds since 1970; absent where no history tells. */
  readonly atMs?: number;
  /** Which of the spells between neighbouring snapshots it lies in, the oldest 0; where no history tells. */
  readonly spell?: number;
  /** As the platform names who wrote. */
  readonly writer?: string;
  readonly maker?: Maker;
  /** What stands there shows it, and the history, which tells others of the field, does not. */
  readonly missed?: true;
}

/** A field of a record that does not hold now what it held in the base. */
export interface ChangedCell {
  readonly object: string;
  readonly key: string;
  readonly field: string;
  readonly base: Cell;
  readonly now: Cell;
  /** Since the base, oldest first; the last one wrote what stands now. Never empty. */
  readonly writes: readonly Write[];
  /** What it held before the base, newest first, as far as history tells; only values that a write since left again are looked at. */
  readonly earlier?: readonly Cell[];
  /** Field of the same record whose base value it holds now. */
  readonly movedFrom?: string;
  /** Who wrote the record last, whichever field, where that is all the platform tells. */
  readonly last?: { readonly writer: string; readonly atMs?: number };
}

/** A write from before the base, or of a record that did not change: what is ordinary is learned from these. */
export interface PastWrite extends Write {
  readonly object: string;
  readonly key: string;
  readonly field: string;
  /** Of a record that was drawn by chance, and not because it changed since: only these tell how often somebody writes. */
  readonly drawn: boolean;
}

/** A record or link that only one side has. */
export interface Appeared {
  readonly change: 'created' | 'deleted' | 'linked' | 'unlinked';
  /** Object type, or name of the kind of link. */
  readonly object: string;
  /** Of a link: both keys, with a space between. */
  readonly key: string;
  readonly atMs?: number;
  readonly spell?: number;
  readonly writer?: string;
  readonly maker?: Maker;
  /** Of a deleted record: it is a part of another one now. */
  readonly merged?: true;
  /** Of a created record: another one, which was there before, has the same name and address. */
  readonly twin?: boolean;
}

/** A declared sync, as far as its writes are known by it. */
export interface KnownSync {
  readonly name: string;
  readonly writesAs: readonly string[];
  /** What it is there to write, as `object.field`; absent where nobody said. */
  readonly fields?: readonly string[];
}

/** Everything that the search for damage is given. It reads nothing else, and has no clock. */
export interface Evidence {
  readonly cells: readonly ChangedCell[];
  readonly appeared: readonly Appeared[];
  readonly past: {
    readonly writes: readonly PastWrite[];
    /** Days of history before the base that were looked at; 0 where there is none. */
    readonly days: number;
    /** By object type: how many of its records each drawn one stands for. */
    readonly each: ReadonlyMap<string, number>;
    /** Records that were created before the base, drawn by chance. */
    readonly created: readonly Appeared[];
    /** Length of each spell between neighbouring snapshots in days, the oldest first. */
    readonly spells: readonly number[];
  };
  readonly schemaOf: (object: string, field: string) => FieldSchema | undefined;
  /** When the base was read and when the present state was, in milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Records of each object type. */
  readonly rows: ReadonlyMap<string, number>;
  readonly syncs: readonly KnownSync[];
  /** How the history names what runback itself wrote. */
  readonly own?: string;
  /** Each write has a time and a writer. False: the spells and perhaps who wrote a record last are all that is known. */
  readonly history: boolean;
}

/** `damage` is chosen, `ask` is a question for a person, `none` says that nothing speaks for or against, `ordinary` stays. */
export type Verdict = 'damage' | 'ask' | 'none' | 'ordinary';

/** One reason of a verdict: points above 0 speak for damage. */
export interface Sign {
  readonly points: number;
  /** As a clause for people, without a full stop. */
  readonly words: string;
}

/** What a group has in common. */
export type Label =
  | 'emptied'
  | 'filled'
  | 'artefact'
  | 'opted-in'
  | 'opted-out'
  | 'decoded'
  | 'form'
  | 'truncated'
  | 'shortened'
  | 'moved'
  | 'passed-on'
  | 'stale'
  | 'one-value'
  | 'remapped'
  | 'factor'
  | 'day-month'
  | 'date-offset'
  | 'affix'
  | 'shrunk'
  | 'grown'
  | 'stamp'
  | 'put-back'
  | 'other'
  | Appeared['change'];

/** A cell, record or link that a group holds. */
export interface Member {
  readonly object: string;
  readonly key: string;
  /** Empty for a record or link as a whole. */
  readonly field: string;
  readonly before: Cell;
  readonly after: Cell;
  /** When the group first wrote it; its present value may be of a later write of the group. */
  readonly atMs?: number;
}

/** Changes that belong together. */
export interface Group {
  readonly object: string;
  readonly fields: readonly string[];
  readonly label: Label;
  /** More of it, for people: the one value, the factor, the other field. */
  readonly detail?: string;
  readonly writer?: string;
  readonly maker?: Maker;
  /** Name of the declared sync that the writer is. */
  readonly sync?: string;
  /** Milliseconds; where no history tells, the edges of the spell. */
  readonly fromMs: number;
  readonly toMs: number;
  /** False where only the spell is known. */
  readonly exact: boolean;
  readonly members: readonly Member[];
  readonly verdict: Verdict;
  readonly points: number;
  readonly signs: readonly Sign[];
  /** Groups with the same number are one question. */
  readonly question?: number;
  /** Place in the list of the group that it follows from. */
  readonly follows?: number;
}
