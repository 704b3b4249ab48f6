import { defined, didYouMean, RunbackError } from '../../../lib/index.js';
import type { AuditConfig } from '../../../workspace/index.js';
import type { Column, Table } from '../schema/table.js';
import type { Zone } from '../zone.js';

/** How an entry holds what stood there before and after. */
export type Layout =
  /** Whole rows before and after. */
  | { readonly is: 'rows'; readonly old: string; readonly new: string }
  /** The row before an update or delete, or after an insert, and what an update changed. */
  | { readonly is: 'changed'; readonly row: string; readonly changed: string }
  /** `{"field": [old, new]}`. */
  | { readonly is: 'changes'; readonly changes: string }
  /** The columns of the table itself, as they were after the write; of a delete, before it. */
  | { readonly is: 'copy' }
  /** One field, with one value before and one after. */
  | { readonly is: 'column'; readonly column: string; readonly old: string; readonly new: string };

/** An audit table, with every column that is read of it looked up. */
export interface Shape {
  readonly table: Table;
  readonly layout: Layout;
  readonly of: { readonly schema?: string; readonly name?: string; readonly oid?: string };
  readonly names: Readonly<Record<string, string>>;
  /** Object types that it tells of; absent where its entries say. */
  readonly about?: readonly string[];
  /** Columns that hold the key; empty where it is in the kept rows. */
  readonly key: readonly string[];
  readonly action?: string;
  readonly at: string;
  /** How times of `at` become instants; absent where each says its own zone. */
  readonly zone?: Zone;
  readonly by: readonly string[];
  readonly order?: string;
  readonly since?: string;
  /** The well-known shape that it has. */
  readonly known?: string;
}

/** The part of a description that a well-known shape fills in. */
type Known = Omit<AuditConfig, 'table' | 'since' | 'names' | 'about' | 'zone' | 'copies'>;

/**
 * Shapes of common audit triggers, by the columns that tell them: the trigger of the PostgreSQL wiki (`logged_actions`),
 * `supa_audit` (`record_version`), and the tables of two widespread libraries for web applications.
 */
const SHAPES: readonly { readonly name: string; readonly has: readonly string[]; readonly is: Known }[] = [
  {
    name: 'logged_actions',
    has: ['event_id', 'schema_name', 'table_name', 'action', 'row_data', 'changed_fields', 'action_tstamp_tx'],
    is: {
      of: { oid: 'relid', schema: 'schema_name', name: 'table_name' },
      action: 'action',
      row: 'row_data',
      changed: 'changed_fields',
      at: 'action_tstamp_clk',
      by: ['session_user_name', 'application_name'],
      order: 'event_id',
    },
  },
  {
    name: 'record_version',
    has: ['id', 'op', 'ts', 'table_schema', 'table_name', 'record', 'old_record'],
    is: {
      of: { oid: 'table_oid', schema: 'table_schema', name: 'table_name' },
      action: 'op',
      old: 'old_record',
      new: 'record',
      at: 'ts',
      by: ['auth_role', 'auth_uid'],
      order: 'id',
    },
  },
  {
    name: 'versions',
    has: ['id', 'item_type', 'item_id', 'event', 'object_changes', 'created_at'],
    is: { of: { name: 'item_type' }, key: 'item_id', action: 'event', changes: 'object_changes', at: 'created_at', by: 'whodunnit', order: 'id' },
  },
  {
    name: 'audits',
    has: ['id', 'auditable_type', 'auditable_id', 'action', 'audited_changes', 'created_at'],
    is: {
      of: { name: 'auditable_type' },
      key: 'auditable_id',
      action: 'action',
      changes: 'audited_changes',
      at: 'created_at',
      by: ['user_type', 'user_id', 'username'],
      order: 'id',
    },
  },
];

/** The well-known shape that a table with these columns has. */
export function recognise(columns: Iterable<string>): { readonly name: string; readonly is: Known } | undefined {
  const there = new Set(columns);
  return SHAPES.find(({ has }) => has.every((name) => there.has(name)));
}

/** Bases of columns that can hold kept rows. */
const IMAGES = new Set(['json', 'jsonb']);
const TIMES = new Set(['timestamp with time zone', 'timestamp without time zone']);
const NUMBERS = new Set(['smallint', 'integer', 'bigint', 'numeric']);

/**
 * What `audit` of runback.yml describes, completed from the shape of the table and checked against its columns. Throws
 * `file-invalid` with the key that is wrong or missing.
 */
export function shapeOf(config: AuditConfig, table: Table, platform: string): Shape {
  const fail = failing(config, platform);
  const known = recognise(table.columns.keys());
  const has = (name: string): boolean => table.columns.has(name);
  const only = (names: string | readonly string[] | undefined): readonly string[] => (names === undefined ? [] : [names].flat()).filter(has);
  const need = (key: string, name: string | undefined, what: string): string => {
    if (name === undefined) throw fail(`it does not say ${what}`, `Add ${key}: with the name of the column.`);
    if (!has(name)) throw fail(`${key} names the column ${name}, which the table does not have${didYouMean(name, [...table.columns.keys()])}`);
    return name;
  };
  const described = config.old ?? config.new ?? config.column ?? config.row ?? config.changed ?? config.changes ?? config.copies;
  const usual: Known = described === undefined ? (known?.is ?? {}) : {};
  const layout = layoutOf({ ...usual, ...config }, need, fail, table);
  const by = config.by === undefined ? only(known?.is.by) : [config.by].flat().map((name) => need('by', name, 'who wrote'));
  if (by.length === 0)
    throw fail(
      'it does not say who wrote',
      known?.name === 'record_version'
        ? `Let it keep that from now on, and name the column with by: ALTER TABLE ${config.table} ADD COLUMN written_by text; ALTER TABLE ${config.table} ALTER COLUMN written_by SET DEFAULT session_user;`
        : 'Add by: with the name of the column, or of several.',
    );
  const at = need('at', config.at ?? known?.is.at, 'when something was written');
  if (!TIMES.has(baseOf(table, at)))
    throw fail(`at names the column ${at}, whose type is ${baseOf(table, at)}`, 'It has to be a timestamp, with or without time zone.');
  const order = config.order === undefined ? only(known?.is.order)[0] : need('order', config.order, '');
  if (order !== undefined && !NUMBERS.has(baseOf(table, order)))
    throw fail(
      `order names the column ${order}, whose type is ${baseOf(table, order)}`,
      'It has to be a number that grows with each entry; leave it out where there is none.',
    );
  const key = config.key === undefined ? only(known?.is.key) : [config.key].flat().map((name) => need('key', name, ''));
  if (key.length === 0 && layout.is !== 'rows' && layout.is !== 'changed' && layout.is !== 'copy')
    throw fail('it does not say which record was changed', 'Add key: with the name of the column.');
  const action = config.action === undefined ? only(known?.is.action)[0] : need('action', config.action, '');
  if (action === undefined && (layout.is === 'changed' || layout.is === 'copy'))
    throw fail('it does not say what was done', 'Add action: with the name of the column.');
  return {
    table,
    layout,
    of: ofOf(config, known?.is, need, fail, has),
    ...(config.about === undefined ? {} : { about: [config.about].flat() }),
    names: config.names ?? {},
    key,
    at,
    by,
    ...defined({ action, order, since: config.since, known: known?.name }),
  };
}

function baseOf(table: Table, name: string): string {
  return table.columns.get(name)?.base ?? '';
}

/** True for a column of the type `hstore`, in whichever schema the extension is. */
export function isHstore({ cast }: Pick<Column, 'cast'>): boolean {
  return /(?:^|\.)hstore$/u.test(cast);
}

type Need = (key: string, name: string | undefined, what: string) => string;
type Fail = (why: string, next?: string) => RunbackError;

function failing({ table }: AuditConfig, platform: string): Fail {
  return (why, next) =>
    new RunbackError('file-invalid', `The audit table ${table} of ${platform} cannot be used: ${why}`, {
      state: 'Nothing was written.',
      next: next ?? `Correct platforms.${platform}.audit in runback.yml.`,
    });
}

function layoutOf(config: Omit<AuditConfig, 'table'>, need: Need, fail: Fail, table: Table): Layout {
  const kept = (name: string, pairs = false): string => {
    const column = table.columns.get(name);
    if (column === undefined || !(IMAGES.has(column.base) || (!pairs && isHstore(column))))
      throw fail(
        `the column ${name} has the type ${column?.base ?? 'unknown'}`,
        `What was written has to be kept as ${pairs ? 'json or jsonb' : 'json, jsonb or hstore'}.`,
      );
    return name;
  };
  if (config.column !== undefined)
    return {
      is: 'column',
      column: need('column', config.column, ''),
      old: need('old', config.old, 'what stood there before'),
      new: need('new', config.new, 'what was written'),
    };
  if (config.row !== undefined || config.changed !== undefined) {
    const [row, changed] = [
      kept(need('row', config.row, 'which column holds the row')),
      kept(need('changed', config.changed, 'what an update changed')),
    ];
    if (table.columns.get(row)?.base !== table.columns.get(changed)?.base) throw fail(`${row} and ${changed} are of two types`);
    return { is: 'changed', row, changed };
  }
  if (config.changes !== undefined) return { is: 'changes', changes: kept(need('changes', config.changes, ''), true) };
  if (config.copies !== undefined) return { is: 'copy' };
  if (config.old === undefined && config.new === undefined)
    throw fail(
      'it has none of the shapes that are known',
      'Say where it keeps what: old and new, row and changed, changes, copies, or column with old and new (docs/postgres.md).',
    );
  const [old, after] = [kept(need('old', config.old, 'what stood there before')), kept(need('new', config.new, 'what was written'))];
  if (table.columns.get(old)?.base !== table.columns.get(after)?.base) throw fail(`${old} and ${after} are of two types`);
  return { is: 'rows', old, new: after };
}

function ofOf(config: AuditConfig, known: Known | undefined, need: Need, fail: Fail, has: (name: string) => boolean): Shape['of'] {
  const given = config.of;
  if (given !== undefined) {
    const [schema, name, oid] = (['schema', 'name', 'oid'] as const).map((part) => given[part] && need(`of.${part}`, given[part], ''));
    if (name === undefined && oid === undefined)
      throw fail('of names neither name nor oid', 'Add of: { name: … } with the column that names the table.');
    return oid === undefined ? defined({ schema, name }) : { oid };
  }
  const { schema, name, oid } = known?.of ?? {};
  if (oid !== undefined && has(oid)) return { oid };
  if (name === undefined || !has(name)) {
    // The audit table of one table needs no column that says so.
    if (config.about !== undefined && [config.about].flat().length === 1) return {};
    throw fail(
      'it does not say which table was changed',
      'Add of: { schema: …, name: … } with the columns that name it, or of: { oid: … }; or about: with the table, where it is about one only.',
    );
  }
  return { name, ...(schema !== undefined && has(schema) ? { schema } : {}) };
}
