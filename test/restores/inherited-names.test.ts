import { join } from 'node:path';

import { expect, test } from 'vitest';

import { systemClock } from '../../src/lib/index.js';
import { applyRestore, confirmationOf, planRestore, undoRestore, verifyRestore } from '../../src/restores/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { openTestPlatform } from '../support/postgres-connector.js';
import { startPostgres } from '../support/postgres.js';
import { CONFIG } from '../support/restore-world.js';
import { temporaryStore } from '../support/store.js';

const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype', '__defineGetter__'];
const COLUMNS = NAMES.map((name) => `"${name}" text`).join(', ');
const set = (value: string): string => NAMES.map((name) => `"${name}" = ${value}`).join(', ');

test('fields named like what every object inherits are compared, restored, verified and undone like any other', async () => {
  const server = await startPostgres();
  try {
    const database = await server.createDatabase(
      `CREATE TABLE "toString" (id text PRIMARY KEY, by_whom text, ${COLUMNS});
       INSERT INTO "toString" (id) VALUES ('p1'), ('p2'), ('constructor'), ('__proto__'), (E'two\\nlines/%"'), ('later');
       UPDATE "toString" SET ${set(`'good'`)} WHERE id NOT IN ('p2');
       CREATE TABLE "constructor" (id int PRIMARY KEY, of text REFERENCES "toString"); INSERT INTO "constructor" VALUES (1, '__proto__'), (2, 'p1')`,
    );
    const platform = await openTestPlatform(server, database, { modified: { by: 'by_whom' } });
    const { store, dir } = await temporaryStore(systemClock);
    const backups = join(dir, '..', 'backups');
    const deps = { store, clock: systemClock, catalog: openCatalog({ dir: backups, store, clock: systemClock }), platform, config: CONFIG };
    const take = async () => (await createSnapshot({ platforms: [platform], by: 'test' }, { dir: backups, store, clock: systemClock })).id;
    const rows = async (): Promise<unknown> => [
      await server.sql(database, `SELECT id, ${NAMES.map((name, i) => `"${name}" AS c${i}`).join(', ')} FROM "toString" ORDER BY id`),
      await server.sql(database, 'SELECT * FROM "constructor" ORDER BY id'),
    ];
    const good = await rows();
    const base = await take();
    await server.sql(database, `UPDATE "toString" SET ${set(`'bad'`)}, by_whom = 'sync' WHERE id <> 'later'`);
    await server.sql(database, 'DELETE FROM "constructor"');
    await server.sql(database, `DELETE FROM "toString" WHERE id IN ('constructor', '__proto__')`);
    await server.sql(database, `INSERT INTO "toString" (id, "__proto__", by_whom) VALUES ('valueOf', 'bad', 'sync')`);
    const bad = await rows();
    const damaged = await take();
    const filters = { unattributed: 'include', deleteCreated: true, where: 'key != "no such" && (field == "" || live[field] != "x")' } as const;
    const plan = await planRestore({ base, damaged, filters, by: 'maya' }, deps);
    expect(plan.header.counts.conflicts).toEqual({});
    const done = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
    expect(done).toMatchObject({ state: 'done', moved: 0, rejected: 0, failed: 0, inDoubt: 0 });
    expect(await rows()).toEqual(good);
    expect(await verifyRestore(plan.header.id, deps)).toMatchObject({ remaining: 0 });
    expect((await undoRestore(done.id, 'maya', deps)).state).toBe('undone');
    expect(await rows()).toEqual(bad);
  } finally {
    await server.stop();
  }
});
