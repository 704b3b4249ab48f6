import { afterAll, beforeAll } from 'vitest';

import { connectorContract } from '../contracts/connector.js';
import { contractDatabase } from '../support/postgres-contract.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '200' } });
});
afterAll(() => server.stop());

connectorContract(
  'postgres',
  { ordered: true, consistentRead: true, conditionalWrite: true, history: 'record', lines: true, changes: false },
  async () => await contractDatabase(server),
);
connectorContract(
  'postgres with an audit table',
  { ordered: true, consistentRead: true, conditionalWrite: true, history: 'field', lines: true, changes: false },
  async () => await contractDatabase(server, { audited: true }),
);
