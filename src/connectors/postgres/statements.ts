import { identifier, keyMatch, keyText, printsAs, relation, target } from './sql.js';
import type { Column, Table } from './table.js';

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
}

/** The values of a group as rows of `v`: n, k0…, s0…, e0…. Everything is text and is cast where it is used. */
function source(shape: Shape, items: readonly Item[]): Statement {
  const names = [
    'n',
    ...shape.key.map((_, i) => `k${String(i)}`),
    ...shape.set.map((_, i) => `s${String(i)}`),
    ...shape.expect.map((_, i) => `e${String(i)}`),
  ];
  const values = [
    items.map((item) => item.n),
    ...shape.key.map((_, i) => items.map((item) => item.key[i])),
    ...shape.set.map((_, i) => items.map((item) => item.set[i])),
    ...shape.expect.map((_, i) => items.map((item) => item.expect[i])),
  ];
  const arrays = values.map((_, i) => `$${String(i + 1)}::${i === 0 ? 'int' : 'text'}[]`);
  return { text: `unnest(${arrays.join(', ')}) AS v(${names.join(', ')})`, values };
}

function keyIs(shape: Shape, alias: string): string {
  return keyMatch(
    shape.key,
    alias,
    'v',
    shape.key.map((_, i) => `k${String(i)}`),
  );
}

function expected(shape: Shape): string {
  return shape.expect.map((column, i) => ` AND ${printsAs(`t.${identifier(column.name)}`, `v.e${String(i)}`)}`).join('');
}

/**
 * SQL that is true where every written column now holds what was to be written. Types that print one value in several
 * ways, depending on the column's scale or length, are compared by value.
 */
function kept(shape: Shape, alias: string): string {
  const checks = shape.set.map((column, i) => {
    const now = `${alias}.${identifier(column.name)}`;
    const wanted = `v.s${String(i)}::${column.base}`;
    return column.base === 'numeric' || column.base === 'bpchar' ? `${now} IS NOT DISTINCT FROM ${wanted}` : printsAs(now, wanted);
  });
  return checks.length === 0 ? 'true' : checks.join(' AND ');
}

/** Writes where the expectation holds. Rows: n, whether the value was kept, key. */
export function updateStatement(shape: Shape, items: readonly Item[]): Statement {
  const { text, values } = source(shape, items);
  const sets = shape.set.map((column, i) => `${identifier(column.name)} = v.s${String(i)}::${column.base}`).join(', ');
  return {
    text: `UPDATE ${relation(shape.table)} AS t SET ${sets} FROM ${text} WHERE ${keyIs(shape, 't')}${expected(shape)} RETURNING v.n, ${kept(shape, 't')}, ${keyText(shape.key, 't')}`,
    values,
  };
}

/** Creates with the old keys, generated ones too. Rows: n, whether the values were kept, key. `stamps`: columns filled by SQL. */
export function insertStatement(
  shape: Shape,
  items: readonly Item[],
  stamps: readonly { readonly column: Column; readonly sql: string }[],
): Statement {
  const { text, values } = source(shape, items);
  const names = [...shape.key, ...shape.set, ...stamps.map((stamp) => stamp.column)].map((column) => identifier(column.name));
  const cells = [
    ...shape.key.map((column, i) => `v.k${String(i)}::${column.base}`),
    ...shape.set.map((column, i) => `v.s${String(i)}::${column.base}`),
    ...stamps.map((stamp) => stamp.sql),
  ];
  return {
    text: `WITH v AS MATERIALIZED (SELECT * FROM ${text}),
      made AS (INSERT INTO ${target(shape.table)} AS t (${names.join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${cells.join(', ')} FROM v ORDER BY v.n RETURNING t.*)
      SELECT v.n, ${kept(shape, 'made')}, ${keyText(shape.key, 'made')} FROM v JOIN made ON ${keyIs(shape, 'made')}`,
    values,
  };
}

/**
 * SQL that is true where nothing refers to the record that its delete would change or delete with it: those records were not
 * planned, and may belong to tables that nobody named.
 */
function unreached(shape: Shape): string {
  return shape.table.reachedOnDelete
    .map(({ from, columns, refers }) => {
      const same = columns.map((column, i) => `r.${identifier(column)} = t.${identifier(refers[i] ?? '')}`).join(' AND ');
      return ` AND NOT EXISTS (SELECT FROM ${from} AS r WHERE ${same})`;
    })
    .join('');
}

/** Locks the records to be deleted, so that from then on nothing new can refer to them. */
export function lockStatement(shape: Shape, items: readonly Item[]): Statement {
  const { text, values } = source(shape, items);
  return { text: `SELECT v.n FROM ${relation(shape.table)} AS t JOIN ${text} ON ${keyIs(shape, 't')} FOR UPDATE OF t`, values };
}

/** Deletes where the expectation holds and the delete goes no further. Rows: n, true, key. */
export function deleteStatement(shape: Shape, items: readonly Item[]): Statement {
  const { text, values } = source(shape, items);
  return {
    text: `DELETE FROM ${relation(shape.table)} AS t USING ${text} WHERE ${keyIs(shape, 't')}${expected(shape)}${unreached(shape)} RETURNING v.n, true, ${keyText(shape.key, 't')}`,
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
