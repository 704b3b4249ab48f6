import { defined } from '../../lib/index.js';
import { labelPast, labelPresent } from '../patterns/label-strand.js';
import { habitsOf } from '../strands/habits.js';
import { ordinaryUntil, strandsOf, type Strand } from '../strands/move.js';
import type { Evidence, Group, KnownSync } from '../types.js';
import { judge, type Judgement } from '../verdicts/judge.js';
import { appearedDrafts } from './appeared.js';
import { begunBefore } from './begun-before.js';
import { membersOf, type Draft } from './draft.js';
import { withFollowers } from './followers.js';
import { joinFields } from './join-fields.js';
import { questionsOf } from './questions.js';
import { runsOf, type Run } from './run.js';
import { withRestOfRun } from './same-run.js';
import { spellRuns } from './spell-runs.js';
import { syncOf } from './sync-of.js';

/**
 * Groups the changes between a good state and the present one by writer, field, kind and stretch of time, and gives each
 * a verdict with its reasons; the surest damage first. Pure: the same evidence gives the same groups.
 */
export function findGroups(evidence: Evidence): readonly Group[] {
  const strands = strandsOf(evidence);
  const writers = new Set(evidence.past.writes.map(({ writer }) => writer));
  const drafts = strands.flatMap((strand) => draftsOf(strand, evidence, writers));
  const cells = evidence.history ? withRestOfRun(drafts, evidence) : drafts;
  const all = [...joinFields(withFollowers(cells, evidence)), ...appearedDrafts(evidence)];
  return numbered(all, questionsOf(all, evidence));
}

function draftsOf(strand: Strand, evidence: Evidence, writers: ReadonlySet<string | undefined>): readonly Draft[] {
  labelPast(strand);
  if (!evidence.history)
    return spellRuns(strand, evidence).map(({ run, judgement, sync, writer: by }) => ({
      ...draftOf(run, judgement, evidence, sync),
      ...spellOf(run, evidence),
      writer: by,
    }));
  const { past, object, writer } = strand;
  const days = evidence.past.days - (evidence.fromMs - ordinaryUntil(evidence)) / DAY_MS;
  const habits = habitsOf(past, evidence.past.each.get(object) ?? 1, days);
  labelPresent(strand, habits.busiestHour);
  const sync = syncOf(writer, evidence.syncs);
  const around = {
    habits,
    pastKnown: evidence.past.days > 0,
    writerKnown: writers.has(writer),
    sync,
    rows: evidence.rows.get(object) ?? 0,
    history: true,
    days: evidence.past.days,
    fromMs: evidence.fromMs,
  };
  return runsOf(strand, habits).map((run) => begunBefore(draftOf(run, judge(run, around), evidence, sync), run, evidence));
}

function draftOf(run: Run, judgement: Judgement, evidence: Evidence, sync: KnownSync | undefined): Draft {
  const { strand, label, detail, moves } = run;
  const [first, last] = [moves[0], moves.at(-1)];
  const { object, field, writer, maker } = strand;
  const exact = first?.atMs !== undefined && last?.atMs !== undefined;
  return {
    ...judgement,
    object,
    fields: [field],
    label,
    detail,
    writer,
    maker,
    sync,
    fromMs: first?.atMs ?? evidence.fromMs,
    toMs: last?.atMs ?? evidence.toMs,
    exact,
    spell: first?.spell,
    members: membersOf([run]),
    runs: [run],
  };
}

/** The edges of the spell of a run without times. */
function spellOf({ moves }: Run, { past, fromMs, toMs }: Evidence): Pick<Draft, 'fromMs' | 'toMs'> {
  const spell = moves[0]?.spell ?? 0;
  const start = fromMs + DAY_MS * past.spells.slice(0, spell).reduce((sum, days) => sum + days, 0);
  return { fromMs: start, toMs: Math.min(toMs, start + DAY_MS * (past.spells[spell] ?? (toMs - fromMs) / DAY_MS)) };
}

const DAY_MS = 86_400_000;
const ORDER = ['damage', 'ask', 'none', 'ordinary'] as const;

function numbered(drafts: readonly Draft[], questions: ReadonlyMap<Draft, number>): readonly Group[] {
  const held = drafts.filter(({ members }) => members.length > 0);
  const sorted = held
    .filter(({ follows }) => follows === undefined || !held.includes(follows))
    .sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) || b.members.length - a.members.length);
  const placed = sorted.flatMap((draft) => [draft, ...held.filter(({ follows }) => follows === draft)]);
  return placed.map((draft): Group => {
    const { object, fields, label, detail, writer, maker, sync, fromMs, toMs, exact, members, verdict, points, signs, follows } = draft;
    const place = follows === undefined ? -1 : placed.indexOf(follows);
    return {
      object,
      fields,
      label,
      fromMs,
      toMs,
      exact,
      members,
      verdict,
      points,
      signs,
      ...defined({ detail, writer, maker, sync: sync?.name, question: questions.get(draft), follows: place === -1 ? undefined : place }),
    };
  });
}
