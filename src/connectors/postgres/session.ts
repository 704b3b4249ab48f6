import type { Socket } from 'node:net';

import { type Client, Query, type QueryArrayConfig, type QueryArrayResult } from 'pg';

import { type CallOptions, type Clock, messageOf, RunbackError } from '../../lib/index.js';
import { endOnUnreadable, type Facts, newClient, setUp } from './client.js';
import { fromServer, isTransient, serverError } from './errors.js';
import { fixedFor, fixedInTransaction, setForWriting } from './fixed.js';
import { requirePostgres, versionOf } from './imitators.js';
import { oneAtATime } from './in-turn.js';
import { beginShared, IDLE, processOf, transactionStatusOf } from './pooled.js';
import { fetchUpTo, lengthOf } from './read/fetched.js';
import type { Row, SomeRows } from './rows.js';
import { addressOf, type Settings } from './settings.js';
import { endWhereSilent, type Heard } from './silence.js';

export type { Row, SomeRows } from './rows.js';

/** Counters of one connector. */
export interface Counters {
  requests: number;
  retries: number;
}

/** How a transaction begins. */
export interface Beginning {
  /** As `BEGIN` takes it. */
  readonly how: string;
  /** Statements before the first that sees anything. */
  readonly before?: readonly string[];
  /** Statements after those. */
  readonly after?: readonly string[];
}

/** One connection. Not shared between transactions. */
export interface Connection {
  /** Begins a transaction, with one request. Gives the rows of its last statement that has any. Throws what the driver throws. */
  begin(beginning: Beginning, options?: CallOptions): Promise<readonly Row[]>;
  /** Ends the transaction that is open, if one is. Throws what the driver throws. */
  rollBack(): Promise<void>;
  /**
   * Runs one statement with parameters, or several without, in the transaction that is open, else in one of its own. Throws
   * what the driver throws.
   */
  query(text: string, values?: readonly unknown[], options?: CallOptions): Promise<readonly Row[]>;
  /**
   * As {@link query}, for rows of any size: once those that have come are longer than `length`, the server is asked to
   * stop and the others are thrown away. At least one row comes, if there is any. `failed`: the statement was
   * cancelled, and a transaction with it. Through a pooler, rows are fetched some at a time, and nothing is cancelled.
   */
  queryUpTo(text: string, values: readonly unknown[], length: number, options?: CallOptions): Promise<SomeRows>;
  readonly client: Client;
  readonly serverVersion: number;
  readonly encoding: string;
  /** A pooler is between: transactions may run in different processes of the server, which others use too. */
  readonly shared: boolean;
  /** Ends it. `force`: without saying goodbye, so that the server rolls back. */
  close(force?: boolean): Promise<void>;
  readonly broken: boolean;
  /**
   * Asks the server to stop what this connection is doing; through a pooler, the connection is left. Never throws.
   */
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
  const status = transactionStatusOf(client);
  counters.requests += 1;
  let facts: Facts;
  try {
    facts = await setUp(client, fixedFor(role, settings)).catch(async (error: unknown) => {
      requirePostgres(await versionOf(client, error), settings);
      throw error;
    });
    requirePostgres(facts.name, settings);
  } catch (error) {
    await left(client);
    throw error;
  }
  const shared = processOf(client) !== facts.pid;
  const elsewhere = async (text?: string, values?: readonly unknown[]): Promise<readonly Row[]> => await askElsewhere(settings, ssl, text, values);
  endWhereSilent(client, settings.silenceMs, {
    ask: async () => await heardOf(facts, shared, elsewhere),
    end: async () => {
      if (!shared) await elsewhere(`SELECT pg_catalog.pg_terminate_backend(s.pid) ${OURS}`, idOf(facts));
    },
  });
  const inTurn = oneAtATime();
  /** Sends statements, and gives the rows of the last that has any. */
  const send = async (text: string): Promise<readonly Row[]> => {
    const result: unknown = await status.known(async () => await client.query({ text, rowMode: 'array' }));
    const last = (Array.isArray(result) ? result.findLast((each: QueryArrayResult) => each.fields.length > 0) : result) as
      | QueryArrayResult<string[]>
      | undefined;
    return last?.rows ?? [];
  };
  const run = async (text: string, values: readonly unknown[]): Promise<readonly Row[]> =>
    (await status.known(async () => await client.query<(string | null)[]>({ text, values: [...values], rowMode: 'array' }))).rows;
  const begun = ({ how, before = [], after = [] }: Beginning): string =>
    shared
      ? beginShared(how, fixedInTransaction(role, settings, facts.version), before, [
          ...(role === 'write' ? setForWriting(settings, true) : []),
          ...after,
        ])
      : [`BEGIN ${how}`, ...before, ...after].join('; ');
  /** Does something in the transaction that is open; where the next may run elsewhere, in one of its own. */
  const inOne = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!shared || status.now() !== IDLE) return await work();
    try {
      await send(begun({ how: role === 'read' ? 'ISOLATION LEVEL READ COMMITTED READ ONLY' : 'ISOLATION LEVEL READ COMMITTED READ WRITE' }));
      const result = await work();
      await send(role === 'read' ? 'ROLLBACK' : 'COMMIT');
      return result;
    } catch (error) {
      if (serverError(error) !== undefined && status.now() !== IDLE) await send('ROLLBACK').catch(() => undefined);
      throw error;
    }
  };
  /** One request of a caller: after those before it, counted, and stopped where the caller stops. */
  const request = async <T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> =>
    await inTurn(signal, async () => {
      counters.requests += 1;
      const stop = (): void => void connection.cancel();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        return await work();
      } catch (error) {
        if (serverError(error) === undefined) broken = true;
        throw error;
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    });
  const connection: Connection = {
    client,
    serverVersion: facts.version,
    encoding: facts.encoding,
    shared,
    get broken() {
      return broken || closed;
    },
    begin: async (beginning, call = {}) => await request(call.signal, async () => await send(begun(beginning))),
    rollBack: async () =>
      await request(undefined, async () => {
        if (status.now() !== IDLE) await send('ROLLBACK');
      }),
    query: async (text, values, call = {}) =>
      await request(call.signal, async () => await inOne(async () => (values === undefined ? await send(text) : await run(text, values)))),
    queryUpTo: async (text, values, length, call = {}) => {
      if (shared) return await request(call.signal, async () => await inOne(async () => await fetchUpTo(text, values, length, { run, send })));
      return await request(call.signal, async () => {
        const rows: Row[] = [];
        let left = length;
        let cancelled: Promise<void> | undefined;
        try {
          const config: QueryArrayConfig = { text, values: [...values], rowMode: 'array' };
          const query = new Query<(string | null)[]>(config);
          query.on('row', (row: Row) => {
            if (left < 0) {
              cancelled ??= connection.cancel();
              return;
            }
            rows.push(row);
            left -= lengthOf(row);
          });
          await status.known(
            async () =>
              await new Promise<void>((resolve, reject) => {
                query.on('end', () => resolve());
                query.on('error', reject);
                client.query(query);
              }),
          );
          return { rows, all: cancelled === undefined, failed: false };
        } catch (error) {
          if (cancelled === undefined || call.signal?.aborted === true || serverError(error)?.code !== '57014') throw error;
          return { rows, all: false, failed: true };
        } finally {
          // Later it would stop what comes next.
          await cancelled;
        }
      });
    },
    async close(force = false) {
      if (closed) return;
      closed = true;
      if (force || broken) client.connection.stream.destroy();
      await left(client);
    },
    async cancel() {
      // Through a pooler it could reach what someone else is doing by now.
      if (shared) {
        client.connection.stream.destroy();
        return;
      }
      try {
        const asked = await elsewhere(`SELECT pg_catalog.pg_cancel_backend(s.pid) ${OURS}`, idOf(facts));
        if (asked.length === 0) client.connection.stream.destroy();
      } catch {
        // The server cannot be asked: leave the connection, it notices by itself.
        client.connection.stream.destroy();
      }
    },
  };
  try {
    if (shared) await tryToBegin(connection);
    else if (role === 'write') await connection.query(setForWriting(settings, false).join('; '));
  } catch (error) {
    await connection.close();
    if (serverError(error)?.code !== '42501' || role === 'read') throw error;
    throw fromServer(error, settings, 'setting session_replication_role', `GRANT SET ON PARAMETER session_replication_role TO "${settings.user}";`);
  }
  return connection;
}

/** How long the end of a connection is waited for, milliseconds. */
const LEAVE_MS = 5000;

/** Takes leave. Of a connection that a network let fall nothing comes back. */
async function left(client: Client): Promise<void> {
  const late = setTimeout(() => client.connection.stream.destroy(), LEAVE_MS);
  await client.end().catch(() => undefined);
  clearTimeout(late);
}

/** When something was, in seconds since 1970, as text. */
const secondsOf = (moment: string): string => `EXTRACT(epoch FROM ${moment})::pg_catalog.text`;

/**
 * A process of the server that has our connection. One address may lead to several servers, where another process has the same number, and
 * once ours has ended, its number goes to another one. Parameters: {@link idOf}.
 */
const OURS = `FROM pg_catalog.pg_stat_activity AS s WHERE s.pid OPERATOR(pg_catalog.=) $1::pg_catalog.int4
  AND ${secondsOf('s.backend_start')} OPERATOR(pg_catalog.=) $2 AND ${secondsOf('pg_catalog.pg_postmaster_start_time()')} OPERATOR(pg_catalog.=) $3`;
const idOf = ({ pid, began, since }: Facts): readonly string[] => [pid, began, since];

/** Asks on a connection of its own, which is ended; waits no longer for the answer than for the connection. No text: only connects. */
async function askElsewhere(settings: Settings, ssl: boolean, text?: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  const other = newClient(settings, ssl);
  try {
    await other.connect();
    // What it takes leave with is not waited for, nor by the end of this process.
    (other.connection.stream as Socket).unref();
    const query = { text: text ?? '', values: [...values], rowMode: 'array' as const, query_timeout: settings.connectTimeoutMs };
    const rows = text === undefined ? [] : (await other.query<(string | null)[]>(query)).rows;
    other.end().catch(() => undefined);
    return rows;
  } catch (error) {
    other.connection.stream.destroy();
    throw error;
  }
}

/** What the server says of a connection with which it began. */
async function heardOf(facts: Facts, shared: boolean, ask: (text?: string, values?: readonly unknown[]) => Promise<readonly Row[]>): Promise<Heard> {
  try {
    // Through a pooler nobody knows which process of the server has our request, and a question waits where all are taken.
    if (shared) {
      await ask();
      return 'works';
    }
    const [row] = await ask(
      `SELECT (${secondsOf('pg_catalog.pg_postmaster_start_time()')} OPERATOR(pg_catalog.=) $3)::pg_catalog.text, (SELECT coalesce(s.state, '') ${OURS})`,
      idOf(facts),
    );
    const [isSame, state] = row ?? [];
    if (isSame !== 'true') return 'works';
    if (state === null || state === undefined) return 'ended';
    return state.startsWith('idle') ? 'answered' : 'works';
  } catch (error) {
    // Full, or refusing: there is a server.
    return serverError(error) === undefined ? 'nothing' : 'works';
  }
}

/** Throws where the pooler takes no transactions, and where what is set in each may not be set. */
async function tryToBegin(connection: Connection): Promise<void> {
  await connection.begin({ how: 'READ ONLY' });
  await connection.rollBack();
}
