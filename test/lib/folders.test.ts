import { existsSync } from 'node:fs';
import { mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { makeFolders } from '../../src/lib/index.js';
import { temporaryFolder } from '../support/store.js';

/** A user would lose: an error that says what is wrong with the disk, or any answer at all. */

test('a folder is made with its parents, and the first that was missing is named', async () => {
  const root = await temporaryFolder();
  const path = join(root, 'a', 'b', 'c');
  expect(makeFolders(path, 0o700)).toBe(join(root, 'a'));
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  expect(makeFolders(path, 0o700)).toBe(undefined);
  await mkdir(join(root, 'd'));
  expect(makeFolders(join(root, 'd', 'e'))).toBe(join(root, 'd', 'e'));
});

test('what the file system answered is what is thrown', async () => {
  const root = await temporaryFolder();
  await writeFile(join(root, 'file'), '');
  expect(() => makeFolders(join(root, 'file', 'a', 'b'))).toThrow(/ENOTDIR/u);
  expect(() => makeFolders(join(root, 'file'))).toThrow(/EEXIST/u);
});

test('where no folder can be made, it ends with an error and not never', (context) => {
  if (!existsSync('/proc/self')) context.skip('this system has no /proc, in which nothing can be made');
  expect(() => makeFolders('/proc/not-there/either')).toThrow(/ENOENT|EACCES|EPERM/u);
});
