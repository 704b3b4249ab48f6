import type { CallOptions } from '../lib/index.js';
import { compareKeys, parseRecordLine, sameValue, type Fields, type Link } from '../records/index.js';
import type { Damage, LinkInfo, ObjectInfo, SnapshotReader } from '../snapshots/index.js';

/** B and D of one key that differ. */
export interface Difference {
  readonly key: string;
  readonly base: Fields | undefined;
  readonly damaged: Fields | undefined;
}
export interface LinkDifference {
  readonly added: readonly Link[];
  readonly removed: readonly Link[];
}
/** Two snapshots of one platform. */
export interface SnapshotPair {
  readonly base: SnapshotReader;
  readonly damaged: SnapshotReader;
  readonly platform: string;
}
export function objectInfo(reader: SnapshotReader, platform: string, object: string): ObjectInfo | undefined {
  return reader.manifest.objects.find((info) => info.platform === platform && info.object === object);
}
export function linkInfo(reader: SnapshotReader, platform: string, name: string): LinkInfo | undefined {
  return reader.manifest.links.find((info) => info.platform === platform && info.object === name);
}
async function* flat(reader: SnapshotReader, info: ObjectInfo | undefined, onDamage: (damage: Damage) => void): AsyncIterable<string> {
  if (info !== undefined) for await (const lines of reader.lines(info, { onDamage })) yield* lines;
}
async function* join(
  a: AsyncIterable<string>,
  b: AsyncIterable<string>,
  key: (line: string) => string,
): AsyncIterable<[string | undefined, string | undefined]> {
  const x = a[Symbol.asyncIterator]();
  const y = b[Symbol.asyncIterator]();
  let p = await x.next();
  let q = await y.next();
  while (p.done !== true || q.done !== true) {
    const order = p.done === true ? 1 : q.done === true ? -1 : compareKeys(key(p.value), key(q.value));
    if (order === 0 && p.done !== true && q.done !== true) {
      if (p.value !== q.value) yield [p.value, q.value];
      p = await x.next();
      q = await y.next();
    } else if (order < 0 && p.done !== true) {
      yield [p.value, undefined];
      p = await x.next();
    } else if (q.done !== true) {
      yield [undefined, q.value];
      q = await y.next();
    }
  }
}
export async function* differences(
  pair: SnapshotPair,
  object: string,
  onDamage: (side: 'base' | 'damaged', damage: Damage) => void,
  _options: CallOptions,
): AsyncIterable<readonly Difference[]> {
  const a = flat(pair.base, objectInfo(pair.base, pair.platform, object), (damage) => onDamage('base', damage));
  const b = flat(pair.damaged, objectInfo(pair.damaged, pair.platform, object), (damage) => onDamage('damaged', damage));
  for await (const [base, damaged] of join(a, b, (line) => parseRecordLine(line).key)) {
    const left = base === undefined ? undefined : parseRecordLine(base);
    const right = damaged === undefined ? undefined : parseRecordLine(damaged);
    if (left !== undefined && right !== undefined && sameValue(left.fields, right.fields)) continue;
    yield [{ key: (left ?? right)?.key ?? '', base: left?.fields, damaged: right?.fields }];
  }
}
export async function* linkDifferences(
  pair: SnapshotPair,
  name: string,
  onDamage: (side: 'base' | 'damaged', damage: Damage) => void,
  _options: CallOptions,
): AsyncIterable<LinkDifference> {
  const a = flat(pair.base, linkInfo(pair.base, pair.platform, name), (damage) => onDamage('base', damage));
  const b = flat(pair.damaged, linkInfo(pair.damaged, pair.platform, name), (damage) => onDamage('damaged', damage));
  const order = (line: string): string => {
    const link = JSON.parse(line) as Link;
    return `${link.from}\u0000${link.to}`;
  };
  for await (const [base, damaged] of join(a, b, order)) {
    yield { removed: base === undefined ? [] : [JSON.parse(base) as Link], added: damaged === undefined ? [] : [JSON.parse(damaged) as Link] };
  }
}
