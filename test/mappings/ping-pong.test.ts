import fc from 'fast-check';
import { expect, test } from 'vitest';

import { type HistoryEntry, pingPongOf, RETURNS_A_DAY } from '../../src/mappings/index.js';

/** A user would lose: a loop that nobody declared, which writes the same two values over each other for months. */

const HOUR = 3_600_000;
const START = Date.parse('2026-11-30T00:00:00Z');
/** `A1 B2 A1`: value and writer, an hour apart unless said otherwise, oldest first. */
const history = (text: string, apart = HOUR): readonly HistoryEntry[] =>
  text
    .split(' ')
    .map((word, n): HistoryEntry => {
      const at = new Date(START + n * apart).toISOString();
      return word === '-' ? { at } : { value: word[0] ?? '', writer: word.slice(1), at };
    })
    .reverse();

test.each<[string, string, number, number | undefined]>([
  ['three times in a day', 'A1 B2 A1 B2 A1 B2 A1', HOUR, 3],
  ['twice', 'A1 B2 A1 B2 A1', HOUR, undefined],
  ['the other value comes back as often', 'X9 B2 A1 B2 A1 B2 A1 B2', HOUR, 3],
  ['over a week', 'A1 B2 A1 B2 A1 B2 A1', 24 * HOUR, undefined],
  ['by one writer alone', 'A1 B1 A1 B1 A1 B1 A1', HOUR, undefined],
  ['by other writers each time', 'A1 B2 A3 B4 A1 B2 A3', HOUR, undefined],
  ['one writer repeats what stands there', 'A1 A1 B2 A1 B2 A1 B2 A1', HOUR, 3],
  ['with other values each time', 'A1 B2 A1 C2 A1 D2 A1', HOUR, undefined],
  ['where nobody knows what stood there', 'A1 B2 A1 - A1 B2 A1', HOUR, undefined],
  ['nothing', 'A1', HOUR, undefined],
])('%s', (_, text, apart, returns) => {
  expect(pingPongOf(history(text, apart))?.returns).toBe(returns);
});

test('two forms of one number that push each other out are one too, with who writes them and since when', () => {
  const forms = ['+14155550123', '(415) 555-0123'];
  const entries = Array.from({ length: 9 }, (_, n) => ({
    value: forms[n % 2],
    writer: n % 2 === 0 ? 'sync' : 'crm',
    at: new Date(START + n * HOUR).toISOString(),
  })).reverse();
  expect(pingPongOf(entries)).toEqual({ writers: ['sync', 'crm'], returns: 4, at: '2026-11-30T02:00:00.000Z' });
});

/** By trying every stretch of the history. */
function byBruteForce(entries: readonly HistoryEntry[]): number {
  const written = [...entries].reverse();
  let most = 0;
  for (let from = 0; from < written.length; from += 1)
    for (let to = from + 2; to < written.length; to += 1) {
      const stretch = written.slice(from, to + 1);
      const alternates = stretch.every(({ value, writer }, n) => {
        const [last, before] = [stretch[n - 1], stretch[n - 2]];
        if (value === undefined || writer === undefined) return false;
        return (
          (last === undefined || (last.value !== value && last.writer !== writer)) &&
          (before === undefined || (before.value === value && before.writer === writer))
        );
      });
      if (!alternates) continue;
      const times = stretch.filter((_, n) => n >= 2 && n % 2 === 0).map(({ at }) => Date.parse(at ?? ''));
      for (const start of times) most = Math.max(most, times.filter((at) => at >= start && at < start + 24 * HOUR).length);
    }
  return most >= RETURNS_A_DAY ? most : 0;
}

test('on 5,000 random histories it finds what trying every stretch finds', () => {
  let found = 0;
  const entry = fc.tuple(fc.constantFrom('A', 'B', 'B', 'A', 'C', undefined), fc.constantFrom(0, 1, 1, 1), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 24 }), fc.boolean(), (told, tidy) => {
      let at = START;
      const entries = told
        .map(([value, writer, hours], n): HistoryEntry => {
          at += hours * HOUR;
          // Without this, random histories hardly ever alternate.
          const [v, w] = tidy && hours < 9 ? [n % 2 === 0 ? 'A' : 'B', n % 2] : [value, writer];
          return { ...(v === undefined ? {} : { value: v }), writer: `w${w}`, at: new Date(at).toISOString() };
        })
        .reverse();
      const expected = byBruteForce(entries);
      if (expected > 0) found += 1;
      expect(pingPongOf(entries)?.returns ?? 0).toBe(expected);
    }),
    { seed: 20261130, numRuns: 5000 },
  );
  expect(found).toBeGreaterThan(300);
});
