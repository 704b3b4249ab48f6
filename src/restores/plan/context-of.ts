import { type DescribeOptions, describeThere, type Platform, type PlatformSchema } from '../../connectors/index.js';
import { type CallOptions, defined, ownValue, RunbackError } from '../../lib/index.js';
import { unknownKeys, type PlatformMoments, type SnapshotReader } from '../../snapshots/index.js';
import { suspicionOf, type Suspicion } from '../decide/attribution.js';
import { compileWhere } from '../decide/where.js';
import type { Recreations } from '../records/journal.js';
import type { ChosenCells, PlanFilters } from '../types.js';
import type { PlanContext } from './context.js';
import { coverageOf, type Coverage, withheldOf } from './coverage.js';
import { checkOrder, checkSnapshots } from './fitting.js';
import { checkLimits, checkSuspects, refuseKeys } from './limits.js';
import { objectInfo, type SnapshotPair } from './objects/differences.js';

/** What a plan is asked for. */
export interface PlanRequest {
  /** Id of the snapshot that is known to be good. */
  readonly base: string;
  /** Id of the snapshot of the damage. */
  readonly damaged: string;
  readonly filters: PlanFilters;
  /**
   * The caller knows that the base was there before the other one was taken, as a run knows of its own: nothing is
   * judged by ids or times.
   */
  readonly inOrder?: boolean;
  /** The place was made for this and is empty: nobody is there of whom a platform could know that they do not come back. */
  readonly emptyPlace?: true;
  /** A person named the suspects; else they are what is known of the syncs. */
  readonly suspectsNamed?: boolean;
  /** Keys of records that another platform proves to be too many, whatever the base says of them: with `deleteCreated` they are deleted. */
  readonly extra?: ReadonlySet<string>;
  /** What `filters.investigation` stands for. */
  readonly chosen?: ChosenCells;
  /** Person or job. */
  readonly by: string;
}

/**
 * Reads what the plan is made from, and refuses what cannot be planned; throws as `planRestore` does. Reads no record.
 */
export async function contextOf(
  pair: SnapshotPair,
  request: PlanRequest,
  platform: Platform,
  recreations: Recreations,
  options: CallOptions,
): Promise<{ readonly context: PlanContext; readonly coverage: Coverage }> {
  const { filters } = request;
  checkSnapshots(pair, platform);
  if (request.inOrder !== true) checkOrder(pair);
  const before = await pair.base.schema(platform.name);
  const after = await pair.damaged.schema(platform.name);
  const coverage = coverageOf(pair, filters);
  checkLimits(filters);
  if (request.suspectsNamed === true) checkSuspects(filters, platform.connector.capabilities.history);
  const held = [...new Set([...before.objects, ...after.objects].map(({ object }) => object))];
  const isAsked = coverage.wanted.every((object) => [pair.base, pair.damaged].some((reader) => saysWithheld(reader, platform.name, object)));
  const asking = isAsked ? options : ({ ...options, withheld: true } as const);
  const described = await describeLive(platform, { wanted: coverage.wanted, held }, filters, asking);
  const live = withUnread(described, withheldOf(pair, described, coverage.wanted));
  const covered = ({ object }: { readonly object: string }): boolean => filters.objects === undefined || filters.objects.includes(object);
  checkLimits(filters, [...before.objects, ...live.objects].filter(covered));
  if (filters.keys !== undefined) refuseKeys(await unknownKeys([pair.base, pair.damaged], platform.name, filters.keys, filters.objects));
  const context = {
    pair,
    platform,
    filters,
    live,
    before,
    after,
    recreations,
    where: compileWhere(filters.where),
    suspicion: suspicionIn(pair, platform, filters),
    ...defined({ chosen: request.chosen, imported: pair.base.header.imported, emptyPlace: request.emptyPlace, extra: request.extra }),
  };
  return { context, coverage };
}

/** What the incident is known by, between the two snapshots. */
function suspicionIn({ base, damaged }: SnapshotPair, platform: Platform, filters: PlanFilters): Suspicion {
  return suspicionOf(
    filters,
    momentsOf(base, platform.name)?.startedAt ?? base.header.startedAt,
    platform.connector.capabilities.history,
    platform.identity.writer,
    momentsOf(damaged, platform.name)?.finishedAt ?? damaged.manifest.finishedAt,
  );
}

/** Says of each object type which fields the snapshots could not read, where the platform still does not list them: who is created again lacks them. */
function withUnread(live: PlatformSchema, unread: Readonly<Record<string, readonly string[]>>): PlatformSchema {
  const objects = live.objects.map((one) => {
    const known = [...one.fields.map(({ name }) => name), ...(one.withheld ?? [])];
    const names = (ownValue(unread, one.object) ?? []).filter((name) => !known.includes(name));
    if (names.length === 0) return one;
    const lost = one.lostOnCreate ?? { always: [], fields: [] };
    const always = [...lost.always, ...names.map((name) => `${name}, which is not read`)];
    return { ...one, lostOnCreate: { ...lost, always }, withheld: [...(one.withheld ?? []), ...names] };
  });
  return { ...live, objects };
}

/** Whether a snapshot tells which fields were not read: those of earlier versions do not, nor do imported ones. */
function saysWithheld(reader: SnapshotReader, platform: string, object: string): boolean {
  return objectInfo(reader, platform, object)?.withheld !== undefined;
}

/**
 * When a platform was read, by its own clock, as its history has it; undefined where it did not tell, or an earlier
 * version made the snapshot.
 */
function momentsOf({ manifest }: SnapshotReader, platform: string): PlatformMoments | undefined {
  return manifest.moments?.find((one) => one.platform === platform);
}

/**
 * Describes the object types, and those they are linked to, as they are now. Those that are gone since the base are
 * left out.
 */
async function describeLive(
  platform: Platform,
  { wanted, held }: { readonly wanted: readonly string[]; readonly held: readonly string[] },
  filters: PlanFilters,
  options: DescribeOptions,
): Promise<PlatformSchema> {
  // Links to object types outside the filter are put right too, and decide whether a record may be deleted.
  const names = filters.objects === undefined ? wanted : (platform.objects ?? held);
  const { schema, missing } = await describeThere(platform.connector, [...new Set([...wanted, ...names])], options);
  const asked = missing.find(({ object }) => filters.objects?.includes(object));
  if (asked === undefined) return schema;
  throw new RunbackError('object-unsupported', `${platform.name}/${asked.object} cannot be restored`, {
    why: asked.why,
    state: 'Nothing was written.',
    next: 'Leave it out of --object, or create it again on the platform.',
  });
}
