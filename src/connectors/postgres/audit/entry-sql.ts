import type { Column, Table } from '../schema/table.js';
import { literal } from '../scratch/ddl.js';
import { identifier, isWhole, sameText, target } from '../sql.js';
import { isHstore, type Shape } from './shape.js';

/** Collects the values of a statement; gives each the place where it stands. */
export class Values {
  readonly list: unknown[] = [];

  /** `type`: safe in SQL. */
  add(value: unknown, type = 'pg_catalog.text'): string {
    this.list.push(value);
    return `$${String(this.list.length)}::${type}`;
  }
}

/** How the column of an audit table holds values. */
type Holder = 'jsonb' | 'json' | 'hstore' | 'text';

/** One side of an entry: SQL for whether it holds the field, and for what. */
interface Side {
  readonly holds: string;
  /** The field as text, or as jsonb where the holder is. */
  readonly value: string;
}

/** SQL of one field of an entry. */
export interface FieldSql {
  /**
   * Two letters. What the entry tells: `c` before and after, `s` that both are the same, `o` before, `n` after, `k`
   * after, whether it was changed or not, `-` nothing; then which of them are kept in a way that does not show the value: 0 none, 1 before, 2 after, 3 both.
   */
  readonly code: string;
  readonly old: string;
  readonly new: string;
}

/** What an entry did, as one letter I, U, D or T. `alias`: that of the audit table. */
export function actionSql({ action, layout }: Shape, alias: string): string {
  if (action !== undefined) {
    const word = `pg_catalog.lower(${alias}.${identifier(action)}::pg_catalog.text)`;
    return `CASE WHEN ${word} IN ('i', 'insert', 'create', 'created') THEN 'I' WHEN ${word} IN ('d', 'delete', 'destroy', 'deleted') THEN 'D' WHEN ${word} IN ('t', 'truncate') THEN 'T' ELSE 'U' END`;
  }
  if (layout.is !== 'rows') return `'U'`;
  const [old, after] = [`${alias}.${identifier(layout.old)}`, `${alias}.${identifier(layout.new)}`];
  return `CASE WHEN ${old} IS NULL AND ${after} IS NULL THEN 'T' WHEN ${old} IS NULL THEN 'I' WHEN ${after} IS NULL THEN 'D' ELSE 'U' END`;
}

/** Who wrote, the columns joined with `/`; null where none of them says. */
export function writerSql({ by }: Shape, alias: string): string {
  const parts = by.map((name) => `NULLIF(${alias}.${identifier(name)}::pg_catalog.text, '')`);
  return parts.length === 1 ? (parts[0] ?? 'NULL') : `NULLIF(pg_catalog.concat_ws('/', ${parts.join(', ')}), '')`;
}

/** Limits the audit table to entries about one table and its partitions. */
export function aboutSql(
  shape: Shape,
  table: Table,
  parts: readonly { readonly oid: string; readonly schema: string; readonly name: string }[],
  alias: string,
  values: Values,
): string {
  const { oid, schema, name } = shape.of;
  if (oid === undefined && name === undefined) return 'true';
  const all = [table, ...parts];
  if (oid !== undefined) {
    const column = shape.table.columns.get(oid);
    const about = all.map((one) => one.oid);
    return column?.base === 'oid'
      ? `${alias}.${identifier(oid)} OPERATOR(pg_catalog.=) ANY (${values.add(about, 'pg_catalog.oid[]')})`
      : `${alias}.${identifier(oid)}::pg_catalog.text OPERATOR(pg_catalog.=) ANY (${values.add(about, 'pg_catalog.text[]')})`;
  }
  const text = (column: string): string => {
    const { base = '' } = shape.table.columns.get(column) ?? {};
    return `${alias}.${identifier(column)}${base === 'text' || base === 'character varying' ? '' : '::pg_catalog.text'}`;
  };
  const mapped = Object.hasOwn(shape.names, table.object) ? shape.names[table.object] : undefined;
  const among = (column: string, names: readonly (string | undefined)[]): string =>
    `${text(column)} OPERATOR(pg_catalog.=) ANY (${values.add([...new Set(names)], 'pg_catalog.text[]')})`;
  if (mapped !== undefined) return among(name ?? '', [mapped]);
  if (schema === undefined)
    return among(
      name ?? '',
      all.flatMap((one) => [`${one.schema}.${one.name}`, ...(one.schema === 'public' ? [one.name] : [])]),
    );
  return `(${all.map((one) => `(${text(schema)} OPERATOR(pg_catalog.=) ${values.add(one.schema)} AND ${text(name ?? '')} OPERATOR(pg_catalog.=) ${values.add(one.name)})`).join(' OR ')})`;
}

/** Types of keys whose text in a kept row is the one that PostgreSQL prints, so that an index on it serves. */
const PLAIN = new Set(['smallint', 'integer', 'bigint', 'text', 'character varying', 'uuid', 'name', 'citext', 'public.citext']);

/** The texts of the key: of the record that an entry is about, and of the one that it was before, where that differs. */
export interface KeySql {
  readonly now: readonly string[];
  /** Absent where an entry tells no earlier key. */
  readonly was?: readonly string[];
}

/** SQL for the key that entries are about. */
export function keySql(shape: Shape, columns: readonly Column[], alias: string): KeySql {
  const { layout, key } = shape;
  if (key.length > 0) return { now: key.map((name) => `${alias}.${identifier(name)}::pg_catalog.text`) };
  const printed = (column: Column, text: string): string => (PLAIN.has(column.base) ? text : `pg_catalog.concat((${text})::${column.cast})`);
  if (layout.is === 'copy') return { now: columns.map((column) => printed(column, `${alias}.${identifier(column.name)}::pg_catalog.text`)) };
  const holder = holderOf(shape, layout.is === 'rows' ? layout.old : layout.is === 'changed' ? layout.row : '');
  const textOf = (name: string, column: Column): string => {
    const side = sideOf(holder, `${alias}.${identifier(name)}`, column.name);
    return printed(column, isJson(holder) ? jsonText(side.value) : side.value);
  };
  if (layout.is === 'rows')
    return { now: columns.map((column) => textOf(layout.new, column)), was: columns.map((column) => textOf(layout.old, column)) };
  if (layout.is === 'changed') {
    const held = columns.map((column) => textOf(layout.row, column));
    return { now: columns.map((column, n) => `coalesce(${textOf(layout.changed, column)}, ${held[n] ?? ''})`), was: held };
  }
  return { now: [] };
}

/** Joins entries to the texts of keys in `v`; a number is compared as one, so that an index serves. */
export function ofKeys(shape: Shape, columns: readonly Column[], key: readonly string[], names: readonly string[]): string {
  return key
    .map((text, n) => {
      const column = columns[n];
      const own = shape.table.columns.get(shape.key[n] ?? (shape.layout.is === 'copy' ? (column?.name ?? '') : ''));
      const name = `v.${names[n] ?? ''}`;
      if (own !== undefined && column !== undefined && isWhole(own) && isWhole(column))
        return `a.${identifier(own.name)} OPERATOR(pg_catalog.=) ${name}::${own.cast}`;
      if (own !== undefined && own.base === 'uuid' && column?.base === 'uuid')
        return `a.${identifier(own.name)} OPERATOR(pg_catalog.=) ${name}::pg_catalog.uuid`;
      // Plainly, so that an index serves; a column may have a collation of its own that takes more for the same.
      return `${text} OPERATOR(pg_catalog.=) ${name}${own === undefined ? '' : ` AND ${sameText(text, name)}`}`;
    })
    .join(' AND ');
}

function holderOf({ table }: Shape, name: string): Holder {
  const column = table.columns.get(name);
  if (column?.base === 'jsonb' || column?.base === 'json') return column.base;
  return column !== undefined && isHstore(column) ? 'hstore' : 'text';
}

const isJson = (holder: Holder): boolean => holder === 'jsonb' || holder === 'json';

/** The text within a JSON value. */
const jsonText = (value: string): string => `(${value}) OPERATOR(pg_catalog.#>>) '{}'::pg_catalog.text[]`;

/** One field of a kept row. */
function sideOf(holder: Holder, image: string, name: string): Side {
  const field = `${literal(name)}::pg_catalog.text`;
  if (holder === 'hstore') {
    // Their schema is that of the type; the operators would have to be named with it, too.
    return { holds: `(${image} OPERATOR(HSTORE.?) ${field})`, value: `(${image} OPERATOR(HSTORE.->) ${field})` };
  }
  const row = holder === 'json' ? `${image}::pg_catalog.jsonb` : image;
  return { holds: `(${row} OPERATOR(pg_catalog.?) ${field})`, value: `(${row} OPERATOR(pg_catalog.->) ${field})` };
}

/** Puts the schema of `hstore` in, where it is used. */
export function withHstore(sql: string, shape: Shape): string {
  const schema = [...shape.table.columns.values()].find(isHstore)?.cast.replace(/\.hstore$/u, '') ?? 'public';
  return sql.replaceAll('OPERATOR(HSTORE.', () => `OPERATOR(${schema}.`);
}

/** SQL of one field of an entry. `action`: that of the entry. */
export function fieldSql(shape: Shape, table: Table, column: Column, action: string): FieldSql {
  const { layout } = shape;
  if (layout.is === 'column') {
    const isIt = sameText(`a.${identifier(layout.column)}::pg_catalog.text`, `${literal(column.name)}::pg_catalog.text`);
    const side = (name: string): Side => ({ holds: isIt, value: `a.${identifier(name)}` });
    return fieldOf(holderOf(shape, layout.old), table, column, action, side(layout.old), side(layout.new), `false`);
  }
  if (layout.is === 'changes') {
    const change = sideOf(holderOf(shape, layout.changes), `a.${identifier(layout.changes)}`, column.name);
    const pair = `(${change.holds} AND pg_catalog.jsonb_typeof(${change.value}) OPERATOR(pg_catalog.=) 'array' AND pg_catalog.jsonb_array_length(CASE WHEN pg_catalog.jsonb_typeof(${change.value}) OPERATOR(pg_catalog.=) 'array' THEN ${change.value} ELSE '[]' END) OPERATOR(pg_catalog.=) 2)`;
    const element = (n: number): Side => ({ holds: pair, value: `(${change.value} OPERATOR(pg_catalog.->) ${String(n)})` });
    return fieldOf('jsonb', table, column, action, element(0), element(1), 'false');
  }
  if (layout.is === 'copy') return copySql(shape, table, column, action);
  const holder = holderOf(shape, layout.is === 'rows' ? layout.old : layout.row);
  const image = (name: string): Side => sideOf(holder, `a.${identifier(name)}`, column.name);
  if (layout.is === 'rows') {
    const [old, after] = [image(layout.old), image(layout.new)];
    const same = `(${old.value})::pg_catalog.text IS NOT DISTINCT FROM (${after.value})::pg_catalog.text`;
    return fieldOf(holder, table, column, action, old, after, same);
  }
  const [row, changed] = [image(layout.row), image(layout.changed)];
  const after = {
    holds: `CASE WHEN ${action} OPERATOR(pg_catalog.=) 'I' THEN ${row.holds} ELSE ${row.holds} OR coalesce(${changed.holds}, false) END`,
    value: `CASE WHEN ${action} OPERATOR(pg_catalog.=) 'I' THEN ${row.value} ELSE ${changed.value} END`,
  };
  return fieldOf(holder, table, column, action, row, after, `NOT coalesce(${changed.holds}, false)`);
}

/** A field of an entry that is a copy of the row: `k` that it stood there after the write, changed or not. */
function copySql(shape: Shape, table: Table, column: Column, action: string): FieldSql {
  const { at, by, order, action: did, key } = shape;
  const own = [at, order, did, ...by, ...key].includes(column.name) ? undefined : shape.table.columns.get(column.name);
  if (own === undefined) return { code: `'-0'`, old: 'NULL', new: 'NULL' };
  const kept = `a.${identifier(column.name)}`;
  const { hidden, sql } = own.cast === column.cast ? { hidden: 'false', sql: kept } : valueOf('text', table, column, kept);
  const is = (letter: string): string => `${action} OPERATOR(pg_catalog.=) '${letter}'`;
  return {
    code: `pg_catalog.concat(CASE WHEN ${is('D')} THEN 'o' WHEN ${is('I')} THEN 'n' WHEN ${is('T')} THEN '-' ELSE 'k' END, CASE WHEN ${hidden} THEN '3' ELSE '0' END)`,
    old: `CASE WHEN ${is('D')} AND NOT ${hidden} THEN ${sql} END`,
    new: `CASE WHEN NOT ${is('D')} AND NOT ${hidden} THEN ${sql} END`,
  };
}

function fieldOf(holder: Holder, table: Table, column: Column, action: string, old: Side, after: Side, same: string): FieldSql {
  const is = (letter: string): string => `${action} OPERATOR(pg_catalog.=) '${letter}'`;
  const [hadIt, hasIt] = [`coalesce(${old.holds}, false)`, `coalesce(${after.holds}, false)`];
  const what = `CASE WHEN ${is('I')} THEN CASE WHEN ${hasIt} THEN 'n' ELSE '-' END WHEN ${is('D')} THEN CASE WHEN ${hadIt} THEN 'o' ELSE '-' END
    WHEN ${hadIt} AND ${hasIt} THEN CASE WHEN ${same} THEN 's' ELSE 'c' END WHEN ${hasIt} THEN 'n' WHEN ${hadIt} THEN 'o' ELSE '-' END`;
  const [before, now] = [valueOf(holder, table, column, old.value), valueOf(holder, table, column, after.value)];
  const wanted = (side: string, value: string): string => `CASE WHEN ${side} THEN ${value} END`;
  const isOld = `${hadIt} AND NOT ${is('I')} AND NOT (${is('U')} AND ${hasIt} AND ${same})`;
  const isNew = `${hasIt} AND NOT ${is('D')} AND NOT (${is('U')} AND ${hadIt} AND ${same})`;
  const hidden = `(CASE WHEN ${before.hidden} THEN 1 ELSE 0 END OPERATOR(pg_catalog.+) CASE WHEN ${now.hidden} THEN 2 ELSE 0 END)`;
  return {
    code: `pg_catalog.concat(${what}, ${hidden})`,
    old: wanted(`${isOld} AND NOT ${before.hidden}`, before.sql),
    new: wanted(`${isNew} AND NOT ${now.hidden}`, now.sql),
  };
}

interface ValueSql {
  /** True where the value cannot be told from how it is kept. */
  readonly hidden: string;
  /** The value, of the type of the column. */
  readonly sql: string;
}

/** Types that a kept JSON value loses something of: `json` its spaces and order, those that are written as another type. */
const LOSES = /^json(?:\[\])?$/u;
const DATED = new Set(['date', 'timestamp without time zone', 'timestamp with time zone']);
const ISO = `'^([0-9]{4,}-[0-9]{2}-[0-9]{2}|-?infinity$)'`;

/** A kept value as one of the type of its column now: PostgreSQL casts it, and prints it as it prints that of the record. */
function valueOf(holder: Holder, table: Table, column: Column, kept: string): ValueSql {
  const { base, cast, asJson, notNull, parts } = column;
  if (isJson(holder)) {
    const isNull = `pg_catalog.jsonb_typeof(${kept}) OPERATOR(pg_catalog.=) 'null'`;
    if (LOSES.test(base) || asJson) return { hidden: `true`, sql: `NULL::${cast}` };
    // The JSON value null and no value at all look the same in a kept row.
    if (base === 'jsonb') return { hidden: notNull ? 'false' : `coalesce(${isNull}, true)`, sql: kept };
    if (parts) {
      const only = `pg_catalog.jsonb_build_object(${literal(column.name)}::pg_catalog.text, ${kept})`;
      return { hidden: 'false', sql: `(pg_catalog.jsonb_populate_record(NULL::${target(table)}, ${only})).${identifier(column.name)}` };
    }
    return { hidden: 'false', sql: `(${jsonText(kept)})::${cast}` };
  }
  const text = `(${kept})::pg_catalog.text`;
  // Single texts are often taken out of a row as jsonb.
  if (holder === 'text' && (LOSES.test(base) || asJson)) return { hidden: 'true', sql: `NULL::${cast}` };
  // Written with the settings of that session: of other forms, nothing tells day from month.
  if (DATED.has(base)) return { hidden: `coalesce(${text} OPERATOR(pg_catalog.!~) ${ISO}, false)`, sql: `(${text})::${cast}` };
  if (parts && !PLAIN_PARTS.test(base)) return { hidden: `${text} IS NOT NULL`, sql: `NULL::${cast}` };
  return { hidden: 'false', sql: `(${text})::${cast}` };
}

/** Arrays and ranges whose texts are the same in every session. */
const PLAIN_PARTS =
  /^(?:smallint|integer|bigint|numeric|text|character varying|uuid|boolean|real|double precision|jsonb?|inet|cidr)\[\]$|^(?:int4|int8|num)range$/u;
