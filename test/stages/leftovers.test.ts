import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { CreateMutation, Platform } from '../../src/connectors/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { restoreHolders } from '../../src/restores/index.js';
import { Leftovers } from '../../src/stages/leftovers.js';
import { openFileStore, type ProcessIdentity, type Store, thisProcess } from '../../src/store/index.js';
import { MemoryConnector } from '../support/memory-connector.js';
import { databaseSchema, tickingClock } from '../support/restore-world.js';
import { temporaryFolder } from '../support/store.js';

// A user would lose: records of a staging platform that are not the drill's, or its cleanliness.

interface Scene {
  readonly connector: MemoryConnector;
  readonly store: Store;
  readonly platform: Platform;
  /** Of the workspace of the stage. */
  readonly folder: string;
  open(platform?: Platform): Promise<Leftovers>;
  /** Notes, then creates, as filling a stage does. */
  fill(leftovers: Leftovers, ...keys: readonly string[]): Promise<void>;
  there(): readonly string[];
}

async function scene(): Promise<Scene> {
  const connector = new MemoryConnector({ ...databaseSchema(), clock: tickingClock() });
  const store = openFileStore({ dir: await temporaryFolder(), clock: systemClock, redactor: new Redactor() });
  const platform = connector.platform();
  const folder = await temporaryFolder();
  const [schema] = connector.schema.objects;
  if (schema === undefined) throw new Error('no object type');
  return {
    connector,
    store,
    platform,
    folder,
    open: async (other = platform) =>
      await Leftovers.open({ store, platform: other, clock: systemClock, folder, by: 'maya', holders: restoreHolders(store) }),
    fill: async (leftovers, ...keys) => {
      const mutations = keys.map((key): CreateMutation => ({ action: 'create', schema, key, set: { name: key } }));
      await leftovers.willCreate(schema.object, mutations);
      await connector.write(mutations);
    },
    there: () => Object.keys(connector.state().records['companies'] ?? {}).sort(),
  };
}

/** The lock of a drill that was stopped for too long, or killed, is another's by now. */
async function loseLock(store: Store): Promise<void> {
  for (const { path } of await store.locks()) await rm(path);
}

test('of two that come upon what a killed drill has left one takes it away, and the other is told who is at work', async () => {
  const { store, connector, open, fill, there } = await scene();
  connector.put('companies', 'theirs', { name: 'Theirs' }, 'ui:lee');
  await fill(await open(), 'a', 'b');
  await loseLock(store);
  const both = await Promise.allSettled([open(), open()]);
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(both.find((one) => one.status === 'rejected')?.reason).toMatchObject({ code: 'locked' });
  const next = both.find((one) => one.status === 'fulfilled')?.value;
  await next?.takeAwayOld(connector.schema, {});
  expect(there()).toEqual(['theirs']);
  expect(await store.list('drill-stages')).toEqual([]);
  await next?.takeAway(connector.schema, {});
  expect(await store.locks()).toEqual([]);
});

test('a drill whose account was taken over puts nothing there any more, and takes nothing of the other away', async () => {
  const { store, connector, open, fill, there } = await scene();
  const slow = await open();
  await fill(slow, 'a');
  await loseLock(store);
  const next = await open();
  await next.takeAwayOld(connector.schema, {});
  await fill(next, 'a');
  await expect(fill(slow, 'b')).rejects.toMatchObject({ code: 'fenced' });
  await expect(slow.takeAway(connector.schema, {})).rejects.toMatchObject({ code: 'fenced' });
  await expect(slow.takeAwayOld(connector.schema, {})).rejects.toMatchObject({ code: 'fenced' });
  expect(there()).toEqual(['a']);
  expect(await store.list('drill-stages')).toHaveLength(1);
  await next.takeAway(connector.schema, {});
  expect(there()).toEqual([]);
});

test('what a drill at work has put on an account of another kind of platform with the same name is not taken for left', async () => {
  const { store, connector, platform, open, fill } = await scene();
  const atWork = await open();
  await fill(atWork, 'a');
  const other = new MemoryConnector({ ...databaseSchema(), clock: tickingClock() });
  Object.defineProperty(other, 'kind', { value: 'postgres' });
  const elsewhere = await open({ ...platform, connector: other });
  other.put('companies', 'a', { name: 'A' }, 'ui:lee');
  await elsewhere.takeAwayOld(other.schema, {});
  expect(other.state().records['companies']).toHaveProperty('a');
  expect(await store.list('drill-stages')).toHaveLength(1);
  await atWork.takeAway(connector.schema, {});
  await elsewhere.takeAway(other.schema, {});
});

test('what a killed drill has left is taken away once nothing that it had started is at work', async () => {
  const { store, connector, folder, open, fill, there } = await scene();
  await fill(await open(), 'a');
  await loseLock(store);
  const stage = openFileStore({ dir: join(folder, '.runback'), clock: systemClock, redactor: new Redactor() });
  const run = await stage.lock('run', { by: 'maya', holder: 'run-1', purpose: 'a run' });
  const next = await open();
  const cleaning = next.takeAwayOld(connector.schema, {});
  // A restore that outlived its drill brings one more of its records back.
  await systemClock.sleep(300);
  expect(there()).toEqual(['a']);
  connector.put('companies', 'a', { name: 'again' }, 'runback');
  await run.release();
  await cleaning;
  expect(there()).toEqual([]);
  await next.takeAway(connector.schema, {});
});

test('a program of before the machine was started again is not waited for', async () => {
  const { store, connector, folder, open, fill, there } = await scene();
  await fill(await open(), 'a');
  await loseLock(store);
  const before: ProcessIdentity = { ...thisProcess(), boot: 'an earlier one' };
  const stage = openFileStore({ dir: join(folder, '.runback'), clock: systemClock, redactor: new Redactor(), process: before });
  await stage.lock('run', { by: 'maya', holder: 'run-1', purpose: 'a run' });
  await (await open()).takeAwayOld(connector.schema, {});
  expect(there()).toEqual([]);
});
