import type { MonitorSettings } from '../../workspace/index.js';
import { backupSource } from './backup.js';
import { countSource } from './count.js';
import { differencesSource } from './differences.js';
import { mappingSource, schemaSource } from './drift.js';
import { errorSources } from './errors.js';
import { quotaSource } from './quota.js';
import type { Source } from './source.js';
import { syncSource } from './sync.js';

/** Where each series of a monitor comes from. */
export function sourcesOf(settings: MonitorSettings): readonly Source[] {
  switch (settings.kind) {
    case 'volume':
      return [countSource(settings)];
    case 'forecast':
      return [quotaSource(settings)];
    case 'backup':
      return [backupSource(settings)];
    case 'heartbeat':
    case 'duration':
    case 'lag':
      return [syncSource(settings)];
    case 'schema':
      return [schemaSource(settings)];
    case 'mapping':
      return [mappingSource(settings)];
    case 'differences':
      return [differencesSource(settings)];
    case 'trial':
      return [
        {
          series: { monitor: settings.name, of: settings.test },
          settings,
          measure: async ({ reach }) => await reach.trial(settings.test, reach.call),
        },
      ];
    case 'ratio':
      return errorSources(settings);
  }
}
