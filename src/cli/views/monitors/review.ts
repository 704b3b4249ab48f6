import type { ReviewFinding, ReviewInput } from '../../../monitors/index.js';
import { absolute, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { folded } from '../text/width.js';

const TELLING_WEEKS_MS = 14 * 86_400_000;

/** What a week shows, a line each, with an example below it. */
export function reviewText({ from, to, countedSince }: ReviewInput, findings: readonly ReviewFinding[], style: Style): string {
  const day = (at: Date): string => absolute(at, style).replace(/:\d\d (?=[^:]+$)/u, ' ');
  const until = to > style.now ? style.now : to;
  const young = to.getTime() - countedSince.getTime() < TELLING_WEEKS_MS;
  return [
    ...folded([style.chalk.bold(`The week from ${day(from)} to ${day(until)}`)], style.width),
    ...folded(
      findings.flatMap((finding) => linesOf(finding, style)),
      style.width,
    ),
    ...(findings.length > 0 ? [] : young ? [`${style.glyph.done} Nothing always fails.`] : [`${style.glyph.done} It was like the weeks before it.`]),
    ...(young ? folded([`Counted since ${time(countedSince.toISOString(), style)}: what is new or grew shows after two weeks.`], style.width) : []),
  ].join('\n');
}

function linesOf({ kind, says, message, example }: ReviewFinding, style: Style): readonly string[] {
  const glyph = style.glyph[kind === 'always-fails' ? 'failed' : 'warning'];
  const id = example?.correlationId === undefined ? '' : `  id ${example.correlationId}`;
  const when = example === undefined ? '' : `  ${time(example.time, style)}`;
  const more = `${message === undefined ? '' : `  ${visible(message)}`}${when}${id}`.trim();
  return [`${glyph} ${visible(says)}`, ...(more === '' ? [] : [`    ${more}`])];
}
