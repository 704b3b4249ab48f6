import { Client, Query, type QueryArrayConfig, type QueryArrayResult } from 'pg';

import { type CallOptions, type Clock, messageOf, RunbackError } from '../../lib/index.js';
import { fromServer, isTransient, serverError } from './errors.js';
import { addressOf, type Settings } from './settings.js';
import { LendingSocket } from './socket.js';

/** A row as the server's text, column by column. */
export type Row = readonly (string | null)[];

/** Counters of one connector. */
export interface Counters {
  requests: number;
  retries: number;
}

const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** Every value is read as the text that PostgreSQL prints, so the settings that change that text are fixed here. */
const FIXED = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, YMD',
  TimeZone: 'UTC',
  IntervalStyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  xmlbinary: 'base64',
  xmloption: 'content',
  array_nulls: 'on',
  // A row that row-level security would hide makes the statement fail: absence must mean absence.
  row_security: 'off',
  idle_in_transaction_session_timeout: '0',
  // A statement of its own sees what is there once it has its locks; in a higher level it would see what was there
  // before.
  default_transaction_isolation: 'read committed',
  jit: 'off',
  cursor_tuple_fraction: '1',
} as const;

/**
 * What reads has an empty search path: it makes every name that the catalog gives a qualified one, and keeps strangers'
 * functions out. What writes has the one that the database or the role gives everybody, since functions of triggers may
 * need it; its own statements name everything with its schema.
 */
const FOR_READING = { search_path: '', default_transaction_read_only: 'on', work_mem: '64MB' } as const;

/** The first rows of an answer. */
export interface SomeRows {
  readonly rows: readonly Row[];
  /** These are all. */
  readonly all: boolean;
  readonly failed: boolean;
}

/** One connection. Not shared between transactions. */
export interface Connection {
  /** Runs one statement with parameters, or several without. Throws what the driver throws. */
  query(text: string, values?: readonly unknown[], options?: CallOptions): Promise<readonly Row[]>;
  /**
   * As {@link query}, for rows of any size: once those that have come are longer than `length`, the server is asked to
   * stop and the others are thrown away. At least one row comes, if there is any. `failed`: the statement was
   * cancelled, and a transaction with it.
   */
  queryUpTo(text: string, values: readonly unknown[], length: number, options?: CallOptions): Promise<SomeRows>;
  readonly client: Client;
  readonly serverVersion: number;
  readonly encoding: string;
  /** Ends it. `force`: without saying goodbye, so that the server rolls back. */
  close(force?: boolean): Promise<void>;
  readonly broken: boolean;
  /** Asks the server to stop what this connection is doing. Never throws. */
  cancel(): Promise<void>;
}

/**
 * Opens a connection with fixed settings; waits out transient trouble within `settings.waitMs`, visibly. Throws our
 * errors.
 */
export async function connect(
  settings: Settings,
  clock: Clock,
  counters: Counters,
  role: 'read' | 'write',
  options: CallOptions = {},
): Promise<Connection> {
  return retrying(settings, clock, counters, options, 'connecting', () => open(settings, counters, role, options));
}

/** Repeats `work` after transient failures, visibly, until the wait allowed is used up. Throws our errors. */
export async function retrying<T>(
  settings: Settings,
  clock: Clock,
  counters: Counters,
  options: CallOptions,
  doing: string,
  work: () => Promise<T>,
  grant?: string,
): Promise<T> {
  let waited = 0;
  for (let attempt = 0; ; attempt += 1) {
    throwIfAborted(options.signal, settings);
    try {
      return await work();
    } catch (error) {
      if (options.signal?.aborted === true) throwIfAborted(options.signal, settings);
      const pauseMs = Math.min(250 * 2 ** attempt, 10_000);
      if (!isTransient(error) || waited + pauseMs > settings.waitMs) throw fromServer(error, settings, doing, grant);
      counters.retries += 1;
      waited += pauseMs;
      options.reporter?.waiting({
        reason: `${settings.platform} (${addressOf(settings)}) did not answer while ${doing}: ${messageOf(error)}`,
        ms: pauseMs,
      });
      try {
        await clock.sleep(pauseMs, options.signal);
      } catch {
        throwIfAborted(options.signal, settings);
      }
    }
  }
}

/** Throws `interrupted` once the signal is aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, settings: Settings): void {
  if (signal?.aborted !== true) return;
  if (signal.reason instanceof RunbackError) throw signal.reason;
  throw new RunbackError('interrupted', `Stopped while working with ${settings.platform}`, {
    state: 'Nothing was written by the request that was stopped.',
    cause: signal.reason,
  });
}

async function open(settings: Settings, counters: Counters, role: 'read' | 'write', options: CallOptions): Promise<Connection> {
  const { mode } = settings.ssl;
  if (mode === 'prefer' || mode === 'allow') {
    try {
      return await openWith(settings, counters, role, options, true);
    } catch (error) {
      if (!/does not support SSL/.test(messageOf(error))) throw error;
      return openWith(settings, counters, role, options, false);
    }
  }
  return openWith(settings, counters, role, options, mode !== 'disable');
}

function newClient(settings: Settings, ssl: boolean): Client {
  const client = new Client({
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    // A function, so that neither PGPASSWORD nor ~/.pgpass of whoever runs this is used by accident.
    password: () => settings.password,
    ssl: ssl ? settings.ssl.options : false,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    application_name: 'runback',
    keepAlive: true,
    types: AS_TEXT,
    ...(ssl ? {} : { stream: () => new LendingSocket() }),
  });
  // Errors reach the query that was running; without a listener an idle connection that breaks would end the process.
  client.on('error', () => {});
  return client;
}

async function openWith(settings: Settings, counters: Counters, role: 'read' | 'write', options: CallOptions, ssl: boolean): Promise<Connection> {
  const client = newClient(settings, ssl);
  let broken = false;
  let closed = false;
  client.on('end', () => {
    broken = true;
  });
  client.on('error', () => {
    broken = true;
  });
  const onAbort = (): void => void client.end().catch(() => {});
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    await client.connect();
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
  endOnUnreadable(client);
  const session: Record<string, string> = {
    ...FIXED,
    statement_timeout: String(settings.statementTimeoutMs),
    lock_timeout: String(settings.lockTimeoutMs),
    ...(role === 'read' ? FOR_READING : {}),
  };
  const names = Object.keys(session);
  counters.requests += 1;
  const setUp = await client.query<{ pid: string; version: string; encoding: string }>({
    text: `SELECT ${names.map((_, index) => `pg_catalog.set_config($${String(2 * index + 1)}, $${String(2 * index + 2)}, false)`).join(', ')}, pg_catalog.pg_backend_pid()::pg_catalog.text AS pid,
      CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 170000 THEN pg_catalog.set_config('transaction_timeout', '0', false) END,
      pg_catalog.current_setting('server_version_num') AS version, pg_catalog.current_setting('server_encoding') AS encoding`,
    values: names.flatMap((name) => [name, session[name]]),
  });
  const facts = setUp.rows[0];
  const inTurn = oneAtATime();
  const connection: Connection = {
    client,
    serverVersion: Number(facts?.version ?? 0),
    encoding: facts?.encoding ?? '',
    get broken() {
      return broken || closed;
    },
    query: async (text, values, call = {}) =>
      await inTurn(call.signal, async () => {
        counters.requests += 1;
        const stop = (): void => void connection.cancel();
        call.signal?.addEventListener('abort', stop, { once: true });
        try {
          if (values === undefined) {
            const result: unknown = await client.query({ text, rowMode: 'array' });
            const last = (Array.isArray(result) ? result.findLast((each: QueryArrayResult) => each.fields.length > 0) : result) as
              | QueryArrayResult<string[]>
              | undefined;
            return last?.rows ?? [];
          }
          return (await client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' })).rows;
        } catch (error) {
          if (serverError(error) === undefined) broken = true;
          throw error;
        } finally {
          call.signal?.removeEventListener('abort', stop);
        }
      }),
    queryUpTo: async (text, values, length, call = {}) =>
      await inTurn(call.signal, async () => {
        counters.requests += 1;
        const stop = (): void => void connection.cancel();
        call.signal?.addEventListener('abort', stop, { once: true });
        const rows: Row[] = [];
        let left = length;
        let cancelled: Promise<void> | undefined;
        try {
          await new Promise<void>((resolve, reject) => {
            const config: QueryArrayConfig = { text, values: [...values], rowMode: 'array' };
            const query = new Query<(string | null)[]>(config);
            query.on('row', (row: Row) => {
              if (left < 0) {
                cancelled ??= connection.cancel();
                return;
              }
              rows.push(row);
              for (const value of row) left -= value?.length ?? 0;
            });
            query.on('end', () => resolve());
            query.on('error', reject);
            client.query(query);
          });
          return { rows, all: cancelled === undefined, failed: false };
        } catch (error) {
          const server = serverError(error);
          if (server === undefined) broken = true;
          if (cancelled === undefined || call.signal?.aborted === true || server?.code !== '57014') throw error;
          return { rows, all: false, failed: true };
        } finally {
          call.signal?.removeEventListener('abort', stop);
          // Later it would stop what comes next.
          await cancelled;
        }
      }),
    async close(force = false) {
      if (closed) return;
      closed = true;
      if (force || broken) client.connection.stream.destroy();
      await client.end().catch(() => {});
    },
    async cancel() {
      const other = newClient(settings, ssl);
      try {
        await other.connect();
        await other.query('SELECT pg_catalog.pg_cancel_backend($1)', [facts?.pid]);
      } catch {
        // The server cannot be asked: leave the connection, it notices by itself.
        client.connection.stream.destroy();
      } finally {
        await other.end().catch(() => {});
      }
    },
  };
  if (role === 'write') await prepareWriter(connection, settings);
  return connection;
}

/**
 * Runs what it is given one after the other. A connection does one thing at a time, and what is to be cancelled must be
 * what is under way, not what waits behind it. What is aborted while it waits does not begin.
 */
function oneAtATime(): <T>(signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T> {
  let before: Promise<unknown> = Promise.resolve();
  return async (signal, work) => {
    // What is asked for after an abort clears up.
    const late = signal?.aborted === true;
    const begin = async (): ReturnType<typeof work> => {
      if (!late) signal?.throwIfAborted();
      return await work();
    };
    const result = before.then(begin, begin);
    before = result;
    return await result;
  };
}

/**
 * What the driver cannot take in, a value longer than a text can be, ends the connection with that error instead of the
 * process.
 */
function endOnUnreadable(client: Client): void {
  const { stream } = client.connection;
  const [driver] = stream.listeners('data') as ((data: Buffer) => void)[];
  if (driver === undefined) return;
  stream.removeListener('data', driver);
  stream.on('data', (data: Buffer) => {
    try {
      driver(data);
    } catch (error) {
      stream.destroy(error instanceof Error ? error : new Error(messageOf(error)));
    }
  });
}

async function prepareWriter(connection: Connection, settings: Settings): Promise<void> {
  // A commit that is answered must survive a crash of the server.
  await connection.query(
    `SELECT pg_catalog.set_config('synchronous_commit', 'on', false) WHERE pg_catalog.current_setting('synchronous_commit') OPERATOR(pg_catalog.=) 'off'`,
  );
  if (settings.sessionReplicationRole === undefined) return;
  try {
    await connection.query(`SELECT pg_catalog.set_config('session_replication_role', $1, false)`, [settings.sessionReplicationRole]);
  } catch (error) {
    await connection.close();
    throw fromServer(error, settings, 'setting session_replication_role', `GRANT SET ON PARAMETER session_replication_role TO "${settings.user}";`);
  }
}
