import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { Redactor, RunbackError, systemClock } from '../../src/lib/index.js';
import { type Lock, openFileStore, type Store } from '../../src/store/index.js';
import { openSyncs, type Syncs } from '../../src/syncs/index.js';
import type { SyncConfig, Workspace } from '../../src/workspace/index.js';
import { temporaryFolder } from '../support/store.js';
import { httpSync, startIntegration } from './harness.js';

/** A user would lose: syncs that a colleague has paused, to a laptop that was asleep and starts them again when it wakes up. */

/** A store whose lock of all syncs is lost once `lose` was called, as after a lid that was closed. */
function losing(store: Store): { readonly store: Store; lose(): void } {
  let isLost = false;
  let taken: Lock | undefined;
  const fenced = (): RunbackError => new RunbackError('fenced', 'its lock is lost', { state: 'Nothing more is done.' });
  const lock = async (...given: Parameters<Store['lock']>): Promise<Lock> => {
    const held = await store.lock(...given);
    const orLost = <T>(value: T): T => {
      if (isLost) throw fenced();
      return value;
    };
    taken = {
      name: held.name,
      token: held.token,
      expires: true,
      signal: held.signal,
      assertHeld: () => orLost(15_000),
      check: async () => orLost(await Promise.resolve()),
      release: async () => await held.release(),
    };
    return taken;
  };
  const losingOnes = { lock, held: (): Lock | undefined => taken };
  return {
    store: new Proxy(store, {
      get: (target, name) => (name === 'lock' || name === 'held' ? losingOnes[name] : Reflect.get(target, name).bind(target)),
    }),
    lose: () => (isLost = true),
  };
}

function syncsIn(root: string, store: Store, configs: readonly SyncConfig[]): Syncs {
  const workspace: Workspace = {
    root,
    stateDir: join(root, '.runback'),
    backupsDir: join(root, 'backups'),
    runbooksDir: join(root, 'runbooks'),
    config: {
      version: 1,
      platforms: {},
      syncs: Object.fromEntries(configs.map((config) => [config.name, config])),
      backups: { storage: 'backups', jobs: {} },
      restores: { plan_max_age: '4h', canary: 10, stop_at: { errors_percent: 5, skipped_percent: 20 }, limits: {} },
    },
  };
  return openSyncs({ workspace, store, clock: systemClock, secret: () => Promise.resolve('x'), redact: (text) => text, environment: process.env });
}

describe('syncs under a lock that was lost', () => {
  it.each(['pause', 'resume'] as const)('nothing is sent to %s any of them, and nothing more is noted', async (verb) => {
    const root = await temporaryFolder();
    const [one, two] = [await startIntegration(), await startIntegration()];
    onTestFinished(async () => {
      await one.close();
      await two.close();
    });
    const { store, lose } = losing(openFileStore({ dir: join(root, '.runback'), clock: systemClock, redactor: new Redactor() }));
    const syncs = syncsIn(root, store, [httpSync('a', one.url), httpSync('b', two.url)]);
    const request = { by: 'maya', holder: 'run-1/pause', reason: 'wrong names' };
    const [before] = verb === 'pause' ? [undefined] : [await syncs.pause(request)];
    const states = (): readonly boolean[] => [one.state.paused, two.state.paused];
    expect(states()).toEqual(verb === 'pause' ? [false, false] : [true, true]);
    // Between the look at its state and the request that changes it.
    (verb === 'pause' ? two : one).onStatus(lose);
    const work = before === undefined ? syncs.pause(request) : syncs.resume(before.id, { by: 'maya' });
    await expect(work).rejects.toMatchObject({ code: 'fenced' });
    expect(states()).toEqual(verb === 'pause' ? [false, false] : [true, true]);
    expect((await syncs.pauses())[0]?.entries.map(({ state }) => state)).toEqual(verb === 'pause' ? ['pausing', 'pausing'] : ['paused', 'paused']);
  });
});
