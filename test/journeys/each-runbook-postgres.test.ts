import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { confirmation, fileSyncs, openOperator, type Operator } from './support/operator.js';

const FEED = `updated_by = 'sync:feed', updated_at = clock_timestamp()`;
const MAYA = `updated_by = 'person:maya', updated_at = clock_timestamp()`;

let server: TestPostgres;
let operator: Operator;
let database: string;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await server.createDatabase();
  await sql(`
    CREATE TABLE companies (id text PRIMARY KEY, name text, updated_by text DEFAULT 'loader', updated_at timestamptz DEFAULT '2026-01-01');
    CREATE TABLE people (id text PRIMARY KEY, name text, owner text, stage text, opted_out boolean, news text, company_id text REFERENCES companies,
      updated_by text DEFAULT 'loader', updated_at timestamptz DEFAULT '2026-01-01');
    INSERT INTO companies SELECT 'c' || i, 'Company ' || i FROM generate_series(1, 4) i;
    INSERT INTO people SELECT 'p' || i, 'Name ' || i, 'owner' || i % 3, 'lead', i % 4 = 0, CASE WHEN i % 3 = 0 THEN 'no' ELSE 'yes' END, 'c' || 1 + i % 4
      FROM generate_series(1, 30) i;`);
  operator = await openOperator(
    `version: 1
platforms:
  warehouse: { connector: postgres, environment: sandbox, url: file:database-url, objects: [public.people, public.companies], modified: { by: updated_by, at: updated_at } }
${fileSyncs('warehouse', 'sync:*')}restores: { limits: { percent: 100 } }
backups: { storage: backups }
`,
    { 'database-url': server.url(database) },
  );
  const made = await operator.done('snapshot', 'create', '--platform', 'warehouse');
  await operator.done('snapshot', 'verify', String(made['id']));
  return () => operator.close();
});

const sql = (text: string): Promise<Record<string, string | null>[]> => server.sql(database, text);
const numbered = (from: number, to: number): string => `id IN (SELECT 'p' || i FROM generate_series(${from}, ${to}) i)`;

/** Every person as it is, but for who changed it last. */
async function people(): Promise<readonly string[]> {
  const rows = await sql(`SELECT json_build_array(id, name, owner, stage, opted_out, news, company_id)::text AS line FROM people ORDER BY id`);
  return rows.map(({ line }) => line ?? '');
}

/** How the people have to be in the end: what `rightful` does, and nothing else. Undone again at once. */
async function after(rightful: string): Promise<readonly string[]> {
  await sql(`CREATE TABLE kept AS TABLE people; ${rightful}`);
  const wanted = await people();
  await sql(`DELETE FROM people; INSERT INTO people SELECT * FROM kept; DROP TABLE kept`);
  return wanted;
}

/** Runs a runbook to its end, with a person who agrees to everything. */
async function follow(runbook: string, inputs: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const asked: string[] = [];
  const given = Object.entries({ platform: 'warehouse', ...inputs }).flatMap(([name, value]) => ['--input', `${name}=${value}`]);
  const ended = await operator.follow(['runbook', 'run', runbook, ...given], async (question) => {
    asked.push(question);
    if (question === 'apply') return confirmation(operator);
    if (question === 'fields') return 'continue';
    return question === 'allow' ? 'approve' : question === 'review' || question === 'release' ? 'yes' : 'done';
  });
  expect(ended, ended.stdout.slice(-2000)).toMatchObject({ code: 0, data: { state: 'succeeded' } });
  expect(await operator.syncs()).toEqual({ feed: 'running', archive: 'paused' });
  return asked;
}

test('consent-corruption on PostgreSQL: opt-outs are back in columns of both kinds, and no yes is ever written', async () => {
  // Each yes became a no and the other way round. The most restrictive of both wins: a yes of the base does not come back.
  const wanted = await after(`UPDATE people SET opted_out = true, news = 'no', name = 'Wrong' WHERE ${numbered(1, 12)};`);
  await sql(
    `UPDATE people SET opted_out = NOT opted_out, news = CASE news WHEN 'no' THEN 'yes' ELSE 'no' END, name = 'Wrong', ${FEED} WHERE ${numbered(1, 12)};`,
  );
  expect(await follow('consent-corruption', { opt_out_fields: 'opted_out', opt_in_fields: 'news' })).toContain('opt_outs');
  expect(await people()).toEqual(wanted);
});

test('associations-lost on PostgreSQL: columns that point to others come back, and no other column', async () => {
  const wanted = await after(
    `UPDATE people SET name = 'Wrong' WHERE ${numbered(9, 10)}; UPDATE people SET company_id = 'c1', ${MAYA} WHERE id = 'p20';`,
  );
  await sql(`UPDATE people SET company_id = NULL, ${FEED} WHERE ${numbered(1, 5)}; UPDATE people SET company_id = 'c4', name = 'Wrong', ${FEED} WHERE ${numbered(9, 10)};
    UPDATE people SET company_id = 'c1', ${MAYA} WHERE id = 'p20';`);
  await follow('associations-lost', { columns: 'company_id' });
  expect(await people()).toEqual(wanted);
});

test('misrouting on PostgreSQL: the columns that were named go back, what a colleague assigned and other columns stay', async () => {
  const wanted = await after(
    `UPDATE people SET name = 'Wrong' WHERE ${numbered(1, 8)}; UPDATE people SET owner = 'owner9', ${MAYA} WHERE id = 'p20';`,
  );
  await sql(`UPDATE people SET owner = 'owner0', stage = 'customer', name = 'Wrong', ${FEED} WHERE ${numbered(1, 8)};
    UPDATE people SET owner = 'owner9', ${MAYA} WHERE id = 'p20';`);
  await follow('misrouting', { fields: 'owner, stage' });
  expect(await people()).toEqual(wanted);
});
