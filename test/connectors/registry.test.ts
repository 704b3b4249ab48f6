import { afterAll, beforeAll, expect, test } from 'vitest';

import { connectorNames, openPlatform } from '../../src/connectors/index.js';
import { isRunbackError, type RunbackError, systemClock } from '../../src/lib/index.js';
import type { PlatformConfig } from '../../src/workspace/index.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let server: TestPostgres;
let database: string;
let account: string;
beforeAll(async () => {
  server = await startPostgres();
  database = await server.createDatabase('CREATE TABLE t (id int PRIMARY KEY)');
  const [row] = await server.sql(database, 'SELECT system_identifier FROM pg_control_system()');
  account = `${row?.['system_identifier'] ?? ''}/${database}`;
});
afterAll(() => server.stop());

async function refused(changes: Partial<PlatformConfig>): Promise<RunbackError> {
  const config: PlatformConfig = {
    name: 'warehouse',
    connector: 'postgres',
    environment: 'staging',
    url: server.url(database),
    credentials: {},
    limits: {},
    options: {},
    ...changes,
  };
  try {
    const platform = await openPlatform(config, { secret: async (ref) => ref, clock: systemClock, writes: 'private' });
    await platform.close();
  } catch (error) {
    if (isRunbackError(error)) return error;
    throw error;
  }
  throw new Error('it was opened');
}

test('another account than the declared one is refused before anything is read', async () => {
  const error = await refused({ account: '123/other' });
  expect(error.code).toBe('wrong-account');
  expect(error.exitCode).toBe(6);
  expect(error.why).toContain(account);
});

test('production without an account is refused, with the account to paste', async () => {
  const error = await refused({ environment: 'production' });
  expect(error.code).toBe('wrong-account');
  expect(error.next).toContain(`account: "${account}"`);
});

test('a production database that is declared as staging is refused, whatever its address says', async () => {
  await server.sql(database, `ALTER DATABASE ${database} SET runback.environment = 'production'`);
  const error = await refused({ account });
  expect(error.code).toBe('wrong-environment');
  await server.sql(database, `ALTER DATABASE ${database} SET runback.environment = 'prod'`);
  expect((await refused({ account })).why).toContain('production, staging, sandbox');
  await server.sql(database, `ALTER DATABASE ${database} SET runback.environment = 'staging'`);
  const platform = await openPlatform(
    {
      name: 'warehouse',
      connector: 'postgres',
      environment: 'staging',
      account,
      url: server.url(database),
      credentials: {},
      limits: {},
      options: {},
    },
    { secret: async (ref) => ref, clock: systemClock, writes: 'private' },
  );
  expect(platform.identity).toMatchObject({ account, environment: 'staging' });
  await platform.close();
});

test('where the system identifier is not for everyone, the address names the account', async () => {
  await server.sql(
    database,
    `ALTER DATABASE ${database} RESET runback.environment; DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC`,
  );
  const error = await refused({ environment: 'production', url: server.url(database, 'plain') });
  expect(error.next).toContain(`account: "127.0.0.1:${String(server.port)}/${database}"`);
});

test('a misspelt connector gets the right word', async () => {
  const error = await refused({ connector: 'postgre' });
  expect(error.code).toBe('usage');
  expect(error.message).toContain('did you mean "postgres"?');
  expect(connectorNames()).toContain('postgres');
});

test('settings that are wrong are named, and the URL with its password is not repeated', async () => {
  const cases: readonly (readonly [Partial<PlatformConfig>, string])[] = [
    [{ url: '' }, 'auth-missing'],
    [{ url: 'not a url with hunter2' }, 'usage'],
    [{ url: 'mysql://a:hunter2@b/c' }, 'usage'],
    [{ url: 'postgres://127.0.0.1/db?password=hunter2' }, 'auth-missing'],
    [{ url: 'postgres://a:hunter2@b/c?sslmode=often' }, 'usage'],
    [{ options: { statement_timout: '5s' } }, 'usage'],
    [{ options: { lock_timeout: 'soon' } }, 'usage'],
  ];
  for (const [changes, code] of cases) {
    const error = await refused(changes);
    expect(error.code).toBe(code);
    expect(`${error.message} ${error.why ?? ''} ${error.next ?? ''} ${JSON.stringify(error.data)}`).not.toContain('hunter2');
  }
});
