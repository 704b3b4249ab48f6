import { afterAll, beforeAll, expect, it } from 'vitest';

import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { type Entry, type ParityScene, parityScene } from './scene.js';

// A user would lose: a staging database that lets through what production refuses, or that writes into it.

const TABLES = `
  CREATE TYPE level AS ENUM ('low', 'high');
  CREATE TABLE accounts (id int PRIMARY KEY, name varchar(80) NOT NULL, note text);
  CREATE TABLE people (id int PRIMARY KEY, account int REFERENCES accounts, mail text, name varchar(80) NOT NULL, points numeric(9,2), level level, note text,
    CONSTRAINT points_positive CHECK (points >= 0));
  CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
  CREATE TRIGGER stamp BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION stamp();`;
const ROWS = `
  INSERT INTO accounts SELECT n, 'Account ' || n, NULL FROM generate_series(1, 50) n;
  INSERT INTO people SELECT n, 1 + n % 50, 'p' || n || '@example.com', 'Person ' || n, n, 'low', 'as it was' FROM generate_series(1, 700) n;`;

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
  await server.sql('postgres', "CREATE ROLE stage_user LOGIN PASSWORD 'of-the-stage' SUPERUSER");
  await server.sql('postgres', "CREATE ROLE crm_user LOGIN PASSWORD 'of-production' SUPERUSER");
});
afterAll(async () => {
  await server.stop();
});

const byText = (a: string, b: string): number => (a < b ? -1 : 1);

interface Databases {
  readonly stage: string;
  readonly crm: string;
}

/** Two databases with the same tables; production counts each statement that writes. */
async function databases(stageOnly = '', crmOnly = ''): Promise<Databases> {
  const made = { stage: await server.createDatabase(TABLES), crm: await server.createDatabase(TABLES) };
  for (const [name, environment] of [
    [made.stage, 'staging'],
    [made.crm, 'production'],
  ] as const) {
    await server.sql(name, ROWS);
    await server.sql(name, `ALTER DATABASE ${name} SET runback.environment = '${environment}'`);
  }
  if (stageOnly !== '') await server.sql(made.stage, stageOnly);
  if (crmOnly !== '') await server.sql(made.crm, crmOnly);
  for (const name of Object.values(made))
    await server.sql(
      name,
      `CREATE SCHEMA watch; CREATE TABLE watch.writes (what text);
       CREATE FUNCTION watch.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO watch.writes VALUES (TG_OP || TG_TABLE_NAME); RETURN NULL; END';
       CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON people EXECUTE FUNCTION watch.note();
       CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON accounts EXECUTE FUNCTION watch.note();`,
    );
  return made;
}

const writesIn = async (database: string): Promise<readonly (string | null)[]> =>
  (await server.sql(database, 'SELECT what FROM watch.writes')).map(({ what }) => what ?? null);
const everything = async (database: string): Promise<unknown> => [
  await server.sql(database, 'SELECT * FROM people ORDER BY id'),
  await server.sql(database, 'SELECT * FROM accounts ORDER BY id'),
];

async function entry(name: string, database: string, environment: string, login: readonly [string, string]): Promise<Entry> {
  const [row] = await server.sql(database, 'SELECT system_identifier::text AS id FROM pg_control_system()');
  const variable = `${name.toUpperCase()}_URL`;
  return {
    env: { [variable]: server.url(database, ...login) },
    config: {
      connector: 'postgres',
      environment,
      account: `${row?.['id'] ?? ''}/${database}`,
      url: `env:${variable}`,
      objects: ['public.accounts', 'public.people'],
    },
  };
}

async function sceneOf({ stage, crm }: Databases, login: readonly [string, string] = ['stage_user', 'of-the-stage']): Promise<ParityScene> {
  return await parityScene({
    stage: await entry('stage', stage, 'staging', login),
    crm: await entry('crm', crm, 'production', ['crm_user', 'of-production']),
  });
}

it('is like production where nothing differs, and passes a leak test over every row, without a statement that writes there', async () => {
  const both = await databases();
  const scene = await sceneOf(both);
  await scene.parity();
  const before = [await everything(both.stage), await everything(both.crm)];
  const { code, result, stdout } = await scene.check();
  expect(result.items, stdout).toEqual([]);
  expect(result).toMatchObject({ verdict: 'like', none: ['record-types', 'validation-rules', 'pipelines', 'scopes', 'lists', 'forms'] });
  expect(code).toBe(0);
  expect(result.apart).toEqual([
    { what: 'credentials', is: 'different' },
    { what: 'account', is: 'different' },
    // Two databases of one server.
    { what: 'host', is: 'shared' },
  ]);
  expect(result.leak).toMatchObject({
    status: 'clear',
    read: [
      {
        objects: [
          { object: 'public.accounts', records: 50 },
          { object: 'public.people', records: 700 },
        ],
      },
    ],
  });
  expect(await writesIn(both.crm)).toEqual([]);
  expect((await writesIn(both.stage)).length).toBe(4);
  expect([await everything(both.stage), await everything(both.crm)]).toEqual(before);
});

it('finds 16 planted differences, and nothing else', async () => {
  const both = await databases(
    `ALTER TABLE people ALTER name TYPE varchar(60), ALTER name DROP NOT NULL, ALTER points TYPE numeric(7,2), DROP CONSTRAINT points_positive, DROP note;
     ALTER TABLE people ADD extra text, ADD doubled int GENERATED ALWAYS AS (id * 2) STORED;
     CREATE UNIQUE INDEX ON people (account, mail);
     ALTER TABLE people DISABLE TRIGGER stamp;
     CREATE RULE quiet AS ON DELETE TO accounts DO INSTEAD NOTHING;
     ALTER TABLE accounts ADD UNIQUE (name);
     ALTER TYPE level ADD VALUE 'middle' BEFORE 'high';`,
    `ALTER TABLE people ADD doubled int;
     CREATE OR REPLACE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := now(); RETURN NEW; END';
     CREATE TABLE only_there (id int PRIMARY KEY);`,
  );
  await server.sql('postgres', `ALTER DATABASE ${both.stage} CONNECTION LIMIT 7`);
  const scene = await sceneOf(both);
  await scene.parity({ leak: 'off', objects: ['public.accounts', 'public.people', 'public.only_there'] });
  const { code, result } = await scene.check();
  expect(code).toBe(2);
  expect(
    result.items
      .map(({ item, test, production }) => `${item}: ${test ?? ''} | ${production ?? ''}`.replaceAll(/\b[\da-f]{8}\b/gu, 'DIGEST'))
      .sort(byText),
  ).toEqual(
    [
      'fields/public.only_there: missing | there',
      'fields/public.people.name#type: character varying(60) | character varying(80)',
      'fields/public.people.name#length: 60 | 80',
      'fields/public.people.name#required: not set | yes',
      'fields/public.people.points#type: numeric(7,2) | numeric(9,2)',
      'fields/public.people.note: missing | there',
      'fields/public.people.extra: there | missing',
      'fields/public.people.doubled#read-only: yes | no',
      'fields/public.people.check points_positive: missing | there',
      'fields/public.people.(record)#unique: account + mail | not set',
      'fields/public.accounts.name#unique: yes | not set',
      'options/public.people.level/middle: there | missing',
      'automations/public.people.trigger stamp#on: no | yes',
      'automations/public.people.trigger stamp#digest: DIGEST | DIGEST',
      'automations/public.accounts.rule quiet: there | missing',
      'limits/connections to the database#most: 7 | -1',
    ].sort(byText),
  );
  expect(await writesIn(both.crm)).toEqual([]);
});

it('finds one login under two addresses, and says what a user may do', async () => {
  const both = await databases();
  const shared = await sceneOf(both, ['crm_user', 'of-production']);
  await shared.parity();
  const { code, result, stdout } = await shared.check();
  expect(code).toBe(6);
  expect(result).toMatchObject({ verdict: 'refused', apart: [{ what: 'credentials', is: 'same' }] });
  expect(stdout).not.toContain('of-production');

  await server.sql('postgres', "CREATE ROLE few_rights LOGIN PASSWORD 'few'");
  await server.sql(both.stage, 'GRANT SELECT, UPDATE ON people TO few_rights; GRANT SELECT, INSERT, UPDATE, DELETE ON accounts TO few_rights');
  const scene = await sceneOf(both, ['few_rights', 'few']);
  await scene.parity({ leak: 'off', areas: ['permissions'] });
  const limited = await scene.check();
  expect(limited.result.items).toEqual([
    { item: 'permissions/public.people.the user may#create', area: 'permissions', status: 'different', test: 'no', production: 'yes' },
    { item: 'permissions/public.people.the user may#delete', area: 'permissions', status: 'different', test: 'no', production: 'yes' },
  ]);
});

it('sees what a trigger of the staging database carries into production', async () => {
  const both = await databases('CREATE EXTENSION dblink');
  await server.sql(
    both.stage,
    `CREATE FUNCTION carry() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       PERFORM dblink_exec('dbname=${both.crm} host=${server.host} port=${server.port} user=postgres', format('UPDATE people SET name = %L WHERE id = 3', NEW.note));
       RETURN NULL; END $$;
     CREATE TRIGGER carry AFTER UPDATE OF note ON people FOR EACH ROW WHEN (NEW.note LIKE 'drill-%') EXECUTE FUNCTION carry();`,
  );
  const scene = await sceneOf(both);
  await scene.parity({ areas: ['options'], leak: { settle: '0s', mark: ['public.people.note'] } });
  const { code, result } = await scene.check();
  expect(code).toBe(2);
  expect(result.leak).toMatchObject({
    status: 'leaked',
    sightings: [{ platform: 'crm', object: 'public.people', key: '3', field: 'name', from: 'public.people.note' }],
  });
  // What the trigger wrote; runback wrote nothing.
  expect(await writesIn(both.crm)).toEqual(['UPDATEpeople']);
});
