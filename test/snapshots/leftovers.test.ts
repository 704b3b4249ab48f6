import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { memoryPlatform, people } from './memory-platform.js';
import { snapshotOf, workspace } from './support.js';

test('a lock that a killed writer left after its snapshot was whole is given back by the next snapshot; that of a living one stays (G30)', async () => {
  const deps = await workspace();
  const locks = join(deps.store.location, 'locks');
  await mkdir(locks, { recursive: true });
  const gone = { by: 'maya', purpose: 'writing a snapshot', since: '2026-11-22T07:00:00.000Z', pid: 999_999_999, host: hostname(), token: 'gone' };
  await writeFile(join(locks, 'snapshot-snap-20261122-070000-aaaa.lock'), JSON.stringify({ ...gone, holder: 'snap-20261122-070000-aaaa' }));
  const living = await deps.store.lock('snapshot-snap-20261122-080000-bbbb', { by: 'lee', holder: 'snap-20261122-080000-bbbb', purpose: 'writing' });
  await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(3) } }), deps);
  expect(await readdir(locks)).toEqual(['snapshot-snap-20261122-080000-bbbb.lock']);
  await living.release();
});
