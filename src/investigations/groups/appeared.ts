import { counted } from '../../lib/index.js';
import { busiestHourOf } from '../strands/habits.js';
import { ordinaryUntil } from '../strands/move.js';
import { stretchesOf } from '../strands/stretches.js';
import { LABEL_POINTS, SIGN_POINTS, THRESHOLDS } from '../thresholds.js';
import type { Appeared, Evidence, Sign } from '../types.js';
import { verdictOf } from '../verdicts/judge.js';
import { labelWords } from '../verdicts/words.js';
import type { Draft } from './draft.js';
import { syncOf } from './sync-of.js';

type Weighed = Sign & { readonly clears?: true; readonly asks?: true };

/**
 * Groups of records and links that are new or gone. Nobody but a person decides about these: what was deleted may have
 * been meant to be, no platform tells who cut a link, and what was created cannot come back once it is deleted.
 */
export function appearedDrafts(evidence: Evidence): readonly Draft[] {
  const strands = new Map<string, Appeared[]>();
  for (const one of evidence.appeared) {
    const name = JSON.stringify([one.change, one.object, one.writer ?? '', one.atMs !== undefined, one.merged === true]);
    const strand = strands.get(name);
    if (strand === undefined) strands.set(name, [one]);
    else strand.push(one);
  }
  return [...strands.values()].flatMap((all) => {
    const sorted = [...all].sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
    return stretchesOf(sorted).map((some) => draftOf(some, sorted, evidence));
  });
}

function draftOf(some: readonly Appeared[], all: readonly Appeared[], evidence: Evidence): Draft {
  const [first, last] = [some[0] as Appeared, some.at(-1) as Appeared];
  const { change, object, writer, maker } = first;
  const exact = first.atMs !== undefined;
  return {
    ...verdictOf(signsOf(some, all, evidence)),
    object,
    fields: [],
    label: change,
    detail: undefined,
    writer,
    maker,
    sync: syncOf(writer, evidence.syncs),
    fromMs: first.atMs ?? evidence.fromMs,
    toMs: last.atMs ?? evidence.toMs,
    exact,
    spell: first.spell,
    members: some.map(({ key, atMs }) => ({ object, key, field: '', before: undefined, after: undefined, ...(atMs === undefined ? {} : { atMs }) })),
    runs: [],
  };
}

function signsOf(some: readonly Appeared[], all: readonly Appeared[], evidence: Evidence): readonly Weighed[] {
  const { change, maker } = some[0] as Appeared;
  const signs: Weighed[] = [{ points: LABEL_POINTS[change], words: labelWords(change, undefined, some.length), asks: true }];
  const twins = some.filter(({ twin }) => twin === true).length;
  if (twins >= THRESHOLDS.passedOnShare * some.length)
    signs.push({
      points: SIGN_POINTS.unusual,
      words: `${twins} ${twins === 1 ? 'has' : 'have'} the name and address of a record that was there before`,
    });
  if (some[0]?.merged === true) signs.push({ points: 0, words: 'merged into other records, not deleted' });
  if (some.length < THRESHOLDS.few) signs.push({ points: SIGN_POINTS.few, words: 'only a few' });
  if (maker === 'form') signs.push({ points: SIGN_POINTS.byFormOneByOne, words: 'made by people themselves', clears: true });
  if (maker === 'person' && busiestHourOf(some) < THRESHOLDS.byHand)
    signs.push({ points: SIGN_POINTS.byHand, words: `${change === 'deleted' ? 'deleted' : 'made'} one by one by a person`, clears: true });
  return [...signs, ...paceSigns(some, all, evidence)];
}

function paceSigns(some: readonly Appeared[], all: readonly Appeared[], evidence: Evidence): readonly Weighed[] {
  const { past, history } = evidence;
  const first = some[0] as Appeared;
  if (first.atMs !== undefined && history) {
    // How often somebody deletes is learned from no record that is there.
    if (past.days === 0 || first.change === 'deleted') return [];
    const before = past.created
      .filter(({ object, writer, atMs = 0 }) => object === first.object && writer === first.writer && atMs < ordinaryUntil(evidence))
      .sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));
    const each = past.each.get(first.object) ?? 1;
    const usual = Math.max(1, busiestHourOf(before)) * each;
    if (before.length > 0 && busiestHourOf(some) < THRESHOLDS.burst * usual)
      return [{ points: SIGN_POINTS.usual, words: `made as many before, for ${counted(past.days, 'days')}`, clears: true }];
    return some.length >= THRESHOLDS.byHand
      ? [{ points: SIGN_POINTS.farBeyondPace, words: before.length === 0 ? 'never seen to do this before' : 'far more than before' }]
      : [];
  }
  if (past.spells.length < 2 || first.spell === undefined) return [];
  const days = Math.max(0.1, past.spells[first.spell] ?? 1);
  const others = past.spells.map((length, spell) =>
    spell === first.spell ? 0 : (all.filter((one) => one.spell === spell).length / Math.max(0.1, length)) * days,
  );
  const most = Math.max(...others);
  if (some.length <= THRESHOLDS.burst * most) return [{ points: SIGN_POINTS.usual, words: 'as between the other snapshots', clears: true }];
  return some.length >= THRESHOLDS.few
    ? [{ points: SIGN_POINTS.farBeyondPace, words: `at most ${Math.round(most)} between two snapshots before` }]
    : [];
}
