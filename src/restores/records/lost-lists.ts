import { ownValue } from '../../records/index.js';
import type { Store } from '../../store/index.js';
import type { LostOnCreate, LostValue, RestoreSummary } from '../types.js';
import { isCreate, LostCounter } from './lost.js';
import { readPlan } from './plan-file.js';

/**
 * What a restore did not bring back of the records that it created again, by object type. Empty where nothing is lost.
 */
export async function lostByRestore(store: Store, { plan: id, keyMap }: Pick<RestoreSummary, 'plan' | 'keyMap'>): Promise<readonly LostOnCreate[]> {
  if (Object.keys(keyMap).length === 0) return [];
  const plan = await readPlan(store, id);
  if (plan.header.lost === undefined) return [];
  const counter = new LostCounter();
  for await (const line of plan.lines())
    if (isCreate(line) && ownValue(keyMap, line.object) !== undefined && ownValue(keyMap[line.object] ?? {}, line.key) !== undefined)
      counter.count(line);
  return counter.result(plan.schema.objects);
}

/**
 * Every value that the creates of a plan do not bring back, in the order of the plan. Throws `not-found`,
 * `plan-tampered`.
 */
export async function* lostValuesOf(store: Store, planId: string): AsyncIterable<LostValue> {
  const plan = await readPlan(store, planId);
  for await (const line of plan.lines()) {
    if (!isCreate(line)) continue;
    const named = plan.schema.objects.find(({ object }) => object === line.object)?.lostOnCreate?.fields ?? [];
    for (const [field, value] of Object.entries(line.lost ?? {}))
      yield { object: line.object, key: line.key, field, what: named.find((one) => one.field === field)?.what ?? field, value };
  }
}
