import type { ClientBase } from 'pg';

import { RunbackError } from '../../lib/index.js';
import { movedError, type MoveMark, type Standing } from '../moved.js';

const VERSION = 1;
/** Times that the tables are made, where others make them at the same moment. */
const MOST_TRIES = 5;

/** What there is of a workspace in the database: one schema. Names sort as bytes, as names of files do. */
function tables(s: string): string {
  const name = 'text COLLATE "C" NOT NULL';
  return `
    CREATE SEQUENCE IF NOT EXISTS ${s}token;
    CREATE TABLE IF NOT EXISTS ${s}workspace (
      one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL, epoch bigint NOT NULL, timeline text NOT NULL,
      state text NOT NULL, moved_to text, move text);
    CREATE TABLE IF NOT EXISTS ${s}lease (
      scope ${name}, name ${name}, token bigint NOT NULL, claim text NOT NULL, info text NOT NULL, lease_ms bigint NOT NULL,
      until timestamptz NOT NULL, PRIMARY KEY (scope, name));
    CREATE TABLE IF NOT EXISTS ${s}journal_head (
      kind ${name}, id ${name}, seq bigint NOT NULL, hash text NOT NULL, token bigint NOT NULL, PRIMARY KEY (kind, id));
    CREATE TABLE IF NOT EXISTS ${s}journal_line (
      kind ${name}, id ${name}, seq bigint NOT NULL, line text NOT NULL, PRIMARY KEY (kind, id, seq));
    CREATE TABLE IF NOT EXISTS ${s}document (
      kind ${name}, id ${name}, version text NOT NULL, before text[] NOT NULL, body text NOT NULL, PRIMARY KEY (kind, id));
    CREATE TABLE IF NOT EXISTS ${s}ledger (kind ${name}, id ${name}, tag text NOT NULL, parts bigint NOT NULL, PRIMARY KEY (kind, id));
    CREATE TABLE IF NOT EXISTS ${s}ledger_part (
      tag text NOT NULL, n bigint NOT NULL, body bytea NOT NULL, made timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (tag, n));
    CREATE TABLE IF NOT EXISTS ${s}agenda (kind ${name}, at timestamptz(3) NOT NULL, id ${name}, PRIMARY KEY (kind, at, id));
    CREATE TABLE IF NOT EXISTS ${s}settled (
      what ${name}, kind ${name}, id ${name}, meaning text NOT NULL, mark text NOT NULL, PRIMARY KEY (what, kind, id));`;
}

/** What a workspace is opened with. */
export interface Opening {
  readonly schema: string;
  readonly standing: Standing;
  readonly location: string;
  /** Of the server that was reached: {@link serverFacts}. */
  readonly timeline: string;
}

/**
 * Makes the tables where they are missing, and looks at what is there: the version, where the state is at home, the
 * timeline of the server. On another timeline (a failover, a restored backup) the epoch goes up, and with it every token
 * that is given from then on. Gives by how much the clock of the server is ahead of this one. Throws `store-moved`,
 * `storage-unsafe`, and what the server answers.
 */
export async function prepare(client: ClientBase, { schema, standing, location, timeline }: Opening): Promise<{ readonly aheadMs: number }> {
  const s = `"${schema}".`;
  const workspace = await readWorkspace(client, s);
  const { state, version, to } = workspace ?? (await makeTables(client, schema));
  if (version !== VERSION)
    throw new RunbackError('usage', `The state in ${location} was made by a later version of runback`, {
      state: 'Nothing was read or changed.',
      next: 'Install the version of runback that the others use.',
    });
  if (state !== standing) throw movedError(location, state, to);
  const { rows } = await client.query<Record<'sync' | 'now', string>>(
    `SELECT current_setting('synchronous_commit') AS sync, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`,
  );
  const [facts] = rows;
  if (facts === undefined || facts.sync === 'off')
    throw new RunbackError('storage-unsafe', 'The database of the state may lose what it has confirmed', {
      why: `synchronous_commit is off for this user in ${location}.`,
      state: 'Nothing was changed.',
      next: `Let the owner of the database run: ALTER ROLE … SET synchronous_commit = on`,
    });
  await noteTimeline(client, s, timeline);
  return { aheadMs: Number(facts.now) - Date.now() };
}

/** On another timeline than before, every token that is given from then on is higher than all that were. */
export async function noteTimeline(client: ClientBase, s: string, timeline: string): Promise<void> {
  await client.query(`UPDATE ${s}workspace SET epoch = epoch + 1, timeline = $1 WHERE timeline <> $1`, [timeline]);
}

/** What is known of a server. */
export interface ServerFacts {
  /** It takes no writes. */
  readonly isStandby: boolean;
  /**
   * Which history it writes; a standby has none of its own. Of services that tell nothing of their log (Amazon Aurora), when the server was
   * started: that changes with every failover and every backup that is restored, and with each start.
   */
  readonly timeline: string;
  /** What a statement asks the server for that by. */
  readonly asksTimeline: string;
}

/** What most servers are asked for their timeline by. */
export const BY_LOG = 'substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)';
const BY_START = `to_char(pg_postmaster_start_time() AT TIME ZONE 'UTC', '"s"YYYYMMDDHH24MISSUS')`;

/** Asks a server what it is. */
export async function serverFacts(client: ClientBase): Promise<ServerFacts> {
  try {
    return await factsOf(client, BY_LOG);
  } catch (error) {
    if (!isWithheld(error)) throw error;
    return await factsOf(client, BY_START);
  }
}

async function factsOf(client: ClientBase, asksTimeline: string): Promise<ServerFacts> {
  const { rows } = await client.query<{ readonly standby: string; readonly timeline: string | null }>(
    `SELECT pg_is_in_recovery()::text AS standby, CASE WHEN pg_is_in_recovery() THEN NULL ELSE ${asksTimeline} END AS timeline`,
  );
  return { isStandby: rows[0]?.standby === 'true', timeline: rows[0]?.timeline ?? '', asksTimeline };
}

/** The server has the function, and lets nobody, or not this user, call it. */
const isWithheld = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(?:0A000|42501|42883|55000)$/u.test(error.code);

/** What the schema of a workspace says of itself. */
export interface Workspace {
  readonly state: string;
  readonly version: number;
  readonly to: string | undefined;
  readonly move: string;
}

/** Undefined where there are no tables, or no row in them. */
export async function readWorkspace(client: ClientBase, s: string): Promise<Workspace | undefined> {
  const { rows: there } = await client.query(`SELECT to_regclass($1) AS found`, [`${s}settled`]);
  if ((there[0] as { found: string | null } | undefined)?.found == null) return undefined;
  const { rows } = await client.query<Record<'state' | 'version' | 'move', string> & { moved_to: string | null }>(
    `SELECT state, version, moved_to, coalesce(move, '') AS move FROM ${s}workspace`,
  );
  const [row] = rows;
  return row === undefined ? undefined : { state: row.state, version: Number(row.version), to: row.moved_to ?? undefined, move: row.move };
}

/** Several processes may be the first. `mark`: what it says of a move from its first moment on. */
export async function makeTables(client: ClientBase, schema: string, mark?: MoveMark): Promise<Workspace> {
  const s = `"${schema}".`;
  const { timeline } = await serverFacts(client);
  for (let tries = 1; ; tries += 1) {
    try {
      await makeOnce(client, schema, timeline, mark);
      break;
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      if (tries === MOST_TRIES || !isMadeByOthers(error)) throw error;
    }
  }
  const made = await readWorkspace(client, s);
  if (made === undefined) throw new RunbackError('bug', 'the tables of the state are not there after they were made');
  return made;
}

async function makeOnce(client: ClientBase, schema: string, timeline: string, mark: MoveMark | undefined): Promise<void> {
  const s = `"${schema}".`;
  await client.query('BEGIN ISOLATION LEVEL READ COMMITTED');
  await client.query(`SELECT pg_advisory_xact_lock(hashtext($1))`, [`runback ${schema}`]);
  await client.query(`CREATE SCHEMA IF NOT EXISTS "${schema}"`);
  await client.query(tables(s));
  await client.query(
    `INSERT INTO ${s}workspace (version, epoch, timeline, state, moved_to, move)
     VALUES ($1, 1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
    [VERSION, timeline, mark?.state ?? 'here', mark?.to ?? null, mark?.move ?? null],
  );
  await client.query('COMMIT');
}

/** A session that has looked before still takes a schema for missing which another one has made since: `IF NOT EXISTS` fails then. */
function isMadeByOthers(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^(?:23505|42P06|42P07|42710)$/u.test(error.code);
}
