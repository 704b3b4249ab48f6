import type { Platform } from '../../connectors/index.js';
import { type CallOptions, type Clock, defined, newId, RunbackError } from '../../lib/index.js';
import type { Mapping, SideIndex } from '../../mappings/index.js';
import { type Catalog, reconciledBy, type SnapshotReader } from '../../snapshots/index.js';
import type { Store } from '../../store/index.js';
import { type Compared, compareSnapshots, type SnapshotSide, snapshotSide } from './compare-snapshots.js';
import { confirm, type Confirmed } from './confirm/confirm.js';
import { liveSideOf } from './confirm/snapshot-live.js';
import { countsOf, isFailure } from './counts.js';
import type { JoinOptions } from './join/join.js';
import { keepReconciliation, RECONCILIATIONS } from './records/kept.js';
import { type Comparison, comparisonOf } from './rows/columns.js';
import type { Difference, Reconciliation } from './types.js';

/** What is asked of a reconciliation. */
export interface ReconcileRequest {
  readonly mapping: Mapping;
  /** Snapshots that hold the sides; where there is none of a side, both are read now. */
  readonly snapshots?: readonly string[];
  readonly by: string;
}

export interface ReconcileDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalog: Pick<Catalog, 'create' | 'open'>;
  /** The platforms of both sides. Nothing is ever written to them. */
  readonly platforms: readonly [Platform, Platform];
  readonly join: JoinOptions;
}

/** A reconciliation, with its differences and their values. */
export interface Reconciled {
  readonly result: Reconciliation;
  readonly differences: readonly Difference[];
}

/**
 * Compares both sides of a mapping: their snapshots offline, and what differs there twice more on the platforms, with the
 * time that changes need to get over in between. Writes nothing to any platform; keeps the result without values.
 *
 * Throws `not-found`, `object-unsupported` where a side cannot be read, `usage` where the mapping cannot match anything, and
 * what the connectors throw.
 */
export async function reconcile(request: ReconcileRequest, deps: ReconcileDeps, call: CallOptions = {}): Promise<Reconciled> {
  const { clock, catalog, store } = deps;
  const startedAt = clock.now().toISOString();
  const ids = request.snapshots ?? [await takeBoth(request, deps, call)];
  const readers = await opened(catalog, ids);
  try {
    const sides = [await sideIn(readers, request.mapping, 0), await sideIn(readers, request.mapping, 1)] as const;
    const comparison = comparisonOf(request.mapping, [sides[0].schema, sides[1].schema]);
    requireWay(comparison);
    const compared = await compareSnapshots(comparison, sides, deps.join, call);
    const settleMs = Math.max(request.mapping.settleMs, ...comparison.fields.map(({ field }) => field.settleMs));
    const confirmed = await confirm(
      compared.candidates,
      {
        comparison,
        sides: [liveSideOf(sides[0], deps.platforms[0]), liveSideOf(sides[1], deps.platforms[1])],
        clock,
        settleMs,
        readAt: readUntil(sides),
      },
      call,
    );
    const id = newId('rec', clock, await store.ledgers(RECONCILIATIONS));
    const result = resultOf({ request, sides, comparison, compared, confirmed, settleMs, id, startedAt, finishedAt: clock.now().toISOString() });
    await keepReconciliation(store, result, confirmed.differences);
    return { result, differences: confirmed.differences };
  } finally {
    for (const reader of readers) await reader.close();
  }
}

/** Throws `usage` where a side has none of the fields to match by: all records would seem to be missing. */
function requireWay({ match, lostWays, mapping }: Comparison): void {
  if (match.length > 0) return;
  throw new RunbackError('usage', `${mapping.id} has no way left to match records`, {
    why: lostWays.map(({ side, field, why }) => `${mapping.sides[side].name} ${mapping.match[field]?.names[side] ?? ''}: ${why}.`).join(' '),
    state: 'Nothing was compared.',
    next: `runback mapping lint ${mapping.id}`,
  });
}

/** Takes one snapshot of both sides, and gives its id. */
async function takeBoth({ mapping, by }: ReconcileRequest, { catalog, platforms }: ReconcileDeps, call: CallOptions): Promise<string> {
  const [left, right] = mapping.sides;
  const apart = left.platform !== right.platform;
  const wanted = apart
    ? [
        { ...platforms[0], objects: [left.object] },
        { ...platforms[1], objects: [right.object] },
      ]
    : [{ ...platforms[0], objects: [...new Set([left.object, right.object])] }];
  const summary = await catalog.create({ platforms: wanted, by, note: `reconciliation of ${mapping.id}`, job: reconciledBy(mapping.id) }, call);
  return summary.id;
}

async function opened(catalog: Pick<Catalog, 'open'>, ids: readonly string[]): Promise<readonly SnapshotReader[]> {
  const readers: SnapshotReader[] = [];
  try {
    for (const id of new Set(ids)) readers.push(await catalog.open(id));
    return readers;
  } catch (error) {
    for (const reader of readers) await reader.close();
    throw error;
  }
}

/** The side in the first of the snapshots that has its platform and object type. */
async function sideIn(readers: readonly SnapshotReader[], { sides }: Mapping, side: SideIndex): Promise<SnapshotSide> {
  const { platform, object } = sides[side];
  const holds = ({ manifest }: SnapshotReader): boolean => manifest.objects.some((one) => one.platform === platform && one.object === object);
  const reader = readers.find(holds) ?? readers[0];
  if (reader === undefined) throw new TypeError('no snapshot');
  return await snapshotSide(reader, sides[side]);
}

/** When the younger of the snapshots was done. */
function readUntil(sides: readonly SnapshotSide[]): Date {
  return new Date(Math.max(...sides.map(({ reader }) => Date.parse(reader.manifest.finishedAt))));
}

interface Outcome {
  readonly request: ReconcileRequest;
  readonly sides: readonly [SnapshotSide, SnapshotSide];
  readonly comparison: Comparison;
  readonly compared: Compared;
  readonly confirmed: Confirmed;
  readonly settleMs: number;
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt: string;
}

function resultOf({ request, sides, comparison, compared, confirmed, settleMs, id, startedAt, finishedAt }: Outcome): Reconciliation {
  const { mapping, by } = request;
  const failures = confirmed.differences.filter(isFailure).length;
  const sideOf = (side: SideIndex): Reconciliation['sides'][0] => ({
    ...mapping.sides[side],
    account: sides[side].reader.header.platforms.find(({ name }) => name === mapping.sides[side].platform)?.account ?? '',
    snapshot: sides[side].reader.header.id,
    records: compared.records[side],
  });
  return {
    version: 1,
    id,
    mapping: { id: mapping.id, digest: mapping.digest, ...defined({ title: mapping.title }) },
    sides: [sideOf(0), sideOf(1)],
    startedAt,
    finishedAt,
    by,
    matched: compared.matched,
    candidates: compared.candidates.length,
    beyond: compared.beyond,
    leftAlone: compared.leftAlone,
    settled: confirmed.settled,
    rounds: confirmed.rounds,
    settleMs,
    counts: countsOf(confirmed.differences, mapping),
    differences: failures,
    unreadable: comparison.unreadable,
    lostWays: comparison.lostWays,
    passed: failures === 0 && compared.beyond === 0 && comparison.unreadable.length === 0 && comparison.lostWays.length === 0,
  };
}
