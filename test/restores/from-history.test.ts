import { afterEach, describe, expect, it } from 'vitest';

import { checked, type Platform } from '../../src/connectors/index.js';
import {
  applyRestore,
  checkHistoryLimits,
  confirmationOf,
  decideConflicts,
  dropOldReadings,
  dropReadings,
  planFromHistory,
  readPlan,
  undoRestore,
  verifyRestore,
  type ApplyDeps,
  type PlanConflict,
  type PlanFilters,
} from '../../src/restores/index.js';
import { integration, person } from '../../src/sandbox/index.js';
import { openBench, type Bench } from '../connectors/hubspot-support.js';
import { CONFIG } from '../support/restore-world.js';
import { temporaryStore } from '../support/store.js';

const HOUR_MS = 3_600_000;
const SYNC = 'INTEGRATION:777';

interface World extends Bench {
  readonly deps: ApplyDeps;
  readonly maya: ReturnType<Bench['sandbox']['writeAs']>;
  readonly sync: ReturnType<Bench['sandbox']['writeAs']>;
  /** What every live contact holds, by id. */
  truth(): ReadonlyMap<string, Readonly<Record<string, string>>>;
}

let world: World;
afterEach(() => world.stop());

/** An account without a single snapshot. */
async function open(options: Parameters<typeof openBench>[0] = {}, objects: readonly string[] = ['contacts']): Promise<World> {
  const bench = await openBench({ searchLagMs: 8000, ...options });
  const { sandbox, connector, clock } = bench;
  const identity = await connector.identify();
  const platform: Platform = { name: 'crm', connector, identity, environment: 'sandbox', objects, close: () => Promise.resolve() };
  const { store } = await temporaryStore(clock);
  const catalog = { open: () => Promise.reject(new Error('there is no snapshot')) };
  world = {
    ...bench,
    deps: { store, clock, catalog, platform, config: CONFIG },
    maya: sandbox.writeAs(person(42)),
    sync: sandbox.writeAs(integration('777', 'Bad sync')),
    truth: () =>
      new Map(
        sandbox
          .records('contacts')
          .filter(({ archived }) => !archived)
          .map(({ id, properties }) => [id, Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== ''))]),
      ),
  };
  return world;
}

/** Contacts that were there for a day before the incident begins. */
function people(count: number): readonly string[] {
  const ids = Array.from({ length: count }, (_, i) =>
    world.maya.create('contacts', {
      email: `p${i}@example.com`,
      firstname: `First ${i}`,
      jobtitle: 'Boss',
      ...(i % 2 === 0 ? { city: 'Oslo' } : {}),
    }),
  );
  world.clock.advance(24 * HOUR_MS);
  return ids;
}

/** The beginning of the window: a minute before now. */
function began(): string {
  const since = world.clock.now().toISOString();
  world.clock.advance(60_000);
  return since;
}

const filtersSince = (since: string, more: Partial<PlanFilters> = {}): PlanFilters => ({
  since,
  suspects: [SYNC],
  unattributed: 'refuse',
  deleteCreated: false,
  ...more,
});

async function plan(since: string, more: Partial<PlanFilters> = {}) {
  return await planFromHistory({ filters: filtersSince(since, more), by: 'maya' }, world.deps);
}

async function conflictsOf(id: string): Promise<readonly PlanConflict[]> {
  const found: PlanConflict[] = [];
  for await (const line of (await readPlan(world.deps.store, id)).lines()) if (line.kind === 'conflict') found.push(line);
  return found;
}

const apply = async ({ header }: Awaited<ReturnType<typeof plan>>) =>
  await applyRestore({ plan: header.id, by: 'maya', confirmed: confirmationOf(header) }, world.deps);

// A user would lose: everything that a sync wrote over, on the day of the first incident, when there is no snapshot yet.
describe('a rollback without a snapshot', () => {
  it('repairs every damaged cell that history covers, leaves every other one, lists the rest, and is undone like any', async () => {
    const { maya, sync, clock, truth, deps } = await open({}, ['contacts', 'companies']);
    const ids = people(200);
    const company = maya.create('companies', { name: 'Acme', domain: 'acme.example' });
    for (const id of ids.slice(0, 3)) maya.link('contacts', id, 'companies', company);
    sync.update('contacts', ids[5] ?? '', { jobtitle: 'Synced on a good day' });
    clock.advance(HOUR_MS);
    const since = began();
    maya.update('contacts', ids[6] ?? '', { firstname: 'Edited in the window, before the damage' });
    clock.advance(1000);
    const before = new Map(truth());
    for (const id of ids.slice(0, 120)) sync.update('contacts', id, { firstname: 'BAD', city: 'Nowhere' });
    for (const id of ids.slice(0, 60)) sync.update('contacts', id, { jobtitle: '' });
    clock.advance(5000);
    sync.update('contacts', ids[0] ?? '', { firstname: 'BAD again' });
    sync.unlink('contacts', ids[1] ?? '', 'companies', company);
    const made = sync.create('contacts', { email: 'new@example.com', firstname: 'New' });
    sync.archive('contacts', ids[119] ?? '');
    clock.advance(HOUR_MS);
    // Somebody corrects one by hand, and others are worked on as on any day.
    maya.update('contacts', ids[7] ?? '', { firstname: 'By hand' });
    for (const id of ids.slice(10, 20)) maya.update('contacts', id, { lastname: 'Married' });
    maya.update('contacts', ids[125] ?? '', { firstname: 'Ordinary work' });
    clock.advance(HOUR_MS);
    const damaged = truth();

    const one = await plan(since);
    // Of those who were not written to, the histories are not read.
    expect(one.header.history?.objects).toEqual([
      { object: 'contacts', read: 121, of: 200, written: 120 },
      { object: 'companies', read: 1, of: 1, written: 0 },
    ]);
    expect(one.header.counts).toMatchObject({ actions: { update: 119 }, conflicts: { 'edited-since': 1 } });
    expect(one.header.counts.unproved).toBeUndefined();
    const gaps = (one.header.notCovered ?? []).filter(({ object }) => object === 'contacts');
    expect(gaps.map(({ extent, records }) => [extent, records])).toEqual([
      ['created', 1],
      ['deleted', 1],
      ['links', undefined],
      ['consent', undefined],
    ]);

    const done = await apply(one);
    expect(done).toMatchObject({ state: 'done', moved: 0, rejected: 0, failed: 0, inDoubt: 0 });
    expect(await verifyRestore(one.header.id, deps)).toMatchObject({ remaining: 0 });
    const after = truth();
    const names = ['firstname', 'city', 'jobtitle'];
    for (const [id, was] of before) {
      if (id === ids[119]) continue;
      const wanted = id === ids[7] ? { ...was, firstname: 'By hand' } : id === ids[125] ? { ...was, firstname: 'Ordinary work' } : was;
      expect([id, ...names.map((name) => after.get(id)?.[name])]).toEqual([id, ...names.map((name) => wanted[name])]);
    }
    expect(ids.slice(10, 20).map((id) => after.get(id)?.['lastname'])).toEqual(Array.from({ length: 10 }, () => 'Married'));
    expect(after.get(made)).toMatchObject({ firstname: 'New' });
    expect(after.has(ids[119] ?? '')).toBe(false);

    expect((await undoRestore(done.id, 'maya', deps)).state).toBe('undone');
    for (const [id, was] of damaged) expect([id, truth().get(id)?.['firstname']]).toEqual([id, was['firstname']]);
    expect(await deps.store.list('history-readings')).toEqual([]);
    expect(await deps.store.ledgers('history-readings')).toEqual([]);
  });

  it('finds a record that was edited innocently for weeks after the window, and takes a window by its end', async () => {
    const { maya, sync, clock, truth } = await open();
    const [first = '', second = '', third = ''] = people(30);
    const since = began();
    sync.update('contacts', first, { city: 'Nowhere' });
    clock.advance(HOUR_MS);
    const until = clock.now().toISOString();
    clock.advance(HOUR_MS);
    sync.update('contacts', second, { city: 'A good write of the same sync, later' });
    sync.update('contacts', third, { city: 'Nowhere' });
    clock.advance(20 * 24 * HOUR_MS);
    maya.update('contacts', first, { jobtitle: 'Chief' });
    clock.advance(HOUR_MS);
    await apply(await plan(since, { until }));
    expect([first, second, third].map((id) => [truth().get(id)?.['city'], truth().get(id)?.['jobtitle']])).toEqual([
      ['Oslo', 'Chief'],
      ['A good write of the same sync, later', 'Boss'],
      ['Nowhere', 'Boss'],
    ]);
  });

  it('never guesses: a value that fell off the end of the history is a conflict without a choice, and counted', async () => {
    const { maya, sync, clock, truth } = await open();
    const [first = '', second = ''] = people(3);
    for (let n = 0; n < 5; n += 1) {
      maya.update('contacts', second, { city: `Town ${n}` });
      clock.advance(1000);
    }
    const since = began();
    for (let n = 0; n < 50; n += 1) {
      sync.update('contacts', first, { city: `Bad ${n}` });
      clock.advance(1000);
    }
    for (let n = 0; n < 30; n += 1) {
      sync.update('contacts', second, { city: `Bad ${n}` });
      clock.advance(1000);
    }
    clock.advance(HOUR_MS);
    const one = await plan(since);
    expect(await conflictsOf(one.header.id)).toMatchObject([
      { code: 'base-unreadable', key: first, field: 'city', live: 'Bad 49', choices: { keep: expect.any(String) } },
    ]);
    expect((await conflictsOf(one.header.id))[0]?.choices).not.toHaveProperty('restore');
    expect(one.header.notCovered).toContainEqual(expect.objectContaining({ object: 'contacts', extent: 'beyond', records: 1 }));
    await apply(one);
    expect([first, second].map((id) => truth().get(id)?.['city'])).toEqual(['Bad 49', 'Town 4']);
  });

  it('leaves a merged record of which the history mixes two', async () => {
    const { maya, sync, clock, truth } = await open();
    const [kept = '', gone = '', same = '', other = ''] = people(6);
    maya.update('contacts', kept, { city: 'Bergen' });
    clock.advance(1000);
    maya.update('contacts', gone, { city: 'Trondheim' });
    clock.advance(1000);
    maya.merge('contacts', gone, kept);
    maya.merge('contacts', other, same);
    clock.advance(HOUR_MS);
    const since = began();
    sync.update('contacts', kept, { city: 'Nowhere' });
    sync.update('contacts', same, { jobtitle: 'Nothing' });
    clock.advance(HOUR_MS);
    const one = await plan(since);
    expect(await conflictsOf(one.header.id)).toMatchObject([{ code: 'base-unreadable', key: kept, field: 'city' }]);
    expect(one.header.notCovered).toContainEqual(expect.objectContaining({ extent: 'merged', records: 1 }));
    await apply(one);
    // Both had the same title: whichever stood there, it comes back.
    expect([truth().get(kept)?.['city'], truth().get(same)?.['jobtitle']]).toEqual(['Nowhere', 'Boss']);
  });

  it('names the fields that have no history, after it has asked twice', async () => {
    const { sync, clock, truth } = await open({ account: { withoutHistory: ['contacts/jobtitle'] } });
    const ids = people(120);
    const since = began();
    for (const id of ids) sync.update('contacts', id, { jobtitle: 'Nothing', city: 'Nowhere' });
    clock.advance(HOUR_MS);
    const one = await plan(since);
    expect(one.header.notCovered).toContainEqual(expect.objectContaining({ extent: 'fields', records: 120, fields: ['jobtitle'] }));
    await apply(one);
    expect(ids.map((id) => [truth().get(id)?.['city'], truth().get(id)?.['jobtitle']])).toEqual(
      ids.map((_, i) => [i % 2 === 0 ? 'Oslo' : undefined, 'Nothing']),
    );
  });

  it('asks where someone wrote between two passes of the incident, and takes the decision as any plan does', async () => {
    const { maya, sync, clock, truth, deps } = await open();
    const [first = ''] = people(2);
    const since = began();
    sync.update('contacts', first, { city: 'Bad' });
    clock.advance(1000);
    maya.update('contacts', first, { city: 'Correct' });
    clock.advance(1000);
    sync.update('contacts', first, { city: 'Bad again' });
    clock.advance(HOUR_MS);
    const one = await plan(since);
    expect(await conflictsOf(one.header.id)).toMatchObject([{ code: 'edited-since', key: first, base: 'Oslo' }]);
    const decided = await decideConflicts(one.header.id, { 'edited-since': 'restore' }, 'maya', deps);
    expect(decided.header).toMatchObject({ from: one.header.id, counts: { records: 1, of: 2 } });
    await apply(decided);
    expect(truth().get(first)?.['city']).toBe('Oslo');
  });

  it('sees what is written while it reads', async () => {
    const { maya, sync, clock, connector, truth, deps } = await open();
    const ids = people(200);
    const since = began();
    for (const id of ids) sync.update('contacts', id, { city: 'Nowhere' });
    clock.advance(HOUR_MS);
    let reads = 0;
    const meddling: Platform = {
      ...deps.platform,
      connector: {
        ...checked(connector),
        read: (request, options) => {
          reads += 1;
          // What was read first is written again: by a person, and by the sync that is still running.
          if (reads === 4) maya.update('contacts', ids[0] ?? '', { city: 'By hand' });
          if (reads === 4) sync.update('contacts', ids[1] ?? '', { jobtitle: 'Nothing' });
          clock.advance(100);
          return connector.read(request, options);
        },
      },
    };
    const one = await planFromHistory({ filters: filtersSince(since), by: 'maya' }, { ...deps, platform: meddling });
    expect(one.header.counts).toMatchObject({ actions: { update: 199 }, conflicts: { 'edited-since': 1 } });
    expect(one.header.history?.objects).toMatchObject([{ read: 200, of: 200, written: 200 }]);
    await apply(one);
    expect(ids.slice(0, 2).map((id) => [truth().get(id)?.['city'], truth().get(id)?.['jobtitle']])).toEqual([
      ['By hand', 'Boss'],
      [undefined, 'Boss'],
    ]);
  });
});

describe('a plan from history that is interrupted', () => {
  it('continues where it ended: what was read is not read again', async () => {
    const { sync, clock, connector, deps } = await open();
    const ids = people(2600);
    const since = began();
    for (const id of ids) sync.update('contacts', id, { city: 'Nowhere' });
    clock.advance(HOUR_MS);
    let reads = 0;
    let most = 45;
    const ending: Platform = {
      ...deps.platform,
      connector: {
        ...checked(connector),
        read: (request, options) => {
          reads += 1;
          if (reads > most) throw new Error('the process ends here');
          return connector.read(request, options);
        },
      },
    };
    const again = async () => await planFromHistory({ filters: filtersSince(since), by: 'maya' }, { ...deps, platform: ending });
    await expect(again()).rejects.toThrow('the process ends here');
    expect(await deps.store.ledgers('plans')).toEqual([]);
    [reads, most] = [0, Infinity];
    const made = await again();
    // Of 52 batches two pieces of twenty were kept.
    expect(reads).toBe(12);
    expect(made.header.counts.records).toBe(2600);
    expect(made.header.history?.objects).toMatchObject([{ read: 2600, of: 2600, written: 2600 }]);
    expect(await deps.store.ledgers('history-readings')).toEqual([]);
  });
});

// A user would lose: the promise that a forgotten person is forgotten.
it('what an interrupted plan has kept goes when a person is forgotten', async () => {
  const { sync, clock, connector, deps } = await open();
  const ids = people(20);
  const since = began();
  for (const id of ids) sync.update('contacts', id, { city: 'Nowhere' });
  clock.advance(HOUR_MS);
  const broken = { ...checked(connector), read: () => failing() };
  const platform: Platform = { ...deps.platform, connector: broken };
  await expect(planFromHistory({ filters: filtersSince(since), by: 'maya' }, { ...deps, platform })).rejects.toThrow('the process ends here');
  expect(await deps.store.ledgers('history-readings')).not.toEqual([]);
  await dropReadings(deps.store);
  expect([await deps.store.ledgers('history-readings'), await deps.store.list('history-readings')]).toEqual([[], []]);
  expect((await plan(since)).header.counts.records).toBe(20);
});

describe('limits of a plan from history', () => {
  it('limited to contacts, in a workspace of contacts alone, it writes no field that only says what a link says', async () => {
    const { maya, sync, truth } = await open();
    const [id = ''] = people(3);
    const [good, bad] = ['Good', 'Bad'].map((name) => maya.create('companies', { name }));
    maya.update('contacts', id, { associatedcompanyid: good ?? '' });
    world.clock.advance(HOUR_MS);
    const since = began();
    sync.update('contacts', id, { associatedcompanyid: bad ?? '', firstname: 'BAD' });
    world.clock.advance(HOUR_MS);
    const made = await plan(since, { objects: ['contacts'] });
    expect(made.header.counts).toMatchObject({ records: 1, cells: 1 });
    await apply(made);
    expect(truth().get(id)).toMatchObject({ firstname: 'First 0' });
    expect(world.sandbox.writes().filter(({ request, what }) => request !== undefined && what.includes('associatedcompanyid'))).toEqual([]);
    await expect(plan(since, { fields: ['associatedcompanyid'] })).rejects.toMatchObject({ code: 'usage' });
  });

  it('an expression goes by what stood there before, of fields that are not to be written too', async () => {
    const { sync, truth } = await open();
    const ids = people(6);
    const since = began();
    for (const id of ids) sync.update('contacts', id, { firstname: 'BAD', city: 'Nowhere' });
    world.clock.advance(HOUR_MS);
    await apply(await plan(since, { fields: ['firstname'], where: 'base.city == "Oslo"' }));
    const now = truth();
    expect(ids.map((id) => now.get(id)?.['firstname'])).toEqual(['First 0', 'BAD', 'First 2', 'BAD', 'First 4', 'BAD']);
    expect(ids.map((id) => now.get(id)?.['city'])).toEqual(ids.map(() => 'Nowhere'));
  });

  it('where it is not known what an expression goes by, the record is named and not written', async () => {
    const { sync, truth } = await open();
    const [id = ''] = people(2);
    const since = began();
    for (let n = 0; n < 50; n += 1) {
      sync.update('contacts', id, { city: `Nowhere ${n}` });
      world.clock.advance(1000);
    }
    sync.update('contacts', id, { firstname: 'BAD' });
    world.clock.advance(HOUR_MS);
    const made = await plan(since, { fields: ['firstname'], where: 'base.city == "Oslo"' });
    expect(made.header.counts.records).toBe(0);
    expect(await conflictsOf(made.header.id)).toMatchObject([{ code: 'base-unreadable', key: id, field: 'firstname' }]);
    expect(truth().get(id)?.['firstname']).toBe('BAD');
  });

  it('an object type of the workspace that cannot be described is named', async () => {
    const { sync } = await open({}, ['contacts', 'p_gone']);
    const [id = ''] = people(2);
    const since = began();
    sync.update('contacts', id, { firstname: 'BAD' });
    world.clock.advance(HOUR_MS);
    const made = await plan(since);
    expect(made.header.counts.records).toBe(1);
    expect(made.header.notCovered).toContainEqual({ object: 'p_gone', extent: 'all', why: expect.any(String) as string });
  });

  it('a reading that a process is at work on stays; one that was removed by hand makes no plan of the rest', async () => {
    const { sync, connector, deps } = await open();
    const ids = people(1200);
    const since = began();
    for (const id of ids) sync.update('contacts', id, { firstname: 'BAD' });
    world.clock.advance(HOUR_MS);
    const made = async (meddle: () => Promise<void>): ReturnType<typeof planFromHistory> => {
      let reads = 0;
      const meddling = {
        ...checked(connector),
        read: (...given: Parameters<typeof connector.read>) => {
          reads += 1;
          const first = reads === 24 ? meddle() : Promise.resolve();
          return (async function* () {
            await first;
            yield* checked(connector).read(...given);
          })();
        },
      };
      const platform: Platform = { ...deps.platform, connector: meddling };
      return await planFromHistory({ filters: filtersSince(since), by: 'maya' }, { ...deps, platform });
    };
    let used: readonly string[] = [];
    const { header } = await made(async () => {
      // Somebody is forgotten while the last records are read: that waits.
      used = await dropReadings(deps.store);
    });
    expect([used.length, header.counts.records]).toEqual([1, 1200]);
    const byHand = async (): Promise<void> => {
      for (const id of await deps.store.ledgers('history-readings')) await deps.store.ledger('history-readings', id).delete();
    };
    await expect(made(byHand)).rejects.toMatchObject({ code: 'document-damaged' });
    expect(await deps.store.ledgers('plans')).toEqual([header.id]);
  });

  it('what nobody has continued for a day is removed, with the values in it', async () => {
    const { sync, connector, deps } = await open();
    const [id = ''] = people(3);
    const since = began();
    sync.update('contacts', id, { firstname: 'BAD' });
    world.clock.advance(HOUR_MS);
    const platform: Platform = { ...deps.platform, connector: { ...checked(connector), read: () => failing() } };
    await expect(planFromHistory({ filters: filtersSince(since), by: 'maya' }, { ...deps, platform })).rejects.toThrow('the process ends here');
    await dropOldReadings(deps.store, world.clock.now());
    expect(await deps.store.list('history-readings')).toHaveLength(1);
    world.clock.advance(25 * HOUR_MS);
    await dropOldReadings(deps.store, world.clock.now());
    expect([await deps.store.list('history-readings'), await deps.store.ledgers('history-readings')]).toEqual([[], []]);
  });
});

/** Records of which not even the first can be read. */
const failing = (): AsyncIterable<never> => ({
  [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('the process ends here')) }),
});

describe('what a plan from history is refused for', () => {
  const whole: PlanFilters = { since: '2026-03-01T08:00:00Z', suspects: [SYNC], unattributed: 'refuse', deleteCreated: false };
  it.each<[string, Partial<PlanFilters>, string]>([
    ['no beginning', { since: '' }, 'since'],
    ['no writer', { suspects: [] }, 'suspects'],
    ['links', { only: ['links'] }, 'only'],
    ['created records', { deleteCreated: true }, 'only'],
  ])('%s', async (_what, more, limit) => {
    await open();
    const { since, ...rest } = { ...whole, ...more };
    expect(() => checkHistoryLimits({ ...rest, ...(since === '' || since === undefined ? {} : { since }) })).toThrow(
      expect.objectContaining({ code: 'usage', data: { limit } }),
    );
  });

  it('a key that no record has', async () => {
    await open();
    people(2);
    await expect(plan(began(), { keys: ['999999'] })).rejects.toMatchObject({ code: 'not-found', data: { limit: 'keys' } });
  });
});
