import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { applyRestore, confirmationOf, planRestore, readPlan, type PlanConflict } from '../../src/restores/index.js';
import { openTestPlatform } from '../support/postgres-connector.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { ALL, restoresOf } from '../support/restores.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

interface Tables {
  /** Type and value of the key of a firm, and of the column that refers to it. */
  readonly key: readonly [type: string, value: string];
  readonly reference: readonly [type: string, value: string];
  /** SQL before the damage, and after it. */
  readonly setUp?: string;
  readonly after?: string;
}

/** Two people of one firm, one of them damaged and one deleted; planned and restored. */
async function restored({
  key,
  reference,
  setUp = '',
  after = '',
}: Tables): Promise<{ people: unknown; conflicts: readonly string[]; rejected: number }> {
  const database = await server.createDatabase(`
    CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE firms (id ${key[0]} PRIMARY KEY);
    CREATE TABLE people (id int PRIMARY KEY, name text, firm ${reference[0]} REFERENCES firms);
    INSERT INTO firms VALUES (${key[1]});
    INSERT INTO people SELECT i, 'p' || i, ${reference[1]} FROM generate_series(1, 3) i; ${setUp}`);
  const platform = await openTestPlatform(server, database);
  onTestFinished(() => platform.close());
  const { deps, take } = await restoresOf(platform);
  const base = await take();
  await server.sql(database, `UPDATE people SET firm = NULL, name = 'X' WHERE id = 1; DELETE FROM people WHERE id = 2`);
  const damaged = await take();
  if (after !== '') await server.sql(database, after);
  const plan = await planRestore({ base, damaged, filters: ALL, by: 'maya' }, deps);
  const conflicts: PlanConflict[] = [];
  for await (const line of (await readPlan(deps.store, plan.header.id)).lines()) if (line.kind === 'conflict') conflicts.push(line);
  const { rejected } = await applyRestore({ plan: plan.header.id, by: 'maya', confirmed: confirmationOf(plan.header) }, deps);
  const people = await server.sql(database, `SELECT id, name, firm::text IS NOT NULL AS firm FROM people WHERE id < 3 ORDER BY id`);
  return { people, conflicts: conflicts.map((line) => `${line.code} ${line.key}${line.field === undefined ? '' : ` ${line.field}`}`), rejected };
}

const BACK = [
  { id: '1', name: 'p1', firm: 't' },
  { id: '2', name: 'p2', firm: 't' },
];

// A user would lose: what is restored. The database says which values are equal, and not their text.
test.each<[string, Tables]>([
  ['numbers of other types', { key: ['numeric(10,2)', '1'], reference: ['int', '1'] }],
  ['numbers with other digits', { key: ['numeric', '1.00'], reference: ['numeric', '1'] }],
  ['padded text', { key: ['char(5)', "'ab'"], reference: ['text', "'ab'"] }],
  ['letters of any case', { key: ['text COLLATE anycase', "'AB'"], reference: ['text COLLATE anycase', "'ab'"] }],
  ['whole numbers of other lengths', { key: ['bigint', '1'], reference: ['int', '1'] }],
  ['texts', { key: ['varchar(9)', "'ab'"], reference: ['text', "'ab'"] }],
  [
    'a reference that the database does not check',
    {
      key: ['int', '7'],
      reference: ['int', '7'],
      setUp: `ALTER TABLE people DISABLE TRIGGER ALL; ALTER TABLE firms DISABLE TRIGGER ALL; DELETE FROM firms`,
    },
  ],
])('a reference is restored with its record: %s', async (_, tables) => {
  expect(await restored(tables)).toEqual({ people: BACK, conflicts: [], rejected: 0 });
});

// A user would lose: the other fields of the record, which the database refuses as a whole.
test.each<[string, Tables]>([
  ['int', { key: ['int', '1'], reference: ['int', '1'] }],
  ['text', { key: ['text', "'ab'"], reference: ['text', "'ab'"] }],
  ['uuid', { key: ['uuid', "'00000000-0000-4000-8000-00000000000A'"], reference: ['uuid', "'00000000-0000-4000-8000-00000000000a'"] }],
])('a firm that somebody deleted since keeps nothing else from being restored: %s', async (_, tables) => {
  const after = 'UPDATE people SET firm = NULL; DELETE FROM firms';
  const { people, conflicts, rejected } = await restored({ ...tables, after });
  expect(people).toEqual([{ id: '1', name: 'p1', firm: 'f' }]);
  expect([...conflicts].sort()).toEqual(['parent-missing 1 firm', 'parent-missing 2']);
  expect(rejected).toBe(0);
});
