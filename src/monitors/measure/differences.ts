import { readReconciliations } from '../../checks/index.js';
import type { DifferencesSettings } from '../../workspace/index.js';
import type { Source } from './source.js';
import { unmeasured } from './unmeasured.js';

/** How many records the last reconciliation of a mapping found to differ, by its kept result: no call. */
export function differencesSource(settings: DifferencesSettings): Source {
  return {
    series: { monitor: settings.name, of: settings.mapping },
    settings,
    measure: async ({ now, reach }) => {
      const last = (await readReconciliations(reach.store, settings.mapping)).at(-1);
      if (last === undefined) return unmeasured(`The mapping ${settings.mapping} was never reconciled.`, now);
      return [{ kind: 'level', at: last.finishedAt, value: last.differences, limit: settings.above }];
    },
  };
}
