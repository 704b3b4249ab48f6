import type { Deletion, Platform, RecordHistory } from '../../connectors/index.js';
import { type CallOptions, chunksOf, defined } from '../../lib/index.js';
import { type ObjectSchema, parseRecordLine } from '../../records/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import type { Appeared } from '../types.js';
import { type AppearedRecord, identityOf } from './changes.js';
import { eachHistory } from './history.js';

interface Around {
  readonly platform: Platform;
  /** The oldest first. */
  readonly readers: readonly SnapshotReader[];
}

/**
 * Records that are new or gone, with who made or deleted them and when, where the platform tells; of new ones whether they
 * were there before, of gone ones whether they were merged into others.
 */
export async function addAppeared(
  { platform, readers }: Around,
  schema: ObjectSchema,
  whole: readonly AppearedRecord[],
  to: { readonly appeared: Appeared[] },
  options: CallOptions,
): Promise<void> {
  const { object } = schema;
  const created = whole.filter(({ change }) => change === 'created');
  const [field] = schema.fields;
  const told = new Map<string, RecordHistory['created']>();
  if (platform.connector.capabilities.history === 'field' && field !== undefined) {
    const keys = created.map(({ key }) => key);
    for await (const some of eachHistory(platform, schema, keys, [field.name], options)) for (const [key, one] of some) told.set(key, one.created);
  }
  const gone = whole.filter(({ change }) => change === 'deleted').map(({ key }) => key);
  const { deletions, merged } = await deletionsOf(platform, schema, gone, options);
  const names =
    created.length < 8
      ? new Set<string>()
      : await namesAmong(readers[0] as SnapshotReader, platform.name, object, new Set(created.flatMap(({ name }) => name ?? [])));
  for (const { name, ...one } of whole) {
    const did: RecordHistory['created'] = one.change === 'created' ? told.get(one.key) : deletions.get(one.key);
    const atMs = Date.parse(did?.at ?? '');
    to.appeared.push({
      ...one,
      ...defined({ writer: did?.writer, maker: did?.maker }),
      ...(merged.has(one.key) ? { merged: true } : {}),
      ...(Number.isNaN(atMs) ? {} : { atMs }),
      ...(name !== undefined && names.has(name) ? { twin: true } : {}),
    });
  }
}

/** Who deleted some records and when, as far as the platform tells; and which of them are a part of another record now. */
async function deletionsOf(
  { connector }: Platform,
  schema: ObjectSchema,
  keys: readonly string[],
  options: CallOptions,
): Promise<{ readonly deletions: ReadonlyMap<string, Pick<Deletion, 'at' | 'writer'>>; readonly merged: ReadonlySet<string> }> {
  const deletions = new Map<string, Pick<Deletion, 'at' | 'writer'>>();
  const merged = new Set<string>();
  const { tellsDeletions = false, batch } = connector.capabilities;
  const asked = tellsDeletions ? { history: schema.fields.slice(0, 1).map(({ name }) => name), historyMayLack: true as const } : {};
  for (const some of chunksOf(keys, tellsDeletions ? batch.history : batch.read))
    for await (const { history, aliases } of connector.read({ schema, keys: some, ...asked }, options)) {
      for (const [key, { deleted }] of history ?? []) if (deleted !== undefined) deletions.set(key, deleted);
      for (const key of aliases?.keys() ?? []) merged.add(key);
    }
  const open = keys.filter((key) => !deletions.has(key) && !merged.has(key));
  if (open.length > 0 && connector.deletedAt !== undefined)
    for (const [key, at] of await connector.deletedAt(schema, open, options)) deletions.set(key, { at });
  return { deletions, merged };
}

/** Those of some identities that a snapshot has already. */
async function namesAmong(reader: SnapshotReader, platform: string, object: string, wanted: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  const info = reader.manifest.objects.find((one) => one.platform === platform && one.object === object);
  const found = new Set<string>();
  if (info === undefined) return found;
  for await (const lines of reader.lines(info, { onDamage: () => undefined }))
    for (const line of lines) {
      const name = identityOf(parseRecordLine(line));
      if (name !== undefined && wanted.has(name)) found.add(name);
    }
  return found;
}
