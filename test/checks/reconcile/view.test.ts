import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { decimalOf, decimalText, plus, rounded, ZERO } from '../../../src/checks/reconcile/views/decimal.js';
import { addRecord, addRow } from '../../../src/checks/reconcile/views/read-view.js';
import { compareView, type ShownTotals, type Totals, type ViewDifference, type ViewSpec } from '../../../src/checks/reconcile/views/view.js';
import type { Fields } from '../../../src/records/index.js';
import { numberInCell, type SheetForm, sheetRows, type SheetRow } from '../../../src/snapshots/index.js';

/** A user would lose: a dashboard that leaves people out, or adds them twice, and is believed. */

const SPEC: ViewSpec = {
  group: [{ column: 'Country', field: 'country' }],
  count: 'Leads',
  sums: [{ column: 'Amount', field: 'amount' }],
  only: [{ field: 'stage', value: 'won' }],
};
const LABELS = new Map([
  ['country', new Map([['DE', 'Germany']])],
  ['stage', new Map([['mql', 'Marketing Qualified']])],
]);
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

test('a word for nothing is a value where records hold that very word', () => {
  expect(
    compared(
      [of('-', '1'), of(null, '2'), of('null', '4')],
      [
        ['-', '1', '1'],
        ['(No value)', '1', '2'],
        ['null', '1', '4'],
      ],
    ),
  ).toEqual([]);
  expect(compared([of(null, '2')], [['-', '1', '2']])).toEqual([]);
});

test('a view that says what the platform does agrees: labels, nothing by other names, digits that are not shown', () => {
  expect(
    compared(RECORDS, [
      ['Germany', '2', '0.30'],
      [' FR ', '1', '1,000.01'],
      ['(No value)', '1', '0'],
    ]),
  ).toEqual([]);
});

test('only the records that hold an option are counted, by its value or label, several in any order', () => {
  const labels = new Map([
    [
      'stage',
      new Map([
        ['won', 'Closed won'],
        ['later', 'Other'],
        ['never', 'Other'],
      ]),
    ],
  ]);
  const count = (value: string, stage: string | readonly string[] | null): number => {
    const totals = new Map<string, Totals>();
    addRecord(totals, { ...SPEC, only: [{ field: 'stage', value }] }, { key: '1', fields: { country: 'FR', amount: '1', stage }, meta: {} }, labels);
    return totals.size;
  };
  expect([count('won', 'won'), count('Closed won', 'won'), count('Closed won', 'lost'), count('', null), count('', 'won')]).toEqual([1, 1, 0, 1, 0]);
  expect([count('Closed won;b', ['b', 'won']), count('won', ['b', 'won'])]).toEqual([1, 0]);
  // Two options that look the same are two.
  expect([count('later', 'later'), count('later', 'never'), count('Other', 'never')]).toEqual([1, 0, 1]);
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

test('a sum of floating numbers agrees in the digits that it can have', () => {
  expect(compared([of('FR', '0.1'), of('FR', '0.2')], [['FR', '2', '0.30000000000000004']])).toEqual([]);
  expect(compared([of('FR', '1234567.1')], [['FR', '1', '1234567.0999999999767']])).toEqual([]);
  expect(compared([of('FR', '0.1'), of('FR', '0.2')], [['FR', '2', '0.31000000000000004']])).toHaveLength(1);
});

test('a group of several options is the same in any order, by value or label', () => {
  const several = (country: readonly string[]): Fields => ({ country, amount: '1', stage: 'won' });
  expect(compared([several(['DE', 'FR']), several(['FR', 'DE'])], [['FR; Germany', '2', '2']])).toEqual([]);
  expect(compared([several(['DE', 'FR'])], [['Germany', '1', '1']]).map((one) => one.class)).toEqual(['missing', 'extra']);
});

test.each([
  ['(1,234.00)', '-1234.00'],
  ['−5', '-5'],
  ['USD 12.00', '12.00'],
  ['1.234,50 EUR', '1234.50'],
  ['(€ 5)', '-5'],
  ['(0.00)', '0.00'],
  ['₹ 7', '7'],
  ['1,234', undefined],
  ['(-5)', undefined],
  ['12%', undefined],
  ['4.479E+11', undefined],
])('%s of a view is %s', (text, number) => {
  expect(numberInCell(text)).toBe(number);
});

test('a number that can be read in two ways is read as someone says', () => {
  expect([numberInCell('1,234', '.'), numberInCell('1,234', ',')]).toEqual(['1234', '1.234']);
});

const sheet = async (body: string | Buffer, form?: SheetForm): Promise<readonly SheetRow[]> => {
  const path = join(await mkdtemp(join(tmpdir(), 'sheet-')), 'view.csv');
  await writeFile(path, body);
  const rows: SheetRow[] = [];
  for await (const row of sheetRows(path, form)) rows.push(row);
  return rows;
};

test('a file that was cut off, that has one column twice or none is refused, and never compared as it is', async () => {
  const cut = await sheet('Country,Leads,Amount\nDE,3,1\nFr');
  expect(() => addRow(new Map(), SPEC, cut[1] ?? { line: 0, cells: new Map() }, LABELS)).toThrow('Line 3 of the view ends before the column');
  await expect(sheet('Country,Leads,Leads\nDE,3,4\n')).rejects.toMatchObject({ code: 'file-invalid' });
  await expect(sheet('')).rejects.toMatchObject({ code: 'file-invalid' });
});

test('a file in the code page of Windows is read where someone says so', async () => {
  const body = Buffer.from('Country;Leads\nK\xF6ln;3\n', 'latin1');
  await expect(sheet(body)).rejects.toMatchObject({ code: 'file-unreadable' });
  expect((await sheet(body, { encoding: 'windows-1252' })).map(({ cells }) => cells.get('Country'))).toEqual(['Köln']);
});
