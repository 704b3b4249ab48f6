import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { type BackupsStory, type Kept, openKept, versions } from './support.js';

/** A user would lose: every backup of the days before the update, or a restore of two systems that was half-way on that day. */

let kept: Kept<BackupsStory>;
afterEach(() => kept.close());

/** A command that has to end well; gives the `data` of its JSON. */
async function done(...args: string[]): Promise<Record<string, unknown>> {
  const { code, data } = await kept.json(...args);
  expect(code, `runback ${args.join(' ')}\n${JSON.stringify(data)}`).toBe(0);
  return data;
}

const idsOf = (data: Record<string, unknown>): readonly string[] => (data['snapshots'] as readonly { readonly id: string }[]).map(({ id }) => id);

describe.each(await versions('backups'))('the backups that %s left', (version) => {
  test('are listed and read to the last byte, here and in the copy; what was forgotten is known to be', async () => {
    kept = await openKept<BackupsStory>(version, 'backups');
    const { chain, both, imported, encrypted, forgotten } = kept.story;
    const { snapshots, ignored } = (await done('snapshot', 'list')) as {
      snapshots: readonly { id: string; bases: readonly string[] }[];
      ignored: unknown;
    };
    expect(ignored).toEqual([]);
    // The evidence of the set is there too.
    expect(snapshots.map(({ id }) => id)).toEqual(expect.arrayContaining([...chain, both, imported, encrypted]));
    expect(snapshots.find(({ id }) => id === chain[2])?.bases).toEqual(chain.slice(0, 2));
    for (const { id } of snapshots) await done('snapshot', 'verify', id);
    expect(await done('snapshot', 'show', 'latest-verified')).not.toMatchObject({ id: imported });
    for (const id of chain) {
      expect((await kept.go('snapshot', 'show', id)).stdout).toMatch(/forgotten/iu);
      expect((await kept.json('snapshot', 'cat', id, 'contacts', forgotten)).code).not.toBe(0);
    }
    expect(await done('snapshot', 'show', encrypted)).toMatchObject({ encrypted: 'readable' });
    const there = idsOf(await done('snapshot', 'list', '--copy', 'disk'));
    expect(there).toEqual(expect.arrayContaining([...chain, both, encrypted]));
    expect(await done('snapshot', 'verify', '--copy', 'disk', '--budget', '10m')).toMatchObject({ damaged: [], unclear: [], left: 0 });
    // One that is gone here comes back from there.
    await rm(join(kept.dir, 'backups', `${chain[2] ?? ''}.zip`));
    expect(await done('snapshot', 'fetch', chain[2] ?? '', '--from', 'disk')).toMatchObject({ id: chain[2] });
    await done('snapshot', 'verify', chain[2] ?? '');
  });

  test('are built on by the next run, and a plan from each finds what is damaged, and nothing of what was forgotten', async () => {
    kept = await openKept<BackupsStory>(version, 'backups');
    const { chain, both, imported, encrypted, forgotten } = kept.story;
    await done('restore', 'undo', kept.story.set);
    expect(kept.cities()).toEqual(kept.story.cities.damaged);
    for (const base of [...chain, both, imported, encrypted]) {
      const plan = await done('restore', 'plan', '--platform', 'hubspot', '--base', base, '--unattributed', 'include', '--delete-created');
      // Job titles were changed between the first snapshots of the chain; the file has five cities.
      expect(plan['counts'], base).toMatchObject({ actions: { update: base === imported ? 5 : 6 } });
      expect(JSON.stringify(plan['counts']), base).not.toMatch(/create|delete/u);
      expect(JSON.stringify(await done('restore', 'show', String(plan['id']))), base).not.toContain(`"${forgotten}"`);
    }
    const { jobs } = (await done('backup', 'run', 'nightly')) as { jobs: readonly { snapshot: { id: string; bases: readonly string[] } }[] };
    expect(jobs[0]?.snapshot.bases).toContain(encrypted);
    await done('snapshot', 'verify', jobs[0]?.snapshot.id ?? '');
    await done('backup', 'prune', '--dry-run');
  });

  test('a set of plans that was killed in the middle of its second side is continued to its end, verified and undone', async () => {
    kept = await openKept<BackupsStory>(version, 'backups');
    const { set, cities } = kept.story;
    expect(kept.cities()).not.toEqual(cities.good);
    expect(kept.cities()).not.toEqual(cities.damaged);
    await done('restore', 'show', set);
    await done('restore', 'apply', set);
    expect(kept.cities()).toEqual(cities.good);
    expect(await done('restore', 'verify', set)).toMatchObject({ differences: { count: 0 } });
    await done('restore', 'undo', set);
    expect(kept.cities()).toEqual(cities.damaged);
    const { pauses } = (await done('sync', 'list')) as { pauses: readonly { readonly id: string }[] };
    for (const { id } of pauses) await done('sync', 'resume', id);
    expect(await done('sync', 'list')).toMatchObject({ pauses: [] });
  });
});
