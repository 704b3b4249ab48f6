import { type CallOptions, chunksOf } from '../../../lib/index.js';
import { setOwn } from '../../../records/index.js';
import type { RecordHistory } from '../../connector.js';
import { isBadText, isoOf, keyColumns } from '../read/read.js';
import type { Reader } from '../read/reader.js';
import { keyParts, valueOf } from '../read/values.js';
import type { Column, Table } from '../schema/table.js';
import type { Row } from '../session.js';
import { arrayLiteral, identifier, target } from '../sql.js';
import { columnIn, instantSql, instantsSql } from '../zone.js';
import { aboutSql, actionSql, fieldSql, keySql, ofKeys, Values, withHstore, writerSql } from './entry-sql.js';
import { type AuditEvent, type AuditFacts, type FieldTold, recordHistory, type Told } from './record-history.js';
import type { Shape } from './shape.js';

/** Characters of entries that are taken in at once, about. */
const LENGTH_AT_ONCE = 16 << 20;
/** Fields whose values are asked for in one statement: a row of an answer has 1664 columns at most. */
const FIELDS_AT_ONCE = 500;

/** A partition of a table, or one that was. */
export interface Part {
  readonly oid: string;
  readonly schema: string;
  readonly name: string;
}

/** What reading entries about one table needs. */
export interface EntryContext {
  readonly reader: Reader;
  readonly shape: Shape;
  readonly table: Table;
  readonly parts: readonly Part[];
  readonly facts: AuditFacts & { readonly emptied: string | undefined };
}

/**
 * What the audit table tells of some records. A key that it tells nothing of has a history without entries. Older
 * entries of a record that has too many are left out.
 */
export async function historiesOf(
  keys: readonly string[],
  fields: readonly string[],
  context: EntryContext,
  options: CallOptions,
): Promise<ReadonlyMap<string, RecordHistory>> {
  const histories = new Map<string, RecordHistory>();
  const columns = fields.flatMap((name) => context.table.columns.get(name) ?? []);
  for (const some of columns.length === 0 ? [[]] : chunksOf(columns, FIELDS_AT_ONCE))
    for await (const [key, history] of each(keys, some, context, options)) {
      const known = histories.get(key);
      histories.set(key, known === undefined ? history : joined(known, history));
    }
  return histories;
}

/** The history of some fields of a record, and that of others. */
function joined(a: RecordHistory, b: RecordHistory): RecordHistory {
  const deleted = a.deleted && b.deleted && { deleted: { ...a.deleted, held: both(a.deleted.held, b.deleted.held) } };
  return { ...a, fields: both(a.fields, b.fields), ...deleted };
}

function both<T>(a: Readonly<Record<string, T>>, b: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  const all: Record<string, T> = { ...a };
  for (const [name, value] of Object.entries(b)) setOwn(all, name, value);
  return all;
}

/**
 * Histories of some fields of many records, some at a time. What cannot be cast to the type that its column has now
 * makes a statement fail: halves are tried until the record is found, then its fields one by one.
 */
async function* each(
  keys: readonly string[],
  columns: readonly Column[],
  context: EntryContext,
  options: CallOptions,
): AsyncGenerator<readonly [string, RecordHistory]> {
  const waiting = [[...new Set(keys)]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.length === 0) continue;
    try {
      const { rows, all } = await ask(next, columns, context, options);
      const found = byPlace(rows);
      const whole = all ? next.length : Math.max(...found.keys(), 0);
      // The last one that came may have more.
      const cut = !all && whole === 0;
      for (const [n, key] of next.slice(0, cut ? 1 : whole).entries()) yield [key, historyOf(found.get(n) ?? [], columns, context, cut)] as const;
      waiting.push(next.slice(cut ? 1 : whole));
    } catch (error) {
      if (!isBadText(error)) throw error;
      const middle = next.length >> 1;
      const [only] = next;
      if (middle > 0) waiting.push(next.slice(middle), next.slice(0, middle));
      else if (only !== undefined) yield [only, await fieldByField(only, columns, context, options)] as const;
    }
  }
}

/** The history of one record some of whose kept values its columns can no longer hold: of these fields, it tells no value. */
async function fieldByField(key: string, columns: readonly Column[], context: EntryContext, options: CallOptions): Promise<RecordHistory> {
  let history: RecordHistory | undefined;
  for (const column of columns) {
    const one = await ask([key], [column], context, options).then(
      ({ rows, all }) => historyOf(rows, [column], context, !all),
      async (error: unknown) => {
        if (!isBadText(error)) throw error;
        const { rows, all } = await ask([key], [{ ...column, hidden: true }], context, options);
        return historyOf(rows, [column], context, !all);
      },
    );
    history = history === undefined ? one : joined(history, one);
  }
  return history ?? { fields: {} };
}

/** A column; `hidden`: no value of it is asked for. */
type Asked = Column & { readonly hidden?: true };

/** Entries about some records: by the place of their keys, the newest first. */
async function ask(
  keys: readonly string[],
  columns: readonly Asked[],
  { reader, shape, table, parts }: EntryContext,
  options: CallOptions,
): Promise<{ readonly rows: readonly Row[]; readonly all: boolean }> {
  const { keyFields } = table.description;
  const ofKey = keyColumns(table, keyFields);
  const values = new Values();
  const split = keys.map((key) => keyParts(key, keyFields));
  const names = keyFields.map((_, n) => `k${String(n)}`);
  const given = names.map((_, n) => values.add(arrayLiteral(split.map((each) => each?.[n])), 'pg_catalog.text[]'));
  const key = keySql(shape, ofKey, 'a');
  const about = aboutSql(shape, table, parts, 'a', values);
  const from = `FROM unnest(${given.join(', ')}) WITH ORDINALITY AS v(${names.join(', ')}, place) JOIN ${target(shape.table)} AS a ON ${about}`;
  const { was } = key;
  // An entry that gave a record another key is about both.
  const differ = was === undefined ? 'false' : key.now.map((now, n) => `${now} IS DISTINCT FROM ${was[n] ?? ''}`).join(' OR ');
  const isUpdate = `${actionSql(shape, 'a')} OPERATOR(pg_catalog.=) 'U'`;
  const moved = `CASE WHEN ${isUpdate} AND (${differ}) THEN 'here' ELSE '' END`;
  const also =
    was === undefined
      ? ''
      : ` UNION ALL SELECT v.place AS runback_place, CASE WHEN ${isUpdate} THEN 'away' ELSE '' END AS runback_moved, a.* ${from} AND ${ofKeys(shape, ofKey, was, names)}
          AND (${key.now[0] ?? 'NULL'} IS NULL OR (${isUpdate} AND (${differ})))`;
  const rowsOf = `SELECT v.place AS runback_place, ${moved} AS runback_moved, a.* ${from} AND ${ofKeys(shape, ofKey, key.now, names)}${also}`;
  const action = actionSql(shape, 'a');
  const sql = columns.map((column) => fieldSql(shape, table, column, action));
  const codes = columns.map((column, n) =>
    column.hidden === true ? `pg_catalog.concat(pg_catalog.left(${sql[n]?.code ?? ''}, 1), '3')` : (sql[n]?.code ?? ''),
  );
  const times = instantsSql(shape.zone, columnIn('a', shape.at));
  const select = [
    'a.runback_place',
    'a.runback_moved',
    action,
    times.at,
    writerSql(shape, 'a'),
    shape.order === undefined ? 'NULL' : `a.${identifier(shape.order)}`,
    times.until,
    codes.length === 0 ? `''` : `pg_catalog.concat(${codes.join(', ')})`,
    ...columns.flatMap((column, n) => (column.hidden === true ? ['NULL', 'NULL'] : [sql[n]?.old ?? 'NULL', sql[n]?.new ?? 'NULL'])),
  ].join(', ');
  const order = `a.runback_place, ${shape.order === undefined ? instantSql(shape.zone, columnIn('a', shape.at)) : columnIn('a', shape.order)} DESC`;
  const query = withHstore(`SELECT ${select} FROM (${rowsOf}) AS a ORDER BY ${order}`, shape);
  return await reader.some(query, values.list, LENGTH_AT_ONCE, options, `reading ${shape.table.object}`, shape.table);
}

/** Entries by the place of the key, from 0. */
function byPlace(rows: readonly Row[]): ReadonlyMap<number, readonly Row[]> {
  const found = new Map<number, Row[]>();
  for (const row of rows) {
    const place = Number(row[0]) - 1;
    const some = found.get(place);
    if (some === undefined) found.set(place, [row]);
    else some.push(row);
  }
  return found;
}

const CODES = 7;
const FIRST_VALUE = 8;

function historyOf(rows: readonly Row[], columns: readonly Column[], { shape, facts }: EntryContext, cut: boolean): RecordHistory {
  const events = rows.map((row): AuditEvent => {
    const fields = new Map<string, FieldTold>();
    const codes = row[CODES] ?? '';
    for (const [n, column] of columns.entries()) {
      const told = toldOf(codes.slice(2 * n, 2 * n + 2), row[FIRST_VALUE + 2 * n] ?? null, row[FIRST_VALUE + 2 * n + 1] ?? null, column);
      if (told !== undefined) fields.set(column.name, told);
    }
    const [, moved = '', action] = row;
    return {
      action: action === 'I' ? 'insert' : action === 'D' ? 'delete' : 'update',
      at: row[3] === null || row[3] === undefined ? undefined : isoOf(row[3]),
      ...(row[6] === null || row[6] === undefined ? {} : { until: isoOf(row[6]) }),
      writer: row[4] ?? undefined,
      ...(moved === 'here' || moved === 'away' ? { moved } : {}),
      fields,
    };
  });
  const first = rows.at(-1);
  const emptied = facts.emptied !== undefined && isAfter(first?.[5] ?? first?.[3] ?? null, facts.emptied);
  return recordHistory(
    events.reverse(),
    columns.map(({ name }) => name),
    facts,
    { cut, emptied },
    shape.order !== undefined,
  );
}

function toldOf([what = '-', hidden = '0']: string, old: string | null, after: string | null, column: Column): FieldTold | undefined {
  if (what === '-') return undefined;
  if (what === 's') return { same: true };
  if (what === 'k') return { new: { value: hidden === '0' ? valueOf(after, column) : undefined }, kept: true };
  const [isOldHidden, isNewHidden] = [hidden === '1' || hidden === '3', hidden === '2' || hidden === '3'];
  const told = (text: string | null, isHidden: boolean): Told => ({ value: isHidden ? undefined : valueOf(text, column) });
  return {
    ...(what === 'n' ? {} : { old: told(old, isOldHidden) }),
    ...(what === 'o' ? {} : { new: told(after, isNewHidden) }),
  };
}

/** Whether an entry comes after another one, by what orders them: numbers, else times. */
function isAfter(entry: string | null, than: string): boolean {
  if (entry === null) return false;
  return /^-?\d+$/u.test(entry) && /^-?\d+$/u.test(than) ? BigInt(entry) > BigInt(than) : isoOf(entry) >= isoOf(than);
}
