import { chmod, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { folderStorage } from '../../src/snapshots/storage/folder.js';
import { snapshotStorageContract } from '../contracts/snapshot-storage.js';
import { temporaryFolder } from '../support/store.js';
import { killedPutOf } from './killed-put.js';

snapshotStorageContract('folder', async () => {
  const dir = join(await temporaryFolder(), 'backups');
  return {
    open: () => folderStorage(dir),
    killedPut: killedPutOf('killed-put.mjs', 'snapshots/storage/folder.js', [dir]),
  };
});

test('files and folders are for their owner only, whatever the umask; one that others can change is told (G24)', async () => {
  const dir = join(await temporaryFolder(), 'backups');
  const storage = folderStorage(dir);
  const earlier = process.umask(0);
  onTestFinished(() => void process.umask(earlier));
  await storage.put(
    'snap-a.zip',
    (sink) => sink(Buffer.from('x')),
    async () => {
      expect(await readdir(dir)).toEqual(['snap-a.zip.partial']);
      expect(((await stat(join(dir, 'snap-a.zip.partial'))).mode & 0o777).toString(8)).toBe('600');
    },
  );
  expect(((await stat(dir)).mode & 0o777).toString(8)).toBe('700');
  expect(((await stat(storage.pathOf('snap-a.zip'))).mode & 0o777).toString(8)).toBe('600');
  expect(await storage.exposures()).toEqual([]);
  await chmod(storage.pathOf('snap-a.zip'), 0o666);
  expect(await storage.exposures()).toEqual([expect.stringContaining('snap-a.zip') as string]);
});

test('what else lies in the folder is no snapshot', async () => {
  const dir = await temporaryFolder();
  await writeFile(join(dir, 'notes.txt'), 'x');
  await mkdir(join(dir, 'folder.zip'));
  await symlink(join(dir, 'nowhere'), join(dir, 'dangling.zip'));
  await writeFile(join(dir, 'snap-a.zip'), 'x');
  const storage = folderStorage(dir);
  expect(await storage.list()).toEqual([{ name: 'snap-a.zip', bytes: 1 }]);
  expect(await storage.unfinished()).toEqual([]);
  await expect(storage.open('folder.zip')).rejects.toMatchObject({ code: 'file-unreadable' });
});
