import { afterAll, beforeAll, expect, test } from 'vitest';

import { isRunbackError } from '../../src/lib/index.js';
import {
  applyRestore,
  confirmationOf,
  planRestore,
  readPlan,
  resumeRestore,
  undoRestore,
  verifyRestore,
  type ApplyDeps,
  type PlanLine,
} from '../../src/restores/index.js';
import { openTestPlatform } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { ALL, restoresOf } from '../support/restores.js';
import { startProxy } from '../support/tcp-proxy.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

async function linesOf(plan: string, deps: ApplyDeps): Promise<PlanLine[]> {
  const lines: PlanLine[] = [];
  for await (const line of (await readPlan(deps.store, plan)).lines()) lines.push(line);
  return lines;
}

test('a table with an updated_at trigger, wider decimals and identities is restored without configuration, and undone', async () => {
  const database = await server.createDatabase(`
    CREATE TABLE leads (id int PRIMARY KEY, name char(8), price numeric(10,2), score real, at timestamptz(3), n int GENERATED ALWAYS AS IDENTITY, updated_at timestamptz NOT NULL DEFAULT '2024-01-01');
    INSERT INTO leads (id, name, price, score, at) SELECT i, 'n' || i, i + 0.5, i + 0.1, '2024-05-06 07:08:09.12Z' FROM generate_series(1, 30) i`);
  const before = await openTestPlatform(server, database);
  const { deps: first, take: takeFirst } = await restoresOf(before);
  const rows = () =>
    server.sql(database, `SELECT id, trim(name) AS name, price::numeric(10,2), score::real::text AS score, at::text, n FROM leads ORDER BY id`);
  const good = await rows();
  const base = await takeFirst();
  // What people do to a table in a normal week, and the damage among it.
  await server.sql(
    database,
    `ALTER TABLE leads ALTER price TYPE numeric(12,4), ALTER name TYPE text, ALTER score TYPE float8, ALTER at TYPE timestamptz;
     CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
     CREATE TRIGGER touch BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION touch();
     UPDATE leads SET name = name || '' WHERE id > 3; UPDATE leads SET price = 0 WHERE id IN (1, 2); DELETE FROM leads WHERE id IN (3, 4)`,
  );
  await before.close();
  const platform = await openTestPlatform(server, database);
  const deps: ApplyDeps = { ...first, platform };
  const damage = await rows();
  const damaged = await takeFirst(platform);
  const plan = await planRestore({ base, damaged, filters: ALL, by: 'maya' }, deps);
  expect(
    (await linesOf(plan.header.id, deps)).map((line) =>
      line.kind === 'change' && 'object' in line ? [line.action, line.key, Object.keys(line.fields).sort().join()] : line.kind,
    ),
  ).toEqual([
    ['create', '3', 'at,name,price,score'],
    ['create', '4', 'at,name,price,score'],
    ['update', '1', 'price'],
    ['update', '2', 'price'],
  ]);
  const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
  expect(done).toMatchObject({ state: 'done', applied: 4, rejected: 0, failed: 0, inDoubt: 0 });
  expect(done.beside ?? 0).toBe(0);
  expect(await rows()).toEqual(good);
  expect(await server.sql(database, 'SELECT updated_at::date::text AS d FROM leads WHERE id IN (3, 4)')).toEqual([
    { d: '2024-01-01' },
    { d: '2024-01-01' },
  ]);
  expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: 0 });
  await undoRestore(done.id, 'maya', deps);
  expect(await rows()).toEqual(damage);
  await platform.close();
});

test('the empty text and keys that differ in case alone are restored like any other', async () => {
  const database = await server.createDatabase(
    `CREATE EXTENSION citext; CREATE TABLE leads (mail citext PRIMARY KEY, v text); INSERT INTO leads VALUES ('', 'empty'), ('Ada@x', 'a'), ('bob@x', 'b')`,
  );
  const platform = await openTestPlatform(server, database, { objects: ['leads'] });
  const { deps, take } = await restoresOf(platform);
  const rows = () => server.sql(database, 'SELECT mail::text, v FROM leads ORDER BY mail');
  const good = await rows();
  const base = await take();
  await server.sql(database, `UPDATE leads SET v = 'bad' WHERE mail IN ('', 'bob@x'); UPDATE leads SET mail = 'ADA@x' WHERE mail = 'ada@x'`);
  const bad = await rows();
  const plan = await planRestore({ base, damaged: await take(), filters: ALL, by: 'maya' }, deps);
  const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
  expect(done).toMatchObject({ applied: 4, rejected: 0, failed: 0 });
  expect(await rows()).toEqual(good);
  expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: 0 });
  await undoRestore(done.id, 'maya', deps);
  expect(await rows()).toEqual(bad);
  await platform.close();
});

for (const arrived of [true, false])
  test(`a write whose answer was lost is told from the same value by somebody else: its commit ${arrived ? 'was made' : 'never arrived'}`, async () => {
    const database = await server.createDatabase(
      `CREATE TABLE leads (id int PRIMARY KEY, v text); INSERT INTO leads SELECT i, 'good' FROM generate_series(1, 5) i`,
    );
    const proxy = await startProxy(server);
    const open = () => openTestPlatform(server, database, { url: `postgres://postgres@127.0.0.1:${String(proxy.port)}/${database}` });
    const platform = await open();
    const { deps, take } = await restoresOf(platform);
    const base = await take();
    await server.sql(database, `UPDATE leads SET v = 'bad'; DELETE FROM leads WHERE id = 5`);
    const plan = await planRestore({ base, damaged: await take(), filters: ALL, by: 'maya' }, deps);
    if (arrived) proxy.dropAnswerTo('COMMIT\0');
    else proxy.dropRequest('COMMIT\0');
    const stopped: unknown = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps).catch(
      (error: unknown) => error,
    );
    expect(isRunbackError(stopped) || (stopped as { state?: string }).state === 'stopped').toBe(true);
    await platform.close();
    proxy.heal();
    const [id = ''] = await deps.store.journals('restores');
    // Somebody writes the very values that the plan wants.
    await server.sql(database, `INSERT INTO leads VALUES (5, 'good') ON CONFLICT (id) DO NOTHING; UPDATE leads SET v = 'good'`);
    const again = await open();
    const later: ApplyDeps = { ...deps, platform: again };
    await resumeRestore(id, 'maya', later);
    await undoRestore(id, 'maya', later);
    const rows = await server.sql(database, 'SELECT id, v FROM leads ORDER BY id');
    // The create goes first, in a batch of its own; what the commit did not make is not ours to take back.
    expect(rows.filter(({ id: key }) => key === '5')).toEqual(arrived ? [] : [{ id: '5', v: 'good' }]);
    const others = rows.filter(({ id: key }) => key !== '5');
    expect(others).not.toEqual([]);
    expect(others.filter(({ v }) => v !== 'good')).toEqual([]);
    await again.close();
    await proxy.stop();
  });
