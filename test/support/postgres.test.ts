import { mkdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { copyForOthers } from './postgres.js';
import { temporaryFolder } from './store.js';

/**
 * PostgreSQL does not run as root, and nobody else reads a checkout in /root. What a user would lose: every test of a database, where a fresh
 * clone lies there.
 */
test('the binaries are copied with links that lead nowhere else, and once', async () => {
  const [from, to] = [await temporaryFolder(), await temporaryFolder()];
  await mkdir(join(from, 'lib'));
  await writeFile(join(from, 'lib/libpq.so.5.18'), 'library');
  await symlink('libpq.so.5.18', join(from, 'lib/libpq.so.5'));
  for (let times = 0; times < 2; times += 1) {
    const copy = copyForOthers(from, to);
    expect(await readlink(join(copy, 'lib/libpq.so.5'))).toBe('libpq.so.5.18');
    expect(await readFile(join(copy, 'lib/libpq.so.5'), 'utf8')).toBe('library');
  }
});
