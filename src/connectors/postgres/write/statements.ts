import type { Column, Table } from '../schema/table.js';
import { arrayLiteral, identifier, keyMatch, keyText, printsAs, refersTo, relation, target, within } from '../sql.js';

/** A statement for a group of mutations that have the same fields, with a value array per column of `unnest`. */
export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** One mutation of a group, as texts. */
export interface Item {
  /** Its place in the batch. */
  readonly n: number;
  readonly key: readonly string[];
  readonly set: readonly (string | null)[];
  readonly expect: readonly (string | null)[];
}

/** Columns a group writes and checks, in the order of {@link Item.set} and {@link Item.expect}. */
export interface Shape {
  readonly table: Table;
  readonly key: readonly Column[];
  readonly set: readonly Column[];
  readonly expect: readonly Column[];
  /** Columns that make the record that a write answers with. */
  readonly answer: readonly Column[];
  /** Those of them that a record holds for people to change: what else a write changes there is told. */
  readonly watched: readonly Column[];
}

/**
 * What {@link Shape.answer} follows in the rows of a write: n, key, a letter per expected column, whether a value was
 * too long to be answered.
 */
export const ANSWER_FROM = 4;

/** So many bytes the values of one column may have together in an answer. */
const ANSWERED_BYTES = 16 << 20;
/** A value of so many stored bytes is answered in any case. */
const SHORT_BYTES = 8192;
/**
 * So many columns go one by one into `unnest`; a row of PostgreSQL holds 1,664 at most, and those of a table are among
 * them.
 */
const NARROW = 400;

/** True where the values of a record go as one array each, so that they are one column of a row. */
export function isWide(shape: Shape): boolean {
  return shape.set.length + shape.expect.length > NARROW;
}

export function valueAt(shape: Shape, of: 's' | 'e', place: number): string {
  return isWide(shape) ? `v.${of}[${String(place + 1)}]` : `v.${of}${String(place)}`;
}

/** What {@link source} made of items: one group may be looked at, written and looked at again. */
const sources = new WeakMap<readonly Item[], { readonly shape: Shape; readonly made: Statement }>();

/** The values of a group as rows of `v`: n, k0…, s0…, e0…. Everything is text and is cast where it is used. */
export function source(shape: Shape, items: readonly Item[]): Statement {
  const known = sources.get(items);
  if (known?.shape === shape) return known.made;
  const made = sourceOf(shape, items);
  sources.set(items, { shape, made });
  return made;
}

function sourceOf(shape: Shape, items: readonly Item[]): Statement {
  const keys = shape.key.map((_, i) => `k${String(i)}`);
  const keyValues = shape.key.map((_, i) => arrayLiteral(items.map((item) => item.key[i])));
  const numbers = `{${items.map((item) => item.n).join(',')}}`;
  const rowsOf = (names: readonly string[]): string =>
    `ROWS FROM (${names.map((_, i) => `pg_catalog.unnest($${String(i + 1)}::pg_catalog.${i === 0 ? '_int4' : '_text'})`).join(', ')})`;
  if (isWide(shape)) {
    const names = ['n', ...keys, 's', 'e'];
    const arrays = [items.map((item) => arrayLiteral(item.set)), items.map((item) => arrayLiteral(item.expect))];
    const values = [numbers, ...keyValues, ...arrays.map(arrayLiteral)];
    const cells = ['n', ...keys].map((name) => `u.${name}`).join(', ');
    // OFFSET 0 keeps the arrays from being read anew for every column.
    const text = `(SELECT ${cells}, u.s::pg_catalog._text AS s, u.e::pg_catalog._text AS e FROM ${rowsOf(names)} AS u(${names.join(', ')}) OFFSET 0) AS v`;
    return { text, values };
  }
  const names = ['n', ...keys, ...shape.set.map((_, i) => `s${String(i)}`), ...shape.expect.map((_, i) => `e${String(i)}`)];
  const values = [
    numbers,
    ...keyValues,
    ...shape.set.map((_, i) => arrayLiteral(items.map((item) => item.set[i]))),
    ...shape.expect.map((_, i) => arrayLiteral(items.map((item) => item.expect[i]))),
  ];
  return { text: `${rowsOf(names)} AS v(${names.join(', ')})`, values };
}

export function keyIs(shape: Shape, alias: string): string {
  return keyMatch(
    shape.key,
    alias,
    'v',
    shape.key.map((_, i) => `k${String(i)}`),
  );
}

/** SQL per expected column: true where it prints as expected. */
export function expectedTerms(shape: Shape, alias: string): string[] {
  return shape.expect.map((column, i) => printsAs(`${alias}.${identifier(column.name)}`, valueAt(shape, 'e', i), column.base));
}

export function expected(shape: Shape): string {
  return expectedTerms(shape, 't')
    .map((term) => ` AND ${term}`)
    .join('');
}

/** A value to write, as its column's type. */
export function written(shape: Shape, place: number): string {
  return `${valueAt(shape, 's', place)}::${shape.set[place]?.cast ?? 'pg_catalog.text'}`;
}

/** A value of more bytes is not answered where so many records are; whoever needs it asks for fewer, or reads it. */
export function answeredBytes(records: number): number {
  return Math.max(SHORT_BYTES, Math.floor(ANSWERED_BYTES / Math.max(1, records)));
}

/**
 * What a write answers of each record: n, its key, `=` for each expected column that still prints as expected, whether
 * a value is left out for its length, and the columns of the answer. `before`: all print as expected, and no letters
 * are needed.
 */
function answer(shape: Shape, alias: string, records: number, before = false): string {
  const most = answeredBytes(records);
  const names = shape.answer.map((column) => `${alias}.${identifier(column.name)}`);
  const long = shape.answer.flatMap((column, i) => (column.variable ? [tooLong(names[i] ?? '', most)] : []));
  return [
    'v.n',
    keyText(shape.key, alias),
    before ? `''` : letters(shape, alias),
    long.length === 0 ? 'false' : `(${long.join(' OR ')}) IS TRUE`,
    ...shape.answer.map((column, i) => answered(column, names[i] ?? '', most)),
  ].join(', ');
}

/** SQL for a letter per expected column: `=` where it still prints as expected. */
export function letters(shape: Shape, alias: string): string {
  const kept = expectedTerms(shape, alias).map((term) => `CASE WHEN ${term} THEN '=' ELSE '~' END`);
  return kept.length === 0 ? `''` : `pg_catalog.array_to_string(ARRAY[${kept.join(', ')}]::pg_catalog._text, '')`;
}

/** A value as it is answered: nothing in place of one that is too long. */
export function answered(column: Column, name: string, bytes: number): string {
  return column.variable ? `CASE WHEN ${tooLong(name, bytes)} THEN NULL ELSE ${name} END` : name;
}

/** Only what takes room where it is stored is looked at for what it is as text. */
export function tooLong(name: string, bytes: number): string {
  const stored = `pg_catalog.pg_column_size(${name}) OPERATOR(pg_catalog.>) ${String(SHORT_BYTES)}`;
  return `CASE WHEN ${stored} THEN pg_catalog.octet_length(pg_catalog.format('%s', ${name})) OPERATOR(pg_catalog.>) ${String(bytes)} ELSE false END`;
}

/**
 * Writes where the expectation holds. Rows as {@link ANSWER_FROM} says; `later`: only n, since what stands is asked for
 * afterwards.
 */
export function updateStatement(shape: Shape, items: readonly Item[], later: boolean): Statement {
  const { text, values } = source(shape, items);
  const sets = shape.set.map((column, i) => `${identifier(column.name)} = ${written(shape, i)}`).join(', ');
  return {
    text: `UPDATE ${relation(shape.table)} AS t SET ${sets} FROM ${text} WHERE ${keyIs(shape, 't')}${expected(shape)} RETURNING ${later ? 'v.n' : answer(shape, 't', items.length)}`,
    values,
  };
}

/**
 * Creates with the old keys, generated ones too. Rows as of {@link updateStatement}. `stamps`: columns filled by SQL.
 */
export function insertStatement(
  shape: Shape,
  items: readonly Item[],
  stamps: readonly { readonly column: Column; readonly sql: string }[],
  later: boolean,
): Statement {
  const { text, values } = source(shape, items);
  const names = [...shape.key, ...shape.set, ...stamps.map((stamp) => stamp.column)].map((column) => identifier(column.name));
  const cells = [
    ...shape.key.map((column, i) => `v.k${String(i)}::${column.cast}`),
    ...shape.set.map((_, i) => written(shape, i)),
    ...stamps.map((stamp) => stamp.sql),
  ];
  return {
    text: `WITH v AS MATERIALIZED (SELECT * FROM ${text}),
      made AS (INSERT INTO ${target(shape.table)} AS t (${names.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${cells.join(', ')} FROM v ORDER BY v.n RETURNING t.*)
      SELECT ${later ? 'v.n' : answer(shape, 'made', items.length)} FROM v JOIN made ON ${keyIs(shape, 'made')}`,
    values,
  };
}

/** What stands after a write. Rows as {@link ANSWER_FROM} says. */
export function answerStatement(shape: Shape, items: readonly Item[]): Statement {
  const { text, values } = source(shape, items);
  return { text: `SELECT ${answer(shape, 't', items.length)} FROM ${relation(shape.table)} AS t JOIN ${text} ON ${keyIs(shape, 't')}`, values };
}

/**
 * Locks the records where the expectation holds, so that nobody else can write between this and the update: what it
 * answers is what stood before. Rows as {@link ANSWER_FROM} says.
 */
export function beforeStatement(shape: Shape, items: readonly Item[], whole: boolean): Statement {
  const { text, values } = source(shape, items);
  const strength = whole ? 'UPDATE' : 'NO KEY UPDATE';
  return {
    text: `SELECT ${answer(shape, 't', items.length, true)} FROM ${relation(shape.table)} AS t JOIN ${text} ON ${keyIs(shape, 't')}${expected(shape)} FOR ${strength} OF t`,
    values,
  };
}

/** Locks the records that nobody else has locked. Rows: n. `whole`: also against new references to them. */
export function freeStatement(shape: Shape, items: readonly Item[], whole: boolean): Statement {
  const { text, values } = source(shape, items);
  const strength = whole ? 'UPDATE' : 'NO KEY UPDATE';
  return { text: `SELECT v.n FROM ${relation(shape.table)} AS t JOIN ${text} ON ${keyIs(shape, 't')} FOR ${strength} OF t SKIP LOCKED`, values };
}

/** Which records are there, locked or not, with the transaction that last touched each. Rows: n, xmax. */
export function thereStatement(shape: Shape, items: readonly Item[]): Statement {
  const { text, values } = source(shape, items);
  return { text: `SELECT v.n, t.xmax::pg_catalog.text FROM ${relation(shape.table)} AS t JOIN ${text} ON ${keyIs(shape, 't')}`, values };
}

/**
 * SQL that is true where nothing refers to the record that its delete would change or delete with it: those records
 * were not planned, and may belong to tables that nobody named.
 */
function unreached(shape: Shape): string {
  return shape.table.reachedOnDelete
    .map(({ from, pairs, part }) => ` AND NOT EXISTS (SELECT FROM ${from} AS r WHERE ${refersTo(pairs, 'r', 't')}${within(part, 't')})`)
    .join('');
}

/** Locks the records to be deleted, so that from then on nothing new can refer to them. */
export function lockStatement(shape: Shape, items: readonly Item[]): Statement {
  const { text, values } = source(shape, items);
  return { text: `SELECT v.n FROM ${relation(shape.table)} AS t JOIN ${text} ON ${keyIs(shape, 't')} FOR UPDATE OF t`, values };
}

/** Deletes where the expectation holds and the delete goes no further. Rows: n, key. */
export function deleteStatement(shape: Shape, items: readonly Item[]): Statement {
  const { text, values } = source(shape, items);
  return {
    text: `DELETE FROM ${relation(shape.table)} AS t USING ${text} WHERE ${keyIs(shape, 't')}${expected(shape)}${unreached(shape)} RETURNING v.n, ${keyText(shape.key, 't')}`,
    values,
  };
}

/** What is there now. Rows: n, whether it is as expected and could be written, then the expected columns. */
export function lookStatement(shape: Shape, items: readonly Item[], deleting: boolean): Statement {
  const { text, values } = source(shape, items);
  const columns = shape.expect.map((column) => `, t.${identifier(column.name)}`).join('');
  return {
    text: `SELECT v.n, true${expected(shape)}${deleting ? unreached(shape) : ''}${columns} FROM ${text} JOIN ${relation(shape.table)} AS t ON ${keyIs(shape, 't')}`,
    values,
  };
}
