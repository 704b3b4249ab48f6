import { afterAll, beforeAll, expect, it } from 'vitest';

import type { TestPostgres } from '../support/postgres.js';
import { openPair, openServer, type Pair } from './support/pair.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server.stop());

async function withPair(work: (pair: Pair) => Promise<void>): Promise<void> {
  const pair = await openPair(server);
  try {
    await work(pair);
  } finally {
    await pair.close();
  }
}

it('a bad value that a sync carried into both systems is put back in both from one set, and they agree', async () => {
  await withPair(async (pair) => {
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 5), { city: 'Nowhere' });
    const planned = await pair.done('restore', 'plan', '--set', base);
    expect(planned).toMatchObject({ base, differences: { count: 0 }, notCompared: [], compared: [{ records: 12, values: 24 }] });
    expect((planned['plans'] as readonly unknown[]).length).toBe(2);
    for (const plan of planned['plans'] as readonly unknown[])
      expect(plan).toMatchObject({ base: { snapshot: base }, counts: { records: 5, conflicts: {} } });
    expect(pair.paused()).toBe(true);
    const id = String(planned['id']);
    const applied = await pair.done('restore', 'apply', id, '--confirm', String(planned['confirm']));
    expect(applied).toMatchObject({
      sides: [
        { platform: 'hubspot', restore: { state: 'done' } },
        { platform: 'warehouse', restore: { state: 'done' } },
      ],
    });
    expect(pair.paused()).toBe(true);
    expect(await pair.differing()).toEqual([]);
    expect(await pair.held(pair.contacts[0] ?? '', 'city')).toEqual(['City 0', 'City 0']);
    const verified = await pair.done('restore', 'verify', id);
    expect(verified).toMatchObject({ differences: { count: 0 }, plans: [{ remaining: 0 }, { remaining: 0 }] });
    await pair.done('sync', 'resume', String(verified['pauseId']));
    expect(pair.paused()).toBe(false);
    console.log(await pair.text('restore', 'show', id));
  });
});
