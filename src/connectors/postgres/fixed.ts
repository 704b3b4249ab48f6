import type { Settings } from './settings.js';

/** The name under which connections are seen. */
export const APPLICATION = 'runback';

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
  // Above 0, an index may leave out what it has found.
  gin_fuzzy_search_limit: '0',
  // An error costs a statement, and not the connection.
  exit_on_error: 'off',
  // A row that row-level security would hide makes the statement fail: absence must mean absence.
  row_security: 'off',
  idle_in_transaction_session_timeout: '0',
  idle_session_timeout: '0',
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
const FOR_READING = {
  search_path: '',
  default_transaction_read_only: 'on',
  work_mem: '64MB',
  quote_all_identifiers: 'off',
  standard_conforming_strings: 'on',
  transform_null_equals: 'off',
} as const;

/** What a session reads or writes under, whatever the database or the role begin one with. */
export function fixedFor(role: 'read' | 'write', settings: Settings): Readonly<Record<string, string>> {
  return {
    ...FIXED,
    statement_timeout: String(settings.statementTimeoutMs),
    lock_timeout: String(settings.lockTimeoutMs),
    ...(role === 'read' ? FOR_READING : {}),
  };
}

/** The same for one transaction, with what a session has for good. `version`: that of the server, as a number. */
export function fixedInTransaction(role: 'read' | 'write', settings: Settings, version: number): Readonly<Record<string, string>> {
  return {
    ...fixedFor(role, settings),
    // By this an audit table knows who wrote.
    application_name: APPLICATION,
    ...(version >= 170_000 ? { transaction_timeout: '0' } : {}),
  };
}

/**
 * Statements that set what writing needs where it is otherwise: a commit that is answered has to survive a crash of the
 * server, and triggers and foreign keys are off only where runback.yml says so. `local`: for one transaction.
 */
export function setForWriting({ sessionReplicationRole = 'origin' }: Settings, local: boolean): readonly string[] {
  const set = (name: string, value: string, where: string): string =>
    `SELECT pg_catalog.set_config('${name}', '${value}', ${String(local)}) WHERE pg_catalog.current_setting('${name}') ${where}`;
  return [
    set('synchronous_commit', 'on', `OPERATOR(pg_catalog.=) 'off'`),
    set('session_replication_role', sessionReplicationRole, `OPERATOR(pg_catalog.<>) '${sessionReplicationRole}'`),
  ];
}
