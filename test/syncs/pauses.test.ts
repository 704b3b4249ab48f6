import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Redactor, systemClock, type Clock } from '../../src/lib/index.js';
import { openFileStore } from '../../src/store/index.js';
import { openSyncs, type Syncs } from '../../src/syncs/index.js';
import type { SyncConfig, Workspace } from '../../src/workspace/index.js';
import { httpSync, startIntegration, type Behaviour } from './harness.js';

let folder: string;
const closers: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-pauses-'));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await rm(folder, { recursive: true });
});

/** A clock whose sleeps take no time but count. */
const quickClock = (): Clock & { slept: number } => {
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
};

const integration = async (behaviour?: Behaviour) => {
  const started = await startIntegration(behaviour);
  closers.push(started.close);
  return started;
};

const syncsOf = (configs: readonly SyncConfig[], clock: Clock = quickClock()): Syncs => {
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
  const store = openFileStore({ dir: workspace.stateDir, clock: systemClock, redactor: new Redactor() });
  return openSyncs({ workspace, store, clock, secret: () => Promise.resolve('x'), redact: (text) => text, environment: process.env });
};

const by = { by: 'maya', holder: 'run-1/pause', reason: 'wrong names in the CRM' };

describe('pausing and resuming syncs', () => {
  it('goes back to the earlier state, not to "on" (G12)', async () => {
    const [running, stopped] = [await integration(), await integration()];
    stopped.state.paused = true;
    const syncs = syncsOf([httpSync('a', running.url), httpSync('b', stopped.url)]);
    const record = await syncs.pause({ writesTo: 'crm', ...by });
    expect(running.state.paused).toBe(true);
    const after = await syncs.resume(record.id, { by: 'lee' });
    expect(running.state.paused).toBe(false);
    expect(stopped.state).toMatchObject({ paused: true, pauses: 0, resumes: 0 });
    expect(after.entries.map((entry) => entry.state)).toEqual(['resumed', 'left']);
    expect(after.resumedBy).toBe('lee');
  });

  it('asked again by the same run, remembers the state before the first time', async () => {
    const sync = await integration();
    const syncs = syncsOf([httpSync('a', sync.url)]);
    const first = await syncs.pause({ names: ['a'], ...by });
    const second = await syncs.pause({ names: ['a'], ...by });
    expect(second.id).toBe(first.id);
    expect(sync.state.pauses).toBe(1);
    await syncs.resume(second.id, { by: 'maya' });
    expect(sync.state.paused).toBe(false);
  });

  it('believes the state, not the 500 of a controller that did pause', async () => {
    const sync = await integration({ lieAboutFailure: true });
    const record = await syncsOf([httpSync('a', sync.url)]).pause({ names: ['a'], ...by });
    expect(record.entries[0]).toMatchObject({ state: 'paused', earlier: 'running' });
  });

  it('does not believe a controller that accepts the pause and runs on', async () => {
    const sync = await integration({ ignorePause: true });
    const syncs = syncsOf([httpSync('a', sync.url)]);
    await expect(syncs.pause({ names: ['a'], drainMs: 1000, ...by })).rejects.toMatchObject({ code: 'sync-failed' });
    expect((await syncs.pauses())[0]?.entries[0]?.state).toBe('failed');
  });

  it('waits for work in flight', async () => {
    const sync = await integration();
    sync.state.inFlight = 3;
    sync.onStatus(() => {
      if (sync.state.paused && sync.state.inFlight > 0) sync.state.inFlight -= 1;
    });
    const record = await syncsOf([httpSync('a', sync.url)]).pause({ names: ['a'], ...by });
    expect(record.entries[0]).toMatchObject({ state: 'paused', inFlight: 0 });
  });

  it('says so when work in flight does not end in time, and keeps the pause', async () => {
    const sync = await integration();
    sync.state.inFlight = 2;
    const syncs = syncsOf([httpSync('a', sync.url)]);
    await expect(syncs.pause({ names: ['a'], drainMs: 2000, ...by })).rejects.toMatchObject({ code: 'drain-timeout' });
    expect(sync.state.paused).toBe(true);
    expect((await syncs.pauses())[0]?.entries[0]).toMatchObject({ state: 'paused', earlier: 'running', inFlight: 2 });
  });

  it('two incidents, one sync: it starts again only when the last of them lets go', async () => {
    const sync = await integration();
    const syncs = syncsOf([httpSync('a', sync.url)]);
    const first = await syncs.pause({ names: ['a'], ...by });
    const second = await syncs.pause({ names: ['a'], by: 'lee', holder: 'run-2/pause', reason: 'another incident' });
    const released = await syncs.resume(first.id, { by: 'maya' });
    expect(sync.state.paused).toBe(true);
    expect(released.entries[0]).toMatchObject({ state: 'held' });
    await syncs.resume(second.id, { by: 'lee' });
    expect(sync.state.paused).toBe(false);
  });

  it('resuming twice changes nothing more', async () => {
    const sync = await integration();
    const syncs = syncsOf([httpSync('a', sync.url)]);
    const record = await syncs.pause({ names: ['a'], ...by });
    await syncs.resume(record.id, { by: 'maya' });
    await syncs.resume(record.id, { by: 'maya' });
    expect(sync.state.resumes).toBe(1);
  });

  it('shows a sync that cannot be asked beside the others', async () => {
    const [good, gone] = [await integration(), await integration()];
    await gone.close();
    const views = await syncsOf([httpSync('a', good.url), httpSync('b', gone.url)]).views();
    expect(views[0]?.status?.state).toBe('running');
    expect(views[1]?.problem).toBeTruthy();
  });

  it('an unknown name lists the known ones', async () => {
    await expect(syncsOf([httpSync('a', 'http://127.0.0.1:1')]).pause({ names: ['b'], ...by })).rejects.toMatchObject({
      code: 'not-found',
      why: 'runback.yml names: a.',
    });
  });
});
