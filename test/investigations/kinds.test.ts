import { expect, test } from 'vitest';

import { kindOf } from '../../src/investigations/labels/kind.js';
import type { Value } from '../../src/records/index.js';
import { field } from '../support/restore-world.js';

/** A user would lose: the kind of a change tells damage from work. */

const SINCE = Date.parse('2026-11-20T00:00:00Z');
const NOW = Date.parse('2026-11-22T00:00:00Z');
const kind = (before: Value, after: Value, schema = field('x')): string => kindOf({ before, after }, schema, SINCE, NOW);

test.each([
  ['Anna', '', 'emptied'],
  ['Anna', null, 'emptied'],
  [null, 'Anna', 'filled'],
  ['Anna', 'undefined', 'artefact'],
  ['Anna', 'Dear {{ first_name }}', 'artefact'],
  ['Müller', 'MÃ¼ller', 'decoded'],
  ['Müller', 'M?ller', 'decoded'],
  ['Müller', 'M??ller', 'decoded'],
  ['日本語', '???', 'decoded'],
  ['R & D', 'R &amp; D', 'decoded'],
  ['MÃ¼ller', 'Müller', 'form'],
  ['Müller', 'MULLER', 'form'],
  ['030 1234567', '+49301234567', 'form'],
  ['1.50', '1.5', 'form'],
  ['2026-03-04', '2026-04-03', 'day-month'],
  ['2026-03-14', '2026-04-13', 'other'],
  ['A long description', 'A long desc', 'shortened'],
  ['2020-01-01', '2026-11-21', 'stamp'],
  // What only looks alike is another value.
  ['500000', '1500000', 'other'],
  ['Anna', 'Berta', 'other'],
  ['Müller', 'Mller', 'other'],
  ['o45', 'o4', 'other'],
] as const)('%s to %s is %s', (before, after, expected) => {
  expect(kind(before, after)).toBe(expected);
});

test('selections lose, gain or change elements', () => {
  const set = field('x', { type: 'set' });
  expect(kind(['a', 'b'], ['a'], set)).toBe('shrunk');
  expect(kind(['a'], ['a', 'b'], set)).toBe('grown');
  expect(kind(['a', 'b'], [], set)).toBe('emptied');
  expect(kind(['a'], ['b'], set)).toBe('shrunk');
});

test('consent is told from other values, and in which direction it went', () => {
  const consent = field('x', { type: 'boolean', optedOut: [true] });
  expect(kind(true, false, consent)).toBe('opted-in');
  expect(kind(true, null, consent)).toBe('opted-in');
  expect(kind(false, true, consent)).toBe('opted-out');
});

test('a long text of letters that an encoding does not have comes to an end', () => {
  const before = '語'.repeat(20_000);
  expect(kind(before, `${'?'.repeat(60_000)}x`)).toBe('other');
  expect(kind(before, '?'.repeat(20_000))).toBe('decoded');
});
