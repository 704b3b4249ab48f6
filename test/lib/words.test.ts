import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { formatDuration, parseDuration, suggest } from '../../src/lib/index.js';

test.each([
  ['250ms', 250],
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
  ['2w', 1_209_600_000],
  ['0s', 0],
])('%s is a duration', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', 'soon', '5', '-5m', '5 minutes', 'm5', '1m1h', '5mm', '٥m'])('%s is none', (text) => {
  expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'usage' }));
});

test.each([
  [0, '0ms'],
  [-5, '0ms'],
  [999, '999ms'],
  [59_999, '59s'],
  [61_000, '1m 1s'],
  [5_400_000, '1h 30m'],
  [3_600_001, '1h'],
  [90_061_000, '1d 1h'],
])('%d ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('what is shown can be typed again', () => {
  fc.assert(
    fc.property(fc.nat({ max: 10_000_000_000 }), (ms) => {
      expect(Math.abs(parseDuration(formatDuration(ms)) - ms)).toBeLessThanOrEqual(Math.max(1000, ms * 0.05));
    }),
  );
});

test.each([
  ['enviroment', 'environment'],
  ['snapshots.create', 'snapshot.create'],
  ['hubspt', 'hubspot'],
  ['writesTo', 'writes_to'],
  ['xyz', undefined],
  ['', undefined],
])('%s: did you mean %s?', (word, expected) => {
  expect(suggest(word, ['environment', 'snapshot.create', 'hubspot', 'writes_to', 'limits'])).toBe(expected);
});
