import { isBeyondChance } from '../strands/by-chance.js';
import type { Move } from '../strands/move.js';
import { THRESHOLDS } from '../thresholds.js';
import type { Evidence } from '../types.js';
import { membersOf, type Draft } from './draft.js';
import type { Run } from './run.js';

const MINUTE_MS = 60_000;

/**
 * Hangs what an automation did because of damage on the group that set it off: it wrote another field of the same record
 * within minutes, far more often than chance would have it. Such a group has the verdict of what it follows. Without
 * times, records in common stand for that, and a person is asked.
 */
export function withFollowers(drafts: readonly Draft[], evidence: Evidence): readonly Draft[] {
  let out = [...drafts];
  const causes = drafts.filter(({ verdict }) => verdict === 'damage' || verdict === 'ask').sort((a, b) => b.members.length - a.members.length);
  for (const cause of causes) {
    const when = new Map<string, number | undefined>();
    for (const { key, atMs } of cause.members) when.set(key, atMs);
    out = out.flatMap((draft) => (draft === cause || !mayFollow(draft, cause, evidence) ? [draft] : partedBy(draft, cause, when, evidence)));
  }
  return out;
}

function mayFollow(draft: Draft, cause: Draft, evidence: Evidence): boolean {
  if (draft.object !== cause.object || draft.follows !== undefined || draft.verdict === 'damage') return false;
  if (evidence.history) return draft.maker === 'automation' && draft.writer !== cause.writer;
  return cause.verdict === 'damage' && cause.spell === draft.spell && cause.fields[0] !== draft.fields[0];
}

function partedBy(draft: Draft, cause: Draft, when: ReadonlyMap<string, number | undefined>, evidence: Evidence): readonly Draft[] {
  const follows = ({ key, atMs }: Move): boolean => {
    if (!when.has(key)) return false;
    if (!evidence.history) return true;
    const set = when.get(key);
    return set !== undefined && atMs !== undefined && atMs >= set && atMs <= set + THRESHOLDS.followMinutes * MINUTE_MS;
  };
  const [inside, outside] = [partOf(draft.runs, follows), partOf(draft.runs, (move) => !follows(move))];
  const count = inside.reduce((sum, { moves }) => sum + moves.length, 0);
  const all = draft.runs.reduce((sum, { moves }) => sum + moves.length, 0);
  const rows = Math.max(1, evidence.rows.get(draft.object) ?? 1);
  const inTime = evidence.history ? Math.min(1, (THRESHOLDS.followMinutes * MINUTE_MS) / Math.max(1, evidence.toMs - evidence.fromMs)) : 1;
  const byChance = all * (when.size / rows) * inTime;
  const least = evidence.history ? 3 : THRESHOLDS.oneValue;
  if (count < least || count < (evidence.history ? THRESHOLDS.followLift : THRESHOLDS.followLiftAsked) * byChance || !isBeyondChance(count, byChance))
    return [draft];
  const verdict = evidence.history ? cause.verdict : 'ask';
  const words = evidence.history ? 'written by an automation within minutes of it, on the same records' : 'on the same records';
  const follower: Draft = {
    ...draft,
    ...spanOf(inside, draft),
    runs: inside,
    members: membersOf(inside),
    verdict,
    points: cause.points,
    signs: [{ points: 0, words }],
    follows: cause,
  };
  return outside.length === 0 ? [follower] : [{ ...draft, ...spanOf(outside, draft), runs: outside, members: membersOf(outside) }, follower];
}

function partOf(runs: readonly Run[], wanted: (move: Move) => boolean): readonly Run[] {
  return runs.map((run) => ({ ...run, moves: run.moves.filter(wanted) })).filter(({ moves }) => moves.length > 0);
}

function spanOf(runs: readonly Run[], { exact, fromMs, toMs }: Draft): Pick<Draft, 'fromMs' | 'toMs'> {
  if (!exact) return { fromMs, toMs };
  const times = runs.flatMap(({ moves }) => [moves[0]?.atMs ?? fromMs, moves.at(-1)?.atMs ?? toMs]);
  return { fromMs: Math.min(...times), toMs: Math.max(...times) };
}
