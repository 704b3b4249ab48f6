import type {
  ConflictCode,
  DifferenceCode,
  DifferingSide,
  PlanHeader,
  PlanSet,
  SetComparison,
  SetDifference,
  SettledDifference,
  SideOutcome,
} from '../../../restores/index.js';
import { count, counted, facts, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { showValue, visible } from '../text/visible.js';
import { folded } from '../text/width.js';

/** Differences that are shown; JSON has more. */
const SHOWN = 10;

const CODE_WORDS: Readonly<Record<DifferenceCode, string>> = {
  'changed-in-window': 'changed while the set was taken: it holds the new value on one side and the old one on the other',
  'in-set': 'the set holds this difference already',
  kept: 'one plan leaves what the other one puts back',
  since: 'not as in the set on one side only',
  missing: 'one side has no such record',
  ambiguous: 'several records fit one of the other side',
};

/** A set of plans: what each side writes, what was held against each other, and what differs. */
export function planSetText(set: PlanSet, headers: readonly PlanHeader[], pause: string | undefined, style: Style): string {
  const pairs: [string, string][] = [
    ['Set of plans', set.id],
    ['To', `${set.base}, the same base for each side`],
    ['From', `${set.damaged}, the damage`],
    ...headers.map((header): [string, string] => [visible(header.platform), sideWords(header)]),
    ['Syncs', pause === undefined ? 'not paused by this set' : `paused until you resume them: ${pause}`],
    ['Made', `${time(set.createdAt, style)} by ${visible(set.createdBy)}`],
  ];
  return [facts(pairs, style), '', ...comparisonLines(set, style), ...settledLines(set, style)].join('\n').trimEnd();
}

function sideWords({ id, counts }: PlanHeader): string {
  const conflicts = Object.values(counts.conflicts).reduce((sum, n) => sum + n, 0);
  return `${id} writes ${counted(counts.records, 'records')}, ${counted(counts.cells, 'values')}${conflicts === 0 ? '' : `; ${counted(conflicts, 'conflicts')} left`}`;
}

/** What was compared, what was not, and each difference with what can be done about it. */
export function comparisonLines({ compared, notCompared, windowUnknown, differences }: SetComparison, style: Style): readonly string[] {
  const { glyph } = style;
  const lines = [
    ...compared.map(
      ({ between: [a, b], records, values, alone }) =>
        `${glyph.done} Compared ${visible(a)} with ${visible(b)}: ${counted(records, 'records')}, ${counted(values, 'values')}${alone === 0 ? '' : `; ${counted(alone, 'records')} without a counterpart, as in the set`}`,
    ),
    ...notCompared.map(({ sync, why }) => `${glyph.warning} Not compared${sync === '' ? '' : `, ${visible(sync)}`}: ${visible(why)}`),
    ...windowUnknown.map((why) => `${glyph.warning} Not known what changed while the set was taken: ${visible(why)}`),
    ...(compared.length === 0
      ? [`${glyph.warning} Nothing was compared, so it is not known whether both sides agree.`]
      : [`${differences.count === 0 ? glyph.done : glyph.warning} ${counted(differences.count, 'differences')} between the systems`]),
    ...differences.named.slice(0, SHOWN).flatMap((one) => differenceLines(one)),
    ...(differences.count > SHOWN ? [`  ... and ${count(differences.count - SHOWN)} more`] : []),
  ];
  return folded(lines, style.width);
}

function differenceLines(difference: SetDifference): readonly string[] {
  const { id, code, sides, by } = difference;
  const who = by === undefined ? '' : `, by ${by.join(', ')}`;
  return [`  - ${visible(id)}`, `    ${visible(`${CODE_WORDS[code]}${who}`)}`, ...sides.map((side) => `    ${sideLine(side)}`)];
}

function sideLine({ platform, key, value, plan, conflict }: DifferingSide): string {
  const state = key === undefined ? 'no such record' : value === undefined ? `record ${key}` : showValue(value);
  return visible(`${platform}: ${state}${planWords(plan, conflict)}`);
}

function planWords(plan: DifferingSide['plan'], conflict: ConflictCode | undefined): string {
  if (plan === 'written') return ', put back';
  return plan === 'left' ? `, left alone (${conflict ?? ''})` : '';
}

function settledLines({ settled, settledCount }: PlanSet, style: Style): readonly string[] {
  if (settledCount === 0) return [];
  const lines = [
    `${style.glyph.done} ${counted(settledCount, 'differences')} settled: both sides will hold the same`,
    ...settled.slice(0, SHOWN).flatMap(settledLine),
    ...(settledCount > SHOWN ? [`  ... and ${count(settledCount - SHOWN)} more`] : []),
  ];
  return folded(lines, style.width);
}

function settledLine(one: SettledDifference): readonly string[] {
  const why = one.decidedBy === 'authority' ? 'its value counts by authority in runback.yml' : 'decided by a person';
  const takes = one.takes === 'restore' ? 'both sides get what the set holds' : `both sides get the value of ${one.takes} (${why})`;
  const who = one.by === undefined ? '' : `, by ${one.by.join(', ')}`;
  return [
    `  - ${visible(one.id)}: ${visible(takes)}`,
    `    ${visible(`${CODE_WORDS[one.code]}${who}`)}`,
    `    Without that: ${one.sides.map((side) => sideLine(side)).join('; ')}`,
  ];
}

/** What became of each side of a set. */
export function setOutcomeText(outcomes: readonly SideOutcome[], restoreText: (outcome: NonNullable<SideOutcome['restore']>) => string): string {
  return outcomes
    .map(({ platform, restore }) => (restore === undefined ? `${visible(platform)}: nothing to write` : restoreText(restore)))
    .join('\n\n');
}
