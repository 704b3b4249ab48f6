import type { Connector } from '../../connectors/index.js';
import { RunbackError } from '../../lib/index.js';
import { type FieldSchema, ownValue, watchedFields, type ObjectSchema } from '../../records/index.js';
import { NOTHING } from './examined.js';

/** A copy of tables that is to become a snapshot of the platform they were copied from. */
export interface SchemaRequest {
  /** Reads the copy. */
  readonly source: Connector;
  /** For people: `schema restored of database crm`. */
  readonly name: string;
  /** The object type of the copy that is one of the platform. */
  readonly sourceOf: (object: string) => string;
  /** Object types of the platform that someone named: each has to be there. Absent: those of `all` that are. */
  readonly objects?: readonly string[];
  /** Object types that the platform is set up for; absent for all that it has. */
  readonly all: readonly string[] | undefined;
  /** It lies in the database of the platform: a table that is its own copy is none. */
  readonly isBeside: boolean;
  /** Fields that are left out, as `public.people.score`. */
  readonly leaveOut: ReadonlySet<string>;
}

/** A table of the copy, and what of it can be taken. */
export interface ExaminedTable {
  readonly object: string;
  readonly source: string;
  readonly fields: readonly { readonly name: string; readonly type: string }[];
  /** Fields that are not imported, and why. */
  readonly left: readonly { readonly field: string; readonly why: string }[];
  /** Why it cannot be taken: nothing is imported while one of them cannot. */
  readonly refused: readonly string[];
  /** How many of some of its keys are records of the platform now. */
  readonly looked: { readonly keys: number; readonly there: number };
}

/** What is in a copy, and what of it can be understood. */
export interface ExaminedSchema {
  readonly name: string;
  readonly tables: readonly ExaminedTable[];
  /** Object types of the platform that it does not hold. */
  readonly missing: readonly string[];
}

/** Refuses a copy of which something that was wanted cannot be taken as it stands. Throws `object-unsupported`. */
export function requireUsableTables({ name, tables }: ExaminedSchema): void {
  const refused = tables.flatMap((table) => table.refused.map((why) => `${table.source}: ${why}`));
  if (refused.length === 0) return;
  throw new RunbackError('object-unsupported', `The ${name} cannot be imported as it stands`, {
    why: `${refused.slice(0, 5).join('. ')}${refused.length > 5 ? `. And ${refused.length - 5} more` : ''}.`,
    state: NOTHING,
    next: 'Leave a field out with --map "schema.table.field=", or name the tables to take with --object.',
    data: { refused },
  });
}

/** What of a table fits its object type on the platform. Pure. */
export function tableFrom(type: ObjectSchema, source: ObjectSchema, leaveOut: ReadonlySet<string>): Omit<ExaminedTable, 'looked'> {
  const watched = new Set(watchedFields(type).map(({ name }) => name));
  const held = new Map(source.fields.map((field) => [field.name, field]));
  const own = new Set(type.fields.map(({ name }) => name));
  const fields: { readonly name: string; readonly type: string }[] = [];
  const refused = source.refused === undefined ? keyTrouble(type, source) : [source.refused];
  const left = source.fields.flatMap(({ name }) => (own.has(name) ? [] : [{ field: name, why: notOwn(type, name) }]));
  for (const field of type.fields) {
    const { name, readOnly, setByItself } = field;
    const there = held.get(name);
    const why =
      there === undefined
        ? 'it is not in the copy'
        : leaveOut.has(`${type.object}.${name}`)
          ? 'left out as you said'
          : setByItself === true
            ? 'the platform sets it on every write'
            : readOnly && !watched.has(name) && !type.keyFields.includes(name)
              ? 'it cannot be written'
              : undefined;
    if (why !== undefined) left.push({ field: name, why });
    else if (there !== undefined && !isSameType(field, there))
      refused.push(`${name} is ${there.platformType}, and ${field.platformType} on the platform`);
    else if (!type.keyFields.includes(name)) fields.push({ name, type: field.platformType });
  }
  if (fields.length === 0 && refused.length === 0) refused.push('it has no field that could be put back');
  return { object: type.object, source: source.object, fields, left, refused };
}

const notOwn = ({ withheld = [] }: ObjectSchema, name: string): string =>
  withheld.includes(name) ? 'it is never stored' : 'the platform has no such field now';

function keyTrouble(type: ObjectSchema, source: ObjectSchema): string[] {
  const [own, there] = [type.keyFields.join(', '), source.keyFields.join(', ')];
  return own === there ? [] : [`its key is ${there}, and ${own} on the platform: no record could be told by it`];
}

/** Types whose values are texts that mean the same in each other. */
const TEXT = /^(text|character varying(\(\d+\))?)$/u;
/** The schema before the name of a type that somebody made, which differs in a copy. */
const OF_SCHEMA = /^(?:"(?:[^"]|"")*"|[\w$]+)\./u;

/** Whether a value of one type is the same value of the other, written in the same way. */
function isSameType(a: FieldSchema, b: FieldSchema): boolean {
  if (a.type !== b.type) return false;
  const [left, right] = [a, b].map(({ platformType }) => platformType.replace(OF_SCHEMA, '')) as [string, string];
  return left === right || (TEXT.test(left) && TEXT.test(right));
}

/** The description under which a copy is read: its own, with those fields alone. */
export function readAs(source: ObjectSchema, { fields }: Pick<ExaminedTable, 'fields'>): ObjectSchema {
  const names: Record<string, true> = Object.fromEntries([...fields.map(({ name }) => name), ...source.keyFields].map((name) => [name, true]));
  return { ...source, fields: source.fields.filter(({ name }) => ownValue(names, name) === true) };
}
