import { isLocked, serverError } from '../errors.js';
import { target } from '../sql.js';
import { quietly } from './blame.js';
import { type Item, type Shape, thereStatement } from './statements.js';
import type { Run } from './writer.js';

const SESSION = `format('session %s of %s%s', a.pid, coalesce(quote_ident(a.usename), 'a user that cannot be seen'),
  CASE WHEN a.application_name <> '' THEN format(' (%s)', a.application_name) END)`;

/**
 * Who holds the locks that these records wait for, in words, by place: who has locked the record itself, else who holds
 * locks on the table or on a table that it refers to. For messages: where it cannot be told, nothing is said.
 */
export async function whoLocks(shape: Shape, items: readonly Item[], query: Run): Promise<ReadonlyMap<number, string>> {
  const transactions = await touchedBy(shape, items, query);
  return quietly(query, async () => {
    const found = await query(
      `SELECT l.transactionid::text, ${SESSION} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
       WHERE l.locktype = 'transactionid' AND l.granted AND a.pid <> pg_backend_pid() AND l.transactionid::text = ANY ($1::text[])`,
      [[...new Set(transactions.values())]],
    );
    const sessions = new Map(found.map(([transaction, words]) => [transaction ?? '', words ?? '']));
    const others = items.every((item) => sessions.has(transactions.get(item.n) ?? '')) ? undefined : await holders(shape, query);
    return new Map(
      items.flatMap((item): [number, string][] => {
        const words = sessions.get(transactions.get(item.n) ?? '') ?? others;
        return words === undefined ? [] : [[item.n, `${words} holds it`]];
      }),
    );
  });
}

/** The transaction that last touched each record that is there. */
async function touchedBy(shape: Shape, items: readonly Item[], query: Run): Promise<ReadonlyMap<number, string>> {
  await query('SAVEPOINT touched');
  try {
    const { text, values } = thereStatement(shape, items);
    return new Map((await query(text, values)).map(([n, transaction]) => [Number(n), transaction ?? '']));
  } catch (error) {
    const server = serverError(error);
    if (server === undefined || !isLocked(server)) throw error;
    return new Map();
  } finally {
    await query('ROLLBACK TO SAVEPOINT touched').catch(() => {});
  }
}

async function holders(shape: Shape, query: Run): Promise<string | undefined> {
  const rows = await query(
    `SELECT DISTINCT ${SESSION} FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
     WHERE l.locktype = 'relation' AND l.granted AND l.mode <> 'AccessShareLock' AND a.pid <> pg_backend_pid() AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.relation IN (SELECT $1::regclass UNION SELECT relid FROM pg_partition_tree($1::regclass) UNION SELECT confrelid FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'f')
     ORDER BY 1 LIMIT 3`,
    [target(shape.table)],
  );
  return rows.length === 0 ? undefined : rows.map(([words]) => words ?? '').join(', ');
}
