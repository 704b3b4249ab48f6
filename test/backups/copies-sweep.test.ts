import { cp, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, onTestFinished, test } from 'vitest';

import { folderStorage, openCatalog, type SnapshotStorage } from '../../src/snapshots/index.js';
import { credentialsOf, placeOf, storageOf } from '../snapshots/s3-support.js';
import { type CrashCommand, describeSweep, runCrashing, sweep } from '../support/crash.js';
import { type S3Server, startS3 } from '../support/s3-server.js';
import { temporaryFolder } from '../support/store.js';
import { everyNth, thinned, withoutFlushes } from '../support/sweeps.js';
import { copiesScene } from './support/copies.js';

const script = fileURLToPath(new URL('copies-workload.cjs', import.meta.url));

async function bytesOf(storage: SnapshotStorage, name: string): Promise<Buffer> {
  const file = await storage.open(name);
  try {
    return await file.read(0, file.bytes);
  } finally {
    await file.close();
  }
}

/** Kills copying a chain of two and one more at many places; gives their number. `server`: a new bucket each time; without it, a folder. */
async function sweepCopying(name: string, inBucket: boolean, every: number): Promise<number> {
  const prepared = await copiesScene();
  const full = await prepared.make('nightly');
  const built = await prepared.make('nightly', full.id);
  const alone = await prepared.make('nightly');
  const chain = [full.id, built.id, alone.id];
  let current: { readonly root: string; readonly server: S3Server | undefined; readonly command: CrashCommand } | undefined;
  onTestFinished(async () => await current?.server?.close());
  const report = await sweep({
    moments: ['half', 'after'],
    pick: everyNth(every, (all) => thinned(1)(withoutFlushes(all))),
    before: async () => {
      await current?.server?.close();
      const root = await temporaryFolder();
      for (const folder of ['backups', '.runback']) await cp(join(prepared.root, folder), join(root, folder), { recursive: true });
      const server = inBucket ? await startS3({ minPartBytes: 1500 }) : undefined;
      const settings = server === undefined ? [] : [JSON.stringify({ place: placeOf(server), credentials: credentialsOf(server) })];
      const command: CrashCommand = { args: [script, root, ...settings], which: inBucket ? ['fs', 'http'] : ['fs'], within: [root] };
      current = { root, server, command };
      return command;
    },
    after: async () => {
      if (current === undefined) throw new Error('no world');
      const { root, server, command } = current;
      const offsite = join(root, 'offsite');
      const there = (): SnapshotStorage => (server === undefined ? folderStorage(offsite) : storageOf(server, { dir: offsite }));
      const listed = async (): Promise<readonly string[]> => (await there().list()).map((one) => one.name.replace('.zip', '')).sort();
      // Whole or absent, and never without what it builds on.
      const half = await listed();
      for (const id of half) expect(await bytesOf(there(), `${id}.zip`)).toEqual(await readFile(join(root, 'backups', `${id}.zip`)));
      if (half.includes(built.id)) expect(half).toContain(full.id);
      const again = await runCrashing(command);
      expect(again).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(again.stdout)).toMatchObject({ leftOut: [] });
      expect(await listed()).toEqual(chain);
      const { catalog } = await copiesScene(root);
      expect((await catalog.list()).map(({ id }) => id).toReversed()).toEqual(chain);
      const copied = openCatalog({ dir: offsite, store: (await copiesScene(root)).copy().store, clock: prepared.clock, storage: there() });
      expect(await copied.list()).toMatchObject([{ job: 'nightly', record: { how: 'made' } }, { job: 'nightly' }, { job: 'nightly' }]);
      if (server === undefined) expect(await readdir(offsite)).toHaveLength(3);
      else expect([...server.objects().keys()].filter((key) => key.endsWith('.zip'))).toHaveLength(3);
    },
  });
  console.log(describeSweep(name, report));
  return report.points;
}

test('kill -9 while snapshots are copied to a folder: each is whole or absent, and the next run completes it', async () => {
  expect(await sweepCopying('copies to a folder', false, 6)).toBeGreaterThan(2);
}, 600_000);

test('kill -9 while snapshots are copied to a bucket: the same, and nothing is there twice', async () => {
  expect(await sweepCopying('copies to a bucket', true, 12)).toBeGreaterThan(2);
}, 600_000);
