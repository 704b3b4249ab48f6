import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import { systemClock, type Clock } from '../../src/lib/index.js';
import { applyRestore, confirmationOf, planRestore, undoRestore, verifyRestore, type ApplyDeps, type PlanFilters } from '../../src/restores/index.js';
import { integration, person } from '../../src/sandbox/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { openBench } from '../connectors/hubspot-support.js';
import { openTestPlatform } from '../support/postgres-connector.js';
import { startPostgres } from '../support/postgres.js';
import { CONFIG } from '../support/restore-world.js';
import { temporaryStore } from '../support/store.js';

/** A restore on a real platform: what it needs, and a way to take snapshots. */
async function setUp(platform: Platform, clock: Clock): Promise<{ deps: ApplyDeps; take: () => Promise<string> }> {
  const { store, dir } = await temporaryStore(clock);
  const backups = join(dir, '..', 'backups');
  const deps = { store, clock, catalog: openCatalog({ dir: backups, store, clock }), platform, config: CONFIG };
  return { deps, take: async () => (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock })).id };
}

test('HubSpot: values, links and records come back, edits stay, and undo puts the damage back', async () => {
  const { sandbox, connector, clock, stop } = await openBench();
  try {
    const identity = await connector.identify();
    const objects = ['contacts', 'companies'];
    const platform: Platform = { name: 'crm', connector, identity, environment: 'sandbox', objects, close: () => Promise.resolve() };
    const { deps, take } = await setUp(platform, clock);
    const maya = sandbox.writeAs(person(42));
    const sync = sandbox.writeAs(integration('777', 'Bad sync'));
    const company = maya.create('companies', { name: 'Acme', domain: 'acme.example' });
    const ids = Array.from({ length: 130 }, (_, i) =>
      maya.create('contacts', { email: `p${i}@acme.example`, firstname: `First ${i}`, lastname: i % 2 === 0 ? 'Last' : '', jobtitle: 'Boss' }),
    );
    for (const id of ids) maya.link('contacts', id, 'companies', company);
    clock.advance(60_000);
    const base = await take();
    clock.advance(60_000);
    const [first = '', second = '', third = '', gone = ''] = ids;
    for (const id of ids.slice(0, 120)) sync.update('contacts', id, { firstname: 'BAD', jobtitle: '' });
    sync.update('contacts', second, { lastname: 'was empty' });
    sync.unlink('contacts', third, 'companies', company);
    sync.archive('contacts', gone);
    const duplicate = sync.create('contacts', { email: 'dup@acme.example', firstname: 'Dup' });
    sync.link('contacts', duplicate, 'companies', company);
    maya.update('contacts', first, { lastname: 'Edited before' });
    clock.advance(60_000);
    const damaged = await take();
    clock.advance(60_000);
    maya.update('contacts', first, { firstname: 'Edited since' });

    const filters: PlanFilters = { suspects: ['INTEGRATION:777'], unattributed: 'unknown', deleteCreated: true };
    const plan = await planRestore({ base, damaged, filters, by: 'maya' }, deps);
    expect(plan.header.counts).toMatchObject({ actions: { create: 1, delete: 1, update: 119 }, conflicts: { 'edited-since': 1, unattributed: 1 } });
    const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
    expect(done).toMatchObject({ state: 'done', moved: 0, rejected: 0, failed: 0, inDoubt: 0 });
    expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: 0 });

    const truth = (): Map<string, { readonly firstname: unknown; readonly jobtitle: unknown; readonly linked: boolean }> => {
      const links = new Set(sandbox.links().flatMap((link) => [link.from, link.to]));
      const alive = sandbox.records('contacts').filter((record) => !record.archived);
      return new Map(
        alive.map((record) => [
          String(record.properties['email']),
          { firstname: record.properties['firstname'], jobtitle: record.properties['jobtitle'], linked: links.has(record.id) },
        ]),
      );
    };
    const after = truth();
    expect(after.size).toBe(130);
    for (const [i] of ids.entries())
      expect([i, after.get(`p${i}@acme.example`)]).toEqual([
        i,
        { firstname: i === 0 ? 'Edited since' : `First ${i}`, jobtitle: 'Boss', linked: true },
      ]);

    const undone = await undoRestore(done.id, 'maya', deps);
    expect(undone.state).toBe('undone');
    const back = truth();
    expect(back.size).toBe(130);
    expect(back.get('dup@acme.example')).toMatchObject({ firstname: 'Dup', linked: true });
    expect(back.get('p3@acme.example')).toBeUndefined();
    expect(back.get('p2@acme.example')).toMatchObject({ firstname: 'BAD', linked: false });
    expect(back.get('p0@acme.example')).toMatchObject({ firstname: 'Edited since' });
  } finally {
    await stop();
  }
});

test('PostgreSQL: rows come back under their old keys, edits stay, and undo puts the damage back', async () => {
  const server = await startPostgres();
  try {
    const database = await server.createDatabase(`
      create table accounts (id int primary key, name text not null, balance numeric(20,4));
      create table leads (id bigint generated always as identity primary key, account int not null references accounts, email text unique, note jsonb, tags text[], boss bigint references leads);
      insert into accounts select i, 'Account ' || i, i * 1.5 from generate_series(1, 20) i;
      insert into leads (account, email, note, tags) select 1 + i % 20, 'p' || i || '@x', '{"a":  1}', array['a', null] from generate_series(1, 300) i;
      update leads set boss = id - 1 where id > 1;`);
    const platform = await openTestPlatform(server, database);
    const { deps, take } = await setUp(platform, systemClock);
    const rows = async (): Promise<unknown> => [
      await server.sql(database, 'select * from accounts order by id'),
      await server.sql(database, 'select * from leads order by id'),
    ];
    const good = await rows();
    const base = await take();
    await server.sql(database, `update leads set note = '"bad"', tags = null where id % 3 = 0`);
    await server.sql(database, 'update leads set boss = null where boss between 250 and 300');
    await server.sql(database, 'delete from leads where id between 260 and 300');
    await server.sql(database, 'delete from accounts where id = 21 - 1 and not exists (select from leads where account = 20)');
    await server.sql(database, `insert into accounts values (99, 'dup', 1)`);
    await server.sql(database, `insert into leads (account, email) values (99, 'dup@x')`);
    const bad = await rows();
    const damaged = await take();
    const filters: PlanFilters = { unattributed: 'include', deleteCreated: true };
    const plan = await planRestore({ base, damaged, filters, by: 'maya' }, deps);
    const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
    expect(done).toMatchObject({ state: 'done', moved: 0, rejected: 0, failed: 0, inDoubt: 0 });
    expect(await rows()).toEqual(good);
    expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: 0 });
    await undoRestore(done.id, 'maya', deps);
    expect(await rows()).toEqual(bad);
    await platform.close();
  } finally {
    await server.stop();
  }
});
