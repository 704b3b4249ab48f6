import { type CallOptions, RunbackError } from '../../lib/index.js';
import type { Link } from '../../records/index.js';
import type { FieldChange, ReadLinksRequest, ReadRequest, RecordBatch, RecordHistory } from '../connector.js';
import type { Reader } from './reader.js';
import type { Row } from './session.js';
import type { Settings } from './settings.js';
import { identifier, keyMatch, keyOrder, keyText, refersTo, relation, within } from './sql.js';
import type { Column, ForeignKey, Table } from './table.js';
import { keyParts, presentFields, recordMaker } from './values.js';

const ROWS_PER_BATCH = 1000;

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
      `${table.object} cannot be read: ${table.description.refused ?? 'the columns of its key are no longer there'}`,
      {
        state: 'Nothing was written.',
        next: 'Take the table out of "objects" in runback.yml, or mend the table.',
      },
    );
  return columns as Column[];
}

/** All records in key order, or those changed since a time. */
export async function* readAll(request: ReadRequest, context: ReadContext, options: CallOptions): AsyncGenerator<RecordBatch> {
  const { table, reader, settings } = context;
  const key = keyText(keyColumns(table, request.schema.keyFields), 't');
  const present = presentFields(request.schema, table);
  const at = settings.modified.at === undefined ? undefined : table.columns.get(settings.modified.at);
  const since = request.changedSince !== undefined && at !== undefined;
  const { encoding } = await reader.connected(options);
  const query = `SELECT ${[key, ...present.map(({ column }) => `t.${identifier(column.name)}`)].join(', ')} FROM ${relation(table)} AS t
    ${since ? `WHERE t.${identifier(at.name)} >= $1::timestamptz OR t.${identifier(at.name)} IS NULL` : ''} ORDER BY ${keyOrder(key, encoding)}`;
  const make = recordMaker(present);
  const values = since ? [request.changedSince?.toISOString()] : [];
  for await (const rows of reader.rows(query, values, ROWS_PER_BATCH, options, `reading ${table.object}`, table)) yield { records: rows.map(make) };
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
  const named = history.map((name) => (name === undefined ? undefined : table.columns.get(name)));
  const extra = named.map((column) => (column === undefined ? 'NULL::text' : `t.${identifier(column.name)}`));
  const select = [keyText(columns, 't'), ...present.map(({ column }) => `t.${identifier(column.name)}`), ...extra].join(', ');
  const make = recordMaker(present);
  const asked = [...new Set(keys)];
  for (let start = 0; start < asked.length; start += perCall) {
    const some = asked.slice(start, start + perCall);
    const rows = await rowsOfKeys(select, some, request.schema.keyFields, columns, context, options);
    const records = rows.map(make);
    if (request.history === undefined) yield { records };
    else {
      const fields = request.history;
      const first = present.length + 1;
      const histories = new Map(rows.map((row) => [row[0] ?? '', historyOf(row[first] ?? null, row[first + 1] ?? null, fields)]));
      yield { records, history: histories };
    }
  }
}

/** One statement for many keys. A text that is no value of the key's type makes it fail: halves are tried until it is found. */
async function rowsOfKeys(
  select: string,
  keys: readonly string[],
  keyFields: readonly string[],
  columns: readonly Column[],
  context: ReadContext,
  options: CallOptions,
): Promise<readonly Row[]> {
  const { table, reader } = context;
  const parts = keys.flatMap((key) => {
    const each = keyParts(key, keyFields);
    return each === undefined ? [] : [each];
  });
  if (parts.length === 0) return [];
  const names = keyFields.map((_, index) => `k${String(index)}`);
  const query = `SELECT ${select} FROM unnest(${names.map((_, index) => `$${String(index + 1)}::text[]`).join(', ')}) AS v(${names.join(', ')})
    JOIN ${relation(table)} AS t ON ${keyMatch(columns, 't', 'v', names)}`;
  const values = names.map((_, index) => parts.map((part) => part[index]));
  try {
    return await reader.attempt(query, values, options, `reading ${table.object}`, table);
  } catch (error) {
    if (!isBadText(error)) throw error;
    if (keys.length === 1) return [];
    const middle = keys.length >> 1;
    return [
      ...(await rowsOfKeys(select, keys.slice(0, middle), keyFields, columns, context, options)),
      ...(await rowsOfKeys(select, keys.slice(middle), keyFields, columns, context, options)),
    ];
  }
}

function isBadText(error: unknown): boolean {
  return error instanceof RunbackError && typeof error.data['sqlstate'] === 'string' && error.data['sqlstate'].startsWith('22');
}

function historyOf(by: string | null, at: string | null, fields: readonly string[]): RecordHistory {
  if (by === null && at === null) return { fields: {} };
  const change: FieldChange = { ...(at === null ? {} : { at: isoOf(at) }), ...(by === null ? {} : { writer: by }) };
  return { fields: Object.fromEntries(fields.map((name) => [name, [change]])) };
}

/** `2026-11-22 17:10:44.123456+00` as ISO 8601 in UTC; a time without a zone is taken as UTC. Digits are kept. */
function isoOf(text: string): string {
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
    ${limits.length === 0 ? '' : `WHERE ${limits.join(' OR ')}`} ORDER BY ${keyOrder(fromKey, encoding)}, ${keyOrder(toKey, encoding)}`;
  for await (const rows of context.reader.rows(query, values, ROWS_PER_BATCH, options, `reading links of ${from.object}`, from))
    yield rows.map(([a, b]) => ({ from: a ?? '', to: b ?? '' }));
}
