import { afterEach, expect, test } from 'vitest';

import { decideConflicts, planRestore, readPlan, verifyRestore, type PlanConflict, type PlanFilters } from '../../src/restores/index.js';
import { createSnapshot } from '../../src/snapshots/index.js';
import { crmSchema, field, FILTERS, objectType, openWorld, WORKS_AT, type World } from '../support/restore-world.js';

let world: World;
afterEach(() => world.close());

/** Twelve contacts whose names the sync has overwritten, each linked to a company. */
async function overwritten(options: Partial<Parameters<typeof openWorld>[0]> = {}): Promise<{ readonly base: string; readonly damaged: string }> {
  world = await openWorld({ ...crmSchema(), ...options });
  world.connector.put('companies', 'c', { name: 'C', city: null }, 'import');
  for (let i = 0; i < 12; i += 1) {
    world.connector.put('contacts', `p${i}`, { name: `N${i}`, email: `${i}@x` }, 'import');
    world.connector.relate(WORKS_AT, { from: `p${i}`, to: 'c' }, true);
  }
  const base = await world.take();
  for (let i = 0; i < 12; i += 1) world.connector.put('contacts', `p${i}`, { name: 'bad' }, 'sync:x');
  return { base, damaged: await world.take() };
}

const plan = (pair: { readonly base: string; readonly damaged: string }, filters: Partial<PlanFilters>, suspectsNamed = false) =>
  planRestore({ ...pair, filters: { ...FILTERS, ...filters }, suspectsNamed, by: 'maya' }, world.deps);

// A user would lose: records that the limit was to keep out (G29).
test('a window limits a plan although suspects are known', async () => {
  const pair = await overwritten();
  for (const limit of [
    { until: '2001-01-01T00:00:00Z' },
    { since: '2099-01-01T00:00:00Z' },
    { since: '2001-01-01T00:00:00Z', until: '2001-01-02T00:00:00Z' },
  ])
    for (const unattributed of ['refuse', 'unknown', 'include'] as const)
      expect((await plan(pair, { ...limit, unattributed })).header.counts).toMatchObject({ records: 0, conflicts: { unattributed: 12 } });
  expect((await plan(pair, { since: '2001-01-01T00:00:00Z' })).header.counts.records).toBe(12);
});

test.each<[string, Partial<PlanFilters>, string, RegExp]>([
  ['since', { since: 'gestern' }, 'usage', /2026-11-22T14:00Z/],
  ['until', { until: '2026-11-22T14:00' }, 'usage', /zone/],
  ['since', { since: '2h' }, 'usage', /no time/],
  ['until', { since: '2026-11-22T14:00Z', until: '2026-11-21T14:00Z' }, 'usage', /is before the start time/],
  ['fields', { fields: ['name', 'emial'] }, 'not-found', /did you mean "email"/],
  ['exceptFields', { exceptFields: ['nmae'] }, 'not-found', /did you mean "name"/],
  ['fields', { objects: ['companies'], fields: ['phone'] }, 'not-found', /field phone/],
  ['keys', { keys: ['p1', 'p99'] }, 'not-found', /p99/],
  ['objects', { objects: ['contact'] }, 'not-found', /did you mean "contacts"/],
  ['only', { only: ['created'], deleteCreated: false }, 'usage', /delete-created/],
  ['keys', { objects: ['companies'], keys: ['p1'] }, 'not-found', /p1/],
  ['where', { where: 'base.nmae != damaged.name' }, 'expression-invalid', /did you mean "name"/],
  ['where', { where: 'field == "emial"' }, 'expression-invalid', /did you mean "email"/],
  ['where', { where: 'field in ["name", "fone"]' }, 'expression-invalid', /fone/],
  ['where', { where: 'object == "contact"' }, 'expression-invalid', /did you mean "contacts"/],
  ['where', { where: '"nmae" in base' }, 'expression-invalid', /nmae/],
  ['where', { where: 'size(field)' }, 'expression-invalid', /yes or no/],
  ['where', { where: 'base.name =! "x"' }, 'expression-invalid', /cannot be used/],
])('a limit that cannot be honoured is refused, and named: %s %j', async (limit, filters, code, words) => {
  const pair = await overwritten();
  const refused = await plan(pair, filters).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code, data: { limit } });
  expect(`${(refused as Error).message} ${JSON.stringify(refused)} ${String((refused as { why?: string }).why)}`).toMatch(words);
});

// A user would lose: links that were made rightly, cut although the filter was about somebody else (G29).
test.each<[string, Partial<PlanFilters>, number]>([
  ['an expression about one record', { where: 'key == "p1"' }, 1],
  ['an expression about the other end', { where: 'object == "companies" && base.name == "C"' }, 12],
  ['an expression about the other end, of an object type left out', { where: 'key == "c"', objects: ['contacts'] }, 0],
  ['an expression about what stands there', { where: 'base.name in ["N2", "N3"] && live.name == "bad"' }, 2],
  ['an expression about a field', { where: 'field == "name"' }, 0],
  ['an expression that nothing meets', { where: 'base.name == "nobody"' }, 0],
  ['a key', { keys: ['p1'] }, 1],
  ['the key of the other end', { keys: ['c'] }, 12],
])('links are limited too: %s', async (_name, filters, links) => {
  const { base } = await overwritten();
  for (let i = 0; i < 12; i += 1) world.connector.relate(WORKS_AT, { from: `p${i}`, to: 'c' }, false);
  const { header } = await plan({ base, damaged: await world.take() }, { ...filters, unattributed: 'include' });
  expect(header.counts.actions.link ?? 0).toBe(links);
});

test('a key means records of the object types that the plan is limited to, at the ends of links too', async () => {
  world = await openWorld(crmSchema());
  for (const key of ['1', '2']) {
    world.connector.put('companies', key, { name: key }, 'import');
    world.connector.put('contacts', key, { name: key }, 'import');
  }
  world.connector.relate(WORKS_AT, { from: '1', to: '2' }, true);
  world.connector.relate(WORKS_AT, { from: '2', to: '1' }, true);
  const base = await world.take();
  world.connector.relate(WORKS_AT, { from: '1', to: '2' }, false);
  world.connector.relate(WORKS_AT, { from: '2', to: '1' }, false);
  const pair = { base, damaged: await world.take() };
  const links = async (filters: Partial<PlanFilters>) => (await plan(pair, { ...filters, unattributed: 'include' })).header.counts.actions.link;
  expect(await links({ keys: ['1'] })).toBe(2);
  expect(await links({ keys: ['1'], objects: ['contacts'] })).toBe(1);
  expect(await links({ keys: ['1'], objects: ['companies'] })).toBe(1);
});

test('a field of one object type may be named in a filter over several', async () => {
  const pair = await overwritten();
  world.connector.put('companies', 'c', { city: 'bad' }, 'sync:x');
  const damaged = await world.take();
  const { header } = await plan({ base: pair.base, damaged }, { where: 'object == "companies" || base.phone == null' });
  expect(header.counts.records).toBe(13);
});

test('writers that a person names are refused where they would limit nothing', async () => {
  const pair = await overwritten({ history: 'none' });
  await expect(plan(pair, { suspects: ['sync:x'], unattributed: 'unknown' }, true)).rejects.toMatchObject({
    code: 'usage',
    data: { limit: 'suspects' },
  });
  expect((await plan(pair, { suspects: ['sync:x'], unattributed: 'include' }, true)).header.counts).toMatchObject({ records: 12, unproved: 12 });
  expect((await plan(pair, { suspects: ['sync:x'], unattributed: 'refuse' }, true)).header.counts.records).toBe(0);
  // Those that are known of the syncs are no limit that somebody gave: it is told that nothing ties the changes to
  // them.
  expect((await plan(pair, { suspects: ['sync:x'], unattributed: 'unknown' })).header.counts).toMatchObject({ records: 12, unproved: 12 });
});

// A user would lose: links, cut because a snapshot made with --object had not read them (G17).
test.each(['base', 'damaged'] as const)('what a %s made with --object does not hold is no difference, and is told', async (side) => {
  const pair = await overwritten();
  const { store, clock, backups } = world;
  const part = await createSnapshot({ platforms: [world.deps.platform], objects: ['contacts'], by: 'test' }, { dir: backups, store, clock });
  const ids = side === 'base' ? { base: part.id, damaged: await world.take() } : { base: pair.base, damaged: part.id };
  for (const filters of [{}, { objects: ['contacts'] }]) {
    const { header } = await plan(ids, { ...filters, unattributed: 'include' });
    expect(header.counts.actions).toEqual(side === 'base' ? {} : { update: 12 });
    expect(header.counts.nothingToDo).toBe(0);
    if (!('objects' in filters)) expect(header.notCovered?.map(({ object }) => object)).toContain('companies');
  }
  await expect(plan(ids, { objects: ['companies'] })).rejects.toMatchObject({ code: 'not-found', data: { limit: 'objects' } });
});

const OUT = field('optout', { type: 'boolean', readOnly: true, optedOut: [true], byHand: 'the preferences of the person' });
const SCORE = field('score', { readOnly: true });
const STATUS = field('status', { readOnly: true, byHand: 'a list of these people' });

/** Six people who opted out, five of whom the sync has opted in again; the fields cannot be written. */
async function optedInAgain(): Promise<{ readonly base: string; readonly damaged: string }> {
  world = await openWorld({ objects: [objectType('contacts', [field('name'), OUT, SCORE, STATUS])] });
  for (let i = 0; i < 6; i += 1) world.connector.put('contacts', `p${i}`, { name: `N${i}`, optout: true, score: '1', status: 'a' }, 'import');
  const base = await world.take();
  for (let i = 0; i < 5; i += 1) world.connector.put('contacts', `p${i}`, { optout: false, score: '2' }, 'sync:x');
  world.connector.put('contacts', 'p0', { status: 'b' }, 'sync:x');
  // Somebody may opt in again by their own will.
  world.connector.put('contacts', 'p5', { optout: false }, 'form:1');
  return { base, damaged: await world.take() };
}

// A user would lose: the opt-outs of people, without a word.
test('harm in fields that cannot be written is told with the plan, and never proved over', async () => {
  const pair = await optedInAgain();
  const { header } = await plan(pair, {});
  expect(header.counts).toMatchObject({ records: 0, conflicts: { consent: 5, 'read-only': 1 } });
  expect(header.counts.byHand).toEqual([
    { object: 'contacts', field: 'optout', records: 5, how: OUT.byHand },
    { object: 'contacts', field: 'status', records: 1, how: STATUS.byHand },
  ]);
  const lines: PlanConflict[] = [];
  for await (const line of (await readPlan(world.store, header.id)).lines()) if (line.kind === 'conflict') lines.push(line);
  expect(lines.find(({ field: name }) => name === 'optout')).toMatchObject({
    base: true,
    damaged: false,
    live: false,
    choices: {},
    byHand: OUT.byHand,
  });
  expect(lines.every(({ change }) => change === undefined)).toBe(true);
  // No decision about a whole kind makes it go away.
  const decided = await decideConflicts(header.id, { consent: 'keep', 'read-only': 'keep' }, 'maya', world.deps);
  expect(decided.header.counts.byHand).toEqual(header.counts.byHand);
  expect(await verifyRestore(decided.header.id, world.deps)).toMatchObject({ remaining: 0, byHand: [{ records: 5 }, { records: 1 }] });
  for (let i = 0; i < 5; i += 1) world.connector.put('contacts', `p${i}`, { optout: true }, 'ui:maya');
  world.connector.put('contacts', 'p0', { status: 'a' }, 'ui:maya');
  expect(await verifyRestore(decided.header.id, world.deps)).toMatchObject({ remaining: 0, byHand: [] });
});

test('the limits of a plan hold for what cannot be written too', async () => {
  const pair = await optedInAgain();
  const counts = async (filters: Partial<PlanFilters>) => (await plan(pair, filters)).header.counts.byHand ?? [];
  expect(await counts({ fields: ['name'] })).toEqual([]);
  expect(await counts({ fields: ['optout'] })).toMatchObject([{ field: 'optout', records: 5 }]);
  expect(await counts({ exceptFields: ['optout'] })).toMatchObject([{ field: 'status' }]);
  expect(await counts({ where: 'base.optout == true && live.optout == false && key == "p1"' })).toMatchObject([{ records: 1 }]);
  expect(await counts({ until: '2001-01-01T00:00:00Z' })).toEqual([]);
  // An expression sees the fields that are watched, also where it decides about others; those that nobody compares are
  // refused.
  world.connector.put('contacts', 'p5', { name: 'bad' }, 'sync:x');
  const again = { base: pair.base, damaged: await world.take() };
  expect((await plan(again, { where: 'base.optout == true' })).header.counts.records).toBe(1);
  expect((await plan(again, { where: 'base.optout == false' })).header.counts.records).toBe(0);
  await expect(plan(pair, { where: 'base.score == null' })).rejects.toMatchObject({ code: 'expression-invalid', data: { limit: 'where' } });
  await expect(plan(pair, { fields: ['score'] })).rejects.toMatchObject({ code: 'usage', data: { limit: 'fields' } });
});

test('a record that is created again without its opt-out is told', async () => {
  const pair = await optedInAgain();
  world.connector.put('contacts', 'p5', null, 'sync:x');
  const { header } = await plan({ base: pair.base, damaged: await world.take() }, {});
  expect(header.counts).toMatchObject({ actions: { create: 1 }, byHand: [{ field: 'optout', records: 6 }, { field: 'status' }] });
});

test('an opt-out that a record came back without is told, and one that was deleted later', async () => {
  const { base } = await optedInAgain();
  for (const key of ['p3', 'p5']) world.connector.put('contacts', key, null, 'sync:x');
  const damaged = await world.take();
  world.connector.put('contacts', 'p3', { name: 'N3', optout: false }, 'ui:maya');
  world.connector.put('contacts', 'p5', { name: 'N5', optout: true }, 'ui:maya');
  world.connector.put('contacts', 'p4', null, 'ui:maya');
  const { header } = await plan({ base, damaged }, {});
  const told: string[] = [];
  for await (const line of (await readPlan(world.store, header.id)).lines())
    if (line.kind === 'conflict' && line.code === 'consent') told.push(line.id);
  expect(told.sort()).toEqual(['p0', 'p1', 'p2', 'p3', 'p4'].map((key) => `contacts/${key}/optout`));
});

// A user would lose: values, emptied since the base held them where nobody could write them (or a plan full of fields
// that nobody touched).
test.each([
  ['can be written since the base', true, false],
  ['cannot be written since the base', false, true],
])('a field that %s keeps its value', async (_name, then, now) => {
  const note = (readOnly: boolean) => [field('name'), field('note', { readOnly })];
  const objects = [objectType('contacts', note(then))];
  world = await openWorld({ objects });
  for (const key of ['1', '2', '3']) world.connector.put('contacts', key, { name: 'N', note: 'good' }, 'import');
  const base = await world.take();
  objects[0] = objectType('contacts', note(now));
  world.connector.put('contacts', '1', { name: 'bad' }, 'sync:x');
  world.connector.put('contacts', '2', { note: 'bad' }, 'sync:x');
  const { header } = await plan({ base, damaged: await world.take() }, {});
  const lines = [];
  for await (const line of (await readPlan(world.store, header.id)).lines()) lines.push(line);
  expect(lines).toMatchObject(
    now
      ? [
          { key: '1', fields: { name: { to: 'N' } } },
          { code: 'read-only', key: '2', field: 'note' },
        ]
      : [
          { key: '1', fields: { name: { to: 'N' } } },
          { key: '2', fields: { note: { from: 'bad', to: 'good' } } },
        ],
  );
  expect(lines).toHaveLength(2);
});

test('a field that is to be left as it is is left out of what is created again', async () => {
  const pair = await overwritten();
  world.connector.put('contacts', 'p3', null, 'sync:x');
  const { header } = await plan({ base: pair.base, damaged: await world.take() }, { exceptFields: ['email'], only: ['deleted'] });
  const lines = [];
  for await (const line of (await readPlan(world.store, header.id)).lines()) lines.push(line);
  expect(lines.filter((line) => line.kind === 'change' && line.action === 'create')).toMatchObject([
    { action: 'create', key: 'p3', fields: { name: { to: 'N3' } } },
  ]);
  expect(JSON.stringify(lines)).not.toContain('3@x');
});
