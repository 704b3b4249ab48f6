import { expect, test } from 'vitest';

import { canonicalJson } from '../../src/lib/index.js';
import { readPlanFacts } from '../../src/reports/gather/plan.js';
import { impactBlocks } from '../../src/reports/incident/damage.js';
import type { ReportData } from '../../src/reports/types.js';
import { temporaryStore } from '../support/store.js';

const SECRET = 'ann.old@example.net';

async function* linesOf(...lines: readonly object[]): AsyncIterable<string> {
  for (const line of lines) yield await Promise.resolve(canonicalJson(line));
}

// A user would lose: the news that second addresses are gone; and in a report for everybody, the addresses themselves.
test('a report says what re-created records do not get back and what a plan does not cover, by count and never by value', async () => {
  const { store } = await temporaryStore();
  const header = {
    version: 1,
    id: 'plan-1',
    counts: { records: 1, of: 9, cells: 1, actions: { create: 1 }, conflicts: {}, nothingToDo: 0 },
    lost: [{ object: 'contacts', records: 1, always: ['calls and notes'], fields: [{ field: 'second', what: 'secondary addresses', records: 1 }] }],
    notCovered: [{ object: 'deals', extent: 'all', why: 'The base snapshot does not hold it: it is a view' }],
  };
  const change = { kind: 'change', n: 1, action: 'create', object: 'contacts', key: '7', fields: { name: { to: 'Ann' } }, lost: { second: SECRET } };
  await store.ledger('plans', 'plan-1').write(linesOf(header, change));
  const seen: unknown[] = [];
  const { facts } = await readPlanFacts(store, 'plan-1', (value) => seen.push(value));
  const said = JSON.stringify(impactBlocks({ plans: [facts], restores: [], headline: { damaged: 0 } } as unknown as ReportData));
  for (const words of [
    'What records that are created again do not get back',
    'secondary addresses (second)',
    'calls and notes',
    'Not covered by the plans',
    'it is a view',
  ])
    expect(said).toContain(words);
  expect(said).not.toContain(SECRET);
  // Told as a value of a record, so that it is taken out of what people wrote.
  expect(seen).toContain(SECRET);
  expect(facts.notCovered).toHaveLength(1);
});
