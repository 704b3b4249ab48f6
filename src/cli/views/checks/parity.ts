import {
  apartWords,
  itemWords,
  type JudgedItem,
  leakLines,
  leakWords,
  nextWords,
  type ParityResult,
  totalOf,
  verdictWords,
} from '../../../checks/index.js';
import { count, facts, table } from '../text/format.js';
import type { GlyphName, Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrap } from '../text/width.js';

/** Items of a kind that are shown; all of them are in the JSON and in the file of --to. */
const SHOWN = 30;

/** Checks one after the other. */
export const parityText = (results: readonly ParityResult[], style: Style): string => results.map((one) => checkText(one, style)).join('\n\n');

function checkText(result: ParityResult, style: Style): string {
  const { check, verdict, because, items } = result;
  const of = (status: JudgedItem['status']): readonly JudgedItem[] => items.filter((one) => one.status === status);
  const lines = wrap(visible(`${check}: ${verdictWords(result)}`), style.width - 4);
  const head = `${style.glyph[verdict === 'like' ? 'done' : verdict === 'unproven' ? 'doubt' : 'failed']} ${style.chalk.bold(lines.join('\n  '))}`;
  return [
    because === undefined ? head : [head, ...wrap(visible(because), style.width - 4).map((line) => `  ${line}`)].join('\n'),
    verdict === 'refused' ? '' : countsTable(result, style),
    itemList('Different', 'failed', of('different'), style),
    itemList('Could not be read', 'doubt', of('unreadable'), style),
    itemList('Accepted', 'skipped', of('accepted'), style),
    facts(factsOf(result), style),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function countsTable({ counts }: ParityResult, style: Style): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const row = (name: string, { same, accepted, different, unreadable }: ReturnType<typeof totalOf>): readonly string[] => [
    name,
    ...[same, accepted, different, unreadable].map((one) => count(one)),
  ];
  const rows = [...counts.map((one) => row(one.area, one)), row('total', totalOf(counts))];
  return table([{ title: 'Area' }, right('Same'), right('Accepted'), right('Different'), right('Unreadable')], rows, style);
}

/** An item on a line of its own, whole, so that it can be copied into parity.yml; what is said of it below. */
function itemList(title: string, glyph: GlyphName, items: readonly JudgedItem[], style: Style): string {
  if (items.length === 0) return '';
  const indented = (text: string): readonly string[] => wrap(style.redact(visible(text)), style.width - 6).map((line) => `      ${line}`);
  const lines = items.slice(0, SHOWN).flatMap((one) => [`  ${style.glyph[glyph]} ${visible(one.item)}`, ...indented(itemWords(one))]);
  const more = items.length > SHOWN ? [`  ... and ${count(items.length - SHOWN)} more, with --json or --to`] : [];
  return [`${style.chalk.bold(title)} (${count(items.length)})`, ...lines, ...more].join('\n');
}

function factsOf(result: ParityResult): [string, string][] {
  const { none, left_out: leftOut, unneeded, unseen, leak } = result;
  const told = (name: string, values: readonly string[]): [string, string][] => (values.length === 0 ? [] : [[name, visible(values.join(', '))]]);
  const next = nextWords(result);
  return [
    ['Apart', apartWords(result)],
    ...told('Not there', none),
    ...told('Left out', leftOut),
    ...told('Not needed', unneeded),
    ...told('Not seen', unseen),
    ['Leak test', visible(leakWords(leak, result))],
    ...leakLines(leak).map(([name, value]): [string, string] => [name, visible(value)]),
    ...told('Next', next === undefined ? [] : [next]),
  ];
}
