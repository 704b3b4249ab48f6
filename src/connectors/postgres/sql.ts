import type { KeyOrder } from '../../records/index.js';
import type { Column, Pair, Table } from './schema/table.js';

/*
 * What writes runs on the search path of the database, as its triggers need it. So every function, operator, type and collation is
 * named with its schema here: on that path, somebody else's `=` or `format` may come first.
 */

/** A name as an SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table as `FROM` takes it; without the tables that inherit from it, which are object types of their own. */
export function relation(table: Table): string {
  return `${table.kind === 'p' ? '' : 'ONLY '}${target(table)}`;
}

/** A table's qualified name. */
export function target(table: Pick<Table, 'schema' | 'name'>): string {
  return `${identifier(table.schema)}.${identifier(table.name)}`;
}

/**
 * Two texts that are the same byte for byte, whatever the collation of the column that one of them was printed from.
 */
export function sameText(a: string, b: string): string {
  return `(${a}) COLLATE pg_catalog."C" OPERATOR(pg_catalog.=) ${b}`;
}

/**
 * SQL that gives the text PostgreSQL itself would print for a column. A cast gives something else for a few types
 * (`char(n)` loses its padding, `inet` gains a mask, `boolean` is spelt out), `concat` does not.
 */
function printed(column: Column, alias: string): string {
  const name = `${alias}.${identifier(column.name)}`;
  return CAST_IS_PRINT.has(column.base) ? `${name}::pg_catalog.text` : `pg_catalog.concat(${name})`;
}
const CAST_IS_PRINT = new Set(['smallint', 'integer', 'bigint', 'text', 'character varying', 'uuid', 'numeric', 'date']);

/** True for a column of whole numbers, which print without anything around them. */
export function isWhole({ base }: Pick<Column, 'base'>): boolean {
  return WHOLE.has(base);
}
const WHOLE = new Set(['smallint', 'integer', 'bigint']);

/** SQL for the canonical key of a record: its text, or a JSON array of texts as `keyOf` makes it. */
export function keyText(columns: readonly Column[], alias: string): string {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined) return printed(only, alias);
  return `pg_catalog.concat('[', ${columns.map((column) => `pg_catalog.to_json(${printed(column, alias)})`).join(`, ',', `)}, ']')`;
}

/**
 * Types whose own order is that of the bytes of their texts: an index gives it, where sorting texts takes as long as
 * reading them.
 */
const SORTS_AS_TEXT = new Set(['uuid']);

/**
 * `ORDER BY` term for the order that is declared of the keys: whole numbers by their size, as the index of the key has
 * them, texts as `compareKeys` does. `alias`: that of the table.
 */
export function keyOrder(columns: readonly Column[], alias: string, order: KeyOrder, encoding: string): string {
  const [only] = columns;
  if (columns.length === 1 && only !== undefined && (SORTS_AS_TEXT.has(only.base) || (order === 'integer' && isWhole(only))))
    return `${alias}.${identifier(only.name)}`;
  const key = keyText(columns, alias);
  return encoding === 'UTF8' || encoding === 'LATIN1' || encoding === 'SQL_ASCII'
    ? `(${key}) COLLATE pg_catalog."C"`
    : `pg_catalog.convert_to(${key}, 'UTF8')`;
}

/**
 * Joins records to the texts of their keys: by value, so that an index is used, and by text, since `01` is no key of
 * record `1`, nor `ADA` of `Ada` where the column takes them for the same. `names`: columns of `values` with the texts.
 */
export function keyMatch(columns: readonly Column[], alias: string, values: string, names: readonly string[]): string {
  return columns
    .map((column, index) => {
      const text = `${values}.${names[index] ?? ''}`;
      return `${alias}.${identifier(column.name)} ${column.equals} ${text}::${column.cast} AND ${sameText(printed(column, alias), text)}`;
    })
    .join(' AND ');
}

/** Types whose values print as the texts they are. */
const TEXTS: ReadonlySet<string> = new Set(['text', 'character varying']);

/**
 * True where a column prints exactly as a text, null-safe; needs no equality of its type. `IS TRUE` keeps the planner
 * from looking for a way to join by it, which takes minutes for a thousand columns.
 */
export function printsAs(column: string, text: string, base: Column['base']): string {
  // A text prints as itself: most columns that are written are such, and this takes a tenth of the time of the whole statement less.
  if (TEXTS.has(base)) return `(CASE WHEN ${text} IS NULL THEN ${column} IS NULL ELSE ${sameText(`${column}::pg_catalog.text`, text)} END) IS TRUE`;
  return `(${sameText(`pg_catalog.format('%L', ${column})`, `pg_catalog.format('%L', ${text})`)}) IS TRUE`;
}

/** True where record `from` refers to record `to`, as the foreign key itself decides it. */
export function refersTo(pairs: readonly Pair[], from: string, to: string): string {
  return pairs
    .map(({ column, refers, equals, referredAs, referringAs, collation }) => {
      const as = (type: string | null): string => (type === null ? '' : `::${type}`);
      const collated = collation === null ? '' : ` COLLATE ${collation}`;
      return `${to}.${identifier(refers)}${as(referredAs)}${collated} ${equals} ${from}.${identifier(column)}${as(referringAs)}`;
    })
    .join(' AND ');
}

/** Limits a table to one of its partitions. */
export function within(part: string | undefined, alias: string): string {
  return part === undefined ? '' : ` AND ${alias}.tableoid OPERATOR(pg_catalog.=) ${part}::pg_catalog.oid`;
}

/** Texts as PostgreSQL writes an array of them. */
export function arrayLiteral(texts: readonly (string | null | undefined)[]): string {
  return `{${texts.map(elementOf).join(',')}}`;
}

function elementOf(text: string | null | undefined): string {
  if (text === null || text === undefined) return 'NULL';
  return SPECIAL.test(text) ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : `"${text}"`;
}
const SPECIAL = /["\\]/u;
