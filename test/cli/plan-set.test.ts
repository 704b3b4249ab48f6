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
  });
});

it('what another writer changed while the set was taken is named, and a plan for both leaves no difference', async () => {
  await withPair(async (pair) => {
    const [first = ''] = pair.contacts;
    const base = await pair.set(async () => await pair.sync([first], { city: 'Newtown', phone: '+15559990000' }));
    const { set } = (await pair.done('snapshot', 'show', base)) as { set: { changed: number; changes: readonly Record<string, unknown>[] } };
    expect(set.changes).toMatchObject([
      { platform: 'hubspot', key: first, by: ['INTEGRATION:4471120'] },
      { platform: 'warehouse', key: '1', by: ['sync:crm'] },
    ]);
    await pair.sync(pair.contacts.slice(0, 4), { city: 'Nowhere', phone: '0' });
    const planned = await pair.done('restore', 'plan', '--set', base);
    const id = `hubspot/contacts/${first}`;
    // The city has an authority, so that it is settled; nobody said whose phone counts.
    const window = { code: 'changed-in-window', by: ['INTEGRATION:4471120', 'sync:crm'] };
    expect(planned).toMatchObject({
      settled: [{ ...window, id: `${id}/city`, takes: 'hubspot', decidedBy: 'authority' }],
      differences: {
        count: 1,
        named: [
          {
            ...window,
            id: `${id}/phone`,
            sides: [
              { value: '+15559990000', plan: 'written' },
              { value: '+15550001000', plan: 'written' },
            ],
          },
        ],
      },
    });
    const told = await pair.text('restore', 'show', String(planned['id']));
    expect(told).toContain('changed while the set was taken');
    expect(told).toContain(`--choose <difference>=`);
    const decided = await pair.done('restore', 'show', String(planned['id']), '--choose', `${id}/phone=hubspot`);
    expect(decided).toMatchObject({ from: planned['id'], differences: { count: 0 }, settledCount: 2 });
    await pair.done('restore', 'apply', String(decided['id']), '--confirm', String(decided['confirm']));
    expect(await pair.held(first, 'city')).toEqual(['Newtown', 'Newtown']);
    expect(await pair.held(first, 'phone')).toEqual(['+15559990000', '+15559990000']);
    expect(await pair.differing()).toEqual([]);
    expect(await pair.done('restore', 'verify', String(decided['id']))).toMatchObject({ differences: { count: 0 } });
  });
});

it('an edit by a person on one side is kept on both, or put back on both, as it is decided; what nobody decided is named', async () => {
  await withPair(async (pair) => {
    const [, one = '', two = '', three = '', four = ''] = pair.contacts;
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 6), { city: 'Nowhere', phone: '0' });
    const damaged = String((await pair.done('snapshot', 'create', '--platform', 'hubspot', '--platform', 'warehouse'))['id']);
    await pair.edit(one, { city: 'Bonn' }, 'hubspot');
    await pair.edit(two, { phone: '+15557770000' }, 'warehouse');
    await pair.edit(three, { city: 'Ulm' }, 'warehouse');
    await pair.sql(`DELETE FROM people WHERE email = '${pair.emailOf(four)}'`);
    const planned = await pair.done('restore', 'plan', '--set', base, '--damaged', damaged, '--unattributed', 'include');
    expect(planned).toMatchObject({
      settled: [{ id: `hubspot/contacts/${one}/city`, takes: 'hubspot', code: 'kept' }],
      differences: { count: 3, counts: { kept: 2, missing: 1 } },
    });
    const choices = [`hubspot/contacts/${two}/phone=warehouse`, `hubspot/contacts/${three}/city=restore`];
    const decided = await pair.done('restore', 'show', String(planned['id']), ...choices.flatMap((choice) => ['--choose', choice]));
    expect(decided).toMatchObject({ differences: { count: 1, named: [{ code: 'missing', sides: [{ key: four }, { platform: 'warehouse' }] }] } });
    await pair.done('restore', 'apply', String(decided['id']), '--confirm', String(decided['confirm']));
    expect(await pair.held(one, 'city')).toEqual(['Bonn', 'Bonn']);
    expect(await pair.held(two, 'phone')).toEqual(['+15557770000', '+15557770000']);
    expect(await pair.held(three, 'city')).toEqual(['City 3', 'City 3']);
    expect(await pair.differing()).toEqual([pair.emailOf(four)]);
    const verified = await pair.run('restore', 'verify', String(decided['id']));
    expect(verified.data).toMatchObject({ differences: { count: 1, named: [{ code: 'missing' }] } });
    expect(verified.code).toBe(2);
  });
});
