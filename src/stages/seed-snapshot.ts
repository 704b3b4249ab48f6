import type { CreateMutation, Platform, PlatformSchema } from '../connectors/index.js';
import { type CallOptions, RunbackError } from '../lib/index.js';
import { type Fields, type ObjectSchema, parseRecordLine, type PlatformRecord, type Value } from '../records/index.js';
import type { SnapshotReader } from '../snapshots/index.js';
import type { Leftovers } from './leftovers.js';
import { Mask, requireMaskable } from './mask.js';
import { schemaDifferences } from './parity/schemas.js';

/** What is put onto a platform. */
export interface SeedRequest {
  readonly snapshot: SnapshotReader;
  readonly platform: Platform;
  readonly schema: PlatformSchema;
  readonly leftovers: Leftovers;
  /** Most records of each object type. */
  readonly records: number;
  /** Fields whose values are replaced. */
  readonly mask: readonly string[];
  /** Name of the platform, for messages. */
  readonly name: string;
  /** Called once the first record is there, before any other is: what it throws ends the filling. */
  readonly firstIsThere: () => Promise<void>;
}

/**
 * Creates the records of a snapshot on a platform that has the same object types, under the keys that they had. Those
 * whose key is taken there are left out: they are somebody else's. Gives in words what the stage lacks. Throws
 * `usage` for a field that cannot be masked, before anything is put there, and `fault-impossible` where nothing of the
 * snapshot can be.
 */
export async function seedFromSnapshot(request: SeedRequest, call: CallOptions): Promise<readonly string[]> {
  const { snapshot, schema, name } = request;
  const schemas = await Promise.all(snapshot.header.platforms.map(async (each) => await snapshot.schema(each.name)));
  requireMaskable(
    request.mask,
    schemas.flatMap((each) => each.objects),
  );
  const mask = new Mask(request.mask);
  const lacks: string[] = [];
  let created = 0;
  const alone = { first: true };
  for (const info of snapshot.manifest.objects) {
    const there = schema.objects.find(({ object }) => object === info.object);
    if (there === undefined || there.refused !== undefined || !there.createWithKey) {
      lacks.push(`${info.object} of the snapshot cannot be put on ${name}`);
      continue;
    }
    const { made, taken } = await createAll(request, { mask, alone }, info, there, call);
    created += made;
    if (taken > 0) lacks.push(`${taken} ${info.object} were left out: ${name} has records with their keys`);
    if (info.rows > made + taken) lacks.push(`${made} of the ${info.rows} ${info.object} of the snapshot are there`);
  }
  for (const held of schemas) lacks.push(...schemaDifferences(name, schema, held));
  if (created === 0)
    throw new RunbackError('fault-impossible', `Nothing of snapshot ${snapshot.header.id} could be put on ${name}`, {
      why: lacks.join('; '),
      state: 'Nothing was damaged, and nothing was proved.',
    });
  return lacks;
}

async function createAll(
  { snapshot, platform, leftovers, records, firstIsThere }: SeedRequest,
  { mask, alone }: { readonly mask: Mask; readonly alone: { first: boolean } },
  info: SnapshotReader['manifest']['objects'][number],
  schema: ObjectSchema,
  call: CallOptions,
): Promise<{ readonly made: number; readonly taken: number }> {
  const { connector } = platform;
  const size = Math.min(connector.capabilities.batch.create, connector.capabilities.batch.read);
  let [made, taken] = [0, 0];
  const flush = async (batch: readonly PlatformRecord[]): Promise<void> => {
    const held = new Set<string>();
    for await (const found of connector.read({ schema, keys: batch.map(({ key }) => key) }, call)) for (const { key } of found.records) held.add(key);
    taken += held.size;
    const mutations = batch
      .filter(({ key }) => !held.has(key))
      .map(({ key, fields: values, meta }): CreateMutation => ({
        action: 'create',
        schema,
        key,
        set: settable({ ...meta, ...values }, schema, mask),
      }));
    if (mutations.length === 0) return;
    await leftovers.willCreate(schema.object, mutations);
    const results = await connector.write(mutations, call);
    // What may have been created, though its answer was lost, stays written down as ours.
    const missed = mutations.filter((_, i) => !['applied', 'in_doubt'].includes(results[i]?.status ?? 'in_doubt'));
    if (missed.length > 0)
      await leftovers.notCreated(
        schema.object,
        missed.map(({ key }) => key),
      );
    const refused = results.find(({ status }) => status !== 'applied');
    if (refused !== undefined)
      throw new RunbackError('platform-rejected', `${schema.object} of the snapshot cannot be put on ${platform.name}`, {
        why: 'message' in refused ? refused.message : refused.status,
        state: 'What was put there is taken away again.',
      });
    made += results.length;
    if (!alone.first) return;
    alone.first = false;
    await firstIsThere();
  };
  let batch: PlatformRecord[] = [];
  for await (const lines of snapshot.lines(info, call))
    for (const line of lines) {
      if (made + batch.length >= records) break;
      batch.push(parseRecordLine(line));
      if (batch.length < (alone.first ? 1 : size)) continue;
      await flush(batch);
      batch = [];
    }
  if (batch.length > 0) await flush(batch);
  return { made, taken };
}

/** What a record can be created with: of what it held, the fields that are there. */
function settable(values: Fields, schema: ObjectSchema, mask: Mask): Fields {
  const set: Record<string, Value> = {};
  for (const [name, value] of Object.entries(values)) {
    const field = schema.fields.find((each) => each.name === name);
    // The key goes with the record itself.
    if (field !== undefined && (!field.readOnly || field.givenOnCreate === true) && !schema.keyFields.includes(name))
      set[name] = mask.of(name, value);
  }
  return set;
}
