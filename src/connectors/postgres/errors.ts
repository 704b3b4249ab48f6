import { messageOf, RunbackError } from '../../lib/index.js';
import type { MutationResult, RejectReason } from '../connector.js';
import { addressOf, type Settings } from './settings.js';

/** What PostgreSQL reports with an error, as far as it is used here. */
export interface ServerError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
  /** Function of the server that raised it: tells errors apart that share a code, in every language. */
  readonly routine?: string;
}

/** The server's own report, or undefined where the connection failed instead. */
export function serverError(error: unknown): ServerError | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return undefined;
  return typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code) ? (error as unknown as ServerError) : undefined;
}

/** True where the connection is gone: nothing more will come from it, and an open transaction was rolled back. */
export function isLost(error: unknown): boolean {
  const server = serverError(error);
  if (server === undefined) return true;
  return /^(08|57P0)/.test(server.code) || server.code === '25P03' || server.code === '25P04';
}

/**
 * True where the same transaction may succeed when it is repeated: lost, deadlock, serialization, server starting or
 * full.
 */
export function isTransient(error: unknown): boolean {
  // One of ours was waited out already, or cannot be.
  if (error instanceof RunbackError || takesNoTransactions(error)) return false;
  const server = serverError(error);
  if (server === undefined) return !isConfiguration(error) && !isTooLong(error);
  return isLost(error) || /^(40001|40P01|53300|55P03)$/.test(server.code);
}

/**
 * True where a pooler refuses every transaction, since it gives each statement another process of the server. PgBouncer has
 * one code for all that it refuses.
 */
export function takesNoTransactions(error: unknown): boolean {
  const server = serverError(error);
  return server?.code === '08P01' && /statement pooling mode/u.test(server.message);
}

/** True where somebody else's lock was waited for as long as is allowed. */
export function isLocked(error: ServerError): boolean {
  return error.code === '55P03';
}

/**
 * True where a server has a function and lets nobody, or not this user, call it: services that keep their log in a place of their own (as
 * Amazon Aurora) withhold what tells of it.
 */
export function isWithheld(error: unknown): boolean {
  const code = error instanceof RunbackError ? error.data['sqlstate'] : serverError(error)?.code;
  return typeof code === 'string' && /^(0A000|42501|42883|55000)$/.test(code);
}

/** True where a value is longer than this process can hold as one text. */
export function isTooLong(error: unknown): boolean {
  return error instanceof Error && (('code' in error && error.code === 'ERR_STRING_TOO_LONG') || isTooLong(error.cause));
}

/** Errors of a connection that no repetition mends: names, certificates. */
function isConfiguration(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /CERT|SIGNED|ERR_TLS|ENOENT|ENOTFOUND/.test(code) || /SSL/.test(messageOf(error));
}

/** What a person reads of an error: an AggregateError (one try per address) has no message of its own. */
function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map((each) => messageOf(each)).join('; ');
  return messageOf(error);
}

/**
 * Turns whatever reading met into one of our errors. `doing` completes "while …"; `grant`: SQL that gives the
 * permission.
 */
export function fromServer(error: unknown, settings: Settings, doing: string, grant?: string): RunbackError {
  if (error instanceof RunbackError) return error;
  const { platform } = settings;
  const server = serverError(error);
  const words = wordsOf(error);
  const state = 'Nothing was written.';
  const why = `PostgreSQL at ${addressOf(settings)} answered while ${doing}: ${words}${server === undefined ? '' : ` (${server.code})`}`;
  const data = { platform, ...(server === undefined ? {} : { sqlstate: server.code }) };
  const make = (code: ConstructorParameters<typeof RunbackError>[0], message: string, next: string): RunbackError =>
    new RunbackError(code, message, { why, state, next, data, cause: error });
  if (isTooLong(error))
    return make(
      'platform-rejected',
      `${platform} holds a value that is too long to be read as one text`,
      'Leave the column or the table out; the largest text is 512 MB.',
    );
  if (takesNoTransactions(error))
    return make(
      'platform-rejected',
      `${platform} is reached through a pooler that takes no transactions`,
      'Use the address of the database itself, or a pooler in transaction or session mode, then run the same command again.',
    );
  if (server?.code === '57P03')
    return make(
      'platform-unreachable',
      `${platform} takes no connections now`,
      'It reports that it is starting, stopping or recovering. Run the same command again once it is ready.',
    );
  if (server === undefined || isLost(error) || server.code === '53300')
    return make(
      'platform-unreachable',
      `${platform} does not answer`,
      `Check that ${addressOf(settings)} can be reached from here (and sslmode in its URL), then run the same command again.`,
    );
  if (server.code.startsWith('28'))
    return make(
      'auth-refused',
      `${platform} refuses the user "${settings.user}"`,
      `Check user and password in the database URL of ${platform}, then run the same command again.`,
    );
  if (server.code === '42501')
    return make(
      'scope-missing',
      `${platform} does not let "${settings.user}" do this`,
      grant === undefined ? `Ask the owner of the database for the permission.` : `Let the owner of the table run: ${grant}`,
    );
  if (server.code === '57014' || server.code === '55P03')
    return make(
      'platform-limit',
      `${platform} took longer than its time limit`,
      'Look for a session that holds a lock (pg_stat_activity), or raise statement_timeout or lock_timeout under options in runback.yml.',
    );
  if (server.code.startsWith('40'))
    return make('platform-limit', `${platform} cancelled the work because of other sessions`, 'Run the same command again.');
  if (server.code === '42P01' || server.code === '42703' || server.code === '3F000')
    return make('object-unsupported', `A table or column of ${platform} no longer exists`, 'Run the same command again: the schema is read again.');
  return make('platform-rejected', `${platform} refuses the request`, 'Read the answer above; if it does not help, report it with --debug.');
}

/**
 * True for an error about the record that was written; false where the server, the transaction or a limit is to blame.
 */
export function aboutRecord(error: ServerError): boolean {
  return !/^(08|25|40|53|54|55|57|58|F0|XX)/.test(error.code);
}

/** The GRANT that lets a user do something to a table. */
export function grantFor(privilege: string, qualified: string, settings: Settings): string {
  return `GRANT ${privilege} ON ${qualified} TO "${settings.user.replaceAll('"', '""')}";`;
}

/** Not null, a check, a view's check, no partition for it. */
const WHOLE_ROW: ReadonlySet<string> = new Set(['23502', '23514', '44000']);

/** Why the server refuses one mutation for good. `enums`: a written column is an enumeration. */
export function rejection(error: ServerError, action: string, enums: boolean): Extract<MutationResult, { status: 'rejected' }> {
  // Of these, the detail is the whole row, with columns that nobody asked for and that may never be stored.
  const detail = error.detail === undefined || WHOLE_ROW.has(error.code) ? '' : ` ${error.detail}`;
  const message = `${error.message}${detail} (${error.code})`;
  return { status: 'rejected', reason: reasonOf(error, action, enums), message };
}

function reasonOf(error: ServerError, action: string, enums: boolean): RejectReason {
  switch (error.code) {
    case '23505':
    case '23P01':
      return 'unique-taken';
    case '23503':
      // On a delete (or on changing a value that others refer to) the record itself is the parent.
      return action === 'delete' ? 'rejected' : 'parent-missing';
    case '42703':
    case '42P01':
      return 'field-removed';
    case '428C9':
      return 'read-only';
    case '22P02':
      return enums ? 'option-removed' : 'type-changed';
    case '22001':
    case '22003':
    case '22007':
    case '22008':
    case '42804':
    case '42846':
      return 'type-changed';
    default:
      return 'rejected';
  }
}
