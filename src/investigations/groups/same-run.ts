import { LABEL_POINTS, THRESHOLDS } from '../thresholds.js';
import type { Evidence } from '../types.js';
import { membersOf, overlap, type Draft } from './draft.js';
import type { Run } from './run.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const BUSY_HOURS = 6;

/**
 * What a writer wrote in the very run that did damage belongs to that run, where its ordinary pace would have written
 * nothing in so short a time: it is damage where most of the run is, and a question else.
 */
export function withRestOfRun(drafts: readonly Draft[], evidence: Evidence): readonly Draft[] {
  const out: Draft[] = [];
  const byWriter = new Map<string, Draft[]>();
  for (const draft of drafts) byWriter.set(draft.writer ?? '', [...(byWriter.get(draft.writer ?? '') ?? []), draft]);
  for (const [writer, some] of byWriter) out.push(...(writer === '' ? some : restOfRun(some, evidence)));
  return out;
}

function restOfRun(drafts: readonly Draft[], evidence: Evidence): readonly Draft[] {
  const isCore = (verdict: Draft['verdict']) => (draft: Draft) => draft.verdict === verdict && LABEL_POINTS[draft.label] > 0;
  return around(around(drafts, isCore('damage'), evidence), isCore('ask'), evidence);
}

/** What was empty is no loss: whether it is wrong, only a person can tell. */
function isLoss({ label }: Draft): boolean {
  return label !== 'filled';
}

/** Adds to each run of which a part is judged so what else was written in its time. */
function around(drafts: readonly Draft[], isCore: (draft: Draft) => boolean, evidence: Evidence): readonly Draft[] {
  const core = drafts.filter(isCore);
  if (core.length === 0) return drafts;
  const verdict = core[0]?.verdict;
  const runs = spansOf(core);
  let left = [...drafts];
  for (const { fromMs, toMs } of runs) {
    const within = left.map((draft) => ({ draft, parts: draft.runs.map((run) => partOf(run, fromMs, toMs)) }));
    const cellsOf = (some: typeof within): number =>
      some.reduce((sum, { parts }) => sum + parts.reduce((count, { inside }) => count + inside.length, 0), 0);
    const harmed = cellsOf(within.filter(({ draft }) => isCore(draft)));
    const open = within.filter(
      ({ draft, parts }) =>
        (draft.verdict === 'none' || draft.verdict === 'ordinary' || (verdict === 'damage' && draft.verdict === 'ask')) &&
        parts.some(({ inside }) => inside.length > 0),
    );
    const joining = open.filter(({ draft }) =>
      draft.runs.every((run) => ordinaryIn(run, fromMs, toMs, evidence) <= Math.max(0.5, THRESHOLDS.ordinaryWithin * harmed)),
    );
    const isDamage = verdict === 'damage' && harmed >= THRESHOLDS.wholeRun * (harmed + cellsOf(joining));
    for (const { draft, parts } of joining) {
      const inside = parts.flatMap(({ run, inside: moves }) => (moves.length === 0 ? [] : [{ ...run, moves, among: moves }]));
      const outside = parts.flatMap(({ run, outside: moves }) => (moves.length === 0 ? [] : [{ ...run, moves }]));
      left = left.filter((one) => one !== draft);
      if (outside.length > 0) left.push({ ...draft, ...spanOf(outside), runs: outside, members: membersOf(outside) });
      left.push({
        ...draft,
        ...spanOf(inside),
        verdict: isDamage && isLoss(draft) ? 'damage' : 'ask',
        points: isDamage && isLoss(draft) ? THRESHOLDS.damage : THRESHOLDS.ask,
        signs: [...draft.signs, { points: 0, words: 'written in the same run' }],
        runs: inside,
        members: membersOf(inside),
      });
    }
  }
  return left;
}

/** The times of damage, those that overlap as one. */
function spansOf(damage: readonly Draft[]): readonly { fromMs: number; toMs: number }[] {
  const spans: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of [...damage].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = spans.at(-1);
    if (last !== undefined && overlap(last, { fromMs, toMs })) last.toMs = Math.max(last.toMs, toMs);
    else spans.push({ fromMs, toMs });
  }
  return spans;
}

function partOf(run: Run, fromMs: number, toMs: number): { readonly run: Run; readonly inside: Run['moves']; readonly outside: Run['moves'] } {
  const isInside = ({ atMs }: Run['moves'][number]): boolean => atMs !== undefined && atMs >= fromMs && atMs <= toMs;
  return { run, inside: run.moves.filter(isInside), outside: run.moves.filter((move) => !isInside(move)) };
}

function spanOf(runs: readonly Run[]): Pick<Draft, 'fromMs' | 'toMs'> {
  const times = runs.flatMap(({ moves }) => [moves[0]?.atMs ?? 0, moves.at(-1)?.atMs ?? 0]);
  return { fromMs: Math.min(...times), toMs: Math.max(...times) };
}

/** Writes that the writer's ordinary pace would have made in a time; more than any run holds where it works in batches. */
function ordinaryIn({ strand }: Run, fromMs: number, toMs: number, { past }: Evidence): number {
  if (past.days === 0) return 0;
  const drawn = strand.past.filter((move) => move.drawn === true);
  const spanMs = Math.max(MINUTE_MS, toMs - fromMs);
  let company = 0;
  drawn.forEach(({ atMs = 0 }, i) => {
    if (atMs - (drawn[i - 1]?.atMs ?? Number.NEGATIVE_INFINITY) <= spanMs) company += 1;
  });
  if (company > THRESHOLDS.company * drawn.length) return Number.POSITIVE_INFINITY;
  // Its busy hours are some of the day's.
  const perHour = (drawn.length * (past.each.get(strand.object) ?? 1)) / (past.days * BUSY_HOURS);
  return perHour * ((toMs - fromMs) / HOUR_MS);
}
