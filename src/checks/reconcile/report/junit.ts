import { formatCount } from '../../../lib/index.js';
import type { Reconciliation } from '../types.js';
import { DIFFERENCE_CLASSES, FAILURES } from '../types.js';
import { CLASS_WORDS, placeWords } from './words.js';

/** A reconciliation as JUnit XML: a suite, each class that can fail one case. No value is in it. */
export function reconciliationJunit(result: Reconciliation): string {
  const { mapping, unreadable, lostWays, beyond, startedAt, finishedAt } = result;
  const cases = DIFFERENCE_CLASSES.filter((name) => FAILURES.includes(name)).map((name) => {
    const found = result.counts.filter((one) => one.class === name).map((one) => `${formatCount(one.count)} ${placeWords(one, result)}`.trim());
    return { name: CLASS_WORDS[name], found };
  });
  const notCompared = [...unreadable, ...lostWays].map(({ side, why }) => `${result.sides[side].name}: ${why}`);
  if (beyond > 0) notCompared.push(`${formatCount(beyond)} were not read again`);
  cases.push({ name: 'all of it was compared', found: notCompared });
  const failed = cases.filter(({ found }) => found.length > 0).length;
  const seconds = ((Date.parse(finishedAt) - Date.parse(startedAt)) / 1000).toFixed(3);
  const lines = cases.map(
    ({ name, found }) =>
      `    <testcase classname="${escaped(mapping.id)}" name="${escaped(name)}">${found.length === 0 ? '' : `<failure message="${escaped(found.join('; '))}"/>`}</testcase>\n`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="runback reconcile">\n  <testsuite name="${escaped(mapping.id)}" tests="${cases.length}" failures="${failed}" errors="0" time="${seconds}" timestamp="${startedAt}">\n${lines.join('')}  </testsuite>\n</testsuites>\n`;
}

/** Text of an attribute; what XML cannot hold is left out. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll(/[\t\n\r]/gu, ' ');
}
