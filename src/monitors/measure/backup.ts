import { stateOf } from '../../backups/index.js';
import type { BackupSettings } from '../../workspace/index.js';
import type { Source } from './source.js';
import { unmeasured } from './unmeasured.js';

/** How old the last good snapshot of a backup job is, by what is recorded of its runs: no call. */
export function backupSource(settings: BackupSettings): Source {
  return {
    series: { monitor: settings.name, of: settings.job },
    settings,
    measure: async ({ now, reach }) => {
      const state = await stateOf(reach.store, settings.job).read();
      const since = state?.whole?.startedAt ?? state?.firstSeen;
      if (since === undefined) return unmeasured(`The backup job ${settings.job} has never run.`, now);
      return [{ kind: 'level', at: now.toISOString(), value: Math.max(0, now.getTime() - Date.parse(since)), limit: settings.aboveMs }];
    },
  };
}
