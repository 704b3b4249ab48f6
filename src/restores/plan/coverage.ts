import type { PlatformSchema } from '../../connectors/index.js';
import { didYouMean, RunbackError } from '../../lib/index.js';
import { compareKeys, type LinkSchema, setOwn } from '../../records/index.js';
import { gapsOf, type ImportedFrom, importedOf, type SnapshotReader } from '../../snapshots/index.js';
import type { NotCovered, PlanFilters } from '../types.js';
import { objectInfo, type SnapshotPair } from './objects/differences.js';

/** What a plan can say something about, and what it cannot. */
export interface Coverage {
  /** Object types that both snapshots hold, in the base's order, within the filter. */
  readonly wanted: readonly string[];
  /** What was wanted all the same; see {@link NotCovered}. */
  readonly notCovered: readonly NotCovered[];
}

type Role = 'base' | 'damaged';
const NAMES: Readonly<Record<Role, string>> = { base: 'The base snapshot', damaged: 'The snapshot of the damage' };

/**
 * Sorts the object types of a platform into those a plan can cover and those it cannot. An object type that the filter
 * does not name is not wanted, and so is not missed.
 *
 * Throws `not-found` for an object type of the filter that one of the snapshots does not hold.
 */
export function coverageOf(pair: SnapshotPair, filters: PlanFilters): Coverage {
  const held = { base: objectsIn(pair.base, pair.platform), damaged: objectsIn(pair.damaged, pair.platform) };
  for (const name of filters.objects ?? [])
    for (const role of ['base', 'damaged'] as const) if (!held[role].includes(name)) throw notHeld(pair, role, name, held[role]);
  const every = filters.objects ?? [...held.base, ...held.damaged, ...refusedIn(pair.base, pair), ...refusedIn(pair.damaged, pair)];
  const wanted = held.base.filter((name) => held.damaged.includes(name) && (filters.objects === undefined || filters.objects.includes(name)));
  const notCovered = [...new Set(every)].flatMap((object): readonly NotCovered[] => {
    for (const role of ['base', 'damaged'] as const) {
      if (!held[role].includes(object)) return [{ object, extent: 'all', why: `${NAMES[role]} does not hold it${reasonOf(pair, role, object)}` }];
      const why = objectInfo(pair[role], pair.platform, object)?.unproved;
      if (role === 'base' && pair.base.header.imported !== undefined) return [importedNotCovered(object, pair.base.header.imported)];
      if (why !== undefined)
        return [
          {
            object,
            extent: 'absence',
            why: `${NAMES[role]} may be incomplete, so what is missing there counts as not known: ${why}`,
          },
        ];
    }
    return [];
  });
  return { wanted, notCovered };
}

/** Fields of these object types that one of the snapshots, or the platform now, withholds. */
export function withheldOf(pair: SnapshotPair, live: PlatformSchema, objects: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, readonly string[]> = {};
  for (const object of objects) {
    const held = [pair.base, pair.damaged].flatMap((reader) => objectInfo(reader, pair.platform, object)?.withheld ?? []);
    const now = live.objects.find((one) => one.object === object)?.withheld ?? [];
    if (held.length + now.length > 0) setOwn(found, object, [...new Set([...held, ...now])].sort(compareKeys));
  }
  return found;
}

/**
 * How far a snapshot knows the links of one kind: `all` there were, `some` (what is missing may have been there), or
 * `none`: not read.
 */
export function linksKnown(reader: SnapshotReader, schema: PlatformSchema, platform: string, link: LinkSchema): 'all' | 'some' | 'none' {
  const same = (other: { readonly from: string; readonly to: string; readonly kind: string }): boolean =>
    other.from === link.from && other.to === link.to && other.kind === link.kind;
  const info = reader.manifest.links.find((other) => other.platform === platform && same(other));
  if (info !== undefined) return info.census ? 'all' : 'some';
  // A kind that the platform did not list then had no links; one that it listed, or whose object types were not read,
  // was passed over.
  const both = [link.from, link.to].every((object) => objectInfo(reader, platform, object) !== undefined);
  return both && !schema.links.some(same) ? 'all' : 'none';
}

/** The line of a plan about a kind of link that one of the snapshots did not read. */
export function linksNotCovered(role: Role, name: string): NotCovered {
  return { object: name, extent: 'all', why: `${NAMES[role]} contains no links of this kind: they were not read` };
}

/** The line of a plan about what the file that its base was made from does not hold. */
function importedNotCovered(object: string, imported: ImportedFrom): NotCovered {
  const { fields, of } = importedOf(imported, object);
  const why = `The base was imported from ${imported.file}, which holds ${fields.length} of ${of} fields and no links. What is not in it, an empty cell included where it was not said to mean empty, counts as not known: nothing is deleted, linked or unlinked because of it`;
  return { object, extent: 'absence', why };
}

function objectsIn(reader: SnapshotReader, platform: string): readonly string[] {
  return reader.manifest.objects.filter((info) => info.platform === platform).map((info) => info.object);
}

/** Object types, not kinds of link, that a snapshot was refused. */
function refusedIn(reader: SnapshotReader, { platform }: SnapshotPair): readonly string[] {
  return reader.manifest.refused.filter((gap) => gap.platform === platform && !gap.object.includes('~')).map(({ object }) => object);
}

function reasonOf(pair: SnapshotPair, role: Role, object: string): string {
  const gap = gapsOf(pair[role].manifest).find((one) => one.platform === pair.platform && one.object === object);
  return gap === undefined ? '' : `: ${gap.why}`;
}

function notHeld(pair: SnapshotPair, role: Role, name: string, held: readonly string[]): RunbackError {
  const { id } = pair[role].header;
  return new RunbackError('not-found', `${NAMES[role]} has no object type ${name}${didYouMean(name, held)}`, {
    why: `${id} holds ${held.join(', ') || 'nothing'} of ${pair.platform}${reasonOf(pair, role, name).replace(/^: /u, `. ${name}: `)}.`,
    state: 'Nothing was written.',
    next: `Name one of these with --object, or choose another ${role === 'base' ? 'base' : 'snapshot of the damage'}: runback snapshot list`,
    data: { snapshot: id, holds: held, limit: 'objects' },
  });
}
