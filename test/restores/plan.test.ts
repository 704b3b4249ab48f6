import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import type { Fields } from '../../src/records/index.js';
import {
  applyRestore,
  confirmationOf,
  decideConflicts,
  planRestore,
  readPlan,
  undoRestore,
  verifyRestore,
  type PlanChange,
  type PlanConflict,
  type PlanFilters,
  type PlanSummary,
} from '../../src/restores/index.js';
import { crmSchema, field, FILTERS, objectType, openWorld, WORKS_AT, type World } from '../support/restore-world.js';

let world: World;
afterEach(() => world.close());

async function plan(base: string, damaged: string, filters: Partial<PlanFilters> = {}): Promise<PlanSummary> {
  return planRestore({ base, damaged, filters: { ...FILTERS, ...filters }, by: 'maya' }, world.deps);
}

async function lines(summary: PlanSummary): Promise<{ readonly changes: PlanChange[]; readonly conflicts: PlanConflict[] }> {
  const changes: PlanChange[] = [];
  const conflicts: PlanConflict[] = [];
  for await (const line of (await readPlan(world.store, summary.header.id)).lines()) {
    if (line.kind === 'change') changes.push(line);
    else conflicts.push(line);
  }
  return { changes, conflicts };
}

const words = (changes: readonly PlanChange[]): string[] =>
  changes.map((change) => `${change.action} ${'link' in change ? `${change.from.key}>${change.to.key}` : `${change.object} ${change.key}`}`);

const apply = (summary: PlanSummary): ReturnType<typeof applyRestore> =>
  applyRestore({ plan: summary.header.id, by: 'maya', confirmed: confirmationOf(summary.header) }, world.deps);

const KEYED = { createWithKey: true };
const STAFF = {
  objects: [objectType('people', [field('name'), field('boss'), field('team')], KEYED), objectType('teams', [field('name'), field('lead')], KEYED)],
  links: [
    { kind: 'boss_fkey', from: 'people', to: 'people', viaFields: ['boss'], exact: true },
    { kind: 'team_fkey', from: 'people', to: 'teams', viaFields: ['team'], exact: true, required: true },
    { kind: 'lead_fkey', from: 'teams', to: 'people', viaFields: ['lead'], exact: true },
  ],
};

test('deleted records that refer to each other come back, the ring closed last', async () => {
  world = await openWorld({ ...STAFF, conditionalWrite: true });
  const { connector } = world;
  connector.put('teams', 't', { name: 'T', lead: 'a' }, 'import');
  for (const [key, boss] of [
    ['a', null],
    ['b', 'a'],
    ['c', 'b'],
  ] as const)
    connector.put('people', key, { name: key, boss, team: 't' }, 'import');
  const good = connector.state();
  const base = await world.take();
  for (const key of ['c', 'b', 'a']) connector.put('people', key, null, 'sync:x');
  connector.put('teams', 't', null, 'sync:x');
  const damaged = await world.take();
  const summary = await plan(base, damaged);
  const { changes, conflicts } = await lines(summary);
  expect(conflicts).toEqual([]);
  expect(words(changes)).toEqual(['create teams t', 'create people a', 'create people b', 'create people c', 'update teams t']);
  await expect(apply(summary)).resolves.toMatchObject({ state: 'done', rejected: 0 });
  expect(connector.state()).toEqual(good);
  expect(await verifyRestore(summary.header.id, world.deps)).toMatchObject({ remaining: 0 });
});

test('what belonged to a record that somebody deleted since is told, and the rest of it comes back', async () => {
  world = await openWorld({ ...STAFF, conditionalWrite: true });
  const { connector } = world;
  for (const key of ['boss', 'other']) connector.put('people', key, { name: key, boss: null, team: null }, 'import');
  for (const key of ['kept', 'moved']) connector.put('people', key, { name: key, boss: key === 'kept' ? 'other' : 'boss', team: null }, 'import');
  for (const [key, boss] of Object.entries({ gone: 'boss', next: 'gone', fine: 'other' }))
    connector.put('people', key, { name: key, boss, team: null }, 'import');
  const base = await world.take();
  for (const key of ['next', 'gone', 'fine']) connector.put('people', key, null, 'sync:x');
  for (const key of ['kept', 'moved']) connector.put('people', key, { name: 'WRONG', boss: null }, 'sync:x');
  const damaged = await world.take();
  connector.put('people', 'boss', null, 'user:lee');
  const { changes, conflicts } = await lines(await plan(base, damaged));
  expect(conflicts.map(({ code, key, field: name }) => [code, key, name])).toEqual(
    expect.arrayContaining([
      ['parent-missing', 'moved', 'boss'],
      // It cannot come back, nor what belonged to it.
      ['parent-missing', 'gone', undefined],
      ['parent-missing', 'next', undefined],
    ]),
  );
  expect(conflicts).toHaveLength(3);
  expect(words(changes).sort()).toEqual(['create people fine', 'update people kept', 'update people moved']);
  const summary = await plan(base, damaged);
  await expect(apply(summary)).resolves.toMatchObject({ state: 'done', rejected: 0 });
  expect(connector.state().records['people']).toMatchObject({
    kept: { name: 'kept', boss: 'other' },
    moved: { name: 'moved', boss: null },
    fine: { boss: 'other' },
  });
  // A new plan from the same evidence finds nothing that it could write.
  expect((await plan(base, damaged)).header.counts).toMatchObject({ records: 0 });
});

test('a ring of which every link is required cannot be created and is left to a person', async () => {
  const [, team, lead] = STAFF.links.map((link) => ({ ...link, required: true }));
  world = await openWorld({ objects: STAFF.objects, links: team === undefined || lead === undefined ? [] : [team, lead] });
  world.connector.put('people', 'a', { name: 'a', boss: null, team: 't' }, 'import');
  world.connector.put('teams', 't', { name: 'T', lead: 'a' }, 'import');
  const base = await world.take();
  world.connector.put('people', 'a', null, 'sync:x');
  world.connector.put('teams', 't', null, 'sync:x');
  const { changes, conflicts } = await lines(await plan(base, await world.take()));
  expect(changes).toEqual([]);
  expect(conflicts.map(({ code }) => code)).toEqual(['cycle', 'cycle']);
});

test('records that the damage created go children first; one that somebody refers to stays', async () => {
  world = await openWorld({ ...STAFF, conditionalWrite: true });
  const { connector } = world;
  connector.put('teams', 't', { name: 'T', lead: null }, 'import');
  connector.put('people', 'old', { name: 'old', boss: null, team: 't' }, 'import');
  const good = connector.state();
  const base = await world.take();
  connector.put('teams', 'u', { name: 'U', lead: null }, 'sync:x');
  connector.put('teams', 'v', { name: 'V', lead: null }, 'sync:x');
  connector.put('people', 'n1', { name: 'n1', boss: null, team: 'u' }, 'sync:x');
  connector.put('people', 'n2', { name: 'n2', boss: 'n1', team: 'u' }, 'sync:x');
  connector.put('people', 'old', { team: 'u' }, 'sync:x');
  const damaged = await world.take();
  connector.put('people', 'later', { name: 'later', boss: null, team: 'v' }, 'ui:1');
  const summary = await plan(base, damaged);
  const { changes, conflicts } = await lines(summary);
  expect(words(changes)).toEqual(['update people old', 'delete people n2', 'delete people n1', 'delete teams u']);
  expect(conflicts).toMatchObject([{ code: 'created-then-edited', key: 'v', choices: { keep: expect.any(String) as unknown } }]);
  await expect(apply(summary)).resolves.toMatchObject({ state: 'done', applied: 4 });
  expect(connector.state().records).toEqual({
    people: { ...good.records['people'], later: { name: 'later', boss: null, team: 'v' } },
    teams: { ...good.records['teams'], v: { name: 'V', lead: null } },
  });
});

test('a unique value is given up before it is taken back, through a whole chain and from a duplicate', async () => {
  world = await openWorld({ ...crmSchema(), batch: 1 });
  const { connector } = world;
  for (const key of ['a', 'b', 'c', 'd']) connector.put('contacts', key, { name: key, email: `${key}@x` }, 'import');
  const emails = (): unknown =>
    Object.fromEntries(Object.entries(connector.state().records['contacts'] ?? {}).map(([key, fields]) => [key, fields['email']]));
  const good = emails();
  const base = await world.take();
  connector.put('contacts', 'd', { email: 'gone@x' }, 'sync:x');
  for (const [key, email] of [
    ['c', 'd@x'],
    ['b', 'c@x'],
    ['a', 'b@x'],
  ] as const)
    connector.put('contacts', key, { email }, 'sync:x');
  connector.put('contacts', 'dup', { name: 'dup', email: 'a@x' }, 'sync:x');
  const summary = await plan(base, await world.take());
  expect(words((await lines(summary)).changes)).toEqual([
    'delete contacts dup',
    'update contacts a',
    'update contacts b',
    'update contacts c',
    'update contacts d',
  ]);
  await expect(apply(summary)).resolves.toMatchObject({ state: 'done', applied: 5 });
  expect(emails()).toEqual(good);
});

/** Twenty contacts; the sync overwrote the names of twelve, and somebody edited two of these. */
async function overwritten(): Promise<{ readonly base: string; readonly damaged: string }> {
  world = await openWorld({ ...crmSchema(), batch: 5 });
  for (let i = 0; i < 20; i += 1)
    world.connector.put('contacts', `p${String(i).padStart(2, '0')}`, { name: `N${i}`, email: `${i}@x`, phone: i < 4 ? 'a' : 'b' }, 'import');
  const base = await world.take();
  for (let i = 0; i < 12; i += 1) world.connector.put('contacts', `p${String(i).padStart(2, '0')}`, { name: 'bad' }, 'sync:x');
  const damaged = await world.take();
  for (const key of ['p01', 'p02']) world.connector.put('contacts', key, { name: 'edited' }, 'ui:1');
  return { base, damaged };
}

test('a plan, its application and its verification make the fewest calls there can be', async () => {
  const { base, damaged } = await overwritten();
  const { calls } = world.connector;
  Object.assign(calls, { read: 0, readLinks: 0, write: 0, describe: 0 });
  const summary = await plan(base, damaged);
  // Twelve keys differ, five fit into a call.
  expect(calls).toMatchObject({ read: 3, readLinks: 0, write: 0, describe: 1 });
  Object.assign(calls, { read: 0, describe: 0 });
  await apply(summary);
  // A first batch of three and two of five and two, each looked at before and after.
  expect(calls).toMatchObject({ read: 6, readLinks: 0, write: 3, describe: 0 });
  Object.assign(calls, { read: 0 });
  await verifyRestore(summary.header.id, world.deps);
  expect(calls).toMatchObject({ read: 2, readLinks: 0, describe: 0 });
});

test('decisions make a new plan that names the old one, and only what was decided is added', async () => {
  const { base, damaged } = await overwritten();
  const summary = await plan(base, damaged);
  expect(summary.header.counts).toMatchObject({ records: 10, conflicts: { 'edited-since': 2 } });
  const reads = world.connector.calls.read;
  const next = await decideConflicts(summary.header.id, { 'contacts/p01/name': 'restore', 'edited-since': 'keep' }, 'lee', world.deps);
  expect(world.connector.calls.read).toBe(reads);
  expect(next.header).toMatchObject({ from: summary.header.id, createdBy: 'lee', counts: { records: 11, conflicts: {} } });
  expect(next.hash).not.toBe(summary.hash);
  await apply(next);
  const names = Object.values(world.connector.state().records['contacts'] ?? {}).map((fields: Fields) => fields['name']);
  expect(names).toEqual(['N0', 'N1', 'edited', ...Array.from({ length: 17 }, (_, i) => `N${i + 3}`)]);
  await expect(decideConflicts(summary.header.id, { 'contacts/nobody/name': 'keep' }, 'lee', world.deps)).rejects.toMatchObject({
    code: 'not-found',
  });
});

test('filters limit a plan: keys, object types, a condition', async () => {
  const { base, damaged } = await overwritten();
  const keys = async (filters: Partial<PlanFilters>): Promise<string[]> => words((await lines(await plan(base, damaged, filters))).changes);
  expect(await keys({ keys: ['p03', 'p15'] })).toEqual(['update contacts p03']);
  expect(await keys({ objects: ['companies'] })).toEqual([]);
  expect(await keys({ where: 'field == "name" && base.phone == "a"' })).toEqual(['update contacts p00', 'update contacts p03']);
  await expect(keys({ where: 'fild == "name"' })).rejects.toMatchObject({ code: 'expression-invalid' });
  await expect(keys({ where: 'base.name' })).rejects.toMatchObject({ code: 'expression-invalid' });
});

test('links that were cut come back, links that were made go, later ones stay', async () => {
  world = await openWorld(crmSchema());
  const { connector } = world;
  for (const key of ['c1', 'c2', 'c3']) connector.put('companies', key, { name: key, city: null }, 'import');
  connector.put('contacts', 'p', { name: 'p', email: 'p@x' }, 'import');
  connector.relate(WORKS_AT, { from: 'p', to: 'c1' }, true);
  const base = await world.take();
  connector.relate(WORKS_AT, { from: 'p', to: 'c1' }, false);
  connector.relate(WORKS_AT, { from: 'p', to: 'c2' }, true);
  const damaged = await world.take();
  connector.relate(WORKS_AT, { from: 'p', to: 'c3' }, true);
  const summary = await plan(base, damaged);
  expect(words((await lines(summary)).changes)).toEqual(['link p>c1', 'unlink p>c2']);
  expect(summary.header.counts).toMatchObject({ records: 1, actions: { link: 1, unlink: 1 } });
  await apply(summary);
  expect(connector.state().links).toEqual({ 'contacts~companies~primary': ['p>c1', 'p>c3'] });
  const refused = await plan(base, damaged, { unattributed: 'refuse' });
  expect(refused.header.counts).toMatchObject({ records: 0, nothingToDo: 2 });
});

test('an undeleted record holds what it held in the base', async () => {
  world = await openWorld({ objects: [objectType('leads', [field('name'), field('city')], { undelete: true })], batch: 2 });
  for (let i = 0; i < 5; i += 1) world.connector.put('leads', `l${i}`, { name: `N${i}`, city: 'x' }, 'import');
  const good = world.connector.state();
  const base = await world.take();
  for (let i = 0; i < 5; i += 1) {
    world.connector.put('leads', `l${i}`, { name: 'bad' }, 'sync:x');
    world.connector.put('leads', `l${i}`, null, 'sync:x');
  }
  const summary = await plan(base, await world.take());
  expect(summary.header.counts.actions).toEqual({ undelete: 5 });
  await expect(apply(summary)).resolves.toMatchObject({ state: 'done', applied: 5, total: 5 });
  expect(world.connector.state()).toEqual(good);
});

test('an unreadable part of the base is a conflict; the rest is restored, and nothing in it is taken for new', async () => {
  world = await openWorld(crmSchema());
  for (let i = 0; i < 6; i += 1) {
    world.connector.put('contacts', `p${i}`, { name: 'good', email: `${i}@x` }, 'import');
    world.connector.put('companies', `c${i}`, { name: 'good', city: null }, 'import');
  }
  const base = await world.take();
  for (let i = 0; i < 6; i += 1) {
    world.connector.put('contacts', `p${i}`, { name: 'bad' }, 'sync:x');
    world.connector.put('companies', `c${i}`, { name: 'bad' }, 'sync:x');
  }
  const damaged = await world.take();
  const [path = ''] = (await readdir(world.backups)).filter((name) => name.includes(base)).map((name) => join(world.backups, name));
  const bytes = await readFile(path);
  const at = bytes.indexOf('contacts/00001.ndjson') + 'contacts/00001.ndjson'.length + 30;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  await writeFile(path, bytes);
  const { changes, conflicts } = await lines(await plan(base, damaged));
  expect(words(changes)).toEqual(Array.from({ length: 6 }, (_, i) => `update companies c${i}`));
  expect(conflicts).toMatchObject([{ code: 'base-unreadable', object: 'contacts', key: 'p0', choices: { keep: expect.any(String) as unknown } }]);
});

test('only one kind of damage: the others are not even looked at', async () => {
  world = await openWorld(crmSchema());
  const { connector } = world;
  for (const key of ['c1', 'c2']) connector.put('companies', key, { name: key, city: null }, 'import');
  for (const key of ['p', 'q', 'r']) connector.put('contacts', key, { name: key, email: `${key}@x` }, 'import');
  for (const from of ['p', 'q']) connector.relate(WORKS_AT, { from, to: 'c1' }, true);
  const base = await world.take();
  connector.put('contacts', 'r', { name: 'bad' }, 'sync:x');
  connector.put('contacts', 'q', null, 'sync:x');
  connector.put('contacts', 'new', { name: 'copy', email: 'copy@x' }, 'sync:x');
  connector.relate(WORKS_AT, { from: 'p', to: 'c1' }, false);
  const damaged = await world.take();
  const changes = async (...only: NonNullable<PlanFilters['only']>): Promise<string[]> => {
    connector.calls.read = 0;
    return words((await lines(await plan(base, damaged, { only }))).changes);
  };
  expect(await changes('changed')).toEqual(['update contacts r']);
  expect(connector.calls.read).toBe(1);
  expect(await changes('created')).toEqual(['delete contacts new']);
  expect(await changes('deleted')).toEqual(['create contacts q', 'link q>c1']);
  expect(await changes('links')).toEqual(['link p>c1']);
  // Nothing but the two ends of the link.
  expect(connector.calls.read).toBe(2);
});

test('a field that is named to be left alone is left alone, and what is decided with it', async () => {
  const { base, damaged } = await overwritten();
  expect((await plan(base, damaged, { exceptFields: ['name'] })).header.counts).toMatchObject({ records: 0, conflicts: {} });
  expect((await plan(base, damaged, { exceptFields: ['phone'] })).header.counts).toMatchObject({ records: 10 });
});

test('one field edited between plan and write keeps that field only; the rest of the record is repaired, and can be undone', async () => {
  world = await openWorld(crmSchema());
  const { connector } = world;
  connector.put('contacts', 'p', { name: 'N', phone: 'a' }, 'import');
  const base = await world.take();
  connector.put('contacts', 'p', { name: 'bad', phone: 'bad' }, 'sync:x');
  const damaged = await world.take();
  const summary = await plan(base, damaged);
  connector.put('contacts', 'p', { name: 'edited' }, 'ui:1');
  const { id } = await apply(summary);
  const now = (): Fields | undefined => connector.state().records['contacts']?.['p'];
  expect(now()).toMatchObject({ name: 'edited', phone: 'a' });
  expect(await verifyRestore(summary.header.id, world.deps)).toMatchObject({ remaining: 0, conflicts: 1 });
  await undoRestore(id, 'maya', world.deps);
  expect(now()).toMatchObject({ name: 'edited', phone: 'bad' });
});
