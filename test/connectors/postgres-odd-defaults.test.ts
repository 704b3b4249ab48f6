import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { isRunbackError } from '../../src/lib/index.js';
import { connectorContract } from '../contracts/connector.js';
import { openTestPlatform, schemaOf } from '../support/postgres-connector.js';
import { contractDatabase } from '../support/postgres-contract.js';
import { ODD_DEFAULTS } from '../support/postgres-defaults.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** A user would lose: the value of a cell, or what refers to a record, to settings that a database or a role begins with. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '200' } });
});
afterAll(() => server.stop());

connectorContract(
  'postgres whose sessions begin with odd settings',
  { ordered: true, consistentRead: true, conditionalWrite: true, history: 'field', lines: true, changes: false },
  async () => {
    const prepare = async (database: string): Promise<void> => {
      for (const [name, value] of Object.entries(ODD_DEFAULTS)) await server.sql('postgres', `ALTER DATABASE ${database} SET ${name} = ${value}`);
    };
    return await contractDatabase(server, { audited: true, prepare });
  },
);

describe('a database or role whose sessions have triggers and foreign keys off', () => {
  const SCHEMA = `CREATE TABLE parents (id int PRIMARY KEY); CREATE TABLE leads (id int PRIMARY KEY, parent int REFERENCES parents, name text);
    INSERT INTO parents VALUES (1), (2); INSERT INTO leads VALUES (1, 1, 'one')`;

  test('still keeps its foreign keys against what is written here', async () => {
    const database = await server.createDatabase(SCHEMA);
    await server.sql('postgres', `ALTER DATABASE ${database} SET session_replication_role = 'replica'`);
    const platform = await openTestPlatform(server, database);
    onTestFinished(async () => await platform.close());
    const { connector } = platform;
    const [leads, parents] = [await schemaOf(connector, 'leads'), await schemaOf(connector, 'parents')];
    expect(await connector.write([{ action: 'update', schema: leads, key: '1', set: { parent: 7 }, expect: { parent: 1 } }])).toMatchObject([
      { status: 'rejected', reason: 'parent-missing' },
    ]);
    expect(await connector.write([{ action: 'delete', schema: parents, key: '1', expect: {} }])).toMatchObject([{ status: 'rejected' }]);
    expect(await server.sql(database, 'SELECT (SELECT count(*) FROM parents) AS parents, parent FROM leads')).toEqual([
      { parents: '2', parent: '1' },
    ]);
  });

  test('is told before anything is written, where this user cannot switch them on', async () => {
    const database = await server.createDatabase(
      `${SCHEMA}; DROP ROLE IF EXISTS copier; CREATE ROLE copier LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO copier`,
    );
    await server.sql('postgres', `ALTER ROLE copier SET session_replication_role = 'replica'`);
    const platform = await openTestPlatform(server, database, { url: server.url(database, 'copier') });
    onTestFinished(async () => await platform.close());
    const schema = await schemaOf(platform.connector, 'leads');
    const error: unknown = await platform.connector
      .write([{ action: 'update', schema, key: '1', set: { parent: 7 }, expect: { parent: 1 } }])
      .catch((thrown: unknown) => thrown);
    if (!isRunbackError(error)) throw new Error('it was written');
    expect(error).toMatchObject({ code: 'scope-missing', state: 'Nothing was written.' });
    expect(error.next).toContain('GRANT SET ON PARAMETER session_replication_role TO "copier"');
    expect(await server.sql(database, 'SELECT parent FROM leads')).toEqual([{ parent: '1' }]);
  });
});
