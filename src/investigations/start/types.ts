import type { Cell } from '../types.js';

/** What a person has seen, before it is looked up: all that is given has to hold of one and the same change. */
export interface Start {
  /** `key`, or `object:key` where several object types have that key. */
  readonly record?: string;
  /** `field`, or `object.field`. */
  readonly field?: string;
  /** What stands there now, as a text; empty for what was emptied. */
  readonly value?: string;
  /** Milliseconds: written about then. */
  readonly atMs?: number;
  /** Milliseconds: written then or later. */
  readonly sinceMs?: number;
}

/** A starting point that was looked up: its record and its field exist. */
export interface FoundStart {
  readonly record?: { readonly object: string; readonly key: string; readonly name?: string };
  /** Object types that have the field, with its name there. */
  readonly field?: { readonly name: string; readonly objects: ReadonlySet<string> };
  readonly value?: string;
  readonly atMs?: number;
  readonly sinceMs?: number;
}

/** One change at the starting point. */
export interface StartCell {
  readonly object: string;
  readonly key: string;
  /** Absent for a record or link as a whole. */
  readonly field?: string;
  readonly before?: Cell;
  readonly after?: Cell;
  /** ISO 8601, UTC; absent where no history tells. */
  readonly at?: string;
  /** Number of the group that holds it. */
  readonly group: number;
}

/** A starting point as it is kept, with what was found there. Times are ISO 8601, UTC. */
export interface KeptStart {
  readonly record?: { readonly object: string; readonly key: string; readonly name?: string };
  readonly field?: string;
  /** Only where a change holds it: a text that nothing holds is kept nowhere. */
  readonly value?: string;
  readonly at?: string;
  readonly since?: string;
  /** Numbers of the groups that hold a change at the starting point; empty where none does. */
  readonly groups: readonly number[];
  /** How many changes of these groups lie at the starting point. */
  readonly cells: number;
  /** The changes of the record, the first twenty. */
  readonly changes: readonly StartCell[];
  /** Where nothing at the starting point changed: who wrote its record last, as far as history tells. */
  readonly last?: { readonly field: string; readonly writer?: string; readonly at: string };
  /** Where no change holds the value: the values that hold it now and held it in the base, too. */
  readonly standing?: number;
}
