import { afterAll, beforeAll } from 'vitest';

import { storeContract } from '../contracts/store.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { databaseState } from './postgres-support.js';

let server: TestPostgres;
let database: string;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '300' } });
  database = await server.createDatabase();
});
afterAll(() => server.stop());

storeContract('PostgreSQL', () => Promise.resolve(databaseState(server, database)));
