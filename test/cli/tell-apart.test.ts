import { expect, it } from 'vitest';

import { tellingField } from '../../src/cli/flows/reconciliations/tell-apart.js';

/** A user would lose: an hour over ids, or the wrong one of two people. */

const LEE = { name: 'Lee', title: 'Head', city: 'Bern', tags: ['a', 'b'], notes: 'x'.repeat(90), vip: false };

it.each<
  readonly [string, readonly Record<string, string | boolean | null | readonly string[]>[], string | undefined, readonly (string | undefined)[]]
>([
  ['the first field that is different', [LEE, { ...LEE, title: 'CEO', city: 'Rome' }], 'title', ['Head', 'CEO']],
  [
    'one that tells all of three apart before one that tells two',
    [LEE, { ...LEE, title: 'CEO', city: 'Rome' }, { ...LEE, city: 'Oslo' }],
    'city',
    ['Bern', 'Rome', 'Oslo'],
  ],
  ['nothing is a difference too', [LEE, { ...LEE, city: null }], 'city', ['Bern', undefined]],
  [
    'blank is nothing',
    [
      { ...LEE, city: ' ' },
      { ...LEE, city: null },
    ],
    undefined,
    [],
  ],
  ['a set', [LEE, { ...LEE, tags: ['a'] }], 'tags', ['a, b', 'a']],
  ['a checkbox', [LEE, { ...LEE, vip: true }], 'vip', ['false', 'true']],
  ['a long text, cut', [LEE, { ...LEE, notes: 'y' }], 'notes', [`${'x'.repeat(60)}...`, 'y']],
  ['records that are alike', [LEE, LEE], undefined, []],
  ['one record', [LEE], undefined, []],
])('%s', (_what, records, field, values) => {
  const told = tellingField(records, ['name', 'title', 'city', 'tags', 'notes', 'vip']);
  expect([told?.field, told?.values ?? []]).toEqual([field, values]);
});
