import { randomBytes } from 'node:crypto';

import { parseDuration } from '../../lib/index.js';
import type { Planned } from './disturbances.js';
import { breakBy, type MeansDeps, mendBy } from './means.js';
import type { Means } from './note.js';
import type { DisturbingProxy } from './proxy.js';
import type { DisturbanceDocument } from './schema.js';

const LATE_MS = 5000;

/** What a test says of its disturbances, as what is to be done. `platform`: what is disturbed where nothing is said. */
export function plannedOf(
  documents: readonly DisturbanceDocument[],
  { run, platform, proxy }: { readonly run: string; readonly platform: string; readonly proxy: DisturbingProxy | undefined },
  deps: MeansDeps,
): readonly Planned[] {
  return documents.map(({ at, with: by, for: lasts, on, by: late }, n) => {
    const byMs = late === undefined ? LATE_MS : parseDuration(late);
    const common = { at: Number.parseFloat(at) / 100, forMs: lasts === undefined ? undefined : parseDuration(lasts) };
    if (typeof by === 'string' && proxy !== undefined && (on === undefined || on === 'proxy')) {
      let end = (): void => {};
      return {
        ...common,
        what: by,
        means: { kind: 'proxy' },
        begin: async () => await Promise.resolve(void (end = proxy.disturb(by, byMs))),
        end: async () => await Promise.resolve(end()),
      };
    }
    const name = `runback-${run}-${n}-${randomBytes(4).toString('hex')}`;
    const means: Exclude<Means, { kind: 'proxy' }> =
      typeof by === 'string' ? { kind: 'fault', platform: on ?? platform, name } : { kind: 'programs', ...by, mark: name };
    const what = typeof by === 'string' ? by : 'programs';
    return {
      ...common,
      what,
      means,
      begin: async (call) => await breakBy(means, { what, byMs }, deps, call),
      end: async (call) => await mendBy(means, run, deps, call),
    };
  });
}
