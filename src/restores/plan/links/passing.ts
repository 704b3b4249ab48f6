import type { CallOptions } from '../../../lib/index.js';
import { parseRecordLine, watchedFields, type Fields, type Link, type LinkSchema, type PlatformRecord } from '../../../records/index.js';
import type { SnapshotReader } from '../../../snapshots/index.js';
import type { PlanContext } from '../context.js';
import { objectInfo, watchedOf } from '../objects/differences.js';
import { readLive } from '../objects/live.js';

/**
 * True where the plan's `keys` let a link through: one of its ends is such a record, of an object type that the plan is
 * limited to.
 */
export function keysLetThrough({ filters }: PlanContext, link: LinkSchema, { from, to }: Link): boolean {
  const { keys, objects } = filters;
  if (keys === undefined) return true;
  const named = (object: string, key: string): boolean => keys.includes(key) && objects?.includes(object) !== false;
  return named(link.from, from) || named(link.to, to);
}

/**
 * Tells of links whether the plan's `where` lets them through: it has to hold for a record at one of their ends, of an
 * object type that the plan is limited to. It is asked about that record as a whole, as about one that was deleted
 * (`field` is empty).
 */
export async function whereLetsThrough(
  context: PlanContext,
  link: LinkSchema,
  links: readonly Link[],
  options: CallOptions,
): Promise<(one: Link) => boolean> {
  const where = context.where;
  if (where === undefined || links.length === 0) return () => true;
  const [from, to] = [
    await passing(context, link.from, [...new Set(links.map((one) => one.from))], options),
    await passing(context, link.to, [...new Set(links.map((one) => one.to))], options),
  ];
  return (one) => from.has(one.from) || to.has(one.to);
}

/** Those of the keys for which `where` holds. */
async function passing(context: PlanContext, object: string, keys: readonly string[], options: CallOptions): Promise<ReadonlySet<string>> {
  const { pair, platform, filters } = context;
  const schema = context.live.objects.find((one) => one.object === object);
  if (schema === undefined || context.where === undefined || filters.objects?.includes(object) === false) return new Set();
  const holds = context.where(schema);
  const watched = watchedFields(schema).map(({ name }) => name);
  const whole = (record: PlatformRecord | undefined): Fields | undefined => record && { ...record.fields, ...watchedOf(record, watched) };
  const live = await readLive(platform, schema, keys, [], options);
  const found = new Set<string>();
  for (const key of keys) {
    const [base, damaged] = [await recordIn(pair.base, pair.platform, object, key), await recordIn(pair.damaged, pair.platform, object, key)];
    if (holds('', { object, key, base: whole(base), damaged: whole(damaged), live: whole(live.records.get(key)) })) found.add(key);
  }
  return found;
}

/** A record of a snapshot; undefined where it has none, and where the part that may hold it cannot be read. */
async function recordIn(reader: SnapshotReader, platform: string, object: string, key: string): Promise<PlatformRecord | undefined> {
  const info = objectInfo(reader, platform, object);
  const line = info && (await reader.line(info, key).catch(() => undefined));
  return line === undefined ? undefined : parseRecordLine(line);
}
