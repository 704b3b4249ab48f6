import type { Platform, RecordHistory } from '../../connectors/index.js';
import { type CallOptions, defined } from '../../lib/index.js';
import { type ObjectSchema, parseRecordLine } from '../../records/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import type { Appeared } from '../types.js';
import { type AppearedRecord, identityOf } from './changes.js';
import { historiesOf } from './history.js';

interface Around {
  readonly platform: Platform;
  /** The oldest first. */
  readonly readers: readonly SnapshotReader[];
}

/** Records that are new or gone; of new ones who made them and when, where the platform tells, and whether they were there before. */
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
  const told =
    platform.connector.capabilities.history === 'field' && field !== undefined
      ? await historiesOf(
          platform,
          schema,
          created.map(({ key }) => key),
          [field.name],
          options,
        )
      : new Map<string, RecordHistory>();
  const names =
    created.length < 8
      ? new Set<string>()
      : await namesAmong(readers[0] as SnapshotReader, platform.name, object, new Set(created.flatMap(({ name }) => name ?? [])));
  for (const { name, ...one } of whole) {
    const born = told.get(one.key)?.created;
    const atMs = Date.parse(born?.at ?? '');
    to.appeared.push({
      ...one,
      ...defined({ writer: born?.writer, maker: born?.maker }),
      ...(Number.isNaN(atMs) ? {} : { atMs }),
      ...(name !== undefined && names.has(name) ? { twin: true } : {}),
    });
  }
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
