import { defined } from '../lib/index.js';
import { syncOf } from './groups/sync-of.js';
import type { WriterChart } from './records/types.js';
import type { Evidence } from './types.js';

/** Parts that the time is shown in. */
const PARTS = 24;
/** Writers that are shown, those with the most writes. */
const WRITERS = 8;

/** How much each writer wrote when, by the changed cells; the busiest first. None where no history tells. */
export function chartsOf({ cells, fromMs, toMs, syncs }: Evidence): readonly WriterChart[] {
  const span = Math.max(1, toMs - fromMs);
  const writers = new Map<string, number[]>();
  for (const { writes } of cells)
    for (const { writer, atMs } of writes) {
      if (writer === undefined || atMs === undefined) continue;
      const counts = writers.get(writer) ?? Array.from({ length: PARTS }, () => 0);
      const place = Math.min(PARTS - 1, Math.max(0, Math.floor(((atMs - fromMs) / span) * PARTS)));
      counts[place] = (counts[place] ?? 0) + 1;
      writers.set(writer, counts);
    }
  return [...writers]
    .map(([writer, counts]) => ({
      writer,
      counts,
      total: counts.reduce((sum, count) => sum + count, 0),
      ...defined({ sync: syncOf(writer, syncs)?.name }),
    }))
    .sort((a, b) => b.total - a.total)
    .slice(0, WRITERS);
}
