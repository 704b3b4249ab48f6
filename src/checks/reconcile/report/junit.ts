import { junitDocument } from '../../../document/index.js';
import { defined, formatCount } from '../../../lib/index.js';
import { type Offer, offerLines } from '../../offers/index.js';
import { DIFFERENCE_CLASSES, FAILURES, type Reconciliation } from '../types.js';
import { CLASS_WORDS, placeWords } from './words.js';

/** A reconciliation as JUnit XML: a suite, each class that can fail one case, and what can be done. No value is in it. */
export function reconciliationJunit(result: Reconciliation, offers: readonly Offer[]): string {
  const { mapping, unreadable, lostWays, beyond, startedAt, finishedAt } = result;
  const cases = DIFFERENCE_CLASSES.filter((name) => FAILURES.includes(name)).map((name) => {
    const found = result.counts.filter((one) => one.class === name).map((one) => `${formatCount(one.count)} ${placeWords(one, result)}`.trim());
    return { name: CLASS_WORDS[name], found };
  });
  const notCompared = [...unreadable, ...lostWays].map(({ side, why }) => `${result.sides[side].name}: ${why}`);
  if (beyond > 0) notCompared.push(`${formatCount(beyond)} were not read again`);
  cases.push({ name: 'all of it was compared', found: notCompared });
  return junitDocument('runback reconcile', [
    {
      name: mapping.id,
      seconds: (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
      at: startedAt,
      told: offerLines(offers),
      cases: cases.map(({ name, found }) => ({ name, ...defined({ failure: found.length === 0 ? undefined : found.join('; ') }) })),
    },
  ]);
}
