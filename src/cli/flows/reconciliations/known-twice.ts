import type { FieldChange, Platform, RecordHistory } from '../../../connectors/index.js';
import { type CallOptions, chunksOf, defined } from '../../../lib/index.js';
import type { Mapping, SideIndex } from '../../../mappings/index.js';
import { type Fields, namesOf, type ObjectSchema } from '../../../records/index.js';
import type { RecordLook } from '../../views/restores/record.js';
import { ownerOf } from '../restores/looks.js';

/** How people know a record that matches twice, as it is now. */
export interface KnownRecord {
  readonly look: RecordLook;
  /** Everything it holds, read-only fields too. */
  readonly holds: Fields;
  /** When it was changed last and by whom, as far as the platform tells. `at`: ISO 8601, UTC. */
  readonly changed?: { readonly at?: string; readonly by?: string };
}

/** What is known of one side of a mapping: records by their keys, and which of its fields may tell them apart. */
export interface KnownSide {
  readonly records: ReadonlyMap<string, KnownRecord>;
  /** Fields that the mapping carries first, then the others that people write. */
  readonly telling: readonly string[];
}

export type KnownSides = readonly [KnownSide, KnownSide];

/** How people know all records of some groups that match twice, by side. */
export async function knownSides(
  groups: readonly (readonly [readonly string[], readonly string[]])[],
  mapping: Mapping,
  platforms: readonly [Platform, Platform],
  call: CallOptions,
): Promise<KnownSides> {
  const keys = (side: SideIndex): readonly string[] => groups.flatMap((group) => group[side]);
  const left = await knownSide(platforms[0], mapping, 0, keys(0), call);
  return [left, await knownSide(platforms[1], mapping, 1, keys(1), call)];
}

/** Reads records of one side again: names, owner and last change, for whoever has to say which of them belong together. */
async function knownSide(
  { connector }: Platform,
  { sides, fields, match }: Mapping,
  side: SideIndex,
  keys: readonly string[],
  call: CallOptions,
): Promise<KnownSide> {
  const { object } = sides[side];
  const schema = (await connector.describe([object], call)).objects.find((each) => each.object === object);
  if (schema === undefined || keys.length === 0) return { records: new Map(), telling: [] };
  const mapped = fields.map(({ names }) => names[side]);
  const matched = new Set(match.map(({ names }) => names[side]));
  const written = schema.fields.filter(({ readOnly }) => !readOnly).map(({ name }) => name);
  const page = connector.pageOf?.(object);
  const histories = await historiesOf(connector, schema, mapped, keys, call);
  const records = new Map<string, KnownRecord>();
  for (const some of chunksOf(keys, connector.capabilities.batch.read))
    for await (const batch of connector.read({ schema, keys: some }, call))
      for (const { key, fields: held, meta } of batch.records) {
        const holds = { ...meta, ...held };
        const look = { ...namesOf(holds), ...defined({ owner: ownerOf(holds), page: page?.replaceAll('{key}', encodeURIComponent(key)) }) };
        records.set(key, { look, holds, ...defined({ changed: changedIn(holds, histories.get(key)) }) });
      }
  return { records, telling: [...new Set([...mapped, ...written])].filter((name) => !matched.has(name)) };
}

async function historiesOf(
  connector: Platform['connector'],
  schema: ObjectSchema,
  mapped: readonly string[],
  keys: readonly string[],
  call: CallOptions,
): Promise<ReadonlyMap<string, RecordHistory>> {
  const found = new Map<string, RecordHistory>();
  if (connector.capabilities.history === 'none') return found;
  const history = schema.fields.filter(({ name, readOnly }) => !readOnly && mapped.includes(name)).map(({ name }) => name);
  for (const some of chunksOf(keys, connector.capabilities.batch.history))
    for await (const batch of connector.read({ schema, keys: some, history, historyMayLack: true }, call))
      for (const [key, one] of batch.history ?? []) found.set(key, one);
  return found;
}

/** Fields in which the platforms we know keep when a record was changed last. */
const CHANGED = ['lastmodifieddate', 'hs_lastmodifieddate', 'LastModifiedDate', 'last_changed', 'updated_at', 'modified_at'];

function changedIn(holds: Fields, history: RecordHistory | undefined): KnownRecord['changed'] {
  const entries = [...Object.values(history?.fields ?? {}).flat(), ...(history?.last === undefined ? [] : [history.last])];
  const last = entries.reduce<FieldChange | undefined>((newest, one) => ((one.at ?? '') > (newest?.at ?? '') ? one : newest), undefined);
  const told = CHANGED.map((name) => holds[name]).find((value) => typeof value === 'string');
  const at = last?.at ?? (typeof told === 'string' ? told : undefined);
  const by = last?.label ?? last?.writer;
  return at === undefined ? undefined : { at, ...defined({ by }) };
}
