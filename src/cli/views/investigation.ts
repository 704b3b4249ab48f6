import type { Example, Investigation, KeptGroup, Verdict, WriterChart } from '../../investigations/index.js';
import { startLines } from './investigation-start.js';
import { groupWords, shown } from './investigation-words.js';
import { counted, count, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';
import { displayWidth, pad, truncate, wrap, wrapIndented } from './text/width.js';

const HEADINGS: Readonly<Record<Verdict, string>> = {
  damage: 'DAMAGE',
  ask: 'ONLY YOU CAN TELL',
  none: 'NO SIGN OF DAMAGE',
  ordinary: 'ORDINARY WORK',
};
/** Groups of no sign, or of ordinary work, that are shown one by one. */
const SHOWN = 5;

/** What an investigation found, for people: onset, who wrote when, groups with examples and reasons. */
export function investigationText({ header }: Investigation, style: Style): string {
  const { platform, objects, reading, groups } = header;
  const lines = [
    ...wrap(`What happened to ${platform}: ${objects.join(', ')}`, style.width).map((line) => style.chalk.bold(line)),
    ...wrapIndented(`Since ${header.base.snapshot} (${time(header.from, style)}): ${counted(reading.changed, 'records')} differ.`, 2, style.width),
    ...onsetLines(header, style),
    ...chartLines(header.charts, style),
    ...startLines(header, style),
  ];
  for (const verdict of ['damage', 'ask', 'none', 'ordinary'] as const) lines.push(...sectionLines(verdict, header, style));
  if (groups.length === 0) lines.push('', 'Nothing differs.');
  lines.push('', ...readingLines(header, style), ...nextLines(header, style));
  return lines.join('\n');
}

function onsetLines({ onset, onsetExact, base, from, platform, groups }: Investigation['header'], style: Style): string[] {
  if (onset === undefined) return groups.length === 0 ? [] : ['  No group is damage for certain.'];
  if (onset < from)
    return wrapIndented(
      `Began ${time(onset, style)} or earlier. ${base.snapshot} was read after that, so it holds a part of the damage. Look again from an older one: runback investigate --platform ${platform} --base <snapshot>`,
      2,
      style.width,
    );
  const began = onsetExact === true ? `Began ${time(onset, style)}` : `Began after ${time(onset, style)}, at the latest before the next snapshot`;
  return wrapIndented(`${began}. Good state to go back to: ${base.snapshot}.`, 2, style.width);
}

/** Who wrote when, a sign for each part of the time. */
function chartLines(charts: readonly WriterChart[], style: Style): string[] {
  if (charts.length === 0) return [];
  if (style.accessible) return ['', ...charts.map(({ writer, total }) => `${writer}: ${counted(total, 'writes')}`)];
  const most = Math.max(...charts.flatMap(({ counts }) => counts));
  const level = (value: number): string =>
    value === 0 ? ' ' : (style.levels[Math.min(style.levels.length - 1, Math.floor((value / most) * style.levels.length))] ?? ' ');
  const shown = (chart: WriterChart): string => style.spelt(visible(style.redact(nameOf(chart))));
  const width = Math.min(28, Math.max(...charts.map((chart) => displayWidth(shown(chart)))));
  const bars = Math.max(...charts.map(({ counts }) => counts.length));
  // On a narrow screen the name stands above its signs.
  const between = 2 + width + 2 + bars + 2 + count(Math.max(...charts.map(({ total }) => total))).length > style.width ? '\n    ' : '  ';
  return [
    '',
    ...charts.map(
      (chart) =>
        `  ${pad(truncate(shown(chart), width, style.cut), width, 'right')}${between}${chart.counts.map(level).join('')}  ${count(chart.total)}`,
    ),
  ];
}

function nameOf({ writer, sync }: Pick<WriterChart, 'writer' | 'sync'>): string {
  return sync === undefined ? writer : `${sync} (${writer})`;
}

function sectionLines(verdict: Verdict, { groups, start }: Investigation['header'], style: Style): string[] {
  const mine = groups.filter((group) => group.verdict === verdict);
  if (mine.length === 0) return [];
  const cells = mine.reduce((sum, group) => sum + group.cells, 0);
  const folds = verdict === 'none' || verdict === 'ordinary';
  const some = folds ? mine.filter(({ n }, i) => i < SHOWN || start?.groups.slice(0, SHOWN).includes(n) === true) : mine;
  const rest = mine.filter((group) => !some.includes(group));
  const left = rest.reduce((sum, group) => sum + group.cells, 0);
  return [
    '',
    style.chalk.bold(`${HEADINGS[verdict]}  ${counted(mine.length, 'groups')}, ${counted(cells, 'changes')}`),
    ...some.flatMap((group) => (folds ? [headLine(group, style), ...whoLines(group, style)] : groupLines(group, style))),
    ...(rest.length === 0 ? [] : [`      and ${counted(rest.length, 'more groups')}, ${counted(left, 'changes')}`]),
  ];
}

/** Cells in front of what is told of a group. */
const INDENT = 6;

const MARKS: Readonly<Record<Verdict, string>> = { damage: '[x]', ask: '[?]', none: '[ ]', ordinary: '[ ]' };

/** One group in a line: mark, number, field, what. */
function headLine(group: KeptGroup, style: Style): string {
  return truncate(style.spelt(`  ${MARKS[group.verdict]} ${groupWords(group, style)}`), style.width, style.cut);
}

/** Who, and when; below each other where both do not fit. */
function whoLines({ writer, sync, from, to, exact }: KeptGroup, style: Style): string[] {
  const day = from.slice(0, 10) === to.slice(0, 10) ? to.slice(11, 19) : clockOf(to);
  const when = clockOf(from) === clockOf(to) ? `at ${clockOf(to)}` : exact ? `${clockOf(from)} to ${day}` : `between ${clockOf(from)} and ${day}`;
  const until = `${when} UTC`;
  // Of a long name a part tells; of a time only all of it does.
  const room = style.width - INDENT - until.length - 'by , '.length;
  const indented = (line: string): string => ' '.repeat(INDENT) + line;
  if (writer === undefined) return wrapIndented(until, INDENT, style.width);
  const name = visible(style.redact(nameOf({ writer, ...(sync === undefined ? {} : { sync }) })));
  if (displayWidth(name) <= room || room >= 12) return [indented(`by ${truncate(name, room)}, ${until}`)];
  return [indented(`by ${truncate(name, style.width - INDENT - 'by ,'.length)},`), ...wrapIndented(until, INDENT, style.width)];
}

function groupLines(group: KeptGroup, style: Style): string[] {
  const { why, examples } = group;
  // What the first line says already is no reason.
  const reasons = why.filter(({ words }) => words !== '' && words !== group.what).map(({ words }) => words);
  return [
    headLine(group, style),
    ...whoLines(group, style),
    ...examples.map((example) => truncate(style.spelt(`      ${exampleWords(example, style)}`), style.width, style.cut)),
    ...(reasons.length === 0 ? [] : wrapIndented(visible(style.redact(reasons.join('; '))), 6, style.width)),
  ];
}

const clockOf = (iso: string): string => iso.slice(0, 19).replace('T', ' ');

function exampleWords({ key, name, before, after, field }: Example, style: Style): string {
  const who = visible(style.redact(name === undefined ? key : `${name} (${key})`));
  return field === undefined ? who : `${who}: ${shown(before, style)} ${style.glyph.arrow} ${shown(after, style)}`;
}

/** What was looked at to learn what is ordinary. */
function before(days: number, drawn: number): string {
  return days === 0
    ? `and ${count(drawn)} drawn by chance; of the time before, nothing is told from a whole day on, so what is ordinary is not known`
    : `and what was ordinary in the ${counted(days, 'days')} before by ${count(drawn)} drawn by chance`;
}

function readingLines({ reading, notCompared, platform }: Investigation['header'], style: Style): string[] {
  const { history, asked, changed, drawn, bySample, gone = 0, untold = 0, cut = 0, unsure = 0, days, requests } = reading;
  const told = history
    ? `Asked ${platform} who wrote ${count(asked)} of ${counted(changed, 'records')}, ${before(days, drawn)}: ${counted(requests, 'requests')}.`
    : asked > 0
      ? `${platform} tells who wrote each record last, and not what: a name at a group is whoever wrote most of its records last.`
      : `${platform} keeps no history of fields: who wrote what is not known, only between which snapshots.`;
  const left = [
    ...(bySample === 0
      ? []
      : [
          `${counted(bySample, 'cells')} ${bySample === 1 ? 'was judged by a sample of its like' : 'were judged by a sample of theirs'}, which showed ordinary work only; --everything asks for all.`,
        ]),
    ...(untold === 0
      ? []
      : [
          `Of ${counted(untold, 'cells')} the history does not tell who wrote what stands there: a field that keeps none, a trigger that was off, or entries that were removed.`,
        ]),
    ...(cut === 0
      ? []
      : [
          `Of ${counted(cut, 'cells')} ${platform} keeps no change that is as old as the base: what was written first, and has been replaced since, is not seen.`,
        ]),
    ...(unsure === 0
      ? []
      : [`Of ${counted(unsure, 'cells')} a time may be an hour later than it says: it has no time zone, and clocks were set back then.`]),
    ...(gone === 0
      ? []
      : [
          `${counted(gone, 'cells')} of records that were deleted since ${gone === 1 ? 'is' : 'are'} in no group: no one can tell who wrote ${gone === 1 ? 'it' : 'them'}.`,
        ]),
  ];
  return [
    ...wrapIndented(told, 2, style.width),
    ...left.flatMap((line) => wrapIndented(line, 2, style.width)),
    ...notCompared.slice(0, SHOWN).flatMap(({ name, why }) => wrapIndented(`Not compared: ${name}: ${why}`, 2, style.width)),
    ...(notCompared.length > SHOWN ? [`  and ${counted(notCompared.length - SHOWN, 'more')} not compared; all of them: --json`] : []),
  ];
}

function nextLines({ id, groups }: Investigation['header'], style: Style): string[] {
  const hasDamage = groups.some(({ verdict }) => verdict === 'damage');
  const [first] = groups.filter(({ verdict }) => verdict === 'ask');
  if (!hasDamage && first === undefined) return [];
  const chosen = hasDamage ? '' : ` --group ${first?.n ?? 1}`;
  return [
    '',
    ...wrap(hasDamage ? 'Plan of the groups marked [x]; others with --group N:' : 'Plan of one group:', style.width),
    `  runback restore plan --investigation ${id}${chosen}`,
  ];
}
