import fc from 'fast-check';
import { expect, it } from 'vitest';

import { CallCounts, maskMessage } from '../../src/calls/index.js';
import { tries } from '../support/sweeps.js';

// A user would lose: the data of a person, in a place where nobody looks for it.

it.each([
  ['Property "loyalty_points" does not exist', 'Property … does not exist'],
  ['Contact already exists. Existing ID: 151000000012', 'Contact already exists. Existing ID: …'],
  ['A contact with maya.ortiz@example.com is there', 'A contact with … is there'],
  [
    'duplicate value found: Email duplicates value on record with id: 003KB00000QpjRY',
    'duplicate value found: Email duplicates value on record with id: …',
  ],
  ['UNABLE_TO_LOCK_ROW: unable to obtain exclusive access', 'UNABLE_TO_LOCK_ROW: unable to obtain exclusive access'],
  ['The request was sent by Maya Ortiz', 'The request was sent by …'],
])('%s', (message, masked) => {
  expect(maskMessage(message)).toBe(masked);
});

const name = fc.constantFrom('Maya Ortiz', 'Lee Park', 'maya', 'o’brien', 'van der berg', 'Ünal', '李雷', 'x');
const value = fc.oneof(
  name,
  fc.emailAddress(),
  fc.integer({ min: 10, max: 1e12 }).map(String),
  fc.uuid(),
  fc.string({ minLength: 3, maxLength: 20 }).filter((text) => text.trim() !== ''),
);
const template = fc.constantFrom(
  (text: string) => `Value ${text} is not valid`,
  (text: string) => `"${text}" was not one of the allowed options`,
  (text: string) => `record with ${text} already exists`,
  (text: string) => text,
  (text: string) => `invalid input syntax: ${text}, line 3`,
);

it('no value that was sent is in what is kept, however the platform repeats it', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 4 }), template, fc.nat(3), (values, words, at) => {
      const told = values[at % values.length] ?? '';
      const masked = maskMessage(words(told), values);
      const rest = maskMessage(words('123456'));
      // Letters of the value may be in the words around it; it is in what was kept no oftener than there.
      const times = (text: string): number => text.toLowerCase().split(told.trim().toLowerCase()).length - 1;
      if (told.trim().length > 2) expect(times(masked)).toBeLessThanOrEqual(times(rest));
    }),
    { numRuns: tries(4000) },
  );
});

it('two calls that fail for one reason are one kind, whatever they were about', () => {
  const counts = new CallCounts(() => new Date('2026-11-30T10:00:00Z'));
  for (let n = 0; n < 50; n += 1)
    counts.note({
      at: 'crm',
      call: 'update',
      of: 'contacts',
      outcome: 'rejected',
      message: `Property values were not valid: ${1_000_000 + n}`,
      correlationId: `c-${n}`,
    });
  const rows = Object.values(counts.take());
  expect(rows).toMatchObject([{ hours: { [Date.parse('2026-11-30T10:00:00Z') / 3_600_000]: 50 }, example: { correlationId: 'c-0' } }]);
});

it('a call that goes well costs less than two microseconds to count', () => {
  const counts = new CallCounts(() => new Date('2026-11-30T10:00:00Z'));
  const best = Math.min(
    ...Array.from({ length: 5 }, () => {
      const began = performance.now();
      for (let n = 0; n < 100_000; n += 1) counts.note({ at: 'crm', call: 'read', of: 'contacts', outcome: 'ok' });
      return (performance.now() - began) / 100_000;
    }),
  );
  console.log(`${(best * 1e6).toFixed(0)} ns a call`);
  expect(best).toBeLessThan(0.02);
});
