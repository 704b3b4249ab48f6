import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { bytes, counted, relative, span, table } from '../../src/cli/views/format.js';
import { Meter, measuredLine, position } from '../../src/cli/views/meter.js';
import { makeStyle } from '../../src/cli/views/style.js';
import { showValue, visible } from '../../src/cli/views/visible.js';
import { displayWidth, truncate, wrap } from '../../src/cli/views/width.js';

const style = makeStyle({ columns: 80, level: 0, accessible: false, unicode: true, now: () => new Date('2026-11-22T17:00:00Z') });
const anyText = fc.string({ unit: 'binary', maxLength: 60 });

describe('what a record holds never steers the terminal', () => {
  test('no control, direction or invisible character comes through', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(visible(text)).not.toMatch(/[\p{Cc}\u202A-\u202E\u2066-\u2069\u200B\uFEFF]/u);
      }),
    );
  });

  test('absent, null, empty and blank are told apart', () => {
    expect([undefined, null, '', ' '].map(showValue)).toEqual(['(absent)', '(null)', '(empty)', '" "']);
  });
});

describe('lines fit the screen', () => {
  test('cut text is never wider than asked', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 40 }), (text, width) => {
        expect(displayWidth(truncate(visible(text), width))).toBeLessThanOrEqual(width);
      }),
    );
  });

  test('wrapped lines are never wider than asked, and nothing is lost', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 10, max: 40 }), (text, width) => {
        const lines = wrap(visible(text), width);
        expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(width);
        expect(lines.join('').replaceAll(' ', '')).toBe(visible(text).replaceAll(' ', ''));
      }),
    );
  });

  test('tables stay within 80 cells', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, anyText, anyText), { minLength: 1, maxLength: 5 }), (rows) => {
        const text = table(
          [{ title: 'Record' }, { title: 'Now', shrink: true }, { title: 'Will be', shrink: true }],
          rows.map((row) => row.map(visible)),
          style,
        );
        for (const line of text.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80);
      }),
    );
  });

  test.each([
    ['漢字', 4],
    ['👩‍👩‍👧', 2],
    ['é', 1],
    ['한국', 4],
    ['abc', 3],
  ])('%s takes %i cells', (text, cells) => {
    expect(displayWidth(text)).toBe(cells);
  });
});

describe('numbers and times for people', () => {
  test('counts have separators and the right number', () => {
    expect([counted(1, 'records'), counted(1250, 'records'), bytes(1_250_000), bytes(999)]).toEqual([
      '1 record',
      '1,250 records',
      '1.25 MB',
      '999 B',
    ]);
  });

  test.each([
    [400, '0.4 s'],
    [59_600, '1 min'],
    [185_000, '3 min 5 s'],
    [7_800_000, '2 h 10 min'],
    [4 * 86_400_000, '4 days'],
  ])('%i ms is %s', (ms, words) => {
    expect(span(ms)).toBe(words);
  });

  test('relative times say which way', () => {
    const now = new Date('2026-11-22T17:00:00Z');
    expect(relative(new Date('2026-11-22T16:57:00Z'), now)).toBe('3 min ago');
    expect(relative(new Date('2026-11-22T19:00:00Z'), now)).toBe('in 2 h');
  });

  test('progress gives rate and time left from monotonic time only', () => {
    let ms = 0;
    const meter = new Meter({ now: () => new Date(0), monotonicMs: () => ms, sleep: () => Promise.resolve() });
    meter.update({ task: 'Writing', done: 0, total: 1250, unit: 'records' });
    ms = 4000;
    meter.update({ task: 'Writing', done: 400, total: 1250, unit: 'records' });
    const line = meter.last === undefined ? '' : measuredLine(meter.last, 10);
    expect(line).toBe('Writing  [###.......] 400 of 1,250 records, 100/s, 8.5 s left');
    expect(position({ task: 'Writing', done: 400, total: 1250, unit: 'records' })).toBe('records 400 of 1,250');
  });
});
