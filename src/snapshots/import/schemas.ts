import type { Capabilities, Connector, Platform, PlatformSchema, RecordBatch } from '../../connectors/index.js';
import { type CallOptions, defined, RunbackError } from '../../lib/index.js';
import { type Fields, type ObjectSchema, type PlatformRecord, setOwn, type Value } from '../../records/index.js';
import type { Catalog } from '../catalog/catalog.js';
import type { ImportedFrom, ImportedObject, SnapshotSummary } from '../types.js';
import { noLinks } from './connector.js';
import { NOTHING } from './examined.js';
import { type ExaminedSchema, type ExaminedTable, readAs, requireUsableTables, type SchemaRequest, tableFrom } from './tables.js';

/** A copy that was looked at. */
export interface SchemaToImport {
  readonly examined: ExaminedSchema;
  /** Makes a snapshot of it, of one moment. Throws what {@link requireUsableTables} and `createSnapshot` throw. */
  readonly take: (
    wanted: { readonly takenAt: Date; readonly by: string; readonly note?: string },
    catalog: Pick<Catalog, 'create'>,
    options?: CallOptions,
  ) => Promise<SnapshotSummary>;
}

/** A table, with its description on both sides. */
interface Pair {
  readonly type: ObjectSchema;
  readonly source: ObjectSchema;
  readonly table: ExaminedTable;
}

/**
 * Looks at a copy of tables and says which of them, and which of their fields, are those of the platform. Asks both sides for
 * their descriptions, and for at most one batch of records each. Writes nothing until it is taken.
 *
 * Throws `object-unsupported` for an object type that was named and is not there, or where there is none, and what the connectors throw.
 */
export async function schemaToImport(request: SchemaRequest, platform: Platform, options: CallOptions = {}): Promise<SchemaToImport> {
  const { source, name, sourceOf, objects, leaveOut } = request;
  const schema = await platform.connector.describe(objects ?? request.all, options);
  const there = new Map((await source.describe(undefined, options)).objects.map((one) => [one.object, one]));
  const missing: string[] = [];
  const pairs: Pair[] = [];
  for (const type of schema.objects) {
    if (request.isBeside && sourceOf(type.object) === type.object) continue;
    const copy = there.get(sourceOf(type.object));
    if (type.refused !== undefined || copy === undefined) {
      missing.push(type.object);
      continue;
    }
    const table = tableFrom(type, copy, leaveOut);
    const looked = table.refused.length > 0 ? { keys: 0, there: 0 } : await looking(type, readAs(copy, table), request, platform, options);
    pairs.push({ type, source: copy, table: { ...table, looked } });
  }
  if (pairs.length === 0 || (objects !== undefined && missing.length > 0))
    throw new RunbackError('object-unsupported', `The ${name} has no table ${missing.map(sourceOf).join(', ') || 'of the platform'}`, {
      why: `It has: ${[...there.keys()].slice(0, 20).join(', ') || 'none that this user can see'}.`,
      state: NOTHING,
      next: 'Name the schema with --from-schema, or the tables with --object.',
    });
  const examined: ExaminedSchema = { name, tables: pairs.map(({ table }) => table), missing };
  return {
    examined,
    take: async ({ takenAt, by, note }, catalog, call = {}) => {
      requireUsableTables(examined);
      const connector = schemaConnector(source, schema, pairs, name);
      const wanted = pairs.map(({ type }) => type.object);
      const imported = { takenAt: takenAt.toISOString(), from: fromOf(name, pairs) };
      return await catalog.create(
        { platforms: [{ ...platform, connector, objects: wanted }], objects: wanted, by, imported, ...defined({ note }) },
        call,
      );
    },
  };
}

/** Looks up some keys of the copy on the platform. */
async function looking(
  type: ObjectSchema,
  copy: ObjectSchema,
  { source }: SchemaRequest,
  { connector }: Platform,
  options: CallOptions,
): Promise<ExaminedTable['looked']> {
  let keys: readonly string[] = [];
  for await (const { records } of source.read({ schema: { ...copy, fields: [] } }, options)) {
    keys = records.slice(0, connector.capabilities.batch.read).map(({ key }) => key);
    break;
  }
  let there = 0;
  if (keys.length > 0) for await (const { records } of connector.read({ schema: type, keys }, options)) there += records.length;
  return { keys: keys.length, there };
}

function fromOf(name: string, pairs: readonly Pair[]): Omit<ImportedFrom, 'at'> {
  const each = pairs.map(({ type, table }): readonly [string, ImportedObject] => [
    type.object,
    { fields: table.fields.map((field) => field.name).sort(), of: type.fields.length },
  ]);
  return {
    file: name,
    fields: each.flatMap(([object, { fields }]) => fields.map((field) => `${object}.${field}`)),
    of: each.reduce((sum, [, { of }]) => sum + of, 0),
    objects: Object.fromEntries(each),
  };
}

/** The copy as a connector that reads the platform: under its names, of one moment where it can, without links and census. */
function schemaConnector(source: Connector, schema: PlatformSchema, pairs: readonly Pair[], name: string): Connector {
  const capabilities: Capabilities = { ...source.capabilities, ordered: false, history: 'none', census: false };
  const never = (): never => {
    throw new RunbackError('bug', 'A copy was taken for a platform');
  };
  return {
    kind: source.kind,
    capabilities,
    identify: never,
    describe: async () =>
      await Promise.resolve({ ...schema, objects: schema.objects.filter(({ object }) => pairs.some(({ type }) => type.object === object)) }),
    read: async function* read(request, options): AsyncGenerator<RecordBatch> {
      const pair = pairs.find(({ type }) => type.object === request.schema.object) ?? never();
      const kept = new Map(pair.type.fields.map((field) => [field.name, field.readOnly]));
      const wanted = new Set(pair.table.fields.map((field) => field.name));
      for await (const { records } of source.read({ schema: readAs(pair.source, pair.table) }, options))
        yield { records: records.map((record) => asThere(record, wanted, kept)) };
    },
    readLinks: () => noLinks(name),
    write: never,
    findCreated: never,
    usage: never,
    ...(source.beginRead && { beginRead: async (options) => await source.beginRead?.(options) }),
    ...(source.endRead && { endRead: async () => await source.endRead?.() }),
    close: async () => await Promise.resolve(),
  };
}

/** A record with the wanted fields, each where the platform has it. */
function asThere({ key, fields, meta }: PlatformRecord, wanted: ReadonlySet<string>, readOnly: ReadonlyMap<string, boolean>): PlatformRecord {
  const [own, beside]: [Record<string, Value>, Record<string, Value>] = [{}, {}];
  const all: Fields = { ...meta, ...fields };
  for (const [name, value] of Object.entries(all)) if (wanted.has(name)) setOwn(readOnly.get(name) === true ? beside : own, name, value);
  return { key, fields: own, meta: beside };
}
