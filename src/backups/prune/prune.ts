import { defined, isRunbackError, type RunbackError } from '../../lib/index.js';
import { NOTES_KIND, type SnapshotSummary } from '../../snapshots/index.js';
import type { Document, Store } from '../../store/index.js';
import { judge } from '../retention/judge.js';
import type { RetentionFacts, Verdict } from '../retention/types.js';
import { type Facts, type FactsDeps, factsOf, retained } from './facts.js';
import { referencesOf } from './references.js';

/** What pruning works with. */
export interface PruneDeps extends FactsDeps {
  readonly by: string;
  readonly signal: AbortSignal;
}

/** What became of one snapshot. */
export interface Pruned {
  readonly snapshot: Pick<SnapshotSummary, 'id' | 'startedAt' | 'job' | 'bytes'>;
  readonly verdict: Verdict;
  /** Of one that was to go: it is gone, or why it is not. */
  readonly deleted?: boolean;
  readonly kept?: { readonly because: 'changed' } | { readonly because: 'failed'; readonly error: Pick<RunbackError, 'code' | 'message'> };
}

/** What a call has come to. */
export interface PruneReport {
  /** In the order in which they were taken. */
  readonly snapshots: readonly Pruned[];
  /** Files among the snapshots that cannot be read: they are left alone. */
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
  /** Snapshots whose deletion was interrupted earlier and is complete now. */
  readonly completed: readonly string[];
}

/** A deletion that has begun, on disk before the file is touched. */
interface Removal {
  readonly version: 1;
  readonly at: string;
  readonly by: string;
}

/** Name of the lock of whoever deletes snapshots by rule. */
export const PRUNE_LOCK = 'backup-prune';
const REMOVALS = 'snapshot-removals';

/** Says what would become of each snapshot, and changes nothing. `job`: only of that job's. */
export async function explainPrune(deps: PruneDeps, job?: string): Promise<PruneReport> {
  const { facts, summaries, unreadable } = await factsOf(deps);
  return { snapshots: told(summaries, judge(facts), job), unreadable, completed: [] };
}

/**
 * Deletes the snapshots that no rule and nothing else keeps, and only those that it explains; `job`: only of that job's.
 * One process at a time (`locked`). Before each one, whatever may refer to it is looked at again, and one that has come
 * to be needed stays. What builds on another one goes before it. Killed at any moment, a snapshot is whole or gone, and
 * the next call completes what was begun.
 *
 * `explained` is told of everything before anything is deleted. A file that cannot be deleted holds up no other.
 */
export async function prune(deps: PruneDeps, job: string | undefined, explained: (report: PruneReport) => void): Promise<PruneReport> {
  const { store, by, clock, signal } = deps;
  const lock = await store.lock(
    PRUNE_LOCK,
    { by, holder: `prune-${process.pid}`, purpose: 'deleting old snapshots' },
    { breakDead: true, lapse: true },
  );
  try {
    const completed = await completeRemovals(deps);
    const known = await factsOf(deps);
    const { facts, summaries, unreadable } = known;
    const plan = told(summaries, judge(facts), job);
    explained({ snapshots: plan, unreadable, completed });
    const results = new Map<string, Pick<Pruned, 'deleted' | 'kept'>>();
    for (const { snapshot, verdict } of plan.toReversed()) {
      if (verdict.stays) continue;
      signal.throwIfAborted();
      await lock.check();
      const again = judge({ ...facts, ...(await changesOf(deps, known, snapshot.id)), now: clock.now() });
      const goes = again.some(({ id, stays }) => id === snapshot.id && !stays);
      results.set(snapshot.id, goes ? await remove(deps, snapshot.id) : { deleted: false, kept: { because: 'changed' } });
    }
    return { snapshots: plan.map((one) => ({ ...one, ...results.get(one.snapshot.id) })), unreadable, completed };
  } finally {
    await lock.release();
  }
}

/** What may have changed since everything was explained: who refers to what, and the notes of one snapshot. */
async function changesOf(deps: PruneDeps, { facts, noted }: Facts, id: string): Promise<Partial<RetentionFacts>> {
  const references = await referencesOf(deps);
  const there = new Set(await deps.store.list(NOTES_KIND));
  // One that someone else deleted in between stands for nothing any more.
  const left = facts.snapshots.filter((one) => there.has(one.id) || !noted.has(one.id));
  const now = await deps.catalog.resolve(id).catch((error: unknown) => {
    if (isRunbackError(error)) return undefined;
    throw error;
  });
  return { ...references, snapshots: left.map((one) => (one.id === id && now !== undefined ? retained(now) : one)) };
}

async function remove({ store, clock, by, catalog }: PruneDeps, id: string): Promise<Pick<Pruned, 'deleted' | 'kept'>> {
  const removal = removalOf(store, id);
  try {
    await removal.update(() => ({ version: 1, at: clock.now().toISOString(), by }));
    await catalog.delete(id);
    await removal.delete();
    return { deleted: true };
  } catch (error) {
    if (!isRunbackError(error) || error.code === 'disk-full') throw error;
    await removal.delete().catch(() => undefined);
    // Pinned in this very moment.
    if (error.code === 'snapshot-pinned') return { deleted: false, kept: { because: 'changed' } };
    return { deleted: false, kept: { because: 'failed', error: { code: error.code, message: error.message } } };
  }
}

/** Forgets what is left of snapshots whose file is gone; one whose file is still there is judged again like any other. */
async function completeRemovals({ store, catalog }: PruneDeps): Promise<readonly string[]> {
  const completed: string[] = [];
  for (const id of await store.list(REMOVALS)) {
    const isGone = await catalog.resolve(id).then(
      () => false,
      (error: unknown) => isRunbackError(error, 'not-found'),
    );
    if (isGone) {
      await store.document(NOTES_KIND, id).delete();
      completed.push(id);
    }
    await removalOf(store, id).delete();
  }
  return completed;
}

function removalOf(store: Store, id: string): Document<Removal> {
  return store.document<Removal>(REMOVALS, id);
}

function told(summaries: readonly SnapshotSummary[], verdicts: readonly Verdict[], job: string | undefined): readonly Pruned[] {
  const byId = new Map(verdicts.map((verdict) => [verdict.id, verdict]));
  return summaries.flatMap(({ id, startedAt, job: of, bytes }) => {
    const verdict = byId.get(id);
    return verdict === undefined || (job !== undefined && of !== job)
      ? []
      : [{ snapshot: { id, startedAt, bytes, ...defined({ job: of }) }, verdict }];
  });
}
