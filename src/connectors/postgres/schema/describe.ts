import { defined, didYouMean, ownValue, RunbackError } from '../../../lib/index.js';
import type { FieldSchema, FieldType, ObjectSchema, UniqueSchema } from '../../../records/index.js';
import { parentsFirst } from '../read/order.js';
import type { Settings } from '../settings.js';
import { isWhole } from '../sql.js';
import * as catalog from './catalog.js';
import type { Ask, ColumnRow, EffectRow, IndexRow, KeyRow, PartRow, RelationRow, UniqueRow } from './catalog.js';
import { objectName } from './names.js';
import type { Column, ForeignKey, Reach, Table } from './table.js';
import { fires, type TriggerEffects, triggerEffects } from './triggers.js';

/** What the catalog of a database says, limited to the objects asked for. */
export interface Described {
  /** Parents before children. */
  readonly tables: readonly Table[];
  readonly keys: readonly ForeignKey[];
}

const FIELD_TYPES: Readonly<Record<string, FieldType>> = {
  smallint: 'integer',
  integer: 'integer',
  bigint: 'number',
  numeric: 'number',
  real: 'number',
  'double precision': 'number',
  oid: 'number',
  boolean: 'boolean',
  text: 'string',
  'character varying': 'string',
  bpchar: 'string',
  name: 'string',
  uuid: 'string',
  date: 'date',
  'timestamp without time zone': 'datetime',
  'timestamp with time zone': 'datetime',
  'time without time zone': 'time',
  'time with time zone': 'time',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
};

/** Reads the catalog. Throws `object-unsupported` for a name that is not there. */
export async function describeTables(ask: Ask, objects: readonly string[] | undefined, settings: Settings, encoding: string): Promise<Described> {
  const all = await catalog.relations(ask);
  const wanted =
    objects === undefined
      ? all.filter((row) => !row.aside && (row.kind === 'r' || row.kind === 'p'))
      : objects.map((name) => find(all, name, settings));
  const chosen = [...new Map(wanted.map((row) => [row.oid, row])).values()];
  const oids = chosen.map((row) => row.oid);
  const columns = await catalog.columns(ask, oids);
  const indexes = await catalog.uniqueIndexes(ask, oids);
  const uniques = await catalog.uniques(ask, oids);
  const parts = await catalog.partitions(ask, oids);
  const keyRows = await catalog.foreignKeys(ask, [...oids, ...parts.map((part) => part.oid)]);
  const triggers = await catalog.triggers(ask, oids);
  const rules = await catalog.rules(ask, oids);
  const tables = new Map(
    chosen.map((row) => {
      const of = <T extends { readonly oid: string }>(rows: readonly T[]): T[] => rows.filter((each) => each.oid === row.oid);
      const effects = triggerEffects(of(triggers), settings);
      const sentences = sideEffects(effects, of(rules), reaching(row.oid, keyRows, parts), settings);
      const inside = insideOf(row.oid, parts);
      return [
        row.oid,
        {
          ...tableOf(row, of(columns), of(indexes), of(uniques), effects, sentences, settings, encoding),
          settlesLater: effects.after || of(rules).length > 0 || keyRows.some((key) => inside.has(key.from) && inside.has(key.to)),
          reachedOnDelete: reaches(row.oid, keyRows, parts, settings),
        },
      ] as const;
    }),
  );
  const keys = linksOf(keyRows, tables, parts);
  return { tables: parentsFirst([...tables.values()], keys), keys };
}

function find(all: readonly RelationRow[], wanted: string, settings: Settings): RelationRow {
  const found = all.find((row) => objectName(row) === wanted) ?? all.find((row) => objectName(row) === `public.${wanted}`);
  if (found !== undefined) return found;
  const names = all.flatMap((row) => (row.schema === 'public' ? [objectName(row), row.name] : [objectName(row)]));
  throw new RunbackError('object-unsupported', `${settings.platform} has no table ${wanted}${didYouMean(wanted, names)}`, {
    why: 'No table or view of that name is in the database, or this user may not see it.',
    state: 'Nothing was written.',
    next: `Correct "objects" of ${settings.platform} in runback.yml. Names have the form schema.table.`,
  });
}

function tableOf(
  row: RelationRow,
  rows: readonly ColumnRow[],
  indexes: readonly IndexRow[],
  uniques: readonly UniqueRow[],
  effects: TriggerEffects,
  sentences: readonly string[],
  settings: Settings,
  encoding: string,
): Omit<Table, 'reachedOnDelete' | 'settlesLater'> {
  const notNull = new Set(rows.filter((column) => column.notNull).map((column) => column.name));
  const index = indexes.find((each) => each.columns.every((name) => notNull.has(name)));
  const keyFields = index?.columns ?? [];
  const equals = new Map(keyFields.map((name, place) => [name, index?.equals[place] ?? 'OPERATOR(pg_catalog.=)']));
  // A field says itself that it alone is unique; the key, which never changes, needs no saying.
  const alone = (each: UniqueRow): boolean => each.columns.length === 1 && each.condition === null && !each.emptyCounts;
  const unique = new Set(uniques.filter(alone).map((each) => each.columns[0]));
  const together = uniques.filter((each) => !alone(each) && !each.columns.every((name) => keyFields.includes(name))).map(uniqueOf);
  const changesByItself = new Set([settings.modified.by, settings.modified.at]);
  const columns = new Map(rows.map((column) => [column.name, columnOf(column, equals.get(column.name))]));
  const refused = refusal(row, index, encoding, settings);
  const [key, ...others] = keyFields.map((name) => columns.get(name));
  const description: ObjectSchema = {
    object: objectName(row),
    ...(row.comment === null ? {} : { label: row.comment }),
    keyFields,
    ...(key !== undefined && others.length === 0 && isWhole(key) ? { keyOrder: 'integer' as const } : {}),
    fields: rows.map((column) =>
      fieldOf(column, {
        setApart: keyFields.includes(column.name) || changesByItself.has(column.name),
        unique: unique.has(column.name),
        ...(keyFields.includes(column.name) ? {} : { stamp: effects.stamps.get(column.name) }),
      }),
    ),
    ...(together.length === 0 ? {} : { unique: together }),
    createWithKey: true,
    undelete: false,
    sideEffects: sentences,
    ...defined({ refused }),
  };
  const { oid, schema, name, kind, readable } = row;
  const uniqueColumns = new Set(indexes.flatMap((each) => each.columns));
  return { oid, object: description.object, schema, name, kind, readable, columns, description, uniqueColumns };
}

function uniqueOf({ columns, condition, emptyCounts }: UniqueRow): UniqueSchema {
  return { fields: columns, ...(condition === null ? {} : { when: condition }), ...(emptyCounts ? { emptyCounts } : {}) };
}

/** What a delete of records of a table goes on into, read anew. */
export async function readReaches(ask: Ask, table: Table, settings: Settings): Promise<readonly Reach[]> {
  const parts = await catalog.partitions(ask, [table.oid]);
  return reaches(table.oid, await catalog.foreignKeys(ask, [table.oid, ...parts.map((part) => part.oid)]), parts, settings);
}

/**
 * Foreign keys that reach a table or a partition of it, each once: copies that the database keeps for partitions are
 * left out.
 */
function reaching(oid: string, rows: readonly KeyRow[], parts: readonly PartRow[]): KeyRow[] {
  const inside = insideOf(oid, parts);
  const there = rows.filter((row) => inside.has(row.to));
  const oids = new Set(there.map((row) => row.oid));
  return there.filter((row) => !oids.has(row.parent));
}

/** A table and all its partitions. */
function insideOf(oid: string, parts: readonly PartRow[]): ReadonlySet<string> {
  return new Set([oid, ...parts.filter((part) => part.root === oid).map((part) => part.oid)]);
}

function reaches(oid: string, rows: readonly KeyRow[], parts: readonly PartRow[], settings: Settings): Reach[] {
  const asReplica = settings.sessionReplicationRole === 'replica';
  const inside = insideOf(oid, parts);
  return reaching(oid, rows, parts)
    .filter((row) => 'cnd'.includes(row.onDelete) || asReplica || !row.enforced)
    .map((row) => ({
      name: row.name,
      from: row.fromQuoted,
      self: inside.has(row.from),
      readable: row.fromReadable,
      pairs: row.pairs,
      part: row.to !== oid && row.toLeaf ? row.to : undefined,
    }));
}

function columnOf(row: ColumnRow, equals: string | undefined): Column {
  const type = ownValue(FIELD_TYPES, row.base);
  return {
    name: row.name,
    base: row.base,
    cast: row.cast,
    variable: row.variable,
    notNull: row.notNull,
    hasDefault: row.hasDefault || row.identity !== '',
    generated: row.generated,
    sequence: row.sequence ?? undefined,
    isEnum: row.baseKind === 'e',
    parts: row.parts,
    asJson: row.asJson,
    equals: equals ?? 'OPERATOR(pg_catalog.=)',
    value: type === 'boolean' || type === 'integer' ? type : 'text',
  };
}

/** What else is known of a column. */
interface ColumnFacts {
  /** Part of the key, or named under `modified`. */
  readonly setApart: boolean;
  readonly unique: boolean;
  /** A trigger sets it on every write. */
  readonly stamp?: { readonly onCreate: boolean } | undefined;
}

function fieldOf(row: ColumnRow, { setApart, unique, stamp }: ColumnFacts): FieldSchema {
  const type: FieldType = row.options !== null ? 'enum' : (ownValue(FIELD_TYPES, row.base) ?? 'other');
  const limited = (row.base === 'character varying' || row.base === 'bpchar') && row.baseTypmod > 4;
  const identity = row.identity === 'a';
  const given = !setApart && !row.generated && (stamp === undefined ? identity : !stamp.onCreate);
  return {
    name: row.name,
    ...(row.comment === null ? {} : { label: row.comment }),
    type,
    platformType: row.type,
    readOnly: setApart || row.generated || identity || stamp !== undefined,
    ...(row.options === null ? {} : { options: row.options }),
    ...(limited ? { maxLength: row.baseTypmod - 4 } : {}),
    ...(unique ? { unique: true } : {}),
    ...(unique && row.base === 'citext' ? { uniqueInAnyCase: true as const } : {}),
    ...(row.notNull ? { required: true } : {}),
    ...(row.notNull && (row.hasDefault || row.identity !== '' || stamp?.onCreate === true) ? { filledOnCreate: true } : {}),
    ...(stamp === undefined ? {} : { setByItself: true }),
    ...(given ? { givenOnCreate: true } : {}),
  };
}

function refusal(row: RelationRow, index: IndexRow | undefined, encoding: string, settings: Settings): string | undefined {
  const name = objectName(row);
  if (row.kind === 'v' || row.kind === 'm') return `${name} is a view: its records belong to other tables. Name those tables instead.`;
  if (row.kind === 'f') return `${name} is a foreign table: its records belong to another server. Name that server as a platform of its own.`;
  if (encoding === 'SQL_ASCII')
    return `The database has the encoding SQL_ASCII, so the texts of ${name} may be in any encoding and cannot be kept exactly. Convert the database to UTF8.`;
  if (index === undefined)
    return `${name} has no primary key and no unique index on columns that are never null, so its records cannot be distinguished. Add one: ALTER TABLE ${name} ADD PRIMARY KEY (…).`;
  if (row.rowSecurity)
    return `Row-level security hides records of ${name} from "${settings.user}"; they would look deleted. Connect as a user with BYPASSRLS, or as the owner of the table.`;
  return undefined;
}

const RULE_EVENTS: Readonly<Record<number, string>> = { 2: 'update', 3: 'insert', 4: 'delete' };

/** What a write sets off, as sentences. */
function sideEffects(triggers: TriggerEffects, rules: readonly EffectRow[], keys: readonly KeyRow[], settings: Settings): string[] {
  const asReplica = settings.sessionReplicationRole === 'replica';
  const sentences = [...triggers.sentences];
  for (const rule of rules.filter((each) => fires(each, settings)))
    sentences.push(`Rule ${rule.name} changes what ${RULE_EVENTS[rule.type] ?? 'a statement'} does.`);
  if (asReplica) sentences.push('session_replication_role is replica: ordinary triggers do not run and foreign keys are not checked.');
  else
    for (const key of keys) {
      const columns = key.pairs.map((pair) => pair.column).join(', ');
      const of = `${key.fromName} (foreign key ${key.name})`;
      if (key.onDelete === 'c') sentences.push(`Deleting a record also deletes the records of ${of} that refer to it.`);
      if (key.onDelete === 'n') sentences.push(`Deleting a record empties ${columns} of ${of}.`);
      if (key.onDelete === 'd') sentences.push(`Deleting a record sets ${columns} of ${of} to the default.`);
      if ('cnd'.includes(key.onUpdate))
        sentences.push(`Changing ${key.pairs.map((pair) => pair.refers).join(', ')} also changes ${columns} of ${of}.`);
    }
  return sentences;
}

/** Foreign keys between chosen tables, also those of and to single partitions of them. */
function linksOf(rows: readonly KeyRow[], tables: ReadonlyMap<string, Table>, parts: readonly PartRow[]): ForeignKey[] {
  const holding = new Map<string, Table[]>();
  for (const table of tables.values()) for (const oid of insideOf(table.oid, parts)) holding.set(oid, [...(holding.get(oid) ?? []), table]);
  const byOid = new Map(rows.map((row) => [row.oid, row]));
  const isCopy = (row: KeyRow, from: Table, to: Table): boolean => {
    const parent = byOid.get(row.parent);
    return parent !== undefined && holding.get(parent.from)?.includes(from) === true && holding.get(parent.to)?.includes(to) === true;
  };
  return rows.flatMap((row) =>
    (holding.get(row.from) ?? []).flatMap((from) =>
      (holding.get(row.to) ?? []).filter((to) => !isCopy(row, from, to)).map((to) => foreignKeyOf(row, from, to)),
    ),
  );
}

function foreignKeyOf(row: KeyRow, from: Table, to: Table): ForeignKey {
  const { keyFields } = to.description;
  const refers = row.pairs.map((pair) => pair.refers);
  const isKey = refers.length === keyFields.length && refers.every((name) => keyFields.includes(name));
  // In the order of the key, so that the values of the fields are the key of the record they refer to.
  const pairs = isKey ? [...row.pairs].sort((a, b) => keyFields.indexOf(a.refers) - keyFields.indexOf(b.refers)) : row.pairs;
  const viaFields = pairs.map((pair) => pair.column);
  const ofPart = row.from !== from.oid;
  const required = viaFields.every((name) => from.columns.get(name)?.notNull === true);
  const readOnly = viaFields.some((name) => from.description.fields.find((field) => field.name === name)?.readOnly !== false);
  // Names of constraints are unique within their table: one of a partition takes the partition's along.
  const kind = ofPart ? `${row.fromPlain}.${row.name}` : row.name;
  const link = {
    kind: kind.replaceAll(/[^A-Za-z0-9_.-]/g, (character) => `%${character.codePointAt(0)?.toString(16) ?? ''}`),
    from: from.object,
    to: to.object,
    label: row.name,
    viaFields,
    ...(isKey ? {} : { refersTo: pairs.map((pair) => pair.refers) }),
    ...(isKey && row.enforced && pairs.every((pair) => pair.exact) ? { exact: true } : {}),
    ...(required ? { required } : {}),
    ...(readOnly ? { readOnly } : {}),
  };
  return { link, pairs, fromPart: ofPart && row.fromLeaf ? row.from : undefined, toPart: row.to !== to.oid && row.toLeaf ? row.to : undefined };
}
