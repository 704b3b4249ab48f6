import { expect, test } from 'vitest';

import { comparisonOf, matchForms } from '../../../src/checks/reconcile/rows/columns.js';
import { parseMapping } from '../../../src/mappings/index.js';
import type { PlatformRecord } from '../../../src/records/index.js';
import { field, object } from '../../mappings/support/pair.js';

/** A user would lose: every record told as missing, since reports of Salesforce give ids of 15 characters and its API of 18. */

const SHORT = '0035g00000AbCdE';
const WHOLE = '0035g00000AbCdEAAV';
const record = (key: string, crmId: string): PlatformRecord => ({ key, fields: { crm_id: crmId }, meta: {} });

const comparison = (as: string, keyAs?: 'id'): ReturnType<typeof comparisonOf> =>
  comparisonOf(
    parseMapping(
      `version: 1\nid: m\nbetween: { crm: s/Contact, map: h/contacts }\nmatch: [{ crm: key, map: crm_id${as} }]\nfields:\n  - { crm: A, map: a, authority: crm }\n`,
      'm.yml',
    ),
    [
      object('Contact', [field('A', 'string')], keyAs === undefined ? {} : { keyAs }),
      object('contacts', [field('a', 'string'), field('crm_id', 'string', { unique: true })]),
    ],
  );

test.each([
  ['the key of a record of Salesforce', '', 'id'],
  ['a field that says so', ', as: id', undefined],
] as const)('an id of 15 characters is that of 18: %s', (_, as, keyAs) => {
  const one = comparison(as, keyAs);
  expect(matchForms(one, 0, record(WHOLE, ''))).toEqual([WHOLE]);
  expect(matchForms(one, 1, record('1', SHORT))).toEqual([WHOLE]);
  expect(matchForms(one, 1, record('1', ` ${WHOLE} `))).toEqual([WHOLE]);
  // Other letters are another record, and a spreadsheet that changed them leaves none.
  expect(matchForms(one, 1, record('1', SHORT.toLowerCase()))).not.toEqual([WHOLE]);
  expect(matchForms(one, 1, record('1', WHOLE.toLowerCase()))).toEqual([undefined]);
});

test('elsewhere a text stays the text that it is', () => {
  expect(matchForms(comparison(''), 1, record('1', SHORT))).toEqual([SHORT]);
});
