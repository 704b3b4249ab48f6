import { Client } from 'pg';

import { messageOf } from '../../lib/index.js';
import { APPLICATION } from './fixed.js';
import { processOf } from './pooled.js';
import type { Settings } from './settings.js';
import { LendingSocket } from './socket.js';

const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** Without a word from the other side, milliseconds, until the system asks whether it is there. */
const KEEP_ALIVE_MS = 30_000;
/** A pooler may let whoever connects wait for a place: PgBouncer for two minutes. */
const FIRST_ANSWER_MS = 150_000;

/** The driver's end of a connection, not connected yet. */
export function newClient(settings: Settings, ssl: boolean): Client {
  const client = new Client({
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.user,
    // A function, so that neither PGPASSWORD nor ~/.pgpass of whoever runs this is used by accident.
    password: () => settings.password,
    ssl: ssl ? settings.ssl.options : false,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    application_name: APPLICATION,
    keepAlive: true,
    // The system's own would be hours.
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
    types: AS_TEXT,
    ...(ssl ? {} : { stream: () => new LendingSocket() }),
  });
  // Nor what is meant for psql: poolers refuse whoever begins with options.
  const { connectionParameters } = client as unknown as { readonly connectionParameters: object };
  for (const name of ['options', 'replication']) Reflect.deleteProperty(connectionParameters, name);
  // Errors reach the query that was running; without a listener an idle connection that breaks would end the process.
  client.on('error', () => {});
  return client;
}

/**
 * What the driver cannot take in, a value longer than a text can be, ends the connection with that error instead of the
 * process.
 */
export function endOnUnreadable(client: Client): void {
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

/** What a new connection says of itself. */
export interface Facts {
  readonly pid: string;
  /** When that process was started, in seconds since 1970. */
  readonly began: string;
  /** When the server was started, in seconds since 1970. */
  readonly since: string;
  readonly version: number;
  /** What the server says that it is, in its own words. */
  readonly name: string;
  readonly encoding: string;
}

/**
 * Asks who answers, and sets the session up in the same request, where that is the process that the connection was told
 * of: a session behind a pooler is not ours to change.
 */
export async function setUp(client: Client, session: Readonly<Record<string, string>>): Promise<Facts> {
  const names = Object.keys(session);
  const sets = names.map((_, index) => `pg_catalog.set_config($${String(2 * index + 2)}, $${String(2 * index + 3)}, false)`);
  const query = {
    query_timeout: FIRST_ANSWER_MS,
    text: `SELECT a.pid::pg_catalog.text AS pid,
      (SELECT EXTRACT(epoch FROM s.backend_start)::pg_catalog.text FROM pg_catalog.pg_stat_activity AS s WHERE s.pid OPERATOR(pg_catalog.=) a.pid) AS began,
      EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time())::pg_catalog.text AS since,
      CASE WHEN a.pid::pg_catalog.text OPERATOR(pg_catalog.=) $1 THEN pg_catalog.concat(${sets.join(', ')},
        CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 OPERATOR(pg_catalog.>=) 170000 THEN pg_catalog.set_config('transaction_timeout', '0', false) END) END,
      pg_catalog.current_setting('server_version_num') AS version, pg_catalog.current_setting('server_encoding') AS encoding,
      pg_catalog.version() AS name
      FROM (SELECT pg_catalog.pg_backend_pid()) AS a(pid)`,
    values: [processOf(client), ...names.flatMap((name) => [name, session[name]])],
  };
  const { rows } = await client.query<Record<'pid' | 'began' | 'since' | 'version' | 'encoding' | 'name', string>>(query);
  const [facts] = rows;
  return {
    pid: facts?.pid ?? '',
    began: facts?.began ?? '',
    since: facts?.since ?? '',
    version: Number(facts?.version ?? 0),
    encoding: facts?.encoding ?? '',
    name: facts?.name ?? '',
  };
}
