import type { CanaryResult } from '../../../monitors/index.js';
import { span, table, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { folded } from '../text/width.js';

/** What one run came to. */
export function canaryText({ canary, verdict, why, tookMs, correlationId, run }: CanaryResult, style: Style): string {
  const glyph = style.glyph[verdict === 'arrived' ? 'done' : verdict === 'unknown' ? 'doubt' : 'failed'];
  const took = tookMs === undefined ? '' : ` after ${span(tookMs)}`;
  const id = correlationId === undefined ? '' : ` (id ${correlationId})`;
  return folded(
    [`${glyph} ${canary}: ${verdict}${took}`, ...(why === undefined ? [] : [`  ${visible(why)}${id}`]), `  run ${run}`],
    style.width,
  ).join('\n');
}

/** Canaries with what their last runs came to. */
export function canaryList(
  all: readonly { readonly id: string; readonly mapping: string; readonly last: readonly CanaryResult[] }[],
  style: Style,
): string {
  if (all.length === 0) return 'There is no canary here yet: runback monitor canary set-up <name>';
  return table(
    [{ title: 'canary', shrink: true }, { title: 'mapping' }, { title: 'last' }, { title: 'verdict' }, { title: 'of the last 20', align: 'right' }],
    all.map(({ id, mapping, last }) => {
      const latest = last.at(-1);
      const some = last.slice(-20);
      const arrived = some.filter(({ verdict }) => verdict === 'arrived').length;
      return [
        id,
        mapping,
        latest === undefined ? 'never' : time(latest.at, style),
        latest?.verdict ?? '',
        some.length === 0 ? '' : `${arrived} of ${some.length}`,
      ];
    }),
    style,
  );
}
