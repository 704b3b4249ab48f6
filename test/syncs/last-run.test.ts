import { expect, test } from 'vitest';

import { compileExpression } from '../../src/lib/index.js';
import { readLastRun } from '../../src/syncs/last-run.js';

/** A user would lose: a heartbeat that nobody hears, since a tool writes times in its own way. */

const ended = (run: unknown): string | undefined =>
  readLastRun('feed', { ended: compileExpression('run', { run: 'dyn' }) }, { run }, 'last_run')?.ended;

test.each([
  ['2026-11-01T02:00:00Z', '2026-11-01T02:00:00.000Z'],
  ['2026-11-01 02:00:00', '2026-11-01T02:00:00.000Z'],
  ['2026-11-01 02:00:00.123456+00', '2026-11-01T02:00:00.123Z'],
  ['2026-11-01 02:00:00+02', '2026-11-01T00:00:00.000Z'],
  ['2026-11-01T02:00:00-05', '2026-11-01T07:00:00.000Z'],
  ['2026-11-01 02:00:00 +0530', '2026-10-31T20:30:00.000Z'],
  ['2026-11-01 02:00:00 UTC', '2026-11-01T02:00:00.000Z'],
  [1_793_498_400, '2026-11-01T02:00:00.000Z'],
  [1_793_498_400_000, '2026-11-01T02:00:00.000Z'],
])('a run that ended at %s did so at %s', (run, at) => {
  expect(ended(run)).toBe(at);
});

test.each([1_793_498_400_000_000, 1_793_498_400_000_000_000, Number.POSITIVE_INFINITY, Number.NaN, 'soon', '+275760-09-13', new Date(Number.NaN)])(
  'a run that ended at %s gives no time, and says so',
  (run) => {
    expect(() => ended(run)).toThrow('does not report clearly');
  },
);

test('no run that ended is none', () => {
  expect([ended(null), ended('')]).toEqual([undefined, undefined]);
});
