import type { ComparedPlans, PlanDifference } from '../../../restores/index.js';
import { count, counted, facts } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { CONFLICT_WORDS } from './conflict.js';
import { type Looks, recordText } from './record.js';

const SHOWN = 3;

/** What one plan writes more, fewer or otherwise than another, and why: `12 fewer  edited-since: …`. */
export function plansText(plan: string, against: string, { same, differences }: ComparedPlans, style: Style, looks: Looks): string {
  const pairs: [string, string][] = [
    ['Plan', plan],
    ['Against', against],
    ['Alike', counted(same, 'values')],
  ];
  for (const difference of differences) {
    pairs.push([`${count(difference.cells)} ${difference.kind}`, wordsOf(difference)]);
    for (const { object, key, cell } of difference.examples.slice(0, SHOWN))
      pairs.push(['', `${recordText(object, key, looks)}${cell === '' ? '' : `: ${visible(cell)}`}`]);
    if (difference.cells > SHOWN) pairs.push(['', `... and ${counted(difference.cells - SHOWN, 'more of these')}`]);
  }
  return `${differences.length === 0 ? 'Both plans write the same.\n' : ''}${facts(pairs, style)}`;
}

function wordsOf({ kind, because }: PlanDifference): string {
  if (kind === 'otherwise') return 'both write it, and not the same value';
  if (because !== undefined) return `${because}: ${CONFLICT_WORDS[because]}`;
  return kind === 'fewer' ? 'not in this plan: nothing is left to fix there, or it is outside the limits' : 'not in the other plan';
}
