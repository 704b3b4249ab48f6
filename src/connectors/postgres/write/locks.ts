import { formatDuration, RunbackError } from '../../../lib/index.js';
import { serverError } from '../errors.js';
import { type Ask, json } from '../schema/catalog.js';
import type { Table } from '../schema/table.js';
import type { Settings } from '../settings.js';
import { target } from '../sql.js';

/** Somebody who keeps readers from a table: holds the one lock that excludes them, or waits for it before us. */
interface Holder {
  /** Absent for a prepared transaction, which no process holds. */
  readonly pid: number | null;
  readonly prepared: string | null;
  readonly user: string | null;
  readonly application: string | null;
  readonly state: string | null;
  /** Seconds since the statement, or the transaction that sits idle, began. */
  readonly age: number | null;
  readonly mode: string;
  readonly granted: boolean;
  readonly relation: string;
}

/** True where a statement gave up waiting: for a lock, or altogether. */
export function waitedInVain(error: unknown): boolean {
  const code = serverError(error)?.code ?? (error instanceof RunbackError ? error.data['sqlstate'] : undefined);
  return code === '55P03' || code === '57014';
}

/**
 * Who keeps readers from these tables or their partitions, as an error; undefined where nobody does (any more). Not to
 * be asked in a transaction that failed.
 */
export async function whoIsInTheWay(ask: Ask, tables: readonly Table[], settings: Settings, cause: unknown): Promise<RunbackError | undefined> {
  const holders = await json<Holder>(
    ask,
    // Partitions by pg_inherits: the functions for them would wait for the very same lock.
    `WITH RECURSIVE parts AS (
       SELECT unnest($1::oid[]) AS oid UNION SELECT i.inhrelid FROM parts p JOIN pg_inherits i ON i.inhparent = p.oid
     ) SELECT l.pid, p.gid AS prepared, coalesce(a.usename, p.owner) AS user, a.application_name AS application, a.state,
       extract(epoch FROM clock_timestamp() - coalesce(CASE WHEN a.state LIKE 'idle%' THEN a.xact_start ELSE a.query_start END, p.prepared))::float8 AS age,
       l.mode, l.granted, format('%I.%I', n.nspname, c.relname) AS relation
     FROM pg_locks l JOIN pg_class c ON c.oid = l.relation JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_stat_activity a ON a.pid = l.pid
     LEFT JOIN pg_locks own ON l.pid IS NULL AND own.pid IS NULL AND own.locktype = 'transactionid' AND own.virtualtransaction = l.virtualtransaction
     LEFT JOIN pg_prepared_xacts p ON p.transaction = own.transactionid
     WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock' AND l.pid IS DISTINCT FROM pg_backend_pid()
       AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AND l.relation IN (SELECT oid FROM parts)
     ORDER BY l.granted DESC, l.pid LIMIT 10`,
    [tables.map((table) => table.oid)],
  );
  const [first] = holders;
  if (first === undefined) return undefined;
  return new RunbackError('platform-limit', `${first.relation} of ${settings.platform} is locked by someone else`, {
    why: `PostgreSQL waited for it until the time limit. ${holders.map(sentence).join(' ')}`,
    state: 'Nothing was written.',
    next: 'Let them finish (or raise lock_timeout under options in runback.yml), then run the same command again.',
    data: { platform: settings.platform, sqlstate: '55P03', holders },
    cause,
  });
}

function sentence(holder: Holder): string {
  const who = holder.pid === null ? `Prepared transaction "${holder.prepared ?? '?'}"` : `Process ${String(holder.pid)}`;
  const facts = [
    ...(holder.user === null ? [] : [`user "${holder.user}"`]),
    ...(holder.application === null || holder.application === '' ? [] : [`application "${holder.application}"`]),
    ...(holder.state === null && holder.age === null
      ? []
      : [`${holder.state ?? 'prepared'} for ${formatDuration(Math.round((holder.age ?? 0) * 1000))}`]),
  ];
  return `${who} (${facts.join(', ')}) ${holder.granted ? 'holds' : 'waits for'} ${holder.mode} on ${holder.relation}.`;
}

/**
 * The statement that keeps tables, partitions included, from being rewritten, emptied or dropped while they are read.
 */
export function lockTables(tables: readonly Table[]): string {
  // Everybody who locks in the order of names meets nobody of their kind in a deadlock.
  const names = tables.map((table) => `${table.kind === 'p' ? '' : 'ONLY '}${target(table)}`).sort();
  return names.length === 0 ? '' : `LOCK TABLE ${names.join(', ')} IN ACCESS SHARE MODE`;
}
