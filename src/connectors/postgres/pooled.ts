import type { Client } from 'pg';

/*
 * Behind a pooler (PgBouncer, and what vendors of databases put in front of theirs) each transaction may run in another process of the
 * server, which others had before and will have next. So nothing may be set there for longer than a transaction: whoever comes next would
 * find it, and an application that finds `default_transaction_read_only` can no longer write. And nothing that others left may count here.
 */

/** What the driver knows of its connection, and has in no type. */
interface Known {
  /** Process that the other side said at the start it is; a pooler makes a number up, since it has many. */
  readonly processID: number | null;
}

/** The process that a connection was told of at its start. */
export function processOf(client: Client): string {
  return String((client as unknown as Known).processID);
}

/** Status of a connection on which no transaction is open. */
export const IDLE = 'I';

/** What the server says of the transaction of a connection. */
export interface TransactionStatus {
  /** As told with the last answer that is whole. */
  now(): string;
  /** Does something on the connection. Where it throws, the server has said what that made of the transaction, or is gone. */
  known<T>(work: () => Promise<T>): Promise<T>;
}

/** Follows what the server says. An error is told before that: who acts on it at once would take what was for what is. */
export function transactionStatusOf({ connection }: Client): TransactionStatus {
  let status: string = IDLE;
  let isOpen = false;
  const waiting = new Set<() => void>();
  const close = (): void => {
    isOpen = false;
    for (const end of waiting) end();
    waiting.clear();
  };
  connection.on('errorMessage', () => {
    isOpen = true;
  });
  connection.on('readyForQuery', (message: { readonly status: string }) => {
    ({ status } = message);
    close();
  });
  connection.on('end', close);
  return {
    now: () => status,
    known: async (work) => {
      try {
        return await work();
      } catch (error) {
        if (isOpen) await new Promise<void>((resolve) => waiting.add(resolve));
        throw error;
      }
    },
  };
}

/** These belong to the transaction that has just begun, or cannot be put back, and change nothing here. */
const NOT_RESET = ['transaction_isolation', 'transaction_read_only', 'transaction_deferrable', 'seed', 'temp_buffers'];

/**
 * SQL that begins a transaction in which nothing counts but what is set here. `before`: statements before the first that
 * sees anything; the settings need nothing that is seen. `after`: those after it.
 */
export function beginShared(how: string, settings: Readonly<Record<string, string>>, before: readonly string[], after: readonly string[]): string {
  const kept = [...NOT_RESET, ...Object.keys(settings).map((name) => name.toLowerCase())];
  return [
    `BEGIN ${how}`,
    // Whoever had the process before may have become someone else, or have said that this is another environment.
    'SET LOCAL role TO DEFAULT',
    'SET LOCAL runback.environment TO DEFAULT',
    ...Object.entries(settings).map(([name, value]) => `SET LOCAL "${name}" TO '${value.replaceAll("'", "''")}'`),
    ...before,
    `SELECT pg_catalog.count(pg_catalog.set_config(s.name, s.reset_val, true)) FROM pg_catalog.pg_settings AS s
      WHERE s.source OPERATOR(pg_catalog.=) 'session' AND s.context OPERATOR(pg_catalog.=) ANY ('{user,superuser}'::pg_catalog.text[])
      AND coalesce(s.setting OPERATOR(pg_catalog.<>) s.reset_val, true)
      AND pg_catalog.lower(s.name) OPERATOR(pg_catalog.<>) ALL ('{${kept.join(',')}}'::pg_catalog.text[])`,
    ...after,
  ].join('; ');
}
