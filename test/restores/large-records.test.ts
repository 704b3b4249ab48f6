import { afterAll, beforeAll, expect, test } from 'vitest';

import { applyRestore, confirmationOf, planRestore, undoRestore, verifyRestore } from '../../src/restores/index.js';
import { openTestPlatform } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { ALL, restoresOf } from '../support/restores.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

test('many large records are written, looked at and put back in batches by their length', async () => {
  const database = await server.createDatabase(`
    CREATE TABLE docs (id int PRIMARY KEY, v text); INSERT INTO docs SELECT i, repeat('good' || i, 400000) FROM generate_series(1, 6) i; INSERT INTO docs VALUES (7, 'good')`);
  const platform = await openTestPlatform(server, database);
  const { deps, take } = await restoresOf(platform);
  const rows = () => server.sql(database, 'SELECT id, md5(v) AS v FROM docs ORDER BY id');
  const good = await rows();
  const base = await take();
  await server.sql(database, `UPDATE docs SET v = repeat('bad', 600000) WHERE id < 6; DELETE FROM docs WHERE id >= 6`);
  const damage = await rows();
  const plan = await planRestore({ base, damaged: await take(), filters: ALL, by: 'maya' }, deps);
  const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
  expect(done).toMatchObject({ applied: 7, rejected: 0, failed: 0 });
  expect(await rows()).toEqual(good);
  expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: 0 });
  await undoRestore(done.id, 'maya', deps);
  expect(await rows()).toEqual(damage);
  const lengths = { 'batch.intent': [] as number[], 'undo.intent': [] as number[] };
  for await (const { type, data } of deps.store.journal('restores', done.id).read())
    if (type === 'batch.intent' || type === 'undo.intent') lengths[type].push(JSON.stringify(data).length);
  // Each update is some four million characters long.
  for (const intents of Object.values(lengths)) {
    expect(intents).toHaveLength(3);
    expect(Math.max(...intents)).toBeLessThan(1.1 * (1 << 24));
    expect(Math.max(...intents)).toBeGreaterThan(8_000_000);
  }
  await platform.close();
});
