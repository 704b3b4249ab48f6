import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { type Platform, openPlatform } from '../../../src/connectors/index.js';
import { Incidents } from '../../../src/incidents/index.js';
import type { Clock } from '../../../src/lib/index.js';
import { Monitoring, type Reach, SeriesDays, stateOf } from '../../../src/monitors/index.js';
import type { Store } from '../../../src/store/index.js';
import { loadWorkspace } from '../../../src/workspace/index.js';
import { temporaryStore } from '../../support/store.js';

export const HOUR_MS = 3_600_000;
export const MINUTE_MS = 60_000;

/** The clock of this machine beside that of a platform that goes by the real one: it runs, and is whole minutes away from it. */
export class SkewedClock implements Clock {
  #aheadMs: number;
  constructor(aheadMs: number) {
    this.#aheadMs = aheadMs;
  }
  /** One that shows two minutes past a full hour, some hours ahead of the platform (before it, where they are negative). */
  static afterTheHour(hours: number): SkewedClock {
    const minute = Math.floor(Date.now() / MINUTE_MS) % 60;
    return new SkewedClock(hours * HOUR_MS + (2 - minute) * MINUTE_MS);
  }
  get aheadMs(): number {
    return this.#aheadMs;
  }
  now(): Date {
    return new Date(Date.now() + this.#aheadMs);
  }
  monotonicMs(): number {
    return performance.now() + this.#aheadMs;
  }
  advance(ms: number): void {
    this.#aheadMs += ms;
  }
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, ms));
  }
}

/** Monitors of any platforms. */
export interface World {
  readonly store: Store;
  readonly incidents: Incidents;
  readonly monitoring: Monitoring;
  /** What the kept hours of a series hold, from the first to the last. */
  hours(series: string): Promise<readonly (number | null)[]>;
  last(series: string): Promise<object | undefined>;
  state(): ReturnType<ReturnType<typeof stateOf>['read']>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly clock: Clock;
  readonly config: string;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly lookMs?: () => number;
  readonly reach?: Partial<Reach>;
}

export async function openWorld({ clock, config: text, secrets = {}, lookMs, reach = {} }: WorldOptions): Promise<World> {
  const { store, dir } = await temporaryStore(clock);
  const folder = dirname(dir);
  await writeFile(join(folder, 'runback.yml'), `version: 1\n${text}`);
  const { config } = await loadWorkspace(folder);
  const { watching, platforms, syncs } = config;
  if (watching === undefined) throw new Error('nothing is watched');
  const incidents = new Incidents({ store, clock, escalation: undefined, outbox: undefined });
  const secret = async (ref: string): Promise<string> => await Promise.resolve(secrets[ref] ?? '');
  const open = async (name: string, call: object): Promise<Platform> => {
    const platform = platforms[name];
    if (platform === undefined) throw new Error(`no platform ${name}`);
    return await openPlatform(platform, { secret, clock, folder, environment: {}, redact: (words) => words, writes: 'never' }, call);
  };
  const monitoring = new Monitoring({
    reach: {
      store,
      clock,
      call: {},
      openPlatform: open,
      lastRun: async () => await Promise.resolve(undefined),
      paused: async () => await Promise.resolve(new Set<string>()),
      mappingDrift: async () => await Promise.resolve(undefined),
      trial: async () => await Promise.resolve([]),
      ...reach,
    },
    watching,
    get lookMs() {
      return lookMs?.() ?? 60_000;
    },
    budgets: Object.fromEntries(
      Object.values(platforms).flatMap(({ name, limits }) =>
        limits.monitor_calls_per_day === undefined ? [] : [[name, limits.monitor_calls_per_day]],
      ),
    ),
    telling: { incidents, by: 'monitor', severities: undefined, syncs },
    silences: async () => await Promise.resolve([]),
    departures: async () => await Promise.resolve([]),
  });
  const days = new SeriesDays(store);
  return {
    store,
    incidents,
    monitoring,
    hours: async (series) => (await days.read('2000-01-01')).get(series)?.hours?.values ?? [],
    last: async (series) => (await days.read('2000-01-01')).get(series)?.events.at(-1),
    state: async () => await stateOf(store).read(),
    close: async () => await monitoring.close(),
  };
}
