import { readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import type { Clock } from '../../src/lib/index.js';
import { systemClock } from '../../src/lib/index.js';
import { openCatalog, type Catalog, type SnapshotSummary } from '../../src/snapshots/index.js';
import { memoryPlatform, people } from './memory-platform.js';
import { snapshotOf, workspace } from './support.js';

/** A clock that stands still until it is set. */
function clockAt(start: string): Clock & { set(time: string): void } {
  let now = new Date(start);
  return { ...systemClock, now: () => now, set: (time) => (now = new Date(time)) };
}

interface Days {
  readonly catalog: Catalog;
  readonly monday: SnapshotSummary;
  readonly tuesday: SnapshotSummary;
  readonly wednesday: SnapshotSummary;
}

/** Three days: `crm` on Monday and Tuesday, `db` on Wednesday. */
async function days(): Promise<Days> {
  const clock = clockAt('2026-11-16T02:00:00Z');
  const deps = { ...(await workspace()), clock };
  const make = (name: string): Promise<SnapshotSummary> => snapshotOf(memoryPlatform(name, { objects: { contacts: people(9) } }), deps);
  const monday = await make('crm');
  clock.set('2026-11-17T02:00:00Z');
  const tuesday = await make('crm');
  clock.set('2026-11-18T02:00:00Z');
  const wednesday = await make('db');
  return { catalog: openCatalog(deps), monday, tuesday, wednesday };
}

describe('the catalog', () => {
  it('lists the newest first and finds by id, beginning, latest, platform and time', async () => {
    const { catalog, monday, tuesday, wednesday } = await days();
    expect((await catalog.list()).map(({ id }) => id)).toEqual([wednesday.id, tuesday.id, monday.id]);
    expect((await catalog.resolve(monday.id)).id).toBe(monday.id);
    expect((await catalog.resolve('snap-20261117')).id).toBe(tuesday.id);
    expect((await catalog.resolve('20261117')).id).toBe(tuesday.id);
    expect((await catalog.resolve('latest')).id).toBe(wednesday.id);
    expect((await catalog.resolve('latest', { platform: 'crm' })).id).toBe(tuesday.id);
    expect((await catalog.resolve('latest', { platform: 'crm', before: new Date('2026-11-17T00:00:00Z') })).id).toBe(monday.id);
    await expect(catalog.resolve('snap-2026')).rejects.toMatchObject({
      code: 'ambiguous',
      data: { ids: [monday.id, tuesday.id, wednesday.id].sort() },
    });
    for (const reference of ['snap-2025', '', '../x']) await expect(catalog.resolve(reference)).rejects.toMatchObject({ code: 'not-found' });
    await expect(catalog.resolve('latest', { platform: 'mail' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('notices a file that was changed, or had another put in its place, since it was opened', async () => {
    const { catalog, monday, tuesday } = await days();
    const [good, other] = [await readFile(monday.path), await readFile(tuesday.path)];
    const open = async (): Promise<unknown> => {
      const reader = await catalog.open(monday.id);
      await reader.close();
      return { digest: reader.digest, damage: reader.damage.map(({ entry }) => entry) };
    };
    const whole = { digest: monday.digest, damage: [] };
    expect([await open(), await open()]).toEqual([whole, whole]);
    const changed = Buffer.from(good);
    const at = good.lastIndexOf('manifest.json');
    changed.writeUInt8((changed[at] ?? 0) ^ 1, at);
    const { atime, mtime } = await stat(monday.path);
    await writeFile(monday.path, changed);
    // As if it had never been touched.
    await utimes(monday.path, atime, mtime);
    expect(await open()).toEqual({ digest: monday.digest, damage: ['(directory)'] });
    await writeFile(monday.path, good);
    expect(await open()).toEqual(whole);
    await writeFile(`${monday.path}.new`, other);
    await rename(`${monday.path}.new`, monday.path);
    await expect(open()).rejects.toMatchObject({ code: 'snapshot-foreign' });
  });

  it('calls a snapshot verified only while its last verification found it whole', async () => {
    const { catalog, monday, tuesday } = await days();
    await expect(catalog.resolve('latest-verified')).rejects.toMatchObject({ code: 'not-found', why: 'There are 3 that were not.' });
    await catalog.verify(monday.id);
    expect(await catalog.resolve('latest-verified')).toMatchObject({ id: monday.id, verifiedAt: '2026-11-18T02:00:00.000Z' });
    await catalog.verify(tuesday.id);
    expect((await catalog.resolve('latest-verified')).id).toBe(tuesday.id);
    const bytes = await readFile(tuesday.path);
    bytes[200] = (bytes[200] ?? 0) ^ 4;
    await writeFile(tuesday.path, bytes);
    expect((await catalog.verify(tuesday.id)).damage).not.toEqual([]);
    expect((await catalog.resolve('latest-verified')).id).toBe(monday.id);
  });

  it('keeps a pinned snapshot until it is unpinned, and forgets a deleted one', async () => {
    const { catalog, monday } = await days();
    await catalog.verify(monday.id);
    expect(await catalog.pin(monday.id, true)).toMatchObject({ pinned: true, verifiedAt: expect.any(String) as string });
    await expect(catalog.delete(monday.id)).rejects.toMatchObject({ code: 'snapshot-pinned' });
    await catalog.pin(monday.id, false);
    expect((await catalog.delete(monday.id)).id).toBe(monday.id);
    await expect(catalog.resolve(monday.id)).rejects.toMatchObject({ code: 'not-found' });
    expect(await catalog.list()).toHaveLength(2);
  });
});
