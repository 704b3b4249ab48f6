import { afterEach, expect, test } from 'vitest';

import { isRunbackError, RunbackError } from '../../src/lib/index.js';
import {
  applyRestore,
  confirmationOf,
  planRestore,
  readRestore,
  resumeRestore,
  undoRestore,
  verifyRestore,
  type PlanSummary,
  type RestoreSummary,
} from '../../src/restores/index.js';
import type { Journal, JournalWriter, Store } from '../../src/store/index.js';
import { textOf } from '../support/memory-connector.js';
import { CONFIG, crmSchema, databaseSchema, FILTERS, openWorld, WORKS_AT, type World } from '../support/restore-world.js';
import { everyPoint } from '../support/sweeps.js';

let world: World;
afterEach(() => world.close());

/** Contacts and companies of which many were damaged in every way, and a plan for them. */
async function damagedWorld(options: Partial<Parameters<typeof openWorld>[0]> = {}, config = CONFIG, size = 30): Promise<PlanSummary> {
  const schema = crmSchema();
  world = await openWorld({ ...schema, ...options }, config);
  const { connector } = world;
  const apart = options.objects === undefined;
  connector.put('companies', 'c1', { name: 'Acme', city: 'x' }, 'import');
  connector.put('companies', 'c2', { name: 'Best', city: 'x' }, 'import');
  for (let i = 0; i < size; i += 1) {
    connector.put('contacts', `p${i}`, { name: 'good', email: `${i}@x`, tags: ['a'], ...(apart ? {} : { company: 'c1' }) }, 'import');
    if (apart) connector.relate(WORKS_AT, { from: `p${i}`, to: 'c1' }, true);
  }
  const base = await world.take();
  for (let i = 0; i < size / 2; i += 1) connector.put('contacts', `p${i}`, { name: 'bad', tags: ['a', 'z'] }, 'sync:crm');
  for (let i = 0; i < 4; i += 1) connector.put('contacts', `p${size - 1 - i}`, null, 'sync:crm');
  connector.put('companies', 'c2', null, 'sync:crm');
  for (let i = 0; i < 4; i += 1) {
    connector.put('contacts', `new${i}`, { name: 'dup', email: `new${i}@x`, ...(apart ? {} : { company: 'c1' }) }, 'sync:crm');
    if (apart) connector.relate(WORKS_AT, { from: `new${i}`, to: 'c1' }, true);
  }
  if (apart) connector.relate(WORKS_AT, { from: 'p0', to: 'c1' }, false);
  const damaged = await world.take();
  return planRestore({ base, damaged, filters: FILTERS, by: 'maya' }, world.deps);
}

const apply = (plan: PlanSummary, deps = world.deps, options = {}): Promise<RestoreSummary> =>
  applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps, options);

/** The id of the restore that an error speaks of. */
async function stoppedWith(code: string, applying: Promise<unknown>): Promise<string> {
  const error: unknown = await applying.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ code });
  const id = isRunbackError(error) ? error.data['restore'] : undefined;
  if (typeof id !== 'string') throw new Error('no restore in the error', { cause: error });
  return id;
}

const PATIENT = { ...CONFIG, stop_at: { errors_percent: 5, skipped_percent: 5 } };

test('the first batch is small, and a platform that only says yes stops the restore there (G11)', async () => {
  const plan = await damagedWorld({}, { ...CONFIG, canary: 2 });
  const before = world.connector.state();
  world.connector.fault = () => 'lie';
  const id = await stoppedWith('restore-stopped', apply(plan));
  expect(world.connector.calls.write).toBe(1);
  expect(world.connector.state()).toEqual(before);
  expect(await readRestore(world.store, id)).toMatchObject({ state: 'stopped' });
});

test('a first batch of which nothing takes stops the restore (G11)', async () => {
  const plan = await damagedWorld();
  world.connector.fault = ({ n }) => (n <= 2 ? 'fail' : undefined);
  await stoppedWith('restore-stopped', apply(plan));
  expect(world.connector.written).toEqual([]);
});

test('too many rejections stop the restore, and a person can go on (G11)', async () => {
  const plan = await damagedWorld({ batch: 10 }, PATIENT, 100);
  world.connector.fault = ({ mutations }) => (mutations[0]?.action === 'update' ? 'reject-half' : undefined);
  const id = await stoppedWith('restore-stopped', apply(plan));
  const summary = await readRestore(world.store, id);
  expect(summary.rejected).toBeGreaterThan(5);
  expect(summary.rejected + summary.applied).toBeLessThan(summary.total);
  world.connector.fault = () => undefined;
  // What was refused is tried again too, once the rest stands.
  expect(await resumeRestore(id, 'lee', world.deps)).toMatchObject({ state: 'done', rejected: 0, applied: summary.total });
});

test('too many records that moved since the plan stop the restore (G11)', async () => {
  const plan = await damagedWorld({ batch: 10 }, PATIENT, 100);
  for (let i = 5; i < 40; i += 1) world.connector.put('contacts', `p${i}`, { name: 'edited' }, 'ui:lee');
  await stoppedWith('restore-stopped', apply(plan));
  expect(Object.values(world.connector.state().records['contacts'] ?? {}).filter(({ name }) => name === 'edited')).toHaveLength(35);
});

test('a signal stops after the present batch, and the restore can go on (G2)', async () => {
  const plan = await damagedWorld();
  const stop = new AbortController();
  world.connector.onWrite = () => {
    if (world.connector.calls.write === 3) stop.abort(new RunbackError('interrupted', 'Ctrl-C'));
  };
  const id = await stoppedWith('interrupted', apply(plan, world.deps, { signal: stop.signal }));
  expect(world.connector.calls.write).toBe(3);
  expect(await readRestore(world.store, id)).toMatchObject({ state: 'stopped', inDoubt: 0, failed: 0 });
  expect(await resumeRestore(id, 'maya', world.deps)).toMatchObject({ state: 'done' });
  expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 0 });
});

test('a create that the platform cannot tell of is never repeated: a person is needed (G3, G13)', async () => {
  const plan = await damagedWorld({ canFindCreated: false }, { ...CONFIG, canary: 100 });
  world.connector.fault = ({ n }) => (n === 1 ? 'drop-answer' : undefined);
  const companies = (): number => Object.keys(world.connector.state().records['companies'] ?? {}).length;
  const id = await stoppedWith('in-doubt', apply(plan));
  expect(companies()).toBe(2);
  // The rest is done by a resume, and the one in doubt still waits for a person.
  await stoppedWith('in-doubt', resumeRestore(id, 'maya', world.deps));
  const summary = await readRestore(world.store, id);
  expect(summary).toMatchObject({ inDoubt: 1, failed: 0, applied: summary.total - 1 });
  expect(companies()).toBe(2);
  // A new plan does not create it either.
  const again = await planRestore(
    { base: plan.header.base.snapshot, damaged: plan.header.damaged.snapshot, filters: FILTERS, by: 'maya' },
    world.deps,
  );
  expect(again.header.counts.conflicts).toEqual({ 'unique-taken': 1 });
  expect(again.header.counts.actions.create).toBeUndefined();
});

test('applying a plan twice, or a new one from the same snapshots, creates nothing twice (G13)', async () => {
  const plan = await damagedWorld();
  const first = await apply(plan);
  const state = world.connector.state();
  const again = await apply(plan);
  expect(again).toMatchObject({ state: 'done', applied: first.applied });
  expect(world.connector.state()).toEqual(state);
  const next = await planRestore(
    { base: plan.header.base.snapshot, damaged: plan.header.damaged.snapshot, filters: FILTERS, by: 'maya' },
    world.deps,
  );
  expect(next.header.counts).toMatchObject({ records: 0, actions: {}, conflicts: {} });
  // Undoing the second undoes nothing: it wrote nothing.
  await undoRestore(again.id, 'maya', world.deps);
  expect(world.connector.state()).toEqual(state);
});

test('undo leaves alone what was edited after the restore, and says so (G9)', async () => {
  const plan = await damagedWorld();
  const done = await apply(plan);
  world.connector.put('contacts', 'p3', { name: 'edited' }, 'ui:lee');
  const [created] = Object.values(done.keyMap['contacts'] ?? {});
  world.connector.put('contacts', created ?? '', { phone: '42', name: 'edited' }, 'ui:lee');
  const undone = await undoRestore(done.id, 'maya', world.deps);
  expect(undone.state).toBe('undone');
  const contacts = world.connector.state().records['contacts'] ?? {};
  expect(contacts['p3']?.['name']).toBe('edited');
  expect(contacts[created ?? '']?.['name']).toBe('edited');
  expect(contacts['p4']?.['name']).toBe('bad');
});

/** What was asked for, or undefined where the process died of what {@link dying} throws; anything else is a failure. */
async function orKilled<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (error instanceof Error && error.message === 'killed') return undefined;
    throw error;
  });
}

/** A store whose journals stop working at the n-th line, before or after it is on disk: what a kill leaves behind. */
function dying(store: Store, at: number, side: 'before' | 'after', seen: { lines: number }): Store {
  const wrapWriter = (writer: JournalWriter): JournalWriter => ({
    get lastHash() {
      return writer.lastHash;
    },
    lease: writer.lease,
    close: () => writer.close(),
    append: async (entry, options) => {
      seen.lines += 1;
      if (seen.lines === at && side === 'before') throw new Error('killed');
      const written = await writer.append(entry, options);
      if (seen.lines === at) throw new Error('killed');
      return written;
    },
  });
  const wrap = (journal: Journal): Journal => ({
    kind: journal.kind,
    id: journal.id,
    exists: () => journal.exists(),
    writer: () => journal.writer(),
    read: (options) => journal.read(options),
    open: async (owner, options) => wrapWriter(await journal.open(owner, options)),
    rewrite: (owner, change) => journal.rewrite(owner, change),
    delete: (owner) => journal.delete(owner),
  });
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'journal') return (kind: string, id: string) => wrap(target.journal(kind, id));
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

test.each([
  ['crm', undefined],
  ['database', databaseSchema()],
] as const)(
  'a restore of a %s that dies at any journal line is resumed to the same end, and undone to the same beginning (G1, G13)',
  async (_name, schema) => {
    let lines = Number.POSITIVE_INFINITY;
    let kills = 0;
    for (let at = 1; at <= lines; at += 1)
      for (const side of ['before', 'after'] as const)
        for (const victim of ['apply', 'undo'] as const) {
          // A line and a side each, by turns for the restore and its undo; RUNBACK_TEST_FULL=1 takes all.
          if (!everyPoint && (at % 2 === 0) === ((side === 'before') === (victim === 'apply'))) continue;
          const plan = await damagedWorld(schema ?? {}, CONFIG, 12);
          const before = byEmail();
          const seen = { lines: 0 };
          const deps = { ...world.deps, store: dying(world.store, at, side, seen) };
          await orKilled(apply(plan, victim === 'apply' ? deps : world.deps));
          const [id] = await world.store.journals('restores');
          const begun = id === undefined ? undefined : await readRestore(world.store, id).catch(() => undefined);
          const done = begun === undefined ? await apply(plan) : await resumeRestore(begun.id, 'lee', world.deps);
          expect(done).toMatchObject({ state: 'done', applied: done.total, inDoubt: 0 });
          const contacts = Object.values(byEmail());
          expect(contacts).toHaveLength(12);
          expect(contacts.every((contact) => contact === 'good a Acme')).toBe(true);
          expect(await verifyRestore(plan.header.id, world.deps)).toMatchObject({ remaining: 0 });
          if (victim === 'undo') await orKilled(undoRestore(done.id, 'maya', deps));
          expect(await undoRestore(done.id, 'lee', world.deps)).toMatchObject({ state: 'undone' });
          expect(byEmail()).toEqual(before);
          kills += seen.lines >= at ? 1 : 0;
          if (seen.lines < at) lines = Math.min(lines, at);
          await world.close();
        }
    expect(kills).toBeGreaterThan(everyPoint ? 40 : 20);
  },
);

/** Contacts by their e-mail address: name, tags and company. Fails where an address is there twice. */
function byEmail(): Record<string, string> {
  const { records, links } = world.connector.state();
  const all: Record<string, string> = {};
  for (const [key, fields] of Object.entries(records['contacts'] ?? {})) {
    const email = textOf(fields['email']);
    expect(all[email]).toBeUndefined();
    const linked =
      (links['contacts~companies~primary'] ?? []).find((pair) => pair.startsWith(`${key}>`))?.split('>')[1] ??
      (fields['company'] as string | undefined) ??
      '';
    all[email] =
      `${textOf(fields['name'])} ${((fields['tags'] ?? []) as string[]).join('')} ${textOf(records['companies']?.[linked]?.['name'] ?? '')}`;
  }
  return all;
}
