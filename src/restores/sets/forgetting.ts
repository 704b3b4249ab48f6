import type { ToForget } from '../records/forgetting.js';
import type { PlanSet, SetDifference } from './types.js';

/**
 * A set of plans without the differences of records that are to be forgotten; the very one that was given where it names
 * none. Their numbers stay.
 */
export function withoutForgotten(set: Partial<PlanSet>, { has }: Pick<ToForget, 'has'>): Partial<PlanSet> {
  const stays = ({ sides }: SetDifference): boolean => !sides.some(({ platform, object, key }) => key !== undefined && has(platform, object, key));
  const { settled = [], choices = {}, differences = { count: 0, counts: {}, named: [] } } = set;
  const chosen = Object.entries(choices).filter(([id]) => !nameIn(id, has));
  if (differences.named.every(stays) && settled.every(stays) && chosen.length === Object.keys(choices).length) return set;
  return {
    ...set,
    differences: { ...differences, named: differences.named.filter(stays) },
    settled: settled.filter(stays),
    ...(set.choices === undefined ? {} : { choices: Object.fromEntries(chosen) }),
  };
}

/** Whether the id of a difference, `<platform>/<object>/<key>` and more, names one of them. */
function nameIn(id: string, has: ToForget['has']): boolean {
  const [platform = '', object = '', ...rest] = id.split('/');
  return rest.some((_, n) => has(platform, object, rest.slice(0, n + 1).join('/')));
}
