import { defined } from '../../lib/index.js';
import type { AlertSettings, MonitorSettings } from '../../workspace/index.js';
import { placeOf } from '../place.js';
import type { FindingKind, Judgement, SeriesName } from '../types.js';
import { severityOf } from './severity.js';
import { isSilenced } from './silences.js';
import type { AlertContext } from './types.js';

/** One series that is wrong or unknown now, and where it belongs. */
export interface Symptom {
  readonly key: string;
  readonly series: SeriesName;
  readonly finding: FindingKind;
  readonly level: 'page' | 'note';
  readonly severity: string;
  readonly platforms: readonly string[];
  readonly group: string;
  readonly since: string;
  readonly says: string;
  /** Names of monitors that explain it while they are wrong. */
  readonly needs: readonly string[];
  readonly isSilenced: boolean;
  readonly runbook?: string;
}

/** One series among all. */
export function keyOf({ monitor, of }: SeriesName): string {
  return `${monitor}/${of}`;
}

/** What is wrong now, of monitors that there still are. */
export function symptomsOf(judgements: readonly Judgement[], context: AlertContext): readonly Symptom[] {
  const monitors = new Map(context.settings.monitors.map((monitor) => [monitor.name, monitor]));
  return judgements.flatMap((judgement) => {
    const monitor = monitors.get(judgement.series.monitor);
    const isWrong = judgement.state === 'wrong' || judgement.state === 'unmeasured';
    return monitor === undefined || !isWrong ? [] : [symptomOf(judgement, monitor, context)];
  });
}

function symptomOf(
  { series, finding = 'unmeasured', level = 'note', since, platform, says }: Judgement,
  monitor: MonitorSettings,
  context: AlertContext,
): Symptom {
  const { alerts } = context.settings;
  const { platforms: all, syncs } = placeOf(monitor, series);
  const platforms = platform !== undefined && all.includes(platform) ? [platform] : all;
  const bare = {
    key: keyOf(series),
    series,
    finding,
    level,
    severity: severityOf(monitor, finding, level),
    platforms,
    group: groupOf(alerts, { name: monitor.name, platforms, syncs }),
    since: since ?? context.now.toISOString(),
    says,
    needs: monitor.needs,
    ...defined({ runbook: monitor.runbook ?? alerts.runbooks[finding] ?? alerts.runbook }),
  };
  return { ...bare, isSilenced: isSilenced(bare, context.silences, context.now) };
}

/** What is one alert and one incident. What has no platform or sync is a group by its monitor. */
function groupOf({ groupBy }: AlertSettings, { name, platforms, syncs }: Pick<MonitorSettings, 'name' | 'platforms' | 'syncs'>): string {
  const parts = groupBy.flatMap((by) => {
    switch (by) {
      case 'platform':
        return platforms.length === 0 ? [] : [[...platforms].sort().join('+')];
      case 'sync':
        return syncs.length === 0 ? [] : [[...syncs].sort().join('+')];
      case 'monitor':
        return [name];
    }
  });
  return parts.length === 0 ? name : parts.join(' ');
}
