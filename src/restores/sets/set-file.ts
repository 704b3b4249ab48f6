import { RunbackError } from '../../lib/index.js';
import type { Document, Store } from '../../store/index.js';
import { readPlan } from '../records/plan-file.js';
import type { Plan } from '../types.js';
import { PLAN_SETS, type PlanSet } from './types.js';

/** What its document keeps byte for byte. */
const EXACT: readonly string[] = ['id', 'sides', 'first', 'base', 'damaged', 'now', 'pause', 'from', 'choices'];

/** Where a set of plans is kept. */
export function setDocument(store: Store, id: string): Document<PlanSet> {
  return store.document<PlanSet>(PLAN_SETS, id, { exact: EXACT });
}

/** A set of plans. Throws `not-found`. */
export async function readSet(store: Store, id: string): Promise<PlanSet> {
  const set = await setDocument(store, id).read();
  if (set !== undefined) return set;
  throw new RunbackError('not-found', `There is no set of plans ${id}`, {
    state: 'Nothing was started.',
    next: 'Make one: runback restore plan --set <snapshot>',
  });
}

/**
 * The plans of a set by platform, in its order, each the very one that was bound; or those that they were made from. Throws
 * `not-found`, `plan-tampered`.
 */
export async function plansOf(store: Store, set: PlanSet, which: 'sides' | 'first' = 'sides'): Promise<ReadonlyMap<string, Plan>> {
  const plans = new Map<string, Plan>();
  for (const { platform, plan: id, hash } of set[which]) {
    const plan = await readPlan(store, id);
    if (plan.hash !== hash || plan.header.platform !== platform)
      throw new RunbackError('plan-tampered', `Plan ${id} is not the one that ${set.id} binds`, {
        why: `Its hash is ${plan.hash}, and the set names ${hash}. It was edited, or a record that it told of was forgotten.`,
        state: 'Nothing was written.',
        next: `Make a new set: runback restore plan --set ${set.base}`,
      });
    plans.set(platform, plan);
  }
  return plans;
}

/** The newest set that holds a plan; undefined where none does. */
export async function setWith(store: Store, plan: string): Promise<PlanSet | undefined> {
  for (const id of (await store.list(PLAN_SETS)).toReversed()) {
    const set = await setDocument(store, id).read();
    if (set?.sides.some((side) => side.plan === plan) === true) return set;
  }
  return undefined;
}

/** The newest set that a decision on this one made; undefined where none did. */
export async function setAfter(store: Store, id: string): Promise<string | undefined> {
  for (const later of (await store.list(PLAN_SETS)).toReversed()) if ((await setDocument(store, later).read())?.from === id) return later;
  return undefined;
}
