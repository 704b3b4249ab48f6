import { join } from 'node:path';

import { expect, test } from 'vitest';

import { openPlatform, type Mutation, type Platform } from '../../src/connectors/index.js';
import { systemClock } from '../../src/lib/index.js';
import {
  applyRestore,
  confirmationOf,
  decideConflicts,
  planRestore,
  readPlan,
  undoRestore,
  verifyRestore,
  type ApplyDeps,
  type PlanFilters,
  type PlanSummary,
  type RecordChange,
} from '../../src/restores/index.js';
import { integration, person, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import type { PlatformConfig } from '../../src/workspace/index.js';
import { configOf } from '../connectors/hubspot-support.js';
import { runCrashing, supportScript, type CrashKind } from '../support/crash.js';
import { startPostgres } from '../support/postgres.js';
import { CONFIG, crmSchema, FILTERS, openWorld } from '../support/restore-world.js';
import { temporaryStore } from '../support/store.js';
import { fullSweeps } from '../support/sweeps.js';

interface Stage {
  readonly deps: ApplyDeps;
  readonly dir: string;
  readonly backups: string;
  readonly take: () => Promise<string>;
}

async function stageOf(platform: Platform): Promise<Stage> {
  const { store, dir } = await temporaryStore();
  const backups = join(dir, '..', 'backups');
  const clock = systemClock;
  const deps = { store, clock, catalog: openCatalog({ dir: backups, store, clock }), platform, config: CONFIG };
  return { deps, dir, backups, take: async () => (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock })).id };
}

async function changesOf(plan: PlanSummary, deps: ApplyDeps): Promise<RecordChange[]> {
  const changes: RecordChange[] = [];
  for await (const line of (await readPlan(deps.store, plan.header.id)).lines()) if (line.kind === 'change' && !('link' in line)) changes.push(line);
  return changes;
}

/**
 * Runs a verb in processes that are ended with kill -9 ever later, each going on with what the one before left, until
 * one comes to its end.
 */
async function throughKills(
  stage: Stage,
  config: PlatformConfig,
  plan: PlanSummary,
  verb: 'apply' | 'undo',
  kind: CrashKind,
  token?: string,
): Promise<number> {
  const { dir, backups } = stage;
  const given = { dir, backups, platform: config, token, plan: plan.header.id, confirmed: confirmationOf(plan.header), verb };
  const args = [supportScript('restore-workload.cjs'), JSON.stringify(given)];
  for (let kills = 0; kills < 40; kills += 1) {
    const when = (['after', 'before', 'half'] as const)[kills % 3] ?? 'after';
    const step = fullSweeps ? 1 : kind === 'pg' ? 22 : 9;
    const ended = await runCrashing({ args, which: [kind] }, { n: 7 + kills * step, when });
    if (ended.killed) continue;
    expect(ended).toMatchObject({ code: 0 });
    expect(JSON.parse(ended.stdout)).toMatchObject({ state: verb === 'apply' ? 'done' : 'undone', moved: 0, rejected: 0, failed: 0, inDoubt: 0 });
    return kills;
  }
  throw new Error('it never came to its end');
}

// A user would lose: addresses that a wrong join shifted by a row, the other fields of these records, or a record left
// without its address.
test(
  'HubSpot: addresses and numbers that moved in chains, rings and swaps come back through kill -9, and go back again',
  { timeout: 600_000 },
  async () => {
    const sandbox = await startHubSpotSandbox({});
    try {
      const config = { ...configOf(sandbox), objects: ['contacts', 'companies'] };
      const platform = await openPlatform(config, { secret: async () => sandbox.token, clock: systemClock, writes: 'private' });
      const stage = await stageOf(platform);
      const maya = sandbox.writeAs(person(42));
      const sync = sandbox.writeAs(integration('777', 'Bad sync'));
      const ids = Array.from({ length: 14 }, (_, i) =>
        maya.create('contacts', { email: `P${i}@example.com`, crm_id: `c${i}`, firstname: `First ${i}` }),
      );
      const firms = ['a', 'b'].map((name) => maya.create('companies', { name, erp_id: name }));
      const truth = (): unknown =>
        ['contacts', 'companies'].map((object) =>
          sandbox
            .records(object)
            .filter((record) => !record.archived)
            .map(({ id, properties }) => [id, ...['email', 'crm_id', 'firstname', 'erp_id', 'name'].map((name) => properties[name] ?? '')]),
        );
      const good = truth();
      const base = await stage.take();
      // Whatever order the damage came in: through values that nobody has.
      const move = (object: string, some: readonly string[], name: string, to: (i: number) => string): void => {
        for (const [i, id] of some.entries()) sync.update(object, id, { [name]: `away${i}@example.com` });
        for (const [i, id] of some.entries()) sync.update(object, id, { [name]: to(i) });
      };
      move('contacts', ids.slice(0, 6), 'email', (i) => `p${(i + 1) % 6}@example.com`);
      move('contacts', ids.slice(6, 12), 'email', (i) => (i < 5 ? `p${i + 7}@example.com` : 'new@example.com'));
      move('contacts', ids.slice(3, 9), 'crm_id', (i) => `C${3 + (i ^ 1)}`);
      move('companies', firms, 'erp_id', (i) => ['b', 'a'][i] ?? '');
      for (const id of ids.slice(0, 12)) sync.update('contacts', id, { firstname: 'BAD' });
      const duplicate = sync.create('contacts', { email: 'P6@example.com', firstname: 'Takes what the chain gave up' });
      const bad = truth();
      const damaged = await stage.take();
      const filters: PlanFilters = { suspects: ['INTEGRATION:777'], unattributed: 'unknown', deleteCreated: true };
      const plan = await planRestore({ base, damaged, filters, by: 'maya' }, stage.deps);
      const changes = await changesOf(plan, stage.deps);
      expect(changes.filter((change) => change.interim === true).length).toBeGreaterThanOrEqual(4);
      expect(plan.header.counts).toMatchObject({ records: 15, cells: 12 + 6 + 2 + 12, conflicts: {} });
      expect(changes.find((change) => change.key === duplicate)).toMatchObject({ action: 'delete', layer: 1 });

      const kills = await throughKills(stage, config, plan, 'apply', 'http', sandbox.token);
      expect(kills).toBeGreaterThan(1);
      expect(truth()).toEqual(good);
      expect(await verifyRestore(plan.header.id, stage.deps)).toMatchObject({ remaining: 0, conflicts: 0 });
      const back = await throughKills(stage, config, plan, 'undo', 'http', sandbox.token);
      expect(back).toBeGreaterThan(1);
      // The record that was deleted is created again under a new key.
      const nameless = (rows: unknown): string => JSON.stringify(rows).replaceAll(/"\d+",/g, '');
      expect(nameless(truth())).toBe(nameless(bad));
      console.log(`HubSpot: killed ${kills} times on its way, and ${back} times on the way back`);
      await platform.close();
    } finally {
      await sandbox.stop();
    }
  },
);

test('PostgreSQL: unique values of one column and of several move back through kill -9, and go back again', { timeout: 600_000 }, async () => {
  const server = await startPostgres();
  try {
    const database = await server.createDatabase(`
      create table people (
        id int primary key, email varchar(60) not null, code text unique deferrable, list int not null, place int not null, gone boolean not null default false, name text,
        unique (list, place)
      );
      create unique index on people (lower(email)) where not gone;
      insert into people select i, 'P' || i || '@x', 'c' || i, i / 4, i % 4, false, 'Name ' || i from generate_series(0, 15) i;`);
    const config: PlatformConfig = {
      name: 'warehouse',
      connector: 'postgres',
      environment: 'sandbox',
      url: server.url(database),
      credentials: {},
      limits: {},
      options: {},
      objects: ['people'],
    };
    const platform = await openPlatform(config, { secret: async (ref) => ref, clock: systemClock, writes: 'private' });
    const stage = await stageOf(platform);
    const rows = (): Promise<unknown> => server.sql(database, 'select * from people order by id');
    const good = await rows();
    const base = await stage.take();
    await server.sql(
      database,
      `update people set email = 'away' || id, code = null, place = -1 - id;
       update people set email = case when id < 8 then 'p' || (id + 1) % 8 || '@x' when id < 15 then 'p' || id + 1 || '@x' else 'new@x' end,
         code = 'c' || (id # 1), place = (id + 1) % 4, name = 'BAD';
       delete from people where id = 3; insert into people values (99, 'P8@X', 'c2', 0, 0, false, 'dup');
       insert into people values (77, 'p9@x', 'c77', 9, 9, true, 'BAD');`,
    );
    const bad = await rows();
    const damaged = await stage.take();
    const filters: PlanFilters = { unattributed: 'include', deleteCreated: true };
    const plan = await planRestore({ base, damaged, filters, by: 'maya' }, stage.deps);
    // Columns that may not be empty hold a value that nobody has.
    const interims = (await changesOf(plan, stage.deps)).filter((change) => change.interim === true);
    const held = interims.flatMap(({ fields }) => Object.entries(fields).map(([name, { to }]) => [name, to] as const));
    expect(held.filter(([name]) => name === 'email').every(([, to]) => /^runback-[0-9a-f]{20}@example\.com$/.test(String(to)))).toBe(true);
    expect(held.filter(([name]) => name === 'place').every(([, to]) => Number(to) >= 2_000_000_000)).toBe(true);
    expect(new Set(held.map(([name]) => name))).toEqual(new Set(['email', 'code', 'place']));

    const kills = await throughKills(stage, config, plan, 'apply', 'pg');
    expect(kills).toBeGreaterThan(1);
    expect(await rows()).toEqual(good);
    expect(await verifyRestore(plan.header.id, stage.deps)).toMatchObject({ remaining: 0 });
    const back = await throughKills(stage, config, plan, 'undo', 'pg');
    expect(back).toBeGreaterThan(1);
    expect(await rows()).toEqual(bad);
    console.log(`PostgreSQL: killed ${kills} times on its way, and ${back} times on the way back`);
    await platform.close();
  } finally {
    await server.stop();
  }
});

test('an interim value is taken back where the change that was to follow it is refused', async () => {
  const world = await openWorld({ ...crmSchema(), batch: 10 });
  try {
    const { connector, take, deps } = world;
    for (const i of [0, 1]) connector.put('contacts', `p${i}`, { email: `p${i}@x`, phone: '1' }, 'import');
    const base = await take();
    for (const i of [0, 1]) connector.put('contacts', `p${i}`, { email: `p${1 - i}@x`, phone: 'BAD' }, 'sync:crm');
    const damaged = await take();
    const plan = await planRestore({ base, damaged, filters: FILTERS, by: 'maya' }, deps);
    const before = connector.state();
    // From the second layer on everything is refused for good.
    connector.fault = ({ mutations }) => (mutations.some((one) => 'set' in one && 'phone' in one.set) ? 'reject-all' : undefined);
    const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
    expect(done).toMatchObject({ rejected: 2 });
    expect(connector.state()).toEqual(before);
    expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: 2 });
    await undoRestore(done.id, 'maya', deps);
    expect(connector.state()).toEqual(before);
  } finally {
    await world.close();
  }
});

test('where the old value is another record’s by then, the refusal is told and undo puts both back', async () => {
  const world = await openWorld({ ...crmSchema(), batch: 10 });
  try {
    const { connector, take, deps } = world;
    for (const i of [0, 1, 2]) connector.put('contacts', `p${i}`, { email: `p${i}@x` }, 'import');
    const base = await take();
    for (const i of [0, 1, 2]) connector.put('contacts', `p${i}`, { email: `p${(i + 1) % 3}@x` }, 'sync:crm');
    const damaged = await take();
    const plan = await planRestore({ base, damaged, filters: FILTERS, by: 'maya' }, deps);
    const before = connector.state();
    const [interim] = (await changesOf(plan, deps)).filter((change) => change.interim === true);
    if (interim === undefined) throw new Error('a ring has an interim value');
    const isLast = (one: Mutation): boolean => one.action === 'update' && one.key === interim.key && one.set['email'] === `${interim.key}@x`;
    connector.fault = ({ mutations }) => (mutations.some(isLast) ? 'reject-all' : undefined);
    const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
    expect(done).toMatchObject({ applied: 3, rejected: 1 });
    const verified = await verifyRestore(plan.header.id, deps);
    expect(verified).toMatchObject({ remaining: 1, examples: [{ key: interim.key, why: 'it gave up its value, and could not get the new one' }] });
    connector.fault = () => undefined;
    await undoRestore(done.id, 'maya', deps);
    expect(connector.state()).toEqual(before);
  } finally {
    await world.close();
  }
});

test('a decision makes a plan that is ordered anew, without interim values of the old one', async () => {
  const world = await openWorld({ ...crmSchema(), batch: 10 });
  try {
    const { connector, take, deps } = world;
    for (const i of [0, 1, 2]) connector.put('contacts', `p${i}`, { email: `p${i}@x`, phone: '1' }, 'import');
    const good = connector.state();
    const base = await take();
    for (const i of [0, 1]) connector.put('contacts', `p${i}`, { email: `p${1 - i}@x` }, 'sync:crm');
    for (const i of [0, 2]) connector.put('contacts', `p${i}`, { phone: 'BAD' }, 'sync:crm');
    const damaged = await take();
    for (const i of [0, 2]) connector.put('contacts', `p${i}`, { phone: 'edited' }, 'ui:lee');
    const first = await planRestore({ base, damaged, filters: FILTERS, by: 'maya' }, deps);
    const second = await decideConflicts(first.header.id, { 'edited-since': 'restore' }, 'maya', deps);
    const third = await decideConflicts(second.header.id, {}, 'maya', deps);
    expect(third.header.digest).toBe(second.header.digest);
    const changes = await changesOf(third, deps);
    expect(changes.filter((change) => change.interim === true)).toHaveLength(1);
    expect(changes).toHaveLength(4);
    await applyRestore({ plan: third.header.id, by: 'maya', confirmed: confirmationOf(third.header) }, deps);
    expect(connector.state()).toEqual(good);
  } finally {
    await world.close();
  }
});
