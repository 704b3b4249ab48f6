import {
  CLASS_WORDS,
  type Difference,
  type FieldDifference,
  placeWords,
  type Reconciliation,
  recordWords,
  agreementWords,
} from '../../../checks/index.js';
import type { Mapping } from '../../../mappings/index.js';
import { count, counted, facts, span, table } from '../text/format.js';
import type { Style } from '../text/style.js';
import { showValue, visible } from '../text/visible.js';
import { truncate, wrapIndented } from '../text/width.js';

/** Examples of each class that are shown. */
const EXAMPLES = 3;

/** What a reconciliation found, with examples, for people. */
export function reconciliationText(result: Reconciliation, differences: readonly Difference[], mapping: Mapping, style: Style): string {
  const [left, right] = result.sides;
  return [
    style.chalk.bold(
      `${visible(result.mapping.title ?? result.mapping.id)}: ${left.name} (${left.platform}/${left.object}) and ${right.name} (${right.platform}/${right.object})`,
    ),
    facts(
      [
        ['records', `${count(left.records)} in ${left.name}, ${count(right.records)} in ${right.name}; ${counted(result.matched, 'pairs')}`],
        ...aloneFacts(result),
        ['read again', againWords(result)],
        ['snapshots', [...new Set([left.snapshot, right.snapshot])].join(', ')],
        ['result', result.id],
      ],
      style,
    ),
    '',
    `${style.glyph[result.passed ? 'done' : 'failed']} ${agreementWords(result)}`,
    ...countLines(result, style),
    ...notCompared(result, mapping, style),
    ...exampleLines(result, differences, mapping, style),
  ].join('\n');
}

function aloneFacts({ leftAlone, sides }: Reconciliation): (readonly [string, string])[] {
  const words = leftAlone.flatMap((records, side) => (records === 0 ? [] : [`${count(records)} in ${sides[side]?.name ?? ''}`]));
  return words.length === 0 ? [] : [['alone', `${words.join(', ')}: as the mapping says of deleted records`]];
}

function againWords({ candidates, settled, rounds, settleMs }: Reconciliation): string {
  if (candidates === 0) return 'nothing differed';
  return `${counted(candidates, 'candidates')}, ${counted(rounds, 'times', 'time')}, ${span(settleMs)} apart; ${count(settled)} were the same by then`;
}

function countLines(result: Reconciliation, style: Style): string[] {
  if (result.counts.length === 0) return [];
  const rows = result.counts.map((one) => [CLASS_WORDS[one.class], visible(placeWords(one, result)), count(one.count)]);
  return ['', table([{ title: 'difference' }, { title: 'where', shrink: true }, { title: 'count', align: 'right' }], rows, style)];
}

function notCompared({ unreadable, lostWays, sides }: Reconciliation, { fields, match }: Mapping, style: Style): string[] {
  const lines = [
    ...unreadable.map(({ field, side, why }) => `${sides[side].name} ${fields[field]?.names[side] ?? ''}: ${why}`),
    ...lostWays.map(({ field, side, why }) => `match by ${sides[side].name} ${match[field]?.names[side] ?? ''}: ${why}`),
  ];
  return lines.length === 0 ? [] : ['', style.chalk.bold('Not compared'), ...lines.flatMap((line) => wrapIndented(visible(line), 2, style.width))];
}

function exampleLines(result: Reconciliation, differences: readonly Difference[], mapping: Mapping, style: Style): string[] {
  const shown = result.counts.map(({ class: name }) => name);
  return [...new Set(shown)].flatMap((name) => {
    const all = differences.filter((one) => one.class === name);
    return [
      '',
      style.chalk.bold(CLASS_WORDS[name]),
      ...all.slice(0, EXAMPLES).flatMap((one) => exampleOf(one, result, mapping, style)),
      ...(all.length > EXAMPLES ? [`  ... and ${count(all.length - EXAMPLES)} more`] : []),
    ];
  });
}

function exampleOf(one: Difference, result: Reconciliation, mapping: Mapping, style: Style): string[] {
  const line = (text: string, indent: number): string[] => wrapIndented(style.redact(visible(text)), indent, style.width);
  return [
    ...line(`${recordWords(one, result)}${one.why === undefined ? '' : `: ${one.why}`}`, 2),
    ...(one.fields ?? []).flatMap((field) => line(fieldWords(field, result, mapping, style), 4)),
  ];
}

function fieldWords({ field, values, why }: FieldDifference, { sides }: Reconciliation, { fields }: Mapping, style: Style): string {
  const names = fields[field]?.names ?? ['', ''];
  const half = Math.floor(style.width / 3);
  const value = (side: 0 | 1): string => `${sides[side].name} ${names[side]} ${truncate(showValue(values?.[side]), half)}`;
  return `${value(0)}, ${value(1)}${why === undefined ? '' : `: ${why}`}`;
}
