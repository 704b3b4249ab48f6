import { onTestFinished } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { type Moved, moveState, openPlace, openStore } from '../../src/store/index.js';
import type { StoreState } from '../contracts/store.js';
import type { TestPostgres } from '../support/postgres.js';
import { countIn, holderIn } from './support.js';

/** Waited for by tests, who ask three times before it ends. */
const ELSEWHERE_MS = 4000;
let schemas = 0;

/** Address of a state of its own in a database of a test server: a schema that nothing is in. `port`: that of a proxy. */
export function freshUrl(server: TestPostgres, database: string, port = server.port): string {
  schemas += 1;
  return `postgres://postgres@127.0.0.1:${String(port)}/${database}?schema=workspace_${String(schemas)}`;
}

/** Schema in an address. */
export function schemaIn(url: string): string {
  return new URL(url).searchParams.get('schema') ?? '';
}

/** A state in a schema of its own for the running test. `port`: that of what stands in front of the server. */
export function databaseState(server: TestPostgres, database: string, port = server.port): StoreState {
  const url = freshUrl(server, database, port);
  const s = schemaIn(url);
  const sql = async (text: string, values: readonly unknown[]): Promise<void> => void (await server.sql(database, text, values));
  return {
    async open({ clock = systemClock, redactor = new Redactor() } = {}) {
      const store = await openStore(url, { clock, redactor });
      onTestFinished(async () => await store.close());
      return store;
    },
    holder: async (where, locks) => await holderIn(url, where, locks, ELSEWHERE_MS),
    count: async (name, times) => await countIn(url, name, times),
    keep: async ({ kind, id }, lines) => await sql(`DELETE FROM ${s}.journal_line WHERE kind = $1 AND id = $2 AND seq > $3`, [kind, id, lines]),
    changeLine: async ({ kind, id }, line) =>
      await sql(`UPDATE ${s}.journal_line SET line = replace(line, '"by":"maya"', '"by":"mayo"') WHERE kind = $1 AND id = $2 AND seq = $3`, [
        kind,
        id,
        line,
      ]),
    changeDocument: async (kind, id) =>
      await sql(`UPDATE ${s}.document SET body = replace(body, 'running', 'paused!') WHERE kind = $1 AND id = $2`, [kind, id]),
  };
}

/** Moves a state as `runback state move` does. */
export async function move(from: string, to: string): Promise<Moved> {
  const [old, now] = [await openPlace(from, systemClock), await openPlace(to, systemClock)];
  try {
    return await moveState(old, now);
  } finally {
    await old.close();
    await now.close();
  }
}
