import type { FieldSchema, Fields, ObjectSchema, PlatformRecord, Value } from '../../../records/index.js';
import type { Column, Table } from '../schema/table.js';
import type { Row } from '../session.js';

/** Canonical value of a column's printed text. */
export function valueOf(text: string | null, column: Column): Value {
  if (text === null) return null;
  if (column.value === 'boolean') return text === 't';
  if (column.value === 'integer') return Number(text);
  return text;
}

/** The text PostgreSQL would print for a canonical value; undefined where no column can hold it. */
export function textOf(value: Value | undefined): string | null | undefined {
  if (value === null) return null;
  if (typeof value === 'string') return wellFormed(value) ? value : undefined;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  if (typeof value === 'number') return String(value);
  return undefined;
}

/**
 * No half of a surrogate pair: it would reach the database as another character. No NUL: no text column can hold it.
 */
function wellFormed(text: string): boolean {
  return !/\p{Surrogate}|\0/u.test(text);
}

/** Texts of the key's columns, or undefined where the key cannot be one of this table. */
export function keyParts(key: string, keyFields: readonly string[]): readonly string[] | undefined {
  if (keyFields.length === 1) return wellFormed(key) ? [key] : undefined;
  let parts: unknown;
  try {
    parts = JSON.parse(key);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length !== keyFields.length) return undefined;
  return parts.every((part): part is string => typeof part === 'string' && wellFormed(part)) ? parts : undefined;
}

/** The fields of a schema that the table still has, in the schema's order. Others are absent from what is read. */
export function presentFields(schema: ObjectSchema, table: Table): readonly { readonly field: FieldSchema; readonly column: Column }[] {
  return schema.fields.flatMap((field) => {
    const column = table.columns.get(field.name);
    return column === undefined ? [] : [{ field, column }];
  });
}

/** Makes records of rows whose first column is the key and whose others are `present`. */
export function recordMaker(present: ReturnType<typeof presentFields>): (row: Row) => PlatformRecord {
  return (row) => {
    const fields: Record<string, Value> = {};
    const meta: Record<string, Value> = {};
    present.forEach(({ field, column }, index) => {
      set(field.readOnly ? meta : fields, field.name, valueOf(row[index + 1] ?? null, column));
    });
    return { key: row[0] ?? '', fields, meta };
  };
}

/** Also right for a column that is called `__proto__`. */
function set(into: Record<string, Value>, name: string, value: Value): void {
  if (name === '__proto__') Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true });
  else into[name] = value;
}

/** A field by name, never something inherited. */
export function own(fields: Fields, name: string): Value | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}
