import { defined } from '../../../lib/index.js';
import type { AuditConfig } from '../../../workspace/index.js';

/** A column of a table that may be an audit table. */
export interface SeenColumn {
  readonly name: string;
  /** As PostgreSQL names it: `jsonb`, `timestamp with time zone`. */
  readonly type: string;
}

const ROWS = /^(?:jsonb?|(?:\w+\.)?hstore)$/u;
const TIME = /^timestamp/u;
const NUMBER = /^(?:smallint|integer|bigint|numeric)/u;
const ANY = /^/u;

/** What people call the columns of the tables that they write changes into, the surest first. */
const NAMES: Readonly<Record<'old' | 'new' | 'at' | 'by' | 'name' | 'schema' | 'action' | 'key' | 'column', readonly string[]>> = {
  old: ['old_data', 'old_row', 'old_values', 'old_value', 'old_record', 'row_before', 'data_before', 'before', 'old'],
  new: ['new_data', 'new_row', 'new_values', 'new_value', 'new_record', 'row_after', 'data_after', 'after', 'new'],
  at: ['changed_at', 'stamp', 'modified_at', 'action_tstamp', 'logged_at', 'event_time', 'occurred_at', 'changed_on', 'created_at', 'ts', 'at'],
  by: ['changed_by', 'modified_by', 'updated_by', 'user_name', 'username', 'session_user_name', 'db_user', 'actor', 'user_id', 'userid', 'who', 'by'],
  name: ['table_name', 'tablename', 'relname', 'entity', 'object', 'tab', 'table'],
  schema: ['table_schema', 'schema_name', 'schemaname'],
  action: ['operation', 'action', 'op', 'tg_op', 'event', 'change_type', 'did'],
  key: ['row_id', 'record_id', 'row_pk', 'entity_id', 'object_id', 'pk'],
  column: ['column_name', 'field_name', 'field', 'attribute'],
};

/** What another table of changes lacks, so that it cannot be used as it is. */
export type Guess = { readonly config: Omit<AuditConfig, 'table'> } | { readonly lacks: string };

/** A table that an audit table may be about. */
export interface Watched {
  readonly object: string;
  readonly name: string;
  readonly columns: readonly SeenColumn[];
}

/** What the names of audit tables of one table add to its name. */
const ADDED = /^(?:audit|log|hist|history)_|_(?:audit|audits|audit_log|log|logs|hist|history|aud|changes|versions|journal)$/u;

/** The table that an audit table is about, by its name: `leads_audit`, `audit.leads`; undefined where that is not clear. */
export function watchedBy(name: string, tables: readonly Watched[]): Watched | undefined {
  const bare = name.replace(ADDED, '');
  const fitting = tables.filter((one) => one.name === bare);
  return fitting.length === 1 ? fitting[0] : undefined;
}

/** Share of the columns of a table that a copy of it has. */
const COPIED = 0.7;

/** What an audit table is that has the columns of the table itself, as PostgreSQL's own example of a trigger makes it. */
export function copyOf(columns: readonly SeenColumn[], watched: Watched): Guess | undefined {
  const own = new Set(watched.columns.map(({ name }) => name));
  // Its own columns are those that the table does not have.
  const find = finder(columns.filter(({ name }) => !own.has(name)));
  const [at, by, action] = [find('at', TIME), find('by'), find('action')];
  const copied = columns.filter(({ name }) => own.has(name)).length;
  if (at === undefined || action === undefined || copied < COPIED * own.size) return undefined;
  if (by === undefined) return { lacks: 'a column that names who wrote' };
  const order = columns.find(({ name, type }) => !own.has(name) && ORDERS.includes(name) && NUMBER.test(type))?.name;
  return { config: { about: watched.object, copies: 'after', action, at, by, ...defined({ order }) } };
}

const ORDERS: readonly string[] = ['id', 'event_id', 'audit_id', 'log_id', 'history_id', 'seq', 'n'];

const finder =
  (columns: readonly SeenColumn[]) =>
  (of: keyof typeof NAMES, type: RegExp = ANY): string | undefined =>
    NAMES[of].find((name) => columns.some((one) => one.name === name && type.test(one.type)));

/**
 * What a table that somebody made by hand may be as an audit table, by the names and types of its columns; undefined where it looks
 * like none. It is a proposal for a person, and is used by nobody else. `about`: the table that its own name says it is about.
 */
export function guess(columns: readonly SeenColumn[], about?: string): Guess | undefined {
  const find = finder(columns);
  const at = find('at', TIME);
  const [name, schema, by, action] = [find('name'), find('schema'), find('by'), find('action')];
  const column = find('column');
  const [old, after, key] = column === undefined ? [find('old', ROWS), find('new', ROWS), undefined] : [find('old'), find('new'), find('key')];
  if (at === undefined || old === undefined || after === undefined || (column !== undefined && key === undefined)) return undefined;
  if (name === undefined && about === undefined) return { lacks: 'a column that names the table it is about' };
  if (by === undefined) return { lacks: 'a column that names who wrote' };
  const order = columns.find((one) => ORDERS.includes(one.name) && NUMBER.test(one.type))?.name;
  const whose = name === undefined ? { about: about ?? '' } : { of: { name, ...defined({ schema }) } };
  return { config: { ...whose, old, new: after, at, by, ...defined({ column, key, action, order }) } };
}
