import { expect, test } from 'vitest';

import type { FieldChange, RecordHistory } from '../../src/connectors/index.js';
import { KeptPast } from '../../src/investigations/reading/past.js';
import { ToldCells } from '../../src/investigations/reading/told-cells.js';
import type { PastWrite } from '../../src/investigations/types.js';
import { contactSchema } from './support/sampled.js';

/** A user would lose: the answer, since hundreds of thousands of records with twenty entries each do not fit into memory. */

const FROM = Date.parse('2026-11-01T00:00:00Z');
const ENTRIES = 20;
const at = (ms: number): string => new Date(ms).toISOString();

function write(n: number, drawn: boolean): PastWrite {
  return { object: 'contacts', key: String(n), field: 'phone', before: `0${n}`, after: `1${n}`, atMs: FROM - n - 1, writer: 'sync', drawn };
}

/** Twenty entries of a field, the newest from after the base. */
function history(key: string): RecordHistory {
  const phone = Array.from({ length: ENTRIES }, (_, i): FieldChange => ({
    value: i === 0 ? '' : `+49 ${key} ${i}`,
    at: at(FROM + 1000 - i * 86_400_000),
    writer: 'sync',
  }));
  return { fields: { phone } };
}

test('of the past of records that changed a bounded sample is kept, with the newest write; all of what was drawn by chance', () => {
  const past = new KeptPast(() => 0.5);
  past.add(Array.from({ length: 500 }, (_, n) => write(n + 1, true)));
  past.add(Array.from({ length: 200_000 }, (_, n) => write(200_000 - n, false)));
  const all = past.all();
  expect(all.filter(({ drawn }) => drawn)).toHaveLength(500);
  expect(all.length).toBeLessThanOrEqual(500 + 2001);
  expect(all.filter(({ drawn }) => !drawn).map(({ key }) => key)).toContain('1');
});

test('a cell keeps its writes since the base, and of what it held before only what it holds again', () => {
  const changed = ['1', '2'].map((key) => ({ key, cells: [{ field: 'phone', before: `+49 ${key} 1`, after: key === '1' ? '' : `+49 2 7` }] }));
  const told = new ToldCells({ schema: contactSchema(['phone']), changed, fromMs: FROM, toMs: FROM + 10_000, most: ENTRIES });
  told.add('1', history('1'));
  const again = history('2');
  told.add('2', { fields: { phone: [{ value: '+49 2 7', at: at(FROM + 1000), writer: 'sync' }, ...(again.fields['phone'] ?? []).slice(1)] } });
  expect(told.of('1')).toMatchObject([{ writes: [{ before: '+49 1 1', after: '' }] }]);
  expect(told.of('1')?.[0]?.earlier).toBeUndefined();
  expect(told.of('2')?.[0]?.earlier).toEqual(['+49 2 7']);
  expect(told.of('3')).toBeUndefined();
});

test('a field of which no history tells anything is written by nobody, and no gap of its history', () => {
  const changed = [{ key: '1', cells: [{ field: 'fax', before: 'a', after: 'b' }] }];
  const told = new ToldCells({ schema: contactSchema(['fax', 'phone']), changed, fromMs: FROM, toMs: FROM + 10_000, most: ENTRIES });
  told.add('1', history('1'));
  expect(told.of('1')?.[0]?.writes).toEqual([{ before: 'a', after: 'b', spell: 0 }]);
  told.add('9', { fields: { fax: [{ value: 'c', at: at(FROM - 5), writer: 'sync' }] } });
  expect(told.of('1')?.[0]?.writes).toEqual([{ before: 'a', after: 'b', spell: 0, missed: true }]);
});
