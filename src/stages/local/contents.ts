import { type CallOptions, RunbackError } from '../../lib/index.js';
import { type Link, type LinkSchema, type ObjectSchema, parseRecordLine, type PlatformRecord } from '../../records/index.js';
import type { Damage, LinkInfo, ObjectInfo, SnapshotReader } from '../../snapshots/index.js';
import { Mask, requireMaskable } from '../mask.js';

/** What is wanted of a snapshot. */
export interface SnapshotSource {
  readonly snapshot: SnapshotReader;
  /** Name of the platform in it; without it, the only one of its kind. */
  readonly platform?: string;
  /** Most records of each object type. */
  readonly records: number;
  /** Fields whose values are replaced before anything leaves this module. */
  readonly mask: readonly string[];
  /** Only these keys of each object type; everything without. */
  readonly only?: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Records of one object type. */
export interface StageObject {
  readonly schema: ObjectSchema;
  readonly records: readonly PlatformRecord[];
  /** Records that are not put there: what their values name (owners, stages) is there all the same. */
  readonly referred?: readonly PlatformRecord[];
}

/** What a snapshot holds of one account, masked: what is put onto a stage on this machine. */
export interface StageContents {
  readonly snapshot: string;
  readonly objects: readonly StageObject[];
  /** Between records that are there. */
  readonly links: readonly { readonly schema: LinkSchema; readonly pairs: readonly Link[] }[];
  /** How that differs from what the snapshot stands for, in words. */
  readonly lacks: readonly string[];
  /** Only what the account is set up like is wanted of it: fields, options, owners and stages, and no record and link. */
  readonly onlySettings?: true;
}

/** How a snapshot is read. `onDamage`: told of each part that cannot be read, which is left out; without it, that throws. */
type Reading = CallOptions & { readonly onDamage?: (damage: Damage) => void };

/**
 * Reads what a snapshot holds of the one account that is of this kind, of the object types that the sandbox `knows`.
 * Throws `fault-impossible` where it holds no such account, several, or none of those object types; `usage` for a field
 * that cannot be masked, since a name that is misspelt would leave real values as they are; and what reading throws.
 */
export async function contentsOf(
  { snapshot, platform: named, records: most, mask: fields, only }: SnapshotSource,
  connector: string,
  knows: readonly string[],
  call: Reading,
): Promise<StageContents> {
  const { header, manifest } = snapshot;
  const platform = named ?? platformIn(snapshot, connector);
  const schema = await snapshot.schema(platform);
  const isKnown = (object: string): boolean => knows.some((name) => (name.startsWith('*') ? object.endsWith(name.slice(1)) : name === object));
  const usable = manifest.objects.filter((info) => info.platform === platform && isKnown(info.object));
  const lacks = manifest.objects
    .filter((info) => info.platform === platform && !isKnown(info.object))
    .map(({ object }) => `${object} of the snapshot cannot be put on a sandbox`);
  for (const { object, why } of manifest.refused.filter((each) => each.platform === platform)) lacks.push(`the snapshot lacks ${object}: ${why}`);
  if (usable.length === 0) throw unusable(header.id, `Of ${platform} it holds no ${knows.join(', ')}.`);
  const schemas = schema.objects.filter(({ object }) => usable.some((info) => info.object === object));
  requireMaskable(fields, schemas);
  const mask = new Mask(fields);
  const objects = [];
  const there = new Map<string, ReadonlySet<string>>();
  for (const info of usable) {
    const described = schemas.find(({ object }) => object === info.object);
    if (described === undefined) throw unusable(header.id, `It does not describe ${info.object}.`);
    const records = await recordsOf(snapshot, info, { most, mask, ...(only && { keys: only.get(info.object) ?? NONE }) }, call);
    if (records.length < info.rows) lacks.push(`${records.length} of the ${info.rows} ${info.object} of the snapshot are there`);
    there.set(info.object, new Set(records.map(({ key }) => key)));
    objects.push({ schema: described, records });
  }
  const links = [];
  for (const info of manifest.links) {
    const link = schema.links.find(({ from, to, kind }) => from === info.from && to === info.to && kind === info.kind);
    const [from, to] = [there.get(info.from), there.get(info.to)];
    if (info.platform !== platform || link === undefined || from === undefined || to === undefined) continue;
    links.push({ schema: link, pairs: await linksOf(snapshot, info, (pair) => from.has(pair.from) && to.has(pair.to), call) });
  }
  if (fields.length > 0) lacks.push(`${fields.join(', ')} of its records are invented`);
  return { snapshot: header.id, objects, links, lacks };
}

function platformIn({ header }: SnapshotReader, connector: string): string {
  const [found, ...others] = header.platforms.filter((each) => each.connector === connector);
  if (found === undefined)
    throw unusable(header.id, `It holds no account of kind ${connector}, only ${header.platforms.map(({ name }) => name).join(', ')}.`);
  if (others.length > 0)
    throw unusable(header.id, `It holds several accounts of kind ${connector}: ${[found, ...others].map(({ name }) => name).join(', ')}.`);
  return found.name;
}

function unusable(id: string, why: string): RunbackError {
  return new RunbackError('fault-impossible', `Snapshot ${id} cannot fill this stage`, {
    why,
    state: 'Nothing was damaged, and nothing was proved.',
    next: 'Name another snapshot in the drill: runback snapshot list',
  });
}

const NONE: ReadonlySet<string> = new Set();

async function recordsOf(
  snapshot: SnapshotReader,
  info: ObjectInfo,
  { most, mask, keys }: { readonly most: number; readonly mask: Mask; readonly keys?: ReadonlySet<string> },
  call: Reading,
): Promise<readonly PlatformRecord[]> {
  const records: PlatformRecord[] = [];
  for await (const lines of snapshot.lines(info, call))
    for (const line of lines) {
      if (records.length >= most) return records;
      const { key, fields, meta } = parseRecordLine(line);
      if (keys?.has(key) === false) continue;
      records.push({ key, fields: mask.all(fields), meta: mask.all(meta) });
    }
  return records;
}

async function linksOf(snapshot: SnapshotReader, info: LinkInfo, isThere: (pair: Link) => boolean, call: Reading): Promise<readonly Link[]> {
  const pairs: Link[] = [];
  for await (const lines of snapshot.lines(info, call))
    for (const line of lines) {
      const pair = JSON.parse(line) as Link;
      if (isThere(pair)) pairs.push(pair);
    }
  return pairs;
}
