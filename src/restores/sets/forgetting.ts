import type { ToForget } from '../records/forgetting.js';
import type { PlanSet, SetDifference } from './types.js';

/**
 * A set of plans without the differences of records that are to be forgotten; the very one that was given where it names
 * none. Their numbers stay. Copes with any data.
 */
export function withoutForgotten(set: PlanSet, { has }: Pick<ToForget, 'has'>): PlanSet {
  const stays = ({ sides }: SetDifference): boolean => !sides.some(({ platform, object, key }) => key !== undefined && has(platform, object, key));
  const { settled = [], differences } = set;
  const named = differences?.named ?? [];
  if (named.every(stays) && settled.every(stays)) return set;
  return { ...set, differences: { ...differences, named: named.filter(stays) }, settled: settled.filter(stays) };
}
