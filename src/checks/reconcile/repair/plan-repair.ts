import type { Platform } from '../../../connectors/index.js';
import { type CallOptions, RunbackError } from '../../../lib/index.js';
import type { Mapping, SideIndex } from '../../../mappings/index.js';
import type { PlatformRecord } from '../../../records/index.js';
import { isNewKey, type PlanSummary, planRestore } from '../../../restores/index.js';
import { type Catalog, repairedBy, type SnapshotReader, snapshotOfValues } from '../../../snapshots/index.js';
import { snapshotSide } from '../compare-snapshots.js';
import { liveSideOf } from '../confirm/snapshot-live.js';
import { readReconciliation } from '../records/kept.js';
import type { Reconciliation } from '../types.js';
import type { TwiceDecision } from './decisions.js';
import { type RepairedSide, type RepairTargets, repairTargets } from './targets.js';

const SECOND_MS = 1000;

/** What a repair is planned with. */
export interface PlanRepairDeps extends Pick<Parameters<typeof planRestore>[1], 'store' | 'clock'> {
  readonly catalog: Pick<Catalog, 'create' | 'open'>;
  readonly platforms: readonly [Platform, Platform];
}

/** The plans of a repair, one for each platform that is to be written, and what they leave. */
export interface PlannedRepair extends Pick<RepairTargets, 'left' | 'same' | 'twice'> {
  readonly plans: readonly { readonly side: SideIndex; readonly plan: PlanSummary }[];
}

/**
 * Plans what makes the two sides of a reconciliation agree: in each field that differs, the value that counts is written to
 * the other side. The base of each plan is a snapshot of just these values, the damage is the snapshot that was compared, so
 * that it is a plan like any other: what was edited since stays, and it is applied, verified and undone as all are. Writes
 * nothing to any platform.
 *
 * Throws `not-found`, `plan-stale` where the mapping is another one by now, and what `planRestore` throws.
 */
export async function planRepair(
  request: {
    readonly id: string;
    readonly mapping: Mapping;
    readonly by: string;
    /** Records that are too many are deleted, where the mapping says so of deletions. */
    readonly deleteExtra?: boolean;
    /** What a person decided about records that match twice. */
    readonly decisions?: readonly TwiceDecision[];
  },
  deps: PlanRepairDeps,
  call: CallOptions = {},
): Promise<PlannedRepair> {
  const result = await readReconciliation(deps.store, request.id);
  requireSameMapping(result, request.mapping);
  const { deleteExtra = false, decisions = [] } = request;
  const { readers, sides } = await openSides(result, request.mapping, deps);
  let targets: RepairTargets;
  try {
    targets = await repairTargets({ ...deps, ...request, deleteExtra, decisions, sides }, call);
  } finally {
    for (const reader of readers) await reader.close();
  }
  const { records, extra, left, same, twice } = targets;
  const plans: { readonly side: SideIndex; readonly plan: PlanSummary }[] = [];
  for (const side of [0, 1] as const)
    if (records[side].length + extra[side].size > 0)
      plans.push({ side, plan: await planSide({ ...request, result, side, records: records[side], extra: extra[side] }, deps, call) });
  return { plans, left, same, twice };
}

interface SideToPlan {
  readonly by: string;
  readonly result: Reconciliation;
  readonly side: SideIndex;
  readonly records: readonly PlatformRecord[];
  readonly extra: ReadonlySet<string>;
}

async function planSide({ by, result, side, records, extra }: SideToPlan, deps: PlanRepairDeps, call: CallOptions): Promise<PlanSummary> {
  const { platform: name, object, snapshot: damaged } = result.sides[side];
  const platform = deps.platforms[side];
  const reader = await deps.catalog.open(damaged);
  const before = Math.min(Date.parse(reader.header.startedAt), Date.parse(result.startedAt)) - SECOND_MS;
  await reader.close();
  const base = await snapshotOfValues(
    {
      platform,
      object,
      records,
      name: `reconciliation ${result.id}`,
      takenAt: new Date(before),
      by,
      note: `what ${name}/${object} should hold by ${result.id}`,
      job: repairedBy(result.mapping.id),
    },
    deps.catalog,
    call,
  );
  // None is planned where the caller gives the keys.
  const creates = records.some(({ key }) => isNewKey({ createWithKey: false }, key));
  const deletes = extra.size > 0;
  const filters = {
    objects: [object],
    // Records come and go whole; of the others, the base holds just the fields that are to be written.
    ...(!creates && !deletes && { fields: [...new Set(records.flatMap(({ fields }) => Object.keys(fields)))].sort() }),
    only: ['changed' as const, ...(creates ? (['deleted'] as const) : []), ...(deletes ? (['created'] as const) : [])],
    // That a value differs from the one that counts is what ties it to the repair.
    unattributed: 'include' as const,
    deleteCreated: deletes,
  };
  return await planRestore({ base: base.id, damaged, filters, by, ...(deletes && { extra }) }, { ...deps, platform }, call);
}

/** The snapshots that were compared, opened, and both sides by them. */
async function openSides(
  { sides: compared }: Reconciliation,
  { sides }: Mapping,
  { catalog, platforms }: PlanRepairDeps,
): Promise<{ readonly readers: readonly SnapshotReader[]; readonly sides: readonly [RepairedSide, RepairedSide] }> {
  const readers: SnapshotReader[] = [];
  const sideOf = async (side: SideIndex): Promise<RepairedSide> => {
    const reader = await catalog.open(compared[side].snapshot);
    readers.push(reader);
    const snapshot = await snapshotSide(reader, sides[side]);
    return { live: liveSideOf(snapshot, platforms[side]), census: snapshot.info.census };
  };
  try {
    return { sides: [await sideOf(0), await sideOf(1)], readers };
  } catch (error) {
    for (const reader of readers) await reader.close();
    throw error;
  }
}

function requireSameMapping({ id, mapping }: Reconciliation, now: Mapping): void {
  if (mapping.id === now.id && mapping.digest === now.digest) return;
  throw new RunbackError('plan-stale', `${id} was made with another version of ${mapping.id}`, {
    why: 'What counts as different, and whose value counts, may be another by now.',
    state: 'Nothing was planned.',
    next: `runback reconcile run ${now.id}`,
  });
}
