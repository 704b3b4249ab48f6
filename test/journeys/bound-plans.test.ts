import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';

import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { openOperator, type Operator } from './support/operator.js';

/** A user would lose: what stands in another database, to a plan that was not made for it. */

let server: TestPostgres;
let proxy: TcpProxy;
let operator: Operator;
let database: string;

const config = (more = ''): string => `version: 1
platforms:
  warehouse: { connector: postgres, environment: staging, ${more}url: "file:database-url", objects: [public.people] }
backups: { storage: backups }
`;
const names = async (): Promise<readonly unknown[]> => (await server.sql(database, 'SELECT name FROM people ORDER BY id')).map(({ name }) => name);
const account = async (): Promise<string> => {
  const [row] = await server.sql(database, 'SELECT system_identifier FROM pg_control_system()');
  return `${row?.['system_identifier']}/${database}`;
};

describe('a plan on PostgreSQL', () => {
  beforeAll(async () => {
    server = await startPostgres();
    proxy = await startProxy({ host: '127.0.0.1', port: Number(new URL(server.url('postgres')).port) });
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
  });
  beforeEach(async () => {
    database = await server.createDatabase();
    // Nothing says what it is.
    await server.sql('postgres', `ALTER DATABASE ${database} RESET runback.environment`);
    await server.sql(
      database,
      `CREATE TABLE people (id int PRIMARY KEY, name text); INSERT INTO people SELECT i, 'Name ' || i FROM generate_series(1, 4) i`,
    );
    operator = await openOperator(config(`account: "${await account()}", `), { 'database-url': server.url(database) });
  });
  afterEach(() => operator.close());

  /** A plan for four damaged names; gives its id. */
  async function planned(): Promise<string> {
    const { id } = await operator.done('snapshot', 'create', '--platform', 'warehouse');
    await server.sql(database, `UPDATE people SET name = 'Bad'`);
    const plan = await operator.done('restore', 'plan', '--platform', 'warehouse', '--base', String(id), '--unattributed', 'include');
    return String(plan['id']);
  }

  test('is refused by a copy of the database at another address, until a person says that it moved there', async () => {
    const plan = await planned();
    // The same system identifier and the same name, at another address: that is what a copy of the files on another
    // server shows.
    const moved = new URL(server.url(database));
    moved.port = String(proxy.port);
    await operator.write('database-url', moved.href);
    const at = `127.0.0.1:${proxy.port}`;
    const refused = await operator.run('restore', 'apply', plan, '--confirm', 'staging:4');
    expect(refused).toMatchObject({ code: 6, error: { code: 'plan-other-account', next: expect.stringContaining(`--moved-to ${at}`) as string } });
    expect(await names()).toEqual(['Bad', 'Bad', 'Bad', 'Bad']);
    expect((await operator.run('restore', 'apply', plan, '--confirm', 'staging:4', '--moved-to', 'other.example:5432')).code).toBe(6);
    const applied = await operator.done('restore', 'apply', plan, '--confirm', 'staging:4', '--moved-to', at);
    expect(await names()).toEqual(['Name 1', 'Name 2', 'Name 3', 'Name 4']);
    expect((await operator.run('restore', 'undo', String(applied['id']))).code).toBe(6);
    expect((await operator.run('restore', 'verify', plan)).code).toBe(6);
    expect(await operator.done('restore', 'undo', String(applied['id']), '--moved-to', at)).toMatchObject({ state: 'undone' });
    expect(await names()).toEqual(['Bad', 'Bad', 'Bad', 'Bad']);
  });

  test('is not written to a database that nothing names, production or not, before somebody says which one it is', async () => {
    await operator.write('runback.yml', config());
    const plan = await planned();
    const refused = await operator.run('restore', 'apply', plan, '--confirm', 'staging:4');
    expect(refused).toMatchObject({ code: 6, error: { code: 'wrong-account', next: expect.stringContaining(await account()) as string } });
    expect(await names()).toEqual(['Bad', 'Bad', 'Bad', 'Bad']);
    // Its own marker is enough.
    await server.sql(database, `ALTER DATABASE ${database} SET runback.environment = 'staging'`);
    expect(await operator.done('restore', 'apply', plan, '--confirm', 'staging:4')).toMatchObject({ state: 'done' });
    // Nor is it undone where the marker is gone again; the account in runback.yml does as well.
    await server.sql(database, `ALTER DATABASE ${database} RESET runback.environment`);
    expect((await operator.run('restore', 'undo', 'latest')).code).toBe(6);
    await operator.write('runback.yml', config(`account: "${await account()}", `));
    expect(await operator.done('restore', 'undo', 'latest')).toMatchObject({ state: 'undone' });
  });
});
