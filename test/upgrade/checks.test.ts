import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, describe, expect, test } from 'vitest';

import { type ChecksStory, type Kept, openKept, soonAfter, versions } from './support.js';

/** A user would lose: test records in two accounts that nobody takes away, or a repair of a reconciliation that was half-way on the day of the update. */

let kept: Kept<ChecksStory>;
/** A plan is not applied for longer than a day. */
const soon = ({ plan }: ChecksStory): Date => soonAfter(plan);
afterEach(() => kept.close());

async function done(...args: string[]): Promise<Record<string, unknown>> {
  const { code, data } = await kept.json(...args);
  expect(code, `runback ${args.join(' ')}\n${JSON.stringify(data)}`).toBe(0);
  return data;
}

/** What the restore that was killed has locked is kept from tests and clean-ups (G5): a person takes it away. Then the killed test's records go. */
async function cleanedUp(): Promise<void> {
  const refused = await kept.json('test', 'cleanup');
  expect(refused.code, JSON.stringify(refused.data)).toBe(11);
  const { locks } = (await done('lock', 'list')) as { readonly locks: readonly { readonly name: string; readonly holder: string }[] };
  for (const { name, holder } of locks.filter((lock) => lock.name.startsWith('platform-') && lock.holder.startsWith('restore-')))
    await done('lock', 'take', name, '--confirm', holder);
  await done('test', 'cleanup');
}

describe.each(await versions('checks'))('the tests and reconciliations that %s left', (version) => {
  test('the records of a test that was killed are taken away, and nothing else is', async () => {
    kept = await openKept<ChecksStory>(version, 'checks', soon);
    const { left, good } = kept.story.cities;
    const people = left.map((cities) => Object.keys(cities).length);
    const own = good.map((cities) => Object.keys(cities));
    // It had made three in the first account, and the answer had not come.
    expect(people).toEqual([(own[0]?.length ?? 0) + 3, own[1]?.length]);
    await cleanedUp();
    expect(kept.cities().map((cities) => Object.keys(cities).sort())).toEqual(own.map((keys) => [...keys].sort()));
    // Once more finds nothing.
    await done('test', 'cleanup');
    expect(await done('test', 'list')).toMatchObject({ uncleaned: [] });
  });

  test('what was accepted and reconciled is known, and goes on from there', async () => {
    kept = await openKept<ChecksStory>(version, 'checks', soon);
    await cleanedUp();
    expect(JSON.stringify(await done('mapping', 'drift'))).not.toContain('never accepted');
    const history = async () =>
      ((await done('reconcile', 'history')) as unknown as readonly { readonly differences: number }[]).map(({ differences }) => differences).sort();
    expect(await history()).toEqual([0, 6]);
    const { code, data } = await kept.json('reconcile', 'run', 'people');
    // Three were restored before it was killed.
    expect([code, data['differences']]).toEqual([2, 3]);
    expect(await history()).toEqual([0, 3, 6]);
  });

  test('a half-applied plan of a reconciliation is shown, continued, verified and undone', async () => {
    kept = await openKept<ChecksStory>(version, 'checks', soon);
    const { plan, cities } = kept.story;
    await cleanedUp();
    expect(await done('restore', 'show', plan)).toMatchObject({ id: plan, counts: { records: 6 } });
    await done('restore', 'apply', plan, '--confirm', 'sandbox:6');
    expect(kept.cities()).toEqual(cities.good);
    await done('restore', 'verify', plan);
    expect((await kept.json('reconcile', 'run', 'people')).code).toBe(0);
    const [restore = ''] = await readdir(join(kept.dir, '.runback', 'restores'));
    await done('restore', 'undo', restore, '--yes');
    expect(kept.cities()).toEqual(cities.damaged);
  });
});
