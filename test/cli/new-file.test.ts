import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test, vi } from 'vitest';

/** A user on a memory card or a network drive could begin nothing. */

vi.mock('node:fs/promises', async (load) => ({
  ...(await load<typeof import('node:fs/promises')>()),
  link: async () => await Promise.reject(Object.assign(new Error('operation not supported'), { code: 'ENOTSUP' })),
}));

let folder = '';
afterEach(async () => await rm(folder, { recursive: true, force: true }));

test('where a disk knows no links, a new file comes whole all the same, and one that is there stays', async () => {
  const { writeNew } = await import('../../src/cli/shell/new-file.js');
  folder = await mkdtemp(join(tmpdir(), 'runback-new-file-'));
  const file = join(folder, 'runback.yml');
  expect(await writeNew(file, 'first')).toBe(true);
  expect(await writeNew(file, 'second')).toBe(false);
  expect([await readFile(file, 'utf8'), await readdir(folder)]).toEqual(['first', ['runback.yml']]);
});
