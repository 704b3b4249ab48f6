import type { ChangedCell, KnownSync, Label, Maker, Member } from '../types.js';
import type { Judgement } from '../verdicts/judge.js';
import type { Run } from './run.js';

/** A group that still may be joined with others. */
export interface Draft extends Judgement {
  readonly object: string;
  readonly fields: readonly string[];
  readonly label: Label;
  readonly detail: string | undefined;
  readonly writer: string | undefined;
  readonly maker: Maker | undefined;
  readonly sync: KnownSync | undefined;
  readonly fromMs: number;
  readonly toMs: number;
  readonly exact: boolean;
  readonly spell: number | undefined;
  readonly members: readonly Member[];
  /** Runs that it was made of; none of records and links. */
  readonly runs: readonly Run[];
  /** It follows from this one. */
  readonly follows?: Draft;
}

/** The members of moves: cells that hold what one of them wrote. */
export function membersOf(runs: readonly Run[]): readonly Member[] {
  const members: Member[] = [];
  for (const { moves } of runs) {
    const first = new Map<string, number>();
    for (const { key, atMs } of moves) if (atMs !== undefined && !first.has(key)) first.set(key, atMs);
    for (const { cell, before, after, key } of moves) if (cell !== undefined) members.push(memberOf(cell, before, after, first.get(key)));
  }
  return members;
}

function memberOf({ object, key, field }: ChangedCell, before: Member['before'], after: Member['after'], atMs: number | undefined): Member {
  return { object, key, field, before, after, ...(atMs === undefined ? {} : { atMs }) };
}

/** True where two groups lie in the same time. */
export function overlap(a: Pick<Draft, 'fromMs' | 'toMs'>, b: Pick<Draft, 'fromMs' | 'toMs'>): boolean {
  return a.fromMs <= b.toMs && b.fromMs <= a.toMs;
}
