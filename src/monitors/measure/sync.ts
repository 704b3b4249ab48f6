import type { LastRun } from '../../syncs/index.js';
import type { DurationSettings, HeartbeatSettings, LagSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { Measurement } from '../types.js';
import { lastRunOf } from './last-run.js';
import type { Look, Source } from './source.js';
import { unmeasured } from './unmeasured.js';

type SyncSettings = DurationSettings | HeartbeatSettings | LagSettings;

/** What the tool of a sync tells of its last run that ended: whether it runs, how long it takes, how old what it brought is. */
export function syncSource(settings: SyncSettings): Source {
  const { sync } = settings;
  return {
    series: { monitor: settings.name, of: sync },
    settings,
    measure: async (look) => {
      const last = await lastRunOf(sync, look);
      if ('unknown' in last) return last.unknown;
      const found = last.run === undefined ? [] : measured(settings, last.run, look);
      return [...found, ...lookedAgain(found, look)];
    },
  };
}

/** That the tool answered, where what it said of an earlier run does not show it: the first time, and after it did not answer. */
function lookedAgain(found: readonly Measurement[], { now, known }: Look): readonly Measurement[] {
  const latest = known?.events.at(-1);
  if (latest === undefined ? found.length > 0 : latest.kind !== 'unmeasured') return [];
  const isNewer = found.some((one) => 'at' in one && latest !== undefined && Date.parse(one.at) > Date.parse(latest.at));
  return isNewer ? [] : [{ kind: 'measured', at: now.toISOString() }];
}

function measured(settings: SyncSettings, run: LastRun, { now, known }: Look): readonly Measurement[] {
  switch (settings.kind) {
    case 'heartbeat':
      return [{ kind: 'beat', at: run.ended, ...(run.records !== undefined && { records: run.records }) }];
    case 'duration':
      if (run.ms === undefined) return unmeasured(`The controller of ${settings.sync} does not tell how long a run takes.`, now);
      return [{ kind: 'duration', at: run.ended, ms: run.ms }];
    case 'lag':
      return lagOf(settings, run, known, now);
  }
}

/** What the last good run brought is as old as its beginning; while runs fail, it gets older. */
function lagOf({ aboveMs }: LagSettings, run: LastRun, known: SeriesHistory | undefined, now: Date): readonly Measurement[] {
  const level = (value: number): readonly Measurement[] => [{ kind: 'level', at: now.toISOString(), value: Math.max(0, value), limit: aboveMs }];
  if (run.failed !== true) return level(now.getTime() - Date.parse(run.ended) + (run.ms ?? 0));
  const before = known?.events.findLast((event) => event.kind === 'level');
  if (before?.kind === 'level') return level(before.value + now.getTime() - Date.parse(before.at));
  return level(now.getTime() - Date.parse(run.ended) + (run.ms ?? 0));
}
