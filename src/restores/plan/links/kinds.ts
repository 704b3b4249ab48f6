import type { LinkSchema } from '../../../records/index.js';
import { matchKinds, type LostKind, type MatchedKind } from '../../decide/link-kinds.js';
import type { PlanContext } from '../context.js';

/**
 * Kinds of link that are stored apart and can be written, of object types that the plan covers, those of the same two
 * object types together; and kinds of the base that are gone.
 */
export function kindsOf({ filters, live, before }: PlanContext): {
  readonly together: readonly (readonly MatchedKind[])[];
  readonly lost: readonly LostKind[];
} {
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
