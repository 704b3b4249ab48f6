import { type CallOptions, defined, RunbackError } from '../../../lib/index.js';
import { keyOf, type Link } from '../../../records/index.js';
import type { FieldChange, ReadLinksRequest, ReadRequest, RecordBatch, RecordHistory } from '../../connector.js';
import { isTooLong } from '../errors.js';
import type { Column, ForeignKey, Table } from '../schema/table.js';
import type { Row } from '../session.js';
import type { Settings } from '../settings.js';
import { arrayLiteral, identifier, keyMatch, keyOrder, keyText, refersTo, relation, within } from '../sql.js';
import { instantsSql, modifiedZone, sinceSql } from '../zone.js';
import type { Reader } from './reader.js';
import { keyParts, presentFields, recordMaker } from './values.js';

const ROWS_PER_BATCH = 1000;
/** Characters of records that are taken in at once, about; one record may be longer. */
const LENGTH_PER_BATCH = 16 << 20;

/** What reading one object type needs. */
export interface ReadContext {
  readonly reader: Reader;
  readonly settings: Settings;
  readonly table: Table;
}

/** Columns of a key. Throws `object-unsupported` where the table does not have them. */
export function keyColumns(table: Table, keyFields: readonly string[]): readonly Column[] {
  const columns = keyFields.map((name) => table.columns.get(name));
  if (keyFields.length === 0 || columns.some((column) => column === undefined))
    throw new RunbackError(
      'object-unsupported',
      `${table.object} cannot be read: ${table.description.refused ?? 'the columns of its key no longer exist'}`,
      {
        state: 'Nothing was written.',
        next: 'Take the table out of "objects" in runback.yml, or fix the table.',
      },
    );
  return columns as Column[];
}

/**
 * All records in the order of the schema, or those changed since a time. Their keys first: how large a record is shows
 * only when it comes.
 */
export async function* readAll(request: ReadRequest, context: ReadContext, options: CallOptions): AsyncGenerator<RecordBatch> {
  const { table, reader, settings } = context;
  const columns = keyColumns(table, request.schema.keyFields);
  const key = keyText(columns, 't');
  const present = presentFields(request.schema, table);
  const select = [key, ...present.map(({ column }) => `t.${identifier(column.name)}`)].join(', ');
  const at = settings.modified.at === undefined ? undefined : table.columns.get(settings.modified.at);
  const since = request.changedSince !== undefined && at !== undefined;
  const { encoding } = await reader.connected(options);
  const column = `t.${identifier(at?.name ?? '')}`;
  const changed = since
    ? `WHERE ${sinceSql(await modifiedZone(reader, settings, table, options), column, '$1::pg_catalog.timestamptz')} OR ${column} IS NULL`
    : '';
  const query = `SELECT ${key} FROM ${relation(table)} AS t
    ${changed} ORDER BY ${keyOrder(columns, 't', request.schema.keyOrder ?? 'text', encoding)}`;
  const make = recordMaker(present);
  const values = since ? [request.changedSince?.toISOString()] : [];
  for await (const found of reader.rows(query, values, ROWS_PER_BATCH, options, `reading ${table.object}`, table)) {
    const keys = found.map((row) => row[0] ?? '');
    let came = 0;
    for await (const rows of rowsOfKeys(select, keys, ROWS_PER_BATCH, request.schema.keyFields, columns, context, options)) {
      came += rows.length;
      yield { records: rows.map(make) };
    }
    if (came < keys.length)
      throw new RunbackError(
        'platform-incomplete',
        `PostgreSQL found ${String(came)} of ${String(keys.length)} records of ${table.object} by the keys that it gave`,
        {
          why: 'A type of the key prints values that it does not accept back.',
          state: 'Nothing was written.',
          next: 'Report it with --debug and the types of the columns of the key.',
        },
      );
  }
}

/** Those of the keys that exist. */
export async function* readKeys(
  request: ReadRequest,
  keys: readonly string[],
  perCall: number,
  context: ReadContext,
  options: CallOptions,
): AsyncGenerator<RecordBatch> {
  const { table, settings } = context;
  const columns = keyColumns(table, request.schema.keyFields);
  const present = presentFields(request.schema, table);
  const history = request.history === undefined ? [] : [settings.modified.by, settings.modified.at];
  const [by, at] = history.map((name) => (name === undefined ? undefined : table.columns.get(name)));
  const times = at === undefined ? undefined : instantsSql(await modifiedZone(context.reader, settings, table, options), `t.${identifier(at.name)}`);
  const extra =
    request.history === undefined
      ? []
      : [by === undefined ? 'NULL::text' : `t.${identifier(by.name)}`, times?.at ?? 'NULL::text', times?.until ?? 'NULL::text'];
  const select = [keyText(columns, 't'), ...present.map(({ column }) => `t.${identifier(column.name)}`), ...extra].join(', ');
  const make = recordMaker(present);
  for await (const rows of rowsOfKeys(select, [...new Set(keys)], perCall, request.schema.keyFields, columns, context, options)) {
    const records = rows.map(make);
    if (request.history === undefined) yield { records };
    else {
      const fields = request.history;
      const first = present.length + 1;
      const histories = new Map(
        rows.map((row) => [row[0] ?? '', historyOf(row[first] ?? null, row[first + 1] ?? null, row[first + 2] ?? null, fields)]),
      );
      yield { records, history: histories };
    }
  }
}

/**
 * Rows of many keys in their order, some at a time: fewer where records are large. A text that is no value of the key's
 * type makes a statement fail: halves are tried until it is found.
 */
async function* rowsOfKeys(
  select: string,
  keys: readonly string[],
  perCall: number,
  keyFields: readonly string[],
  columns: readonly Column[],
  context: ReadContext,
  options: CallOptions,
): AsyncGenerator<readonly Row[]> {
  const { table, reader } = context;
  const names = keyFields.map((_, index) => `k${String(index)}`);
  const query = `SELECT ${select} FROM unnest(${names.map((_, index) => `$${String(index + 1)}::text[]`).join(', ')}) WITH ORDINALITY AS v(${names.join(', ')}, place)
    JOIN ${relation(table)} AS t ON ${keyMatch(columns, 't', 'v', names)} ORDER BY v.place`;
  const parts = new Map(
    keys.flatMap((key) => {
      const each = keyParts(key, keyFields);
      return each === undefined ? [] : [[keyOf(each), each] as const];
    }),
  );
  let atOnce = perCall;
  const waiting = [[...parts.keys()]];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const some = next.slice(0, atOnce);
    if (some.length < next.length) waiting.push(next.slice(atOnce));
    if (some.length === 0) continue;
    const values = names.map((_, index) => arrayLiteral(some.map((key) => parts.get(key)?.[index])));
    try {
      const { rows, all } = await reader.some(query, values, LENGTH_PER_BATCH, options, `reading ${table.object}`, table);
      if (all) atOnce = Math.min(perCall, 2 * atOnce);
      else {
        atOnce = Math.max(1, rows.length >> 1);
        const came = new Set(rows.map((row) => row[0]));
        waiting.push(some.filter((key) => !came.has(key)));
      }
      if (rows.length > 0) yield rows;
    } catch (error) {
      if (isTooLong(error) && some.length === 1) throw tooLong(some[0] ?? '', table, error);
      if (!isBadText(error) && !isTooLong(error)) throw error;
      const middle = some.length >> 1;
      if (middle > 0) waiting.push(some.slice(middle), some.slice(0, middle));
    }
  }
}

function tooLong(key: string, table: Table, cause: unknown): RunbackError {
  return new RunbackError('object-unsupported', `Record ${key} of ${table.object} is too large to be read`, {
    why: 'One of its values is longer than 512 MB as text.',
    state: 'Nothing was written.',
    next: 'Shorten the value, or leave the table out; the other records can be read.',
    cause,
  });
}

export function isBadText(error: unknown): boolean {
  return error instanceof RunbackError && typeof error.data['sqlstate'] === 'string' && error.data['sqlstate'].startsWith('22');
}

function historyOf(by: string | null, at: string | null, until: string | null, fields: readonly string[]): RecordHistory {
  if (by === null && at === null) return { fields: {} };
  const [time, latest] = [at, until].map((text) => (text === null ? undefined : isoOf(text)));
  const change: FieldChange = defined({ at: time, until: latest, writer: by ?? undefined });
  return { fields: Object.fromEntries(fields.map((name) => [name, [change]])) };
}

/** `2026-11-22 17:10:44.123456+00` as ISO 8601 in UTC; a time without a zone is taken as UTC. Digits are kept. */
export function isoOf(text: string): string {
  const match = /^(\d{4,}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?))?(?:\+00)?$/.exec(text);
  return match === null ? text : `${match[1] ?? ''}T${match[2] ?? '00:00:00'}Z`;
}

/** Pairs of a foreign key: the record that refers and the one it refers to. */
export async function* readForeignKey(
  request: ReadLinksRequest,
  key: ForeignKey,
  from: Table,
  to: Table,
  context: Pick<ReadContext, 'reader'>,
  options: CallOptions,
): AsyncGenerator<readonly Link[]> {
  const fromColumns = keyColumns(from, from.description.keyFields);
  const toColumns = keyColumns(to, to.description.keyFields);
  const fromKey = keyText(fromColumns, 'f');
  const toKey = keyText(toColumns, 'p');
  const limits: string[] = [];
  const values: unknown[] = [];
  for (const [keys, expression] of [
    [request.fromKeys, fromKey],
    [request.toKeys, toKey],
  ] as const) {
    if (keys === undefined) continue;
    values.push(keys.filter((each) => !each.includes('\0')));
    limits.push(`${expression} = ANY ($${String(values.length)}::text[])`);
  }
  const { encoding } = await context.reader.connected(options);
  const query = `SELECT ${fromKey}, ${toKey} FROM ${relation(from)} AS f JOIN ${relation(to)} AS p
    ON ${refersTo(key.pairs, 'f', 'p')}${within(key.fromPart, 'f')}${within(key.toPart, 'p')}
    ${limits.length === 0 ? '' : `WHERE ${limits.join(' OR ')}`} ORDER BY ${keyOrder(fromColumns, 'f', 'text', encoding)}, ${keyOrder(toColumns, 'p', 'text', encoding)}`;
  for await (const rows of context.reader.rows(query, values, ROWS_PER_BATCH, options, `reading links of ${from.object}`, from))
    yield rows.map(([a, b]) => ({ from: a ?? '', to: b ?? '' }));
}
