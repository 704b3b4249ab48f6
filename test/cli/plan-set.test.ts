import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { runCrashing } from '../support/crash.js';
import type { TestPostgres } from '../support/postgres.js';
import { everyPoint } from '../support/sweeps.js';
import { program } from './support/child.js';
import { CARRIES, openPair, openServer, type Pair } from './support/pair.js';

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
    expect(planned).toMatchObject({ base, differences: { count: 0 }, notCompared: [], windowUnknown: [], compared: [{ records: 12, values: 24 }] });
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

it('a set that is applied at once says that the syncs stay paused where its confirmation is wrong, and where nothing is to be put back', async () => {
  await withPair(async (pair) => {
    const base = await pair.set();
    const nothing = await pair.run('restore', 'plan', '--set', base, '--apply', '--confirm', 'sandbox:5');
    expect(nothing).toMatchObject({ code: 0, data: { base, confirm: null, pauseId: expect.stringMatching(/./u) as unknown } });
    await pair.done('sync', 'resume', String(nothing.data['pauseId']));
    await pair.sync(pair.contacts.slice(0, 5), { city: 'Nowhere' });
    const no = await pair.run('restore', 'plan', '--set', base, '--apply', '--limit-records', 'few');
    expect([no.error.code, pair.paused()]).toEqual(['usage', false]);
    const wrong = await pair.run('restore', 'plan', '--set', base, '--apply', '--confirm', 'sandbox:5');
    expect(wrong.error).toMatchObject({ code: 'confirmation-wrong', state: 'Nothing was written.' });
    expect(pair.paused()).toBe(true);
    expect(await pair.held(pair.contacts[0] ?? '', 'city')).toEqual(['Nowhere', 'Nowhere']);
    const pause = /runback sync resume ([\w-]+)/u.exec(wrong.out)?.[1] ?? '';
    const [set = '', confirm = ''] = (wrong.error.next ?? '').replace('runback restore apply ', '').split(' --confirm ');
    await pair.done('restore', 'apply', set, '--confirm', confirm);
    expect(await pair.held(pair.contacts[0] ?? '', 'city')).toEqual(['City 0', 'City 0']);
    await pair.done('sync', 'resume', pause);
    expect(pair.paused()).toBe(false);
  });
});

it('a set is rehearsed as one, in a sandbox and in an empty database, and neither platform is written to', async () => {
  await withPair(async (pair) => {
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 5), { city: 'Nowhere' });
    const planned = await pair.done('restore', 'plan', '--set', base);
    const place = await server.createDatabase('SELECT 1');
    await writeFile(join(pair.dir, 'place'), server.url(place), { mode: 0o600 });
    const held = await pair.held(pair.contacts[0] ?? '', 'city');
    const rehearsed = await pair.done('restore', 'rehearse', String(planned['id']), '--into', 'file:place');
    expect(rehearsed).toMatchObject({
      set: planned['id'],
      passed: true,
      differences: 0,
      rehearsals: [
        { passed: true, records: { checked: 5, right: 5 }, undo: { put_back: true } },
        { passed: true, records: { checked: 5, right: 5 }, undo: { put_back: true } },
      ],
    });
    expect(await pair.held(pair.contacts[0] ?? '', 'city')).toEqual(held);
    expect(held).toEqual(['Nowhere', 'Nowhere']);
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
    const [, one = '', two = '', three = '', four = '', five = ''] = pair.contacts;
    // Taken by no job: nobody asked what changed in the meantime, which is said.
    const both = ['snapshot', 'create', '--platform', 'hubspot', '--platform', 'warehouse'];
    const base = String((await pair.done(...both))['id']);
    await pair.sync(pair.contacts.slice(0, 6), { city: 'Nowhere', phone: '0' });
    const damaged = String((await pair.done(...both))['id']);
    await pair.edit(one, { city: 'Bonn' }, 'hubspot');
    await pair.edit(five, { city: 'Jena' }, 'hubspot');
    await pair.edit(two, { phone: '+15557770000' }, 'warehouse');
    await pair.edit(three, { city: 'Ulm' }, 'warehouse');
    await pair.sql(`DELETE FROM people WHERE email = '${pair.emailOf(four)}'`);
    const planned = await pair.done('restore', 'plan', '--set', base, '--damaged', damaged, '--unattributed', 'include');
    expect(planned).toMatchObject({
      settled: [one, five].map((id) => ({ id: `hubspot/contacts/${id}/city`, takes: 'hubspot', code: 'kept' })),
      differences: { count: 3, counts: { kept: 2, missing: 1 } },
      windowUnknown: [expect.stringContaining('nobody asked')],
    });
    const choices = [`hubspot/contacts/${two}/phone=warehouse`, `hubspot/contacts/${three}/city=restore`, `hubspot/contacts/${five}/city=warehouse`];
    const decided = await pair.done('restore', 'show', String(planned['id']), ...choices.flatMap((choice) => ['--choose', choice]));
    expect(decided).toMatchObject({ differences: { count: 1, named: [{ code: 'missing', sides: [{ key: four }, { platform: 'warehouse' }] }] } });
    // A person decides otherwise than the authority; and of what that replaces no conflict is left.
    const conflictsOf = (set: Record<string, unknown>): unknown =>
      (set['plans'] as readonly { counts: { conflicts: unknown } }[])[0]?.counts.conflicts;
    expect([conflictsOf(planned), conflictsOf(decided)]).toEqual([{ 'edited-since': 2 }, { 'edited-since': 1 }]);
    await pair.done('restore', 'apply', String(decided['id']), '--confirm', String(decided['confirm']));
    expect(await pair.held(five, 'city')).toEqual(['City 5', 'City 5']);
    expect(await pair.held(one, 'city')).toEqual(['Bonn', 'Bonn']);
    expect(await pair.held(two, 'phone')).toEqual(['+15557770000', '+15557770000']);
    expect(await pair.held(three, 'city')).toEqual(['City 3', 'City 3']);
    expect(await pair.differing()).toEqual([pair.emailOf(four)]);
    const verified = await pair.run('restore', 'verify', String(decided['id']));
    expect(verified.data).toMatchObject({ differences: { count: 1, named: [{ code: 'missing' }] } });
    expect(verified.code).toBe(2);
  });
});

it('a value that may be the damage is carried to no other side, whoever has the authority', async () => {
  await withPair(async (pair) => {
    const [first = '', second = ''] = pair.contacts;
    const base = await pair.set();
    await pair.sync([first, second], { city: 'Nowhere' });
    // Someone else wrote the bad value into HubSpot: nothing ties it to the incident there, so that its plan leaves it.
    await pair.edit(first, { city: 'Elsewhere' }, 'hubspot');
    const planned = await pair.done('restore', 'plan', '--set', base);
    expect(planned).toMatchObject({
      settledCount: 0,
      differences: {
        count: 1,
        named: [
          {
            code: 'kept',
            sides: [
              { value: 'Elsewhere', plan: 'left' },
              { value: 'City 0', plan: 'written' },
            ],
          },
        ],
      },
    });
    // A limit on what a set may say of a difference.
    const difference = `hubspot/contacts/${first}/city`;
    for (const wrong of [`${difference}=nowhere`, `hubspot/contacts/${second}/city=keep`])
      expect((await pair.run('restore', 'show', String(planned['id']), '--choose', wrong)).code).not.toBe(0);
    const kept = await pair.done('restore', 'show', String(planned['id']), '--choose', `${difference}=keep`);
    expect(kept).toMatchObject({ differences: { count: 1 } });
    // The set that a decision was taken on is not applied by mistake without a word.
    expect((await pair.run('restore', 'apply', String(planned['id']))).out).toContain(`restore apply ${String(kept['id'])}`);
    const decided = await pair.done('restore', 'show', String(kept['id']), '--choose', `${difference}=restore`);
    await pair.done('restore', 'apply', String(decided['id']), '--confirm', String(decided['confirm']));
    expect(await pair.held(first, 'city')).toEqual(['City 0', 'City 0']);
    expect(await pair.differing()).toEqual([]);
  });
});

it('one side that would be refused holds up both; one that refuses a value is told, named, continued and undone', async () => {
  await withPair(async (pair) => {
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 2), { city: 'Nowhere' }, 'hubspot');
    await pair.sync(pair.contacts.slice(0, 5), { city: 'Nowhere' }, 'warehouse');
    const before = await pair.differing();
    const planned = await pair.done('restore', 'plan', '--set', base);
    const id = String(planned['id']);
    const confirm = ['--confirm', String(planned['confirm'])];
    expect(planned['confirm']).toBe('sandbox:2+sandbox:5');
    // The second plan is over a limit: the first one is not written either.
    expect((await pair.run('restore', 'apply', id, ...confirm, '--limit-records', '3')).error).toMatchObject({ code: 'over-limit' });
    expect((await pair.run('restore', 'apply', id, '--confirm', 'sandbox:2')).error).toMatchObject({ code: 'confirmation-wrong' });
    expect(await pair.differing()).toEqual(before);
    // The database refuses one row.
    await pair.sql(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = '23514'; END $$;
      CREATE TRIGGER refused BEFORE UPDATE ON people FOR EACH ROW WHEN (OLD.id = 2) EXECUTE FUNCTION refuse()`);
    await pair.config('backups:\n', 'restores: { stop_at: { errors_percent: 100 } }\nbackups:\n');
    const partial = await pair.run('restore', 'apply', id, ...confirm);
    expect(partial).toMatchObject({ code: 3, data: { sides: [{ restore: { state: 'done' } }, { restore: { state: 'partial', rejected: 1 } }] } });
    const [, second = ''] = pair.contacts;
    const verified = await pair.run('restore', 'verify', id);
    expect(verified).toMatchObject({ code: 2, data: { differences: { count: 1, named: [{ id: `hubspot/contacts/${second}/city` }] } } });
    await pair.sql('DROP TRIGGER refused ON people');
    // Nothing is to be confirmed any more, and nothing is written twice.
    expect(await pair.done('restore', 'apply', id)).toMatchObject({
      sides: [{ restore: { applied: 2 } }, { restore: { state: 'done', applied: 5 } }],
    });
    expect(await pair.differing()).toEqual([]);
    expect(await pair.done('restore', 'undo', id)).toMatchObject({
      sides: [{ platform: 'warehouse' }, { platform: 'hubspot', restore: { state: 'undone' } }],
    });
    expect(await pair.differing()).toEqual(before);
    expect(await pair.held(second, 'city')).toEqual(['Nowhere', 'Nowhere']);
    // A decision makes a set of its own; one that was applied and undone is applied again.
    await pair.done('restore', 'apply', id, ...confirm);
    expect(await pair.differing()).toEqual([]);
  });
});

it('a side that stops is told with what became of the other, and the syncs stay paused until both are done', async () => {
  await withPair(async (pair) => {
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 5), { city: 'Nowhere' });
    const planned = await pair.done('restore', 'plan', '--set', base);
    const id = String(planned['id']);
    // Someone starts the sync again, and the table is gone for a while.
    await pair.done('sync', 'resume', String(planned['pauseId']));
    await pair.sql('ALTER TABLE people RENAME TO moved');
    const stopped = await pair.run('restore', 'apply', id, '--confirm', String(planned['confirm']));
    expect(stopped.error.state).toMatch(/hubspot: done, 5 of 5 changes written.*warehouse: stopped, 0 of 5.*the syncs stay paused/su);
    expect(stopped.error.next).toContain(`runback restore apply ${id}`);
    expect(stopped.error.next).toContain(`runback restore undo ${id}`);
    expect(stopped.out).toContain('Syncs ran since the plans were made');
    expect(pair.paused()).toBe(true);
    await pair.sql('ALTER TABLE moved RENAME TO people');
    await pair.done('restore', 'resume', id);
    expect(await pair.differing()).toEqual([]);
  });
});

it('without carries nothing is said to agree; where a sync cannot be paused nothing is planned, and what was paused runs again', async () => {
  await withPair(async (pair) => {
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 3), { city: 'Nowhere' });
    await pair.config(CARRIES, '');
    const planned = await pair.done('restore', 'plan', '--set', base);
    expect(planned).toMatchObject({ compared: [], notCompared: [{ sync: 'crm-to-store' }] });
    const id = String(planned['id']);
    expect(await pair.text('restore', 'show', id)).toContain('it is not known whether both sides agree');
    await pair.done('restore', 'apply', id, '--confirm', String(planned['confirm']));
    const verified = await pair.run('restore', 'verify', id);
    expect([verified.code, await pair.differing()]).toEqual([3, []]);
    await pair.done('sync', 'resume', String(verified.data['pauseId']));
    await pair.config('paused: "exit == 3"', 'paused: "stdout"');
    const refused = await pair.run('restore', 'plan', '--set', base);
    expect(refused.error.code).toBe('sync-failed');
    expect(await pair.done('sync', 'list')).toMatchObject({ pauses: [] });
    expect((await pair.run('restore', 'plan', '--set', base, '--key', '1')).error).toMatchObject({ code: 'usage' });
    const single = await pair.done('snapshot', 'create', '--platform', 'warehouse');
    expect((await pair.run('restore', 'plan', '--set', String(single['id']))).error).toMatchObject({ code: 'usage' });
  });
});

it('a set that was made before one of its records was forgotten is not applied: a new one leaves that record alone', async () => {
  await withPair(async (pair) => {
    const [first = ''] = pair.contacts;
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 3), { city: 'Nowhere' });
    const planned = await pair.done('restore', 'plan', '--set', base);
    const id = String(planned['id']);
    await pair.done('forget', '--platform', 'hubspot', '--object', 'contacts', '--key', first, '--confirm', 'forget:1');
    await pair.done('forget', '--platform', 'warehouse', '--object', 'public.people', '--key', '1', '--confirm', 'forget:1');
    const refused = await pair.run('restore', 'apply', id, '--confirm', String(planned['confirm']));
    expect(refused.error).toMatchObject({
      code: 'plan-tampered',
      state: 'Nothing was written.',
      why: expect.stringContaining('a record that it told of was forgotten') as unknown,
      next: `Make a new set: runback restore plan --set ${base}`,
    });
    // Nothing that is kept tells what the record was: neither side is written, and the rest is put back in both.
    const again = await pair.done('restore', 'plan', '--set', base);
    await pair.done('restore', 'apply', String(again['id']), '--confirm', String(again['confirm']));
    expect(await pair.held(first, 'city')).toEqual(['Nowhere', 'Nowhere']);
    expect(await pair.held(pair.contacts[1] ?? '', 'city')).toEqual(['City 1', 'City 1']);
    expect(await pair.differing()).toEqual([]);
  });
});

it('killed at any moment, applying the set again ends with both sides done and nothing written twice', async () => {
  await withPair(async (pair) => {
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 4), { city: 'Nowhere' });
    const planned = await pair.done('restore', 'plan', '--set', base);
    const id = String(planned['id']);
    const args = [program, 'restore', 'apply', id, '--confirm', String(planned['confirm']), '--json', '--no-input', '--as', 'maya'];
    const command = { args, cwd: pair.dir, which: ['pg', 'http'] as const };
    const { operations } = await runCrashing(command);
    expect(await pair.differing()).toEqual([]);
    const points = operations
      .filter((_, at) => everyPoint || at % 6 === 3)
      .flatMap(({ n }) =>
        (everyPoint ? (['before', 'after'] as const) : n % 2 === 0 ? (['after'] as const) : (['before'] as const)).map((when) => ({ n, when })),
      );
    let killed = 0;
    for (const point of points) {
      await pair.done('restore', 'undo', id);
      if ((await runCrashing(command, point)).killed) killed += 1;
      const writes = (): Promise<unknown> => pair.sql('SELECT sum(xmin::text::bigint) AS writes FROM people');
      // What is still to be written is confirmed again.
      const { confirm } = (await pair.done('restore', 'show', id)) as { confirm: string | null };
      await pair.done('restore', 'apply', id, ...(confirm === null ? [] : ['--confirm', confirm]));
      expect(await pair.differing(), JSON.stringify(point)).toEqual([]);
      expect(await pair.held(pair.contacts[0] ?? '', 'city')).toEqual(['City 0', 'City 0']);
      const after = await writes();
      await pair.done('restore', 'apply', id);
      expect(await writes()).toEqual(after);
    }
    console.log(`killed ${String(killed)} times of ${String(operations.length)} operations on both platforms`);
    expect(killed).toBeGreaterThan(2);
  });
});

it('an automation that reacts on one side stands still while the set is written, also where a colleague starts it again', async () => {
  await withPair(async (pair) => {
    const flag = join(pair.dir, 'mails-paused');
    const script = (body: string): string => JSON.stringify(['sh', '-c', body, 'sh', flag]);
    const thanks = `  thank-you: { title: Thank new leads, controller: command, writes_to: [mails], reacts_to: [hubspot], status: { run: ${script('test ! -e "$1" || exit 3')}, paused: "exit == 3" }, pause: { run: ${script(': >"$1"')} }, resume: { run: ${script('rm "$1"')} } }\n`;
    const mails = '  mails: { connector: postgres, environment: sandbox, url: file:database-url, objects: [public.people] }\n';
    await pair.config('syncs:\n', `${mails}syncs:\n${thanks}`);
    const base = await pair.set();
    await pair.sync(pair.contacts.slice(0, 5), { city: 'Nowhere' });
    const planned = await pair.done('restore', 'plan', '--set', base);
    expect(existsSync(flag)).toBe(true);
    await rm(flag);
    const applied = await pair.run('restore', 'apply', String(planned['id']), '--confirm', String(planned['confirm']));
    expect([applied.code, existsSync(flag)]).toEqual([0, true]);
    expect(applied.out).toContain('Syncs ran since the plans were made, and are paused again.');
    expect(await pair.differing()).toEqual([]);
    const verified = await pair.done('restore', 'verify', String(planned['id']));
    await pair.done('sync', 'resume', String(verified['pauseId']));
    expect(existsSync(flag)).toBe(false);
  });
});
