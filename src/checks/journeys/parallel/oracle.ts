import type { Flow, SideIndex } from '../../../mappings/index.js';

/** A field of the two sides and what counts there; `alone`: only one side has it. */
export interface RacedField {
  readonly id: string;
  readonly rule: Flow | { readonly kind: 'alone'; readonly side: SideIndex };
}

/** One write of a writer to one record. `begin` and `end` count what this process did in order; times are for writes on two platforms. */
export interface RacedWrite {
  readonly side: SideIndex;
  /** By id. */
  readonly fields: ReadonlySet<string>;
  readonly begin: number;
  readonly beginMs: number;
  /** Absent where the answer was lost: it may have happened at any time since, or not at all. */
  readonly end?: number;
  readonly endMs?: number;
}

/** Stands for what was there before the first write. */
export const INITIAL = -1;

/** What stands on both sides in the end: for each field, the writes of which each side could show the value. Absent: that side is not looked at. */
export type Ends = ReadonlyMap<string, readonly [ReadonlySet<number> | undefined, ReadonlySet<number> | undefined]>;

/** Two platforms tell time apart no finer than this. */
export const SKEW_MS = 2000;

/** Whether one write was over before another was sent. On two platforms only where their clocks could tell. */
export function isBefore(one: RacedWrite, other: RacedWrite): boolean {
  if (one.end === undefined || one.end >= other.begin) return false;
  return one.side === other.side || (one.endMs ?? Number.POSITIVE_INFINITY) + SKEW_MS <= other.beginMs;
}

type Pair = readonly [number, number];

/**
 * Whether some order of the writes explains what stands in the end, all fields together: one that keeps to what is known of their order, with
 * each write whose answer was lost at some time or never. Pure.
 */
export function isExplained(fields: readonly RacedField[], writes: readonly RacedWrite[], ends: Ends): boolean {
  const before = writes.map((write) => writes.flatMap((other, n) => (isBefore(other, write) ? [n] : [])));
  const needed = writes.reduce((mask, { end }, n) => (end === undefined ? mask : mask | (1 << n)), 0);
  const sides = writes.map(({ side }) => side);
  const isEnd = (states: readonly States[]): boolean =>
    fields.every(({ id }, n) => {
      const [left, right] = ends.get(id) ?? [];
      return (states[n] ?? []).some((pair) => (left === undefined || left.has(pair[0])) && (right === undefined || right.has(pair[1])));
    });
  const seen = new Set<string>();
  const open: { readonly mask: number; readonly states: readonly States[] }[] = [{ mask: 0, states: fields.map(() => [[INITIAL, INITIAL]]) }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const { mask, states } = at;
    if ((mask & needed) === needed && isEnd(states)) return true;
    for (const [n, write] of writes.entries()) {
      if ((mask & (1 << n)) !== 0 || before[n]?.some((other) => (mask & (1 << other)) === 0) === true) continue;
      const next = fields.map((field, index) => statesAfter(field, states[index] ?? [], write, n, sides));
      const id = `${mask | (1 << n)} ${next.map((pairs) => pairs.join(';')).join(' ')}`;
      if (seen.has(id)) continue;
      seen.add(id);
      open.push({ mask: mask | (1 << n), states: next });
    }
  }
  return false;
}

/** Everything that one field may be by now: once the order is given, fields do not touch each other. */
type States = readonly Pair[];

function statesAfter(field: RacedField, states: States, write: RacedWrite, n: number, sides: readonly SideIndex[]): States {
  if (!write.fields.has(field.id)) return states;
  const next = new Map(states.flatMap((pair) => outcomes(field.rule, pair, write.side, n, sides).map((one) => [one.join(','), one] as const)));
  return [...next].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair);
}

/** What one field may come to on both sides once a write to one of them has been carried as the mapping says. */
export function outcomes(rule: RacedField['rule'], pair: Pair, side: SideIndex, n: number, sides: readonly SideIndex[]): readonly Pair[] {
  const here: Pair = side === 0 ? [n, pair[1]] : [pair[0], n];
  const both: Pair = [n, n];
  if (rule.kind === 'alone') return [here];
  if (rule.kind === 'one-way') {
    if (rule.from === side) return [both];
    // Where it does not count it may stand until the other side is written again, or be written over at once.
    const counts = pair[rule.from];
    return [here, [counts, counts]];
  }
  if (rule.wins === 'newest') return [both];
  if (rule.wins === 'person') return [both, here];
  if (rule.wins === side) return [both];
  // Both were changed before a sync looked: then the other side's value stays.
  const winner = pair[rule.wins];
  return winner !== INITIAL && sides[winner] === rule.wins ? [both, [winner, winner]] : [both];
}
