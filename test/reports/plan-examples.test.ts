import { expect, test } from 'vitest';

import { readPlanFacts } from '../../src/reports/gather/plan.js';
import type { Store } from '../../src/store/index.js';

/** A user would lose: the examples of a report, where one record that comes back fills all of them. */

function storeWith(lines: readonly unknown[]): Store {
  const read = async function* (): AsyncIterable<string> {
    for (const line of lines) yield await Promise.resolve(JSON.stringify(line));
  };
  return { ledger: () => ({ read }) } as unknown as Store;
}

test('a record that comes back is one example, however many fields it holds', async () => {
  const fields = Object.fromEntries(Array.from({ length: 65 }, (_, n) => [`field${n}`, { from: null, to: `value ${n}` }]));
  const lines = [
    { id: 'plan-1' },
    ...['1', '2'].map((key, n) => ({ kind: 'change', n, action: 'undelete', object: 'Contact', key, fields })),
    { kind: 'change', n: 2, action: 'update', object: 'Contact', key: '3', fields: { Phone: { from: '', to: '1' } } },
  ];
  const { facts } = await readPlanFacts(storeWith(lines), 'plan-1');
  expect(facts.examples.map(({ key, field }) => [key, field])).toEqual([
    ['1', ''],
    ['2', ''],
    ['3', 'Phone'],
  ]);
});
