import { labelPresent } from '../patterns/label-strand.js';
import type { Habits } from '../strands/habits.js';
import type { Move, Strand } from '../strands/move.js';
import { LABEL_POINTS } from '../thresholds.js';
import type { Evidence, KnownSync, Label } from '../types.js';
import { judge, type Judgement } from '../verdicts/judge.js';
import { runsOf, type Run } from './run.js';
import { syncOf } from './sync-of.js';

/** A run without times, judged; `writer`: who wrote most of its records last, where that is told. */
export interface SpellRun {
  readonly run: Run;
  readonly judgement: Judgement;
  readonly writer: string | undefined;
  readonly sync: KnownSync | undefined;
}

/** Habits of a field of which nothing is known. */
const UNKNOWN: Habits = { seen: 0, labels: new Map(), busiestHour: 0, perDay: 0 };
/** Share of records that one writer must have written last to stand for a run. */
const MOSTLY = 0.6;

/**
 * The runs of a field of which only snapshots tell, oldest spell first. What is usual is learned from the other spells;
 * one that turned out not to be usual teaches nothing.
 */
export function spellRuns(strand: Strand, evidence: Evidence): readonly SpellRun[] {
  labelPresent(strand, Number.POSITIVE_INFINITY);
  const runs = [...runsOf(strand, UNKNOWN)].sort((a, b) => (a.moves[0]?.spell ?? 0) - (b.moves[0]?.spell ?? 0));
  const unusual = new Set<Move>();
  const { spells } = evidence.past;
  return runs.map((run) => {
    const { writer, sync } = mostlyBy(run, evidence);
    const judgement = judge(run, {
      habits: spells.length < 2 ? UNKNOWN : habitsBeside(run, strand.moves, unusual, spells),
      pastKnown: spells.length > 1,
      writerKnown: false,
      sync,
      rows: evidence.rows.get(strand.object) ?? 0,
      history: false,
      days: spells.reduce((sum, days) => sum + days, 0),
      fromMs: evidence.fromMs,
    });
    const isOdd = judgement.verdict === 'damage' || judgement.verdict === 'ask';
    if (isOdd && LABEL_POINTS[run.label] > 0) for (const move of run.moves) unusual.add(move);
    return { run, judgement: sync === undefined ? withoutWriter(run, judgement) : judgement, writer, sync };
  });
}

/** What is meant to be done to many at once is no damage unless it is known that no person did it. */
function withoutWriter({ label, detail }: Run, judgement: Judgement): Judgement {
  if (judgement.verdict !== 'damage' || LABEL_POINTS[label] >= 3) return judgement;
  // One value in the place of very many is no one's purpose.
  if (label === 'one-value' && detail !== undefined && judgement.points >= 4) return judgement;
  return {
    ...judgement,
    verdict: 'ask',
    signs: [...judgement.signs, { points: 0, words: 'who did it is not known, and a person may have meant it' }],
  };
}

/**
 * Habits by the other spells, for as many days as the spell of the run has. Of what does not flow every day, the calmer
 * half of them tells: damage that went on for days would else be what is usual.
 */
function habitsBeside(run: Run, moves: readonly Move[], unusual: ReadonlySet<Move>, spells: readonly number[]): Habits {
  const mine = run.moves[0]?.spell ?? 0;
  const lengthOf = (spell: number): number => Math.max(0.1, spells[spell] ?? 1);
  const others = moves.filter((move) => move.spell !== mine && !unusual.has(move));
  const perDay = spells.map((_, spell) => others.filter((move) => move.spell === spell && move.label === run.label).length / lengthOf(spell));
  const beside = spells
    .map((_, spell) => spell)
    .filter((spell) => spell !== mine)
    .sort((a, b) => (perDay[a] ?? 0) - (perDay[b] ?? 0));
  const calm = new Set(LABEL_POINTS[run.label] <= 0 ? beside : beside.slice(0, Math.ceil(beside.length / 2)));
  const labels = new Map<Label, number>();
  const seen = others.filter(({ spell = 0 }) => calm.has(spell));
  for (const { label } of seen) labels.set(label, (labels.get(label) ?? 0) + 1);
  const most = Math.max(0, ...[...calm].map((spell) => perDay[spell] ?? 0));
  return { seen: seen.length, labels, busiestHour: Math.max(1, most * lengthOf(mine)), perDay: most };
}

function mostlyBy({ moves }: Run, { syncs }: Evidence): { readonly writer: string | undefined; readonly sync: KnownSync | undefined } {
  const counts = new Map<string, number>();
  for (const { cell } of moves) if (cell?.last !== undefined) counts.set(cell.last.writer, (counts.get(cell.last.writer) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  const writer = first !== undefined && first[1] >= MOSTLY * moves.length ? first[0] : undefined;
  return { writer, sync: syncOf(writer, syncs) };
}
