import type { Check, TriggerResult, TriggerRow } from '../result.js';
import { FIRING_VERDICTS, type FiringVerdict } from './facts.js';

/** One check for each row: what fired after each of its writes, and what should have. */
export function triggerChecks({ rows }: Pick<TriggerResult, 'rows'>): readonly Check[] {
  return rows.map(({ row, steps }) => {
    const wrong = steps.filter(({ verdict }) => verdict !== 'right');
    return {
      name: row,
      passed: wrong.length === 0,
      found: `${steps.map(({ fired }) => fired).join(', ')}${wrong.length === 0 ? '' : ` (${wrong.map(wordOf).join(', ')})`}`,
      wanted: steps.map(({ expected }) => expected).join(', '),
    };
  });
}

const wordOf = ({ verdict, why }: TriggerRow['steps'][number]): string => (why === undefined ? verdict : `${verdict}: ${why}`);

/** How many steps there are of each verdict. */
export function firingTotals(rows: readonly TriggerRow[]): Readonly<Record<FiringVerdict, number>> {
  const all = rows.flatMap(({ steps }) => steps.map(({ verdict }) => verdict));
  return Object.fromEntries(FIRING_VERDICTS.map((verdict) => [verdict, all.filter((each) => each === verdict).length])) as Record<
    FiringVerdict,
    number
  >;
}
