import { formatDuration } from '../../../lib/index.js';
import { count, table } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrap } from '../text/width.js';

/** One series that is measured. */
export interface ListedSeries {
  readonly monitor: string;
  readonly of: string;
  readonly everyMs: number;
  readonly callsPerDay: number;
}

/** What monitors take of a platform in a day, and how much they may. */
export interface ListedBudget {
  readonly platform: string;
  readonly calls: number;
  readonly limit: number;
}

/** What is measured, how often, and what it costs. */
export function monitorList(all: readonly ListedSeries[], budgets: readonly ListedBudget[], style: Style): string {
  const columns = [{ title: 'monitor', whole: true }, { title: 'of' }, { title: 'every' }, { title: 'calls a day', align: 'right' as const }];
  const rows = all.map(({ monitor, of, everyMs, callsPerDay }) => [monitor, of, formatDuration(everyMs), count(callsPerDay)]);
  return [table(columns, rows, style), ...budgets.map((budget) => budgetText(budget, style))].join('\n');
}

function budgetText({ platform, calls, limit }: ListedBudget, { glyph, width }: Style): string {
  const fits = calls <= limit;
  const text = `${glyph[fits ? 'done' : 'warning']} ${visible(platform)}: ${count(calls)} calls a day; monitors may make ${count(limit)}.`;
  const more = ' Some will not be measured: look less often (every), or raise limits.monitor_calls_per_day.';
  return wrap(fits ? text : `${text}${more}`, width - 2).join('\n  ');
}
