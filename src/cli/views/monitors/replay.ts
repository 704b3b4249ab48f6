import type { ReplayedSeries, ReplayedVariant, ReplayResult } from '../../../monitors/index.js';
import { counted, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrap } from '../text/width.js';
import { spark } from './spark.js';

/** Alerts that are shown; the rest is counted. */
const MOST = 20;
/** Columns of a chart. */
const COLUMNS = 60;

/** What each of the variants would have said, one after the other. */
export function replayText({ from, to, variants }: ReplayResult, style: Style): string {
  return [`${time(from, style)} to ${time(to, style)}`, ...variants.map((variant) => variantText(variant, style))].join('\n\n');
}

function variantText({ name, pages, notes, messages, actions, series }: ReplayedVariant, style: Style): string {
  const opened = actions.filter(({ action }) => action.kind === 'open' || action.kind === 'note');
  const lines = opened.slice(0, MOST).flatMap(({ at, action }) => {
    const says = action.alert.findings.filter(({ because }) => because === undefined).map((one) => `${one.series.of}: ${one.says}`);
    const mark = action.kind === 'open' ? style.glyph.failed : style.glyph.warning;
    return wrap(`${mark} ${time(at, style)}  ${visible(says.join(' '))}`, style.width);
  });
  return [
    style.chalk.bold(visible(name)),
    `${counted(pages, 'pages')}, ${counted(notes, 'notes')}, ${counted(messages, 'messages')} in all.`,
    ...lines,
    ...(opened.length > MOST ? [`... and ${String(opened.length - MOST)} more: runback monitor replay --json`] : []),
    ...series.filter(({ points }) => points.length > 0).flatMap((one) => seriesText(one, style)),
  ].join('\n');
}

function seriesText({ series, points }: ReplayedSeries, style: Style): readonly string[] {
  const columns = Math.min(COLUMNS, style.width - 12);
  const line = (pick: (point: ReplayedSeries['points'][number]) => number | null): string => spark(sums(points.map(pick), columns), style);
  const found = line(({ found: value }) => value);
  if (found === '') return [];
  const expected = line(({ expected: value }) => value);
  return [visible(series.of), `  found     ${found}`, ...(expected === '' ? [] : [`  expected  ${expected}`])];
}

/** Neighbours added up until there are no more than so many. */
export function sums(values: readonly (number | null)[], most: number): readonly (number | null)[] {
  const size = Math.max(1, Math.ceil(values.length / Math.max(1, most)));
  return Array.from({ length: Math.ceil(values.length / size) }, (_, n) => {
    const some = values.slice(n * size, (n + 1) * size).filter((value) => value !== null);
    return some.length === 0 ? null : some.reduce((sum, value) => sum + value, 0);
  });
}
