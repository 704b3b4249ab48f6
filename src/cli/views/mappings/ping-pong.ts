import type { LookedAt, PingPongField } from '../../flows/mappings/ping-pong.js';
import { absolute, counted } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrapIndented } from '../text/width.js';

/** Fields whose values go to and fro between writers, by object type, and what could not be looked at. */
export function pingPongText(looked: readonly LookedAt[], since: Date, style: Style): string {
  return [`Since ${absolute(since, style)}:`, ...looked.map((one) => oneText(one, style))].join('\n');
}

function oneText(one: LookedAt, style: Style): string {
  const name = visible(`${one.platform}/${one.object}`);
  if ('untold' in one) return marked(style.glyph.doubt, `${name}: its history cannot be told: ${visible(one.untold)}`, style);
  const what = `${name}: ${counted(one.records, 'records')} that were written, ${counted(one.fields, 'fields')}`;
  const more = one.more ? marked(style.glyph.warning, 'There are more records: give a higher --records.', style) : undefined;
  const lines =
    one.found.length === 0 ? [marked(style.glyph.done, `${what}: nothing goes to and fro`, style)] : [marked(style.glyph.failed, what, style)];
  const silent =
    one.silent.length === 0
      ? []
      : [marked(style.glyph.doubt, `no history came of ${visible(one.silent.join(', '))}: nothing is known of them`, style)];
  return [...lines, ...one.found.flatMap((field) => fieldText(field, style)), ...silent, ...(more === undefined ? [] : [more])].join('\n');
}

function fieldText({ field, records, examples, writers, mappings }: PingPongField, style: Style): readonly string[] {
  const [first] = examples;
  const most = first === undefined ? '' : `; ${visible(first.key)} most, ${first.returns} times in 24 hours`;
  const between = writers.map(({ writers: [one, other], records: count }) => `${one} and ${other} (${counted(count, 'records')})`);
  return [
    ...wrapIndented(`${visible(field)} goes to and fro on ${counted(records, 'records')}${most}`, 4, style.width),
    ...wrapIndented(visible(`between ${between.join('; ')}`), 6, style.width),
    ...wrapIndented(`records ${visible(examples.map(({ key }) => key).join(', '))}; mapping ${mappings.join(', ')}`, 6, style.width),
  ];
}

function marked(mark: string, text: string, style: Style): string {
  return wrapIndented(text, 2, style.width)
    .map((line, index) => (index === 0 ? `${mark} ${line.trimStart()}` : line))
    .join('\n');
}
