import type { ToForget } from '../records/forgetting.js';
import type { PlanSet, SetDifference } from './types.js';

/**
 * A set of plans without the differences of records that are to be forgotten; the very one that was given where it names
 * none. Their numbers stay.
 */
export function withoutForgotten(set: Partial<PlanSet>, { has }: Pick<ToForget, 'has'>): Partial<PlanSet> {
  const stays = ({ sides }: SetDifference): boolean => !sides.some(({ platform, object, key }) => key !== undefined && has(platform, object, key));
  const { settled = [], differences = { count: 0, counts: {}, named: [] } } = set;
  if (differences.named.every(stays) && settled.every(stays)) return set;
  return { ...set, differences: { ...differences, named: differences.named.filter(stays) }, settled: settled.filter(stays) };
}
