import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { openPlatform, underLockIn } from '../../../src/connectors/index.js';
import { Incidents } from '../../../src/incidents/index.js';
import { Monitoring, type Reach, SeriesDays, stateOf, type TickDeps } from '../../../src/monitors/index.js';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import type { Store } from '../../../src/store/index.js';
import { loadWorkspace, type WorkspaceConfig } from '../../../src/workspace/index.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { temporaryStore } from '../../support/store.js';

export const HOUR_MS = 3_600_000;

/** Monitors of an account of HubSpot, with a clock that stands until it is moved. */
export interface Watched {
  readonly sandbox: HubSpotSandbox;
  readonly clock: SharedClock;
  readonly store: Store;
  readonly incidents: Incidents;
  readonly monitoring: Monitoring;
  /** Another process that does the same. */
  again(): Monitoring;
  readonly days: SeriesDays;
  /** What the kept hours of a series hold, from the first to the last. */
  hours(series: string): Promise<readonly (number | null)[]>;
  state(): ReturnType<ReturnType<typeof stateOf>['read']>;
  stop(): Promise<void>;
}

const SYNCS = `syncs: { feed: { controller: command, writes_to: [crm] } }`;

export async function openWatched(
  watching: string,
  more: { readonly limits?: string; readonly perDay?: number; readonly start?: string; readonly reach?: Partial<Reach> } = {},
): Promise<Watched> {
  const clock = new SharedClock(Date.parse(more.start ?? '2026-03-02T08:00:00Z'));
  const sandbox = await startHubSpotSandbox({ clock, limits: { perDay: more.perDay ?? 250_000 } });
  const { store, dir } = await temporaryStore(clock);
  const root = dirname(dir);
  await writeFile(
    join(root, 'runback.yml'),
    `version: 1
platforms:
  crm: { connector: hubspot, environment: sandbox, account: "${String(sandbox.portalId)}", url: ${sandbox.url}, credentials: { token: env:TOKEN }, objects: [contacts], limits: ${more.limits ?? '{}'} }
${SYNCS}
${watching}`,
  );
  const { config } = await loadWorkspace(root);
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  const open = (): Monitoring => new Monitoring(depsOf(config, sandbox, { store, clock, incidents }, root, more.reach));
  const days = new SeriesDays(store);
  const monitoring = open();
  const opened = [monitoring];
  return {
    sandbox,
    clock,
    store,
    incidents,
    monitoring,
    days,
    again: () => {
      const other = open();
      opened.push(other);
      return other;
    },
    hours: async (series) => (await days.read('2026-01-01')).get(series)?.hours?.values ?? [],
    state: async () => await stateOf(store).read(),
    stop: async () => {
      for (const one of opened) await one.close();
      await sandbox.stop();
    },
  };
}

function depsOf(
  config: WorkspaceConfig,
  sandbox: HubSpotSandbox,
  { store, clock, incidents }: Pick<Watched, 'store' | 'clock' | 'incidents'>,
  folder: string,
  reach: Partial<Reach> = {},
): TickDeps {
  const { watching, platforms, syncs } = config;
  if (watching === undefined) throw new Error('nothing is watched');
  const secret = async (): Promise<string> => await Promise.resolve(sandbox.token);
  return {
    reach: {
      store,
      clock,
      call: {},
      openPlatform: async (name, call) => {
        const platform = platforms[name];
        if (platform === undefined) throw new Error(`no platform ${name}`);
        return await openPlatform(platform, { secret, clock, folder, environment: {}, redact: (text) => text, writes: underLockIn(store) }, call);
      },
      lastRun: async () => await Promise.resolve(undefined),
      paused: async () => await Promise.resolve(new Set<string>()),
      mappingDrift: async () => await Promise.resolve(undefined),
      trial: async () => await Promise.resolve([]),
      ...reach,
    },
    watching,
    budgets: Object.fromEntries(
      Object.values(platforms).flatMap(({ name, limits }) =>
        limits.monitor_calls_per_day === undefined ? [] : [[name, limits.monitor_calls_per_day]],
      ),
    ),
    telling: { incidents, by: 'monitor', severities: undefined, syncs },
    silences: async () => await Promise.resolve([]),
    departures: async () => await Promise.resolve([]),
  };
}
