import { describeThere, type Platform, type PlatformSchema } from '../../connectors/index.js';
import { RunbackError, silentReporter, type CallOptions, type Clock } from '../../lib/index.js';
import { type LinkSchema, put } from '../../records/index.js';
import { byAge, unknownKeys, type PlatformMoments, type SnapshotReader } from '../../snapshots/index.js';
import type { Store } from '../../store/index.js';
import { suspicionOf } from '../decide/attribution.js';
import { objectOrder } from '../decide/graph.js';
import { matchKinds, type LostKind, type MatchedKind } from '../decide/link-kinds.js';
import { compileWhere } from '../decide/where.js';
import { readRecreations } from '../records/journal.js';
import { writePlan } from '../records/plan-file.js';
import type { PlanFilters, PlanHeader, PlanSummary } from '../types.js';
import { coverageOf } from './coverage.js';
import { checkDeletes } from './deletes.js';
import { objectInfo, type SnapshotPair } from './differences.js';
import { Draft } from './draft.js';
import { checkLimits, checkSuspects, refuseKeys } from './limits.js';
import { planLinks, planLostKind } from './links.js';
import { hold, planObject } from './object.js';
import { settleOrphans } from './parents.js';
import type { Planning } from './planning.js';

/** Where snapshots come from: the catalog, or anything that opens one by id. */
interface SnapshotSource {
  open(id: string): Promise<SnapshotReader>;
}

/** What every call of this folder needs. */
export interface RestoreDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalog: SnapshotSource;
  readonly platform: Platform;
  /** A person said that the very same platform is now at this address. */
  readonly movedTo?: string;
}

/** What a plan is asked for. */
export interface PlanRequest {
  /** Id of the snapshot that is known to be good. */
  readonly base: string;
  /** Id of the snapshot of the damage. */
  readonly damaged: string;
  readonly filters: PlanFilters;
  /** The caller knows that the base was there before the other one was taken, as a run knows of its own: nothing is judged by ids or times. */
  readonly inOrder?: boolean;
  /** A person named the suspects; else they are what is known of the syncs. */
  readonly suspectsNamed?: boolean;
  /** Person or job. */
  readonly by: string;
}

/**
 * Works out what would turn live into what it should be, and saves it as a plan. Base and damaged are compared offline; live is read
 * only for the keys that differ. Writes nothing to the platform.
 *
 * Throws `not-found` (snapshot, or the platform in it), `wrong-account` (a snapshot of another account),
 * `snapshots-swapped`, `object-unsupported`, `expression-invalid` (the `where` filter), `usage` (a limit that cannot be honoured), and what
 * the connector throws.
 */
export async function planRestore(request: PlanRequest, deps: RestoreDeps, options: CallOptions = {}): Promise<PlanSummary> {
  const { platform } = deps;
  const base = await deps.catalog.open(request.base);
  try {
    const damaged = await deps.catalog.open(request.damaged);
    try {
      return await planBetween({ base, damaged, platform: platform.name }, request, deps, options);
    } finally {
      await damaged.close();
    }
  } finally {
    await base.close();
  }
}

async function planBetween(pair: SnapshotPair, request: PlanRequest, deps: RestoreDeps, options: CallOptions): Promise<PlanSummary> {
  const { platform, store, clock } = deps;
  const { filters } = request;
  checkSnapshots(pair, platform);
  if (request.inOrder !== true) checkOrder(pair);
  const before = await pair.base.schema(platform.name);
  const after = await pair.damaged.schema(platform.name);
  const { wanted, notCovered: uncovered } = coverageOf(pair, filters);
  const notCovered = [...uncovered];
  checkLimits(filters);
  if (request.suspectsNamed === true) checkSuspects(filters, platform.connector.capabilities.history);
  const held = [...new Set([...before.objects, ...after.objects].map(({ object }) => object))];
  const live = await describeLive(platform, { wanted, held }, filters, options);
  const covered = ({ object }: { readonly object: string }): boolean => filters.objects === undefined || filters.objects.includes(object);
  checkLimits(filters, [...before.objects, ...live.objects].filter(covered));
  if (filters.keys !== undefined) refuseKeys(await unknownKeys([pair.base, pair.damaged], platform.name, filters.keys, filters.objects));
  const draft = new Draft(live, platform.connector.capabilities.batch.update);
  const planning: Planning = {
    pair,
    platform,
    filters,
    live,
    before,
    after,
    notCovered,
    draft,
    recreations: readRecreations(store, platform),
    created: new Map(),
    deletes: new Map(),
    present: new Map(),
    orphans: [],
    absent: new Map(),
    returning: new Map(),
    renamed: new Map(),
    linksOfDeletes: [],
    repointed: new Set(),
    where: compileWhere(filters.where),
    suspicion: suspicionOf(
      filters,
      momentsOf(pair.base, platform.name)?.startedAt ?? pair.base.header.startedAt,
      platform.connector.capabilities.history,
      platform.identity.writer,
      momentsOf(pair.damaged, platform.name)?.finishedAt ?? pair.damaged.manifest.finishedAt,
    ),
  };
  const reporter = options.reporter ?? silentReporter;
  const objects = objectOrder(live).flatMap((group) => group.objects);
  for (const name of objects) {
    const baseSchema = before.objects.find((object) => object.object === name);
    const liveSchema = live.objects.find((object) => object.object === name);
    if (baseSchema !== undefined && liveSchema !== undefined && wanted.includes(name)) await planObject(planning, baseSchema, liveSchema, options);
  }
  settleOrphans(planning, (change) => hold(planning, change));
  for (const name of wanted)
    if (!objects.includes(name))
      notCovered.push({
        object: name,
        extent: 'all',
        why: `${platform.name} has no such object type any more, so that its records cannot be restored`,
      });
  // Links of several kinds come in one answer: within one view they are asked for once.
  await platform.connector.beginRead?.(options);
  try {
    const { together, lost } = kindsOf(planning);
    for (const kinds of together) await planLinks(planning, kinds, options);
    for (const kind of lost) await planLostKind(planning, kind, options);
    await checkDeletes(planning, options);
  } finally {
    await platform.connector.endRead?.();
  }
  for (const { object, why } of notCovered) reporter.note(`${object} is not covered by this plan: ${why}.`);
  const head = {
    platform: platform.name,
    account: platform.identity.account,
    address: platform.identity.address,
    environment: platform.environment,
    base: { snapshot: pair.base.header.id, digest: pair.base.digest },
    damaged: { snapshot: pair.damaged.header.id, digest: pair.damaged.digest },
    filters,
    ...(notCovered.length === 0 ? {} : { notCovered }),
    ...pagesOf(platform, live),
    createdBy: request.by,
  };
  const rowsOf = (object: string): number => objectInfo(pair.damaged, platform.name, object)?.rows ?? 0;
  return writePlan(store, clock, head, live, draft.lines(), draft.nothingToDo, rowsOf);
}

/** When a platform was read, by its own clock, as its history has it; undefined where it did not tell, or an earlier version made the snapshot. */
function momentsOf({ manifest }: SnapshotReader, platform: string): PlatformMoments | undefined {
  return manifest.moments?.find((one) => one.platform === platform);
}

/** The pages that show records, as far as the platform has such. */
function pagesOf({ connector }: Platform, { objects }: PlatformSchema): Pick<PlanHeader, 'pages'> {
  const pages: Record<string, string> = {};
  for (const { object } of objects) {
    const page = connector.pageOf?.(object);
    if (page !== undefined) put(pages, object, page);
  }
  return Object.keys(pages).length === 0 ? {} : { pages };
}

/**
 * Kinds of link that are stored apart and can be written, of object types that the plan covers, those of the same two object types
 * together; and kinds of the base that are gone.
 */
function kindsOf(planning: Planning): { readonly together: readonly (readonly MatchedKind[])[]; readonly lost: readonly LostKind[] } {
  const { filters, live, before } = planning;
  // Links of records to be deleted are looked at even where links themselves are not to be put right.
  if (filters.fields !== undefined || (filters.only !== undefined && !filters.only.some((kind) => kind !== 'changed')))
    return { together: [], lost: [] };
  const objects = new Set(live.objects.map(({ object }) => object));
  const covered = (link: LinkSchema): boolean =>
    (filters.objects === undefined || filters.objects.includes(link.from) || filters.objects.includes(link.to)) &&
    objects.has(link.from) &&
    objects.has(link.to);
  const { kinds, lost } = matchKinds(before.links, live.links);
  const pairs = new Map<string, MatchedKind[]>();
  for (const kind of kinds) {
    const { link } = kind;
    if (link.viaFields !== undefined || link.readOnly === true || !covered(link)) continue;
    const pair = JSON.stringify([link.from, link.to]);
    pairs.set(pair, [...(pairs.get(pair) ?? []), kind]);
  }
  return { together: [...pairs.values()], lost: lost.filter(({ before: old }) => old.readOnly !== true && covered(old)) };
}

/** Describes the object types, and those they are linked to, as they are now. Those that are gone since the base are left out. */
async function describeLive(
  platform: Platform,
  { wanted, held }: { readonly wanted: readonly string[]; readonly held: readonly string[] },
  filters: PlanFilters,
  options: CallOptions,
): Promise<PlatformSchema> {
  // Links to object types outside the filter are put right too, and decide whether a record may be deleted.
  const names = filters.objects === undefined ? wanted : (platform.objects ?? held);
  const { schema, missing } = await describeThere(platform.connector, [...new Set([...wanted, ...names])], options);
  const asked = missing.find(({ object }) => filters.objects?.includes(object));
  if (asked === undefined) return schema;
  throw new RunbackError('object-unsupported', `${platform.name}/${asked.object} cannot be restored`, {
    why: asked.why,
    state: 'Nothing was written.',
    next: 'Leave it out of --object, or make it again on the platform.',
  });
}

function checkSnapshots(pair: SnapshotPair, platform: Platform): void {
  for (const [role, reader] of [
    ['base', pair.base],
    ['damaged', pair.damaged],
  ] as const) {
    const entry = reader.header.platforms.find((candidate) => candidate.name === platform.name);
    if (entry === undefined)
      throw new RunbackError('not-found', `The ${role} snapshot ${reader.header.id} does not hold ${platform.name}`, {
        why: `It holds ${reader.header.platforms.map((candidate) => candidate.name).join(', ')}.`,
        state: 'Nothing was written.',
        next: 'Choose another: runback snapshot list',
      });
    if (entry.account !== platform.identity.account || entry.environment !== platform.environment)
      throw new RunbackError('wrong-account', `The ${role} snapshot ${reader.header.id} is of another account`, {
        why: `It was made of account ${entry.account} (${entry.environment}); ${platform.name} is account ${platform.identity.account} (${platform.environment}).`,
        state: 'Nothing was written.',
        next: 'Choose a snapshot of this account: runback snapshot list',
      });
  }
}

/** Refuses a pair whose base was taken after the damage. The ids tell: a clock that was put back in between says nothing about the order. */
function checkOrder({ base: { header: base }, damaged: { header: damaged } }: SnapshotPair): void {
  if (byAge(base, damaged) <= 0) return;
  throw new RunbackError('snapshots-swapped', 'The base snapshot was taken after the snapshot of the damage', {
    why: `${base.id} came after ${damaged.id}. (The clock said ${base.startedAt} and ${damaged.startedAt}.)`,
    state: 'Nothing was written.',
    next: 'Swap them, or choose an earlier base: runback snapshot list. If you know that the base is the older one, as where the clock was wrong, take the damage anew and plan with that: runback snapshot create',
    data: { base: base.id, damaged: damaged.id },
  });
}
