import type { ForecastSettings } from '../../workspace/index.js';
import type { Source } from './source.js';
import { unmeasured } from './unmeasured.js';

/** How many calls of the day are used, as the platform says itself: one call. */
export function quotaSource(settings: ForecastSettings): Source {
  const { platform } = settings;
  return {
    series: { monitor: settings.name, of: platform },
    settings,
    through: {
      platform,
      cost: 1,
      measure: async ({ platform: { connector, name }, now, reach }) => {
        const quota = await connector.dailyQuota?.(reach.call);
        if (quota === undefined) return unmeasured(`${name} does not say how many calls a day has.`, now);
        const { used: value, limit, resets } = quota;
        return [{ kind: 'level', at: now.toISOString(), value, limit, ...(resets !== undefined && { resetsAt: resets.toISOString() }) }];
      },
    },
  };
}
