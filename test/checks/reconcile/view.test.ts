import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { decimalOf, decimalText, plus, rounded, ZERO } from '../../../src/checks/reconcile/views/decimal.js';
import { addRecord, addRow } from '../../../src/checks/reconcile/views/read-view.js';
import { compareView, type ShownTotals, type Totals, type ViewDifference, type ViewSpec } from '../../../src/checks/reconcile/views/view.js';
import type { Fields } from '../../../src/records/index.js';

/** A user would lose: a dashboard that leaves people out, or adds them twice, and is believed. */

const SPEC: ViewSpec = {
  group: [{ column: 'Country', field: 'country' }],
  count: 'Leads',
  sums: [{ column: 'Amount', field: 'amount' }],
  only: [{ field: 'stage', value: 'won' }],
};
const LABELS = new Map([['country', new Map([['DE', 'Germany']])]]);
const of = (country: string | null, amount: string | null, stage = 'won'): Fields => ({ country, amount, stage });

function compared(
  records: readonly Fields[],
  rows: readonly (readonly [string, string, string])[],
  changed = { records: 0, groups: new Set<string>() },
): readonly ViewDifference[] {
  const totals = new Map<string, Totals>();
  const shown = new Map<string, ShownTotals[]>();
  for (const [n, fields] of records.entries()) addRecord(totals, SPEC, { key: `${n}`, fields, meta: {} }, LABELS);
  for (const [n, [country, leads, amount]] of rows.entries())
    addRow(
      shown,
      SPEC,
      {
        line: n + 2,
        cells: new Map([
          ['Country', country],
          ['Leads', leads],
          ['Amount', amount],
        ]),
      },
      LABELS,
    );
  return compareView(SPEC, totals, shown, changed);
}

const RECORDS = [of('DE', '0.1'), of('DE', '0.2'), of('FR', '1000.006'), of(null, null), of('FR', '9', 'lost')];

test('a view that says what the platform does agrees: labels, nothing by other names, digits that are not shown', () => {
  expect(
    compared(RECORDS, [
      ['Germany', '2', '0.30'],
      [' FR ', '1', '1,000.01'],
      ['(No value)', '1', '0'],
    ]),
  ).toEqual([]);
});

test('each way in which a view is wrong is told by its class', () => {
  const found = compared(RECORDS, [
    ['DE', '3', '0.3'],
    ['FR', '1', 'n/a'],
    ['FR', '1', '1000'],
    ['Italy', '1', '5'],
  ]);
  expect(found).toEqual([
    { class: 'value', group: ['Germany'], column: 'Leads', platform: '2', view: '3' },
    { class: 'twice', group: ['FR'] },
    { class: 'missing', group: [''] },
    { class: 'extra', group: ['Italy'] },
  ]);
  expect(compared([of('FR', '1')], [['FR', '1', 'n/a']])).toEqual([{ class: 'unreadable', group: ['FR'], column: 'Amount', platform: '1' }]);
});

test('what records that were changed since may explain is in flight, and nothing else', () => {
  const rows = [['DE', '3', '0.3'] as const, ['FR', '4', '1000.006'] as const, ['', '1', '0'] as const];
  const classes = (changed: number): readonly string[] => compared(RECORDS, rows, { records: changed, groups: new Set() }).map((one) => one.class);
  expect([classes(0), classes(1), classes(3)]).toEqual([
    ['value', 'value'],
    ['in-flight', 'value'],
    ['in-flight', 'in-flight'],
  ]);
});

test('sums are exact, whatever the order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e9, max: 1e9 })), fc.integer({ min: 0, max: 6 }), (numbers, scale) => {
      const texts = numbers.map((digits) => decimalText({ digits: BigInt(digits), scale }));
      const sum = texts.reduce((all, text) => plus(all, decimalOf(text) ?? ZERO), ZERO);
      expect(sum.digits * 10n ** BigInt(scale - sum.scale)).toBe(BigInt(numbers.reduce((all, one) => all + one, 0)));
    }),
  );
  expect([rounded({ digits: -25n, scale: 1 }, 0), rounded({ digits: 24n, scale: 1 }, 0)].map(decimalText)).toEqual(['-3', '2']);
});
