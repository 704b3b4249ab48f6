import { THRESHOLDS } from '../thresholds.js';
import type { Evidence } from '../types.js';
import type { Draft } from './draft.js';

/** Minutes that two stretches of one writer may lie apart and still be one question. */
const APART_MS = 5 * 60_000;

/**
 * Which groups are one question, numbered from 1: whatever one writer did in one stretch of time is asked about once,
 * however many fields it wrote. Where nobody knows who wrote, records in common stand for that.
 */
export function questionsOf(drafts: readonly Draft[], evidence: Evidence): ReadonlyMap<Draft, number> {
  const asked = drafts.filter(({ verdict }) => verdict === 'ask');
  const known = new Map<Draft, ReadonlySet<string>>();
  const keysOf = (draft: Draft): ReadonlySet<string> => {
    const keys = known.get(draft) ?? new Set(draft.members.map(({ key }) => key));
    known.set(draft, keys);
    return keys;
  };
  const clusters: Draft[][] = [];
  for (const draft of asked) {
    const same = clusters.filter((cluster) => cluster.some((other) => isOne(draft, other, keysOf, evidence)));
    for (const cluster of same) clusters.splice(clusters.indexOf(cluster), 1);
    clusters.push([...same.flat(), draft]);
  }
  const numbers = new Map<Draft, number>();
  clusters.forEach((cluster, i) => cluster.forEach((draft) => numbers.set(draft, i + 1)));
  return numbers;
}

function isOne(a: Draft, b: Draft, keysOf: (draft: Draft) => ReadonlySet<string>, { history }: Evidence): boolean {
  if (a.follows === b || b.follows === a || (a.follows !== undefined && a.follows === b.follows)) return true;
  const inTime = a.fromMs <= b.toMs + APART_MS && b.fromMs <= a.toMs + APART_MS;
  if (a.writer !== undefined && b.writer !== undefined && history) return a.writer === b.writer && inTime;
  if (history) return a.writer === b.writer && inTime;
  if (a.spell !== b.spell) return false;
  if (a.follows !== undefined && b.follows !== undefined) return true;
  // What nothing is known of is asked about once.
  if (a.label === 'other' && b.label === 'other' && a.object === b.object) return true;
  return a.object === b.object && inCommon(keysOf(a), keysOf(b)) >= THRESHOLDS.sameRecords;
}

/** Share of the smaller set that is in the other one, too. */
function inCommon(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [small, large] = a.size < b.size ? [a, b] : [b, a];
  let both = 0;
  for (const one of small) if (large.has(one)) both += 1;
  return both / Math.max(1, small.size);
}
