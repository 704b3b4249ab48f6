import type { ReplayedSeries, ReplayedVariant, ReplayResult } from '../../../monitors/index.js';
import { absolute, counted } from '../text/format.js';
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
  const isEmpty = variants.every(({ series }) =>
    series.every(({ points, changes }) => changes.length === 0 && points.every(({ found }) => found === null)),
  );
  const head = `${minute(from, style)} to ${minute(to, style)}`;
  if (isEmpty)
    return [head, ...hanging(`${style.glyph.warning} Nothing was measured in this time. What is measured now: runback monitor status`, style)].join(
      '\n',
    );
  return [head, ...variants.map((variant) => variantText(variant, style))].join('\n\n');
}

/** `2026-03-02 14:00 UTC`: hours are enough here. */
const minute = (iso: string, style: Style): string => absolute(new Date(iso), style).replace(/:\d\d (?=[^:]+$)/u, ' ');

function variantText({ name, pages, notes, messages, actions, series }: ReplayedVariant, style: Style): string {
  const opened = actions.filter(({ action }) => action.kind === 'open' || action.kind === 'note');
  const lines = opened.slice(0, MOST).flatMap(({ at, action }) => {
    const says = action.alert.findings.filter(({ because }) => because === undefined).map((one) => `${one.series.of}: ${one.says}`);
    const mark = action.kind === 'open' ? style.glyph.failed : style.glyph.warning;
    return hanging(`${mark} ${minute(at, style)}  ${visible(says.join(' '))}`, style);
  });
  return [
    style.chalk.bold(visible(name)),
    `${counted(pages, 'pages')}, ${counted(notes, 'notes')}, ${counted(messages, 'messages')} in all.`,
    ...lines,
    ...(opened.length > MOST ? [`... and ${String(opened.length - MOST)} more: runback monitor replay --json`] : []),
    ...series.filter(({ points }) => points.length > 0).flatMap((one) => seriesText(one, style)),
  ].join('\n');
}

const hanging = (text: string, style: Style): readonly string[] => wrap(text, style.width - 2).map((line, n) => (n === 0 ? line : `  ${line}`));

/** What was found above what was expected, in one scale. */
function seriesText({ series, points }: ReplayedSeries, style: Style): readonly string[] {
  const columns = Math.min(COLUMNS, style.width - 13);
  const [found, expected] = [
    sums(
      points.map((point) => point.found),
      columns,
    ),
    sums(
      points.map((point) => point.expected),
      columns,
    ),
  ];
  const most = Math.max(0, ...[...found, ...expected].filter((value) => value !== null));
  const [above, below] = [spark(found, style, most), spark(expected, style, most)];
  if (above === '') return [];
  return [visible(series.of), `  found     ${above}`, ...(below === '' ? [] : [`  expected  ${below}`])];
}

/** Neighbours added up until there are no more than so many. */
export function sums(values: readonly (number | null)[], most: number): readonly (number | null)[] {
  const size = Math.max(1, Math.ceil(values.length / Math.max(1, most)));
  return Array.from({ length: Math.ceil(values.length / size) }, (_, n) => {
    const some = values.slice(n * size, (n + 1) * size).filter((value) => value !== null);
    return some.length === 0 ? null : some.reduce((sum, value) => sum + value, 0);
  });
}
