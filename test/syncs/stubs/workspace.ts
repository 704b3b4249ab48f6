import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Redactor, systemClock, type Clock } from '../../../src/lib/index.js';
import { openFileStore } from '../../../src/store/index.js';
import type { DriverDeps } from '../../../src/syncs/controller.js';
import { openSyncs, type Syncs } from '../../../src/syncs/index.js';
import type { SecretRef, SyncConfig, Workspace } from '../../../src/workspace/index.js';

/** A clock whose sleeps take no time but count. */
export function quickClock(): Clock & { slept: number } {
  const clock = {
    slept: 0,
    now: () => systemClock.now(),
    monotonicMs: () => clock.slept,
    sleep: (ms: number) => {
      clock.slept += ms;
      return Promise.resolve();
    },
  };
  return clock;
}

/** What a driver is given in tests: credentials in clear, a redactor that knows them. */
export function depsOf(
  name: string,
  options: Readonly<Record<string, unknown>>,
  credentials: Readonly<Record<string, string>> = {},
  cwd = process.cwd(),
): DriverDeps {
  const redactor = new Redactor();
  for (const secret of Object.values(credentials)) redactor.add(secret);
  return {
    name,
    options,
    cwd,
    environment: process.env,
    clock: quickClock(),
    credentials: () => Promise.resolve({ ...credentials }),
    secret: (ref: string) => Promise.resolve(ref),
    redact: (text) => redactor.text(text),
  };
}

/** The syncs of a workspace in a folder of its own. Secrets are what stands behind `env:`. */
export async function syncsOf(configs: readonly SyncConfig[], clock: Clock = quickClock()): Promise<{ syncs: Syncs; close: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'runback-described-'));
  const workspace: Workspace = {
    root: folder,
    stateDir: join(folder, '.runback'),
    backupsDir: join(folder, 'backups'),
    runbooksDir: join(folder, 'runbooks'),
    config: {
      version: 1,
      platforms: {},
      syncs: Object.fromEntries(configs.map((config) => [config.name, config])),
      backups: { storage: 'backups', jobs: {} },
      restores: { plan_max_age: '4h', canary: 10, stop_at: { errors_percent: 5, skipped_percent: 20 }, limits: {} },
    },
  };
  const redactor = new Redactor();
  const store = openFileStore({ dir: workspace.stateDir, clock: systemClock, redactor });
  const secret = (ref: SecretRef): Promise<string> => Promise.resolve(ref.slice('env:'.length));
  const syncs = openSyncs({ workspace, store, clock, secret, redact: (text) => redactor.text(text), environment: process.env });
  return { syncs, close: () => rm(folder, { recursive: true }) };
}
