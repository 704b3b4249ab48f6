import { expect, test } from 'vitest';

import type { Label } from '../../src/investigations/index.js';
import { LABEL_POINTS } from '../../src/investigations/thresholds.js';
import { labelWords } from '../../src/investigations/verdicts/words.js';
import { linkTitle } from '../../src/records/index.js';
import { WORKS_AT } from '../support/restore-world.js';
import { investigated, key, lived } from './support/lived.js';

/** A user would lose: trust in a screen that says "1 records were created", and minutes over names that nobody knows. */

test.each(Object.keys(LABEL_POINTS) as Label[])('%s is told of one and of many', (label) => {
  const [one, many] = [labelWords(label, undefined, 1), labelWords(label, undefined, 1200)];
  expect(one).not.toMatch(/\b1 \w+(?:ies|[^s]s) |\b(?:were|have|are|hold)\b/u);
  if (label === 'remapped') expect(many).toContain('on 1,200 records');
  else expect(many).toMatch(/^1,200 (?:empty )?(?:values|fields|people|texts|records|numbers|dates|selections|links) /u);
});

test.each([
  [{ kind: 'HUBSPOT_DEFINED-1', label: 'Primary' }, 'contacts to companies (Primary)'],
  [{ kind: 'USER_DEFINED-36', label: 'Former employee' }, 'contacts to companies (Former employee)'],
  [{ kind: 'HUBSPOT_DEFINED-279' }, 'contacts to companies (type 279)'],
  [{ kind: 'people_company_fkey' }, 'contacts to companies (people_company_fkey)'],
])('the kind of link %j is called as people call it', (link, title) => {
  expect(linkTitle({ from: 'contacts', to: 'companies', ...link })).toBe(title);
});

test('a group of links has their title, and its plan too', async () => {
  const world = await lived();
  try {
    const base = await world.take();
    for (let n = 0; n < 30; n += 1) world.connector.relate(WORKS_AT, { from: key(n), to: String((n % 5) + 1) }, false);
    const { header } = await investigated(world, [base, await world.take()]);
    expect(header.groups).toMatchObject([
      { object: 'contacts~companies~primary', title: 'contacts to companies (primary)', what: '30 links were cut' },
    ]);
  } finally {
    await world.close();
  }
});
