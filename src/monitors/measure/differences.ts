import { readReconciliations } from '../../checks/index.js';
import type { DifferencesSettings } from '../../workspace/index.js';
import type { Source } from './source.js';
import { unmeasured } from './unmeasured.js';

const DAY_MS = 86_400_000;
/** What a reconciliation found is said of today for so long: most run once a day or once a week. */
const GOOD_FOR_DAYS = 8;

/** How many records the last reconciliation of a mapping found to differ, by its kept result: no call. */
export function differencesSource(settings: DifferencesSettings): Source {
  return {
    series: { monitor: settings.name, of: settings.mapping },
    settings,
    measure: async ({ now, reach }) => {
      const last = (await readReconciliations(reach.store, settings.mapping)).at(-1);
      if (last === undefined) return unmeasured(`The mapping ${settings.mapping} was never reconciled.`, now);
      const days = (now.getTime() - Date.parse(last.finishedAt)) / DAY_MS;
      if (days > GOOD_FOR_DAYS) return unmeasured(`The mapping ${settings.mapping} was reconciled last ${String(Math.floor(days))} days ago.`, now);
      return [{ kind: 'level', at: now.toISOString(), value: last.differences, limit: settings.above }];
    },
  };
}
