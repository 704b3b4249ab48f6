import { counted } from '../../lib/index.js';
import type { Run } from '../groups/run.js';
import { bitsOf, countsOf, isEmpty } from '../labels/values.js';
import { isBeyondChance } from '../strands/by-chance.js';
import { type Habits, busiestHourOf, usualShare } from '../strands/habits.js';
import { LABEL_POINTS, SIGN_POINTS, THRESHOLDS } from '../thresholds.js';
import type { KnownSync, Sign, Verdict } from '../types.js';
import { caughtUp } from './caught-up.js';
import { labelWords } from './words.js';

/** What a run is judged by beside itself. */
export interface Surroundings {
  readonly habits: Habits;
  /** Anything is known of the past at all. */
  readonly pastKnown: boolean;
  /** The writer is known from before, with this field or another. */
  readonly writerKnown: boolean;
  readonly sync: KnownSync | undefined;
  /** Records of the object type. */
  readonly rows: number;
  readonly history: boolean;
  /** Days of history that were looked at. */
  readonly days: number;
  readonly fromMs: number;
}

export interface Judgement {
  readonly verdict: Verdict;
  readonly points: number;
  readonly signs: readonly Sign[];
}

/** One sign, and what it allows: `clears` is evidence for ordinary work, `asks` leaves the rest to a person. */
interface Weighed extends Sign {
  readonly clears?: true;
  readonly asks?: true;
  /** Nothing else clears it. */
  readonly doubts?: true;
}

/** Judges a run by what its writes have in common, by its writer's past, by its pace, and by who stands behind it. */
export function judge(run: Run, around: Surroundings): Judgement {
  const signs = [
    labelSign(run),
    ...replacedSigns(run),
    ...varietySigns(run),
    ...pastSigns(run, around),
    ...makerSigns(run),
    ...syncSigns(run, around),
    ...sizeSigns(run, around),
    ...missedSigns(run),
  ];
  return verdictOf(signs);
}

/** Adds the signs up. */
export function verdictOf(signs: readonly Weighed[]): Judgement {
  const points = signs.reduce((sum, sign) => sum + sign.points, 0);
  const told = signs.filter(({ words }) => words !== '').map(({ points: some, words }) => ({ points: some, words }));
  const asks = signs.some((sign) => sign.asks === true);
  const clears = signs.some((sign) => sign.clears === true);
  const verdict =
    points >= THRESHOLDS.damage && !asks
      ? 'damage'
      : points >= THRESHOLDS.ask || signs.some((sign) => sign.doubts === true)
        ? 'ask'
        : points <= THRESHOLDS.ordinary && clears
          ? 'ordinary'
          : 'none';
  return { verdict, points, signs: told };
}

/** Labels of which nobody does the like on purpose, whoever did it. */
const STRONG = 3.5;
const HARMLESS = new Set<string>(['other', 'filled', 'grown', 'stamp']);
const CLEARING = new Set<string>(['stamp', 'put-back']);
const INVERTIBLE = new Set<string>(['factor', 'date-offset', 'affix', 'remapped']);

function labelSign({ label, detail, moves, strand }: Run): Weighed {
  const isOption = label === 'one-value' && isChoice(strand.schema?.type);
  const points = isOption ? SIGN_POINTS.oneOption : LABEL_POINTS[label];
  return {
    points,
    words: labelWords(label, detail, heldBy(moves)),
    ...(CLEARING.has(label) ? { clears: true } : {}),
    ...(isOption || label === 'remapped' || fillsOnly(moves) ? { asks: true } : {}),
  };
}

/** Moves whose value stands there still; of the past, which has no cells, all. */
function heldBy(moves: Run['moves']): number {
  return moves.filter(({ cell }) => cell !== undefined).length || moves.length;
}

/** What was written over since is damage that happened, and is not in the group. */
function replacedSigns({ moves }: Run): readonly Weighed[] {
  const more = moves.length - heldBy(moves);
  return more === 0 ? [] : [{ points: 0, words: `${more} more ${more === 1 ? 'was' : 'were'} written over since` }];
}

/** True where hardly anything was lost: what was empty may have been filled on purpose, and nothing is gone if it was not. */
function fillsOnly(moves: Run['moves']): boolean {
  return moves.filter(({ before }) => isEmpty(before)).length >= THRESHOLDS.mostlyEmpty * moves.length;
}

function isChoice(type: string | undefined): boolean {
  return type === 'enum' || type === 'boolean' || type === 'set';
}

function varietySigns({ label, moves }: Run): readonly Weighed[] {
  if (label !== 'one-value') return [];
  const counts = countsOf(moves.filter(({ before }) => !isEmpty(before)).map(({ before }) => before));
  const bits = bitsOf(counts);
  const words = `${counted(counts.size, 'different values')} ${counts.size === 1 ? 'was' : 'were'} lost`;
  if (bits >= THRESHOLDS.manyLostBits) return [{ points: SIGN_POINTS.lostMuchVariety, words }];
  return bits >= THRESHOLDS.lostBits ? [{ points: SIGN_POINTS.lostVariety, words }] : [];
}

function losesMuch({ label, moves }: Run): boolean {
  return label === 'one-value' && bitsOf(countsOf(moves.map(({ before }) => before))) >= THRESHOLDS.manyLostBits;
}

function pastSigns(run: Run, { habits, pastKnown, writerKnown, history, days, fromMs }: Surroundings): readonly Weighed[] {
  if (!pastKnown)
    return run.label === 'other' && run.moves.length >= THRESHOLDS.few ? [{ points: 1, words: 'there is nothing to compare it with' }] : [];
  const busiest = busiestHourOf(run.among);
  const farBeyond = history
    ? busiest >= THRESHOLDS.farBeyond * habits.busiestHour
    : run.moves.length >= THRESHOLDS.burst * habits.busiestHour &&
      isBeyondChance(run.moves.length, habits.busiestHour) &&
      run.moves.length >= 2 * THRESHOLDS.few;
  const pace: Weighed = {
    points: SIGN_POINTS.farBeyondPace,
    words: `at most ${Math.round(habits.busiestHour)} ${history ? 'an hour' : 'between two snapshots'} before`,
  };
  if (habits.seen < THRESHOLDS.familiar) {
    const isBulk = run.among.length >= THRESHOLDS.byHand;
    if (!history) return isBulk ? [{ points: SIGN_POINTS.newField, words: 'this field hardly changed before' }] : [];
    const first = writerKnown ? 'it hardly ever wrote this field before' : 'first seen in this time';
    const points = (writerKnown ? SIGN_POINTS.newField : 0) + (isBulk ? SIGN_POINTS.farBeyondPace : 0);
    // What it is there for is not known: only what nobody does on purpose is damage then.
    const asks = LABEL_POINTS[run.label] < THRESHOLDS.damage && !losesMuch(run);
    return run.strand.maker === 'person' && !isBulk ? [] : [{ points, words: first, ...(asks && !writerKnown ? { asks: true } : {}) }];
  }
  const usual = usualShare(habits, run.label) * run.among.length;
  const before = habits.labels.get(run.label) ?? 0;
  // That it wrote some other value is what it always does, and what was empty is no loss.
  if (!HARMLESS.has(run.label) && run.moves.length >= THRESHOLDS.rise * usual && isBeyondChance(run.moves.length, usual)) {
    const words =
      before === 0 ? 'never seen to do this before' : `did this ${counted(before, 'times')} among ${counted(habits.seen, 'writes')} before`;
    const isRare = before > 0 && run.moves.length < THRESHOLDS.rareButKnown && LABEL_POINTS[run.label] < THRESHOLDS.damage;
    // One at a time, an older value may be what another platform counts as the right one.
    const asks = isRare || (run.label === 'stale' && !farBeyond);
    return [{ points: SIGN_POINTS.unusual, words, ...(asks ? { asks: true } : {}) }, ...(farBeyond ? [pace] : [])];
  }
  const isCatchingUp = farBeyond && history && caughtUp(run, habits, fromMs);
  if (farBeyond && !isCatchingUp) return [pace];
  const words = isCatchingUp
    ? 'it was silent before, and wrote about what it writes in such a time'
    : history
      ? `wrote like this before, at this pace, for ${counted(days, 'days')}`
      : 'as between the other snapshots';
  return [{ points: SIGN_POINTS.usual, words, clears: true }, ...(isCatchingUp ? [] : [{ points: SIGN_POINTS.withinPace, words: '' }])];
}

function makerSigns({ strand, moves, label }: Run): readonly Weighed[] {
  const inBulk = mostIn(moves, THRESHOLDS.byHandMinutes * 60_000) >= THRESHOLDS.byHand;
  switch (strand.maker) {
    case 'person':
      return inBulk
        ? [{ points: SIGN_POINTS.inBulkByPerson, words: 'a person did it to many at once', asks: true }]
        : [{ points: SIGN_POINTS.byHand, words: 'made one by one by a person', clears: true }];
    case 'import':
      return LABEL_POINTS[label] >= STRONG ? [] : [{ points: -0.5, words: 'a person loaded a file', asks: true }];
    case 'form':
      return inBulk ? [] : [{ points: SIGN_POINTS.byFormOneByOne, words: 'made one by one by people themselves', clears: true }];
    default:
      return [];
  }
}

/** Most moves in any so many milliseconds. */
function mostIn(moves: readonly { readonly atMs?: number }[], ms: number): number {
  let [most, start] = [0, 0];
  moves.forEach(({ atMs = 0 }, i) => {
    while (atMs - (moves[start]?.atMs ?? 0) > ms) start += 1;
    most = Math.max(most, i - start + 1);
  });
  return most;
}

function syncSigns({ strand, label }: Run, { sync }: Surroundings): readonly Weighed[] {
  if (sync?.fields === undefined) return [];
  const isDeclared = sync.fields.includes(`${strand.object}.${strand.field}`);
  if (!isDeclared) return [{ points: SIGN_POINTS.undeclared, words: `${sync.name} is not there to write this field` }];
  return LABEL_POINTS[label] <= 0 ? [{ points: SIGN_POINTS.declared, words: `${sync.name} is there to write this field`, clears: true }] : [];
}

function sizeSigns({ moves, label }: Run, { rows }: Surroundings): readonly Weighed[] {
  const signs: Weighed[] = [];
  if (moves.length < THRESHOLDS.few) signs.push({ points: SIGN_POINTS.few, words: 'only a few' });
  if (INVERTIBLE.has(label) && rows > 0 && moves.length >= THRESHOLDS.wholeRun * rows)
    signs.push({ points: 0, words: 'done to nearly all records', asks: true });
  return signs;
}

/** Somebody wrote past what keeps the history: a trigger that was off, entries that were removed. Nothing speaks for that. */
function missedSigns({ moves }: Run): readonly Weighed[] {
  return moves.some(({ missed }) => missed === true)
    ? [{ points: 0, words: 'its history does not show this write, though it shows others of this field', doubts: true }]
    : [];
}
