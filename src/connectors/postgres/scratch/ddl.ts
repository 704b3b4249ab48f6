import type { FieldSchema, LinkSchema, ObjectSchema } from '../../../records/index.js';
import { identifier } from '../sql.js';

/** A table by the parts of its name. */
export interface TableName {
  readonly schema: string;
  readonly name: string;
}

const PART = /^("(?:[^"]|"")*"|[^."]+)(?:\.|$)/u;
/** How PostgreSQL prints the name of a type: words, a schema before it, sizes and brackets behind. */
const TYPE = /^(?:(?:"(?:[^"]|"")+"|[\w$]+)\.)?(?:"(?:[^"]|"")+"|[\w$ ]+)(?:\([\w ,-]+\))?[\w ]*(?:\[\])*$/u;
const WHOLE = new Set(['smallint', 'integer', 'bigint']);

/** The parts of a name `schema.table`; undefined where it is none. */
export function partsOf(object: string): TableName | undefined {
  const parts: string[] = [];
  let rest = object;
  for (let found = PART.exec(rest); found !== null && rest !== ''; found = PART.exec(rest)) {
    const [whole, part = ''] = found;
    parts.push(part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part);
    rest = rest.slice(whole.length);
  }
  const [schema, name, more] = parts;
  return schema === undefined || name === undefined || more !== undefined || rest !== '' ? undefined : { schema, name };
}

export const quoted = ({ schema, name }: TableName): string => `${identifier(schema)}.${identifier(name)}`;

/** A text as an SQL literal. */
export const literal = (text: string): string => `${text.includes('\\') ? ' E' : ''}'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** Types of choices that the tables need, each once, with what it offers. */
export function choicesOf(objects: readonly ObjectSchema[]): ReadonlyMap<string, readonly string[]> {
  const fields = objects.flatMap((object) => object.fields);
  return new Map(fields.flatMap(({ type, platformType, options }) => (type === 'enum' && options !== undefined ? [[platformType, options]] : [])));
}

/**
 * SQL that makes an empty table as a snapshot describes it. What nobody can write stands there without its rule, and may
 * be empty. Undefined where the name of a type is none, so that a file from elsewhere cannot bring statements along.
 */
export function tableSql(table: TableName, { fields, keyFields }: ObjectSchema): string | undefined {
  if (!fields.every(({ platformType }) => TYPE.test(platformType))) return undefined;
  const columns = fields.map((field) => columnSql(field, keyFields.includes(field.name)));
  const key = `PRIMARY KEY (${keyFields.map(identifier).join(', ')})`;
  return `CREATE TABLE ${quoted(table)} (${[...columns, key].join(', ')})`;
}

function columnSql({ name, platformType, readOnly, givenOnCreate, setByItself, required }: FieldSchema, isKey: boolean): string {
  const isIdentity = !isKey && readOnly && givenOnCreate === true && setByItself !== true && WHOLE.has(platformType);
  const rule = isIdentity ? ' GENERATED ALWAYS AS IDENTITY' : required === true && (isKey || !readOnly) ? ' NOT NULL' : '';
  return `${identifier(name)} ${platformType}${rule}`;
}

/** SQL for what has to be unique in a table, beside its key, with its fields in words. Conditions are left out. */
export function uniqueSql(table: TableName, { fields, unique = [] }: ObjectSchema): readonly { readonly sql: string; readonly what: string }[] {
  const alone = fields.filter((field) => field.unique === true).map(({ name }) => ({ fields: [name], emptyCounts: false }));
  const together = unique.filter(({ when }) => when === undefined).map((each) => ({ fields: each.fields, emptyCounts: each.emptyCounts === true }));
  return [...alone, ...together].map((each) => ({
    sql: `ALTER TABLE ${quoted(table)} ADD UNIQUE ${each.emptyCounts ? 'NULLS NOT DISTINCT ' : ''}(${each.fields.map(identifier).join(', ')})`,
    what: `that ${each.fields.join(', ')} is unique`,
  }));
}

/** SQL for a foreign key between two tables; undefined for a link that is none. */
export function foreignKeySql(
  { viaFields, refersTo, label }: LinkSchema,
  from: TableName,
  to: TableName,
  toKey: readonly string[],
): string | undefined {
  if (viaFields === undefined || label === undefined) return undefined;
  const [own, other] = [viaFields, refersTo ?? toKey].map((names) => names.map(identifier).join(', '));
  return `ALTER TABLE ${quoted(from)} ADD CONSTRAINT ${identifier(label)} FOREIGN KEY (${own ?? ''}) REFERENCES ${quoted(to)} (${other ?? ''})`;
}
