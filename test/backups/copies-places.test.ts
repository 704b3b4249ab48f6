import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { copySnapshots } from '../../src/backups/index.js';
import { Redactor } from '../../src/lib/index.js';
import { createSnapshot, decryptionWith, encryptionFor, fetchSnapshot, newKeyPair, openCatalog, openCopy } from '../../src/snapshots/index.js';
import { openFileStore } from '../../src/store/index.js';
import { memoryPlatform, people } from '../snapshots/memory-platform.js';
import { bucket, contentOf, namesIn, objectsIn } from '../snapshots/s3-support.js';
import { temporaryFolder } from '../support/store.js';
import { copiesScene } from './support/copies.js';

test('two machines copy to one bucket at once: each snapshot is there once, whole', async () => {
  const world = await copiesScene();
  const full = await world.make('nightly');
  const made = [full, await world.make('nightly', full.id), await world.make('nightly')].map(({ id }) => id);
  const { server, dir, open } = await bucket();
  const state = await temporaryFolder();
  await cp(join(world.root, '.runback'), state, { recursive: true });
  const store = openFileStore({ dir: state, clock: world.clock, redactor: new Redactor() });
  const there = {
    ...world.deps(),
    store,
    catalog: openCatalog({ dir: world.dir, store, clock: world.clock }),
    from: { storage: world.storage, store },
  };
  const spool = await temporaryFolder();
  const other = openCopy({ name: 'offsite', dir: spool, storage: open(spool), store, clock: world.clock });
  const both = await Promise.all([copySnapshots(world.deps(), world.copy(undefined, open()), {}), copySnapshots(there, other, {})]);
  expect(both.flatMap(({ error }) => (error === undefined ? [] : [error]))).toEqual([]);
  await copySnapshots(world.deps(), world.copy(undefined, open()), {});
  await copySnapshots(there, other, {});
  expect(await namesIn(open())).toEqual(made.map((id) => `${id}.zip`));
  expect(objectsIn(server)).toHaveLength(made.length);
  for (const id of made) expect(await contentOf(open(), `${id}.zip`)).toEqual(await readFile(join(world.dir, `${id}.zip`)));
  for (const folder of [dir, spool]) expect((await readdir(folder)).filter((name) => name.startsWith('snap-'))).toEqual([]);
});

test('encrypted snapshots are copied and fetched without a key, with what they build on, also where nothing is noted of them', async () => {
  const world = await copiesScene();
  const { identity, recipient } = await newKeyPair();
  const keys = decryptionWith(() => Promise.resolve(identity));
  const platform = memoryPlatform('crm', { objects: { contacts: people(3) } });
  const made = { dir: world.dir, store: world.store, clock: world.clock, encryption: encryptionFor([recipient]), keys };
  const full = await createSnapshot({ platforms: [platform], by: 'maya', job: 'nightly' }, made);
  const base = await openCatalog({ ...made }).open(full.id);
  const built = await createSnapshot({ platforms: [platform], by: 'maya', job: 'nightly', base }, made);
  await base.close();
  const copied = await copySnapshots(world.deps(), world.copy(), {});
  expect([copied.leftOut, copied.copied.map(({ id }) => id)]).toEqual([[], [full.id, built.id]]);
  for (const { id } of [full, built]) expect(await readFile(join(world.offsite, `${id}.zip`))).toEqual(await readFile(join(world.dir, `${id}.zip`)));

  const request = { reference: built.id, from: world.copy(), to: world.deps().from, clock: world.clock, by: 'maya', reason: 'lost' };
  await rm(world.dir, { recursive: true });
  expect((await fetchSnapshot(request, {})).snapshots).toMatchObject([
    { state: 'fetched', read: 'bytes' },
    { state: 'fetched', read: 'bytes' },
  ]);
  expect((await openCatalog({ ...made }).verify(built.id)).damage).toEqual([]);

  // A new machine without the key.
  const machine = await copiesScene();
  await cp(world.offsite, machine.offsite, { recursive: true });
  const onMachine = { ...request, from: machine.copy(), to: machine.deps().from };
  expect((await fetchSnapshot(onMachine, {})).snapshots.map(({ id }) => id)).toEqual([full.id, built.id]);
  expect((await readdir(machine.dir)).sort()).toEqual([`${full.id}.zip`, `${built.id}.zip`].sort());

  // A changed byte is found without a key, too.
  await rm(machine.dir, { recursive: true });
  const path = join(machine.offsite, `${built.id}.zip`);
  const bytes = await readFile(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
  await expect(fetchSnapshot(onMachine, {})).rejects.toMatchObject({ code: 'snapshot-damaged' });
  expect(await readdir(machine.dir)).toEqual([`${full.id}.zip`]);
});
