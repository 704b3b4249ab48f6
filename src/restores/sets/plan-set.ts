import { type CallOptions, defined, RunbackError } from '../../lib/index.js';
import type { SnapshotReader } from '../../snapshots/index.js';
import { planRestore, type RestoreDeps } from '../plan/plan.js';
import { readPlan } from '../records/plan-file.js';
import type { Plan, PlanFilters } from '../types.js';
import type { SetSync } from './compare-set.js';
import { plansOf, setDocument } from './set-file.js';
import { settle } from './settle.js';
import { restoresOf } from './standing.js';
import type { DifferenceChoice, PlanSet, SetSide } from './types.js';

/** What a set of plans works with. */
export interface SetDeps {
  readonly depsOf: (platform: string) => RestoreDeps;
  /** The syncs that write to any of its platforms. */
  readonly syncs: readonly SetSync[];
}

/** What is to be planned. */
export interface PlanSetRequest {
  /** Id of the new set. */
  readonly id: string;
  /** Ids of snapshots that hold all platforms: the good one, that of the damage, and one of the state now. */
  readonly base: string;
  readonly damaged: string;
  readonly now: string;
  /** Platforms in the order in which they are applied. */
  readonly platforms: readonly string[];
  readonly filtersOf: (platform: string) => PlanFilters;
  readonly suspectsNamed: boolean;
  /** Holder of the pause of the syncs. */
  readonly pause: string;
  readonly by: string;
}

/**
 * Makes one plan for each platform of a snapshot, all from the same base and the same evidence, holds them against each
 * other, and binds them by one document. Writes nothing to any platform. Throws as `planRestore` does; nothing binds the
 * plans that were made until then.
 */
export async function planSet(request: PlanSetRequest, deps: SetDeps, options: CallOptions = {}): Promise<PlanSet> {
  const { id, base, damaged, now, pause, by, suspectsNamed } = request;
  const plans = new Map<string, Plan>();
  for (const platform of request.platforms) {
    const own = deps.depsOf(platform);
    const made = await planRestore({ base, damaged, filters: request.filtersOf(platform), suspectsNamed, by }, own, options);
    plans.set(platform, await readPlan(own.store, made.header.id));
  }
  return await bind({ id, base, damaged, now, pause, by, choices: {} }, plans, deps, options);
}

/**
 * Takes decisions on the differences of a set: they make a new set, with new plans where these change, that names the old
 * one. Throws what {@link settle} throws, and `usage` where a plan of the set was applied already.
 */
export async function decideSet(
  set: PlanSet,
  made: { readonly id: string; readonly choices: Readonly<Record<string, DifferenceChoice>>; readonly by: string },
  deps: SetDeps,
  options: CallOptions = {},
): Promise<PlanSet> {
  const [first] = set.sides;
  if (first === undefined) throw new RunbackError('bug', `${set.id} binds no plan`);
  const { store } = deps.depsOf(first.platform);
  const begun = (await restoresOf(store, set)).find(({ restore }) => restore !== undefined);
  if (begun?.restore !== undefined)
    throw new RunbackError('usage', `The plan of ${set.id} for ${begun.platform} was applied already`, {
      why: `Restore ${begun.restore.id} wrote it.`,
      state: 'The set is unchanged.',
      next: `Put it back first: runback restore undo ${set.id}. Or make a new set: runback restore plan --set ${set.base}`,
    });
  const { base, damaged, now, pause } = set;
  // From the plans before any was settled, so that a person may decide otherwise than an authority or an earlier decision.
  const choices = { ...set.choices, ...made.choices };
  const plans = await plansOf(store, set, 'first');
  return await bind({ id: made.id, base, damaged, now, pause, by: made.by, choices }, plans, deps, options, set.id);
}

async function bind(
  request: Pick<PlanSetRequest, 'id' | 'base' | 'damaged' | 'now' | 'pause' | 'by'> & Pick<PlanSet, 'choices'>,
  plans: ReadonlyMap<string, Plan>,
  deps: SetDeps,
  options: CallOptions,
  from?: string,
): Promise<PlanSet> {
  const [platform] = plans.keys();
  const { store, clock, catalog } = deps.depsOf(platform ?? '');
  const { by, choices = {} } = request;
  const made = await within(catalog, [request.base, request.now], async ([base, now]) => {
    if (base === undefined || now === undefined) throw new RunbackError('bug', 'A set was planned without its snapshots');
    return await settle({ base, now, plans, syncs: deps.syncs, choices, by, depsOf: deps.depsOf }, options);
  });
  const set: PlanSet = {
    version: 1,
    id: request.id,
    createdBy: by,
    createdAt: clock.now().toISOString(),
    base: request.base,
    damaged: request.damaged,
    now: request.now,
    pause: request.pause,
    sides: sidesOf(made.plans),
    first: sidesOf(plans),
    ...made.comparison,
    settled: made.settled,
    settledCount: made.settledCount,
    ...defined({ from, choices: from === undefined ? undefined : choices }),
  };
  return await setDocument(store, set.id).update(() => set);
}

function sidesOf(plans: ReadonlyMap<string, Plan>): readonly SetSide[] {
  return [...plans].map(([platform, { header, hash }]) => ({ platform, plan: header.id, hash }));
}

async function within<T>(
  catalog: RestoreDeps['catalog'],
  ids: readonly string[],
  work: (readers: readonly SnapshotReader[]) => Promise<T>,
): Promise<T> {
  const readers: SnapshotReader[] = [];
  try {
    for (const id of ids) readers.push(await catalog.open(id));
    return await work(readers);
  } finally {
    for (const reader of readers) await reader.close();
  }
}
