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

/** Triggers whose effects nobody can tell from their text. */
const EFFECTS = {
  'before the write': `CREATE FUNCTION score() RETURNS trigger LANGUAGE plpgsql AS $$
      DECLARE r record; BEGIN EXECUTE format('SELECT ($1).%I + 1 AS n', TG_ARGV[0]) INTO r USING NEW; RETURN jsonb_populate_record(NEW, jsonb_build_object('edits', r.n)); END $$;
    CREATE TRIGGER score BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION score('edits');`,
  'after the write': `CREATE FUNCTION score() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF pg_trigger_depth() < 2 THEN EXECUTE format('UPDATE leads SET %1$I = %1$I + 1 WHERE id = $1', 'edits') USING NEW.id; END IF; RETURN NULL; END $$;
    CREATE TRIGGER score AFTER UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION score();`,
};

for (const [when, trigger] of Object.entries(EFFECTS))
  test(`what a trigger changes beside the plan ${when} is found, told and undone, in long records too`, async () => {
    const database = await server.createDatabase(`
      CREATE TABLE leads (id int PRIMARY KEY, v text, edits int NOT NULL DEFAULT 0, notes text);
      INSERT INTO leads SELECT i, 'good', 0, CASE WHEN i % 2 = 0 THEN (SELECT string_agg(md5(i::text || n), '') FROM generate_series(1, 800) n) END FROM generate_series(1, 12) i`);
    await server.sql(database, trigger);
    const platform = await openTestPlatform(server, database);
    const { deps, take } = await restoresOf(platform);
    const rows = () => server.sql(database, 'SELECT id, v, edits, md5(notes) AS notes FROM leads ORDER BY id');
    const base = await take();
    await server.sql(
      database,
      `ALTER TABLE leads DISABLE TRIGGER score; UPDATE leads SET v = 'bad' WHERE id <= 10; ALTER TABLE leads ENABLE TRIGGER score`,
    );
    const damage = await rows();
    const plan = await planRestore({ base, damaged: await take(), filters: ALL, by: 'maya' }, deps);
    const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
    expect(done).toMatchObject({ applied: 10, rejected: 0, failed: 0, inDoubt: 0, beside: 10 });
    expect((await rows()).map(({ v, edits }) => [v, edits])).toEqual(damage.map(({ id }) => ['good', Number(id) <= 10 ? '1' : '0']));
    expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: 0 });
    // So that an undo that leaves the column alone cannot be right by chance.
    await server.sql(database, `ALTER TABLE leads DISABLE TRIGGER score`);
    expect(await undoRestore(done.id, 'maya', deps)).toMatchObject({ state: 'undone' });
    expect(await rows()).toEqual(damage);
    await platform.close();
  });
