import type { SideIndex } from '../../../mappings/index.js';
import type { Candidate } from '../join/join.js';
import type { Difference, FieldDifference } from '../types.js';

/** How often something was seen to be just so, one time after the other. */
export interface Steady {
  /** What it was, as a text. */
  readonly seen: string;
  readonly times: number;
}

/** One time more, or the first time where it is another one now. */
export function seenAgain(before: Steady | undefined, seen: string): Steady {
  return { seen, times: before?.seen === seen ? before.times + 1 : 1 };
}

/** Two records that differed when they were looked at last. */
export interface OpenPair {
  readonly keys: readonly [string, string];
  /** Something of it is confirmed by now. */
  confirmed?: boolean;
  /** By place in `comparison.fields`. */
  readonly fields: Map<
    number,
    { readonly steady: Steady; readonly found: FieldDifference; readonly class: 'value' | 'order' | 'unreadable' } | undefined
  >;
}

/** A record without a counterpart when it was looked for last. */
export interface OpenAlone {
  readonly side: SideIndex;
  readonly key: string;
  steady?: Steady;
}

/** Records of which several fit one. */
export interface OpenTwice {
  readonly way: number;
  readonly keys: readonly [readonly string[], readonly string[]];
  readonly why?: string;
  steady?: Steady;
}

/** What is still to be looked at again, and what has been proved. */
export interface Open {
  pairs: OpenPair[];
  alone: OpenAlone[];
  twice: OpenTwice[];
  readonly confirmed: Difference[];
  /** Candidates that were the same when they were looked at again. */
  settled: number;
}

/** Candidates before their first look. */
export function opened(candidates: Iterable<Candidate>): Open {
  const open: Open = { pairs: [], alone: [], twice: [], confirmed: [], settled: 0 };
  for (const candidate of candidates)
    if (candidate.kind === 'pair') open.pairs.push({ keys: candidate.keys, fields: new Map(candidate.fields.map((field) => [field, undefined])) });
    else if (candidate.kind === 'alone') open.alone.push({ side: candidate.side, key: candidate.key });
    else open.twice.push({ way: candidate.way, keys: candidate.keys });
  return open;
}

/** True where nothing is left to be looked at. */
export function isClosed({ pairs, alone, twice }: Open): boolean {
  return pairs.length + alone.length + twice.length === 0;
}
