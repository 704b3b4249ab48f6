import { watchedFields } from '../records/index.js';
import { importedOf } from './imported.js';
import type { ObjectInfo, SnapshotReader } from './types.js';

/**
 * An object type or kind of link that two snapshots cannot be compared in, wholly or in part. Never a difference (G17).
 */
export interface NotCompared {
  readonly platform: string;
  readonly kind: 'records' | 'links';
  /** Object type, or `<from>~<to>~<kind>`. */
  readonly name: string;
  /** In words, for people. */
  readonly why: string;
}

/** What two snapshots can be compared in. */
export interface Scope {
  /** Object types that both hold. */
  readonly objects: readonly string[];
  /** Kinds of link that both hold. */
  readonly links: readonly string[];
  readonly notCompared: readonly NotCompared[];
}

/**
 * What two snapshots both hold of a platform, and what only one of them does: made with `--object`, refused by the
 * platform, a kind of link that came or went. What was not read on one side says nothing about the other. `nameOf`: how
 * a snapshot is called in messages.
 */
export function comparable(
  a: SnapshotReader,
  b: SnapshotReader,
  platform: string,
  nameOf: (reader: SnapshotReader) => string = ({ header }) => header.id,
): Scope {
  const notCompared: NotCompared[] = [];
  const both = (kind: NotCompared['kind']): string[] => {
    const [left, right] = [namesIn(a, kind, platform), namesIn(b, kind, platform)];
    const names: string[] = [];
    for (const name of new Set([...left.keys(), ...right.keys()])) {
      const sides = [a, b].map((reader, i) => ({ reader, info: (i === 0 ? left : right).get(name) }));
      const [missing] = sides.filter(({ info }) => info === undefined);
      if (missing !== undefined) {
        notCompared.push({ platform, kind, name, why: whyMissing(missing.reader, nameOf(missing.reader), kind, platform, name) });
        continue;
      }
      names.push(name);
      for (const { reader, info } of sides)
        if (info?.census === false)
          notCompared.push({
            platform,
            kind,
            name,
            why: `${nameOf(reader)} ${partWords(reader, name)}: what is missing counts neither as deleted nor as new`,
          });
    }
    return names;
  };
  return { objects: both('records'), links: both('links'), notCompared };
}

function partWords({ header: { imported } }: SnapshotReader, name: string): string {
  if (imported === undefined) return 'does not contain all of it';
  const { fields, of } = importedOf(imported, name);
  return `was imported from ${imported.file}, which holds ${fields.length} of ${of} fields`;
}

function namesIn(reader: SnapshotReader, kind: NotCompared['kind'], platform: string): ReadonlyMap<string, ObjectInfo> {
  const infos: readonly ObjectInfo[] = kind === 'records' ? reader.manifest.objects : reader.manifest.links;
  return new Map(infos.filter((info) => info.platform === platform).map((info) => [info.object, info]));
}

function whyMissing({ header, manifest }: SnapshotReader, id: string, kind: NotCompared['kind'], platform: string, name: string): string {
  const refused = manifest.refused.find((one) => one.platform === platform && one.object === name);
  if (refused !== undefined) return `${id} does not hold it: ${refused.why}`;
  if (!header.platforms.some((one) => one.name === platform)) return `${id} does not hold ${platform}`;
  if (kind === 'records') return `${id} does not hold this object type`;
  const ends = name.split('~').slice(0, 2);
  const unread = ends.filter((end) => !manifest.objects.some((info) => info.platform === platform && info.object === end));
  return unread.length === 0 ? `${id} does not hold this kind of link` : `${id} does not hold ${unread.join(' and ')}`;
}

/**
 * Names of the fields of an object type that are watched, as either snapshot describes it, each with how it is put
 * right by hand.
 */
export async function watchedIn(readers: readonly SnapshotReader[], platform: string, object: string): Promise<ReadonlyMap<string, string>> {
  const watched = new Map<string, string>();
  for (const reader of readers)
    for (const { name, byHand } of watchedFields(await reader.objectSchema(platform, object).catch(() => undefined)))
      watched.set(name, byHand ?? watched.get(name) ?? 'in the platform itself');
  return watched;
}

/**
 * Which of the keys no record of these snapshots has, of these object types. A part that cannot be read may hold any
 * key of its range.
 */
export async function unknownKeys(
  readers: readonly SnapshotReader[],
  platform: string,
  keys: readonly string[],
  objects?: readonly string[],
): Promise<readonly string[]> {
  const unknown = new Set(keys);
  for (const reader of readers)
    for (const info of reader.manifest.objects.filter((one) => one.platform === platform && objects?.includes(one.object) !== false))
      for (const key of [...unknown].sort()) {
        const found = await reader.line(info, key).then(
          (line) => line !== undefined,
          () => true,
        );
        if (found) unknown.delete(key);
      }
  return [...unknown];
}
