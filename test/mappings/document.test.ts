import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';
import { parse } from 'yaml';

import { RunbackError } from '../../src/lib/index.js';
import { type KindName, kindText, mappingFiles, mappingSchema, parseMapping, type ValueKind } from '../../src/mappings/index.js';
import { problemsIn } from '../../src/workspace/index.js';
import { temporaryFolder } from '../support/store.js';

const GOOD = `version: 1
id: contacts
between: { crm: salesforce/Contact, map: hubspot/contacts }
match: [{ crm: HubSpotId__c, map: key }, { crm: Email, map: email, as: email }]
settle: 5m
on_delete: { crm: inactive in map }
inactive: { map: { hs_lead_status: UNQUALIFIED } }
fields:
  - { crm: Title, map: jobtitle, authority: crm }
  - { crm: Phone, map: phone, authority: crm, as: phone/US, blank: keep, max: 40 }
  - { crm: Status__c, map: hs_lead_status, authority: map, values: { New: NEW, Working: [OPEN, IN_PROGRESS] } }
  - { crm: Email, map: email, two_way: reps and forms both correct it, wins: newest, settle: 1m }
`;

const problems = (text: string): readonly string[] => {
  try {
    parseMapping(text, 'contacts.yml');
  } catch (error) {
    if (!(error instanceof RunbackError)) throw error;
    expect(error.code).toBe('file-invalid');
    const lines = text.split('\n');
    // What the problem points at, and what is said of it.
    return problemsIn(error, 'contacts.yml').map(
      ({ line, column, message }) =>
        `${/^[\w{]+/u.exec(lines[line - 1]?.slice(column - 1) ?? '')?.[0] ?? 'another sign'}: ${message.split('; expected')[0]}`,
    );
  }
  return [];
};

test('a mapping is read with both sides in their order, what it leaves out filled in', () => {
  const mapping = parseMapping(GOOD, 'contacts.yml');
  expect(mapping.sides).toEqual([
    { name: 'crm', platform: 'salesforce', object: 'Contact' },
    { name: 'map', platform: 'hubspot', object: 'contacts' },
  ]);
  expect(mapping.match).toEqual([{ names: ['HubSpotId__c', 'key'] }, { names: ['Email', 'email'], as: { kind: 'email' } }]);
  expect(mapping.onDelete).toEqual(['inactive', undefined]);
  expect(mapping.inactive).toEqual([undefined, { hs_lead_status: 'UNQUALIFIED' }]);
  expect(mapping.fields).toEqual([
    { names: ['Title', 'jobtitle'], flow: { kind: 'one-way', from: 0 }, blank: 'clear', settleMs: 300_000 },
    {
      names: ['Phone', 'phone'],
      flow: { kind: 'one-way', from: 0 },
      as: { kind: 'phone', country: 'US' },
      blank: 'keep',
      max: 40,
      settleMs: 300_000,
    },
    {
      names: ['Status__c', 'hs_lead_status'],
      flow: { kind: 'one-way', from: 1 },
      blank: 'clear',
      settleMs: 300_000,
      values: [
        ['New', 'NEW'],
        ['Working', 'OPEN'],
        ['Working', 'IN_PROGRESS'],
      ],
    },
    {
      names: ['Email', 'email'],
      flow: { kind: 'two-way', reason: 'reps and forms both correct it', wins: 'newest' },
      blank: 'clear',
      settleMs: 60_000,
    },
  ]);
  expect(mapping.place(['fields', 1, 'as'])).toEqual({ line: 10, column: 51 });
});

test.each([
  ['an unknown key', 'blank: keep', 'blnk: keep', 'blnk: "blnk" is no side of this mapping, did you mean "blank"?'],
  ['a kind that is misspelt', 'as: phone/US', 'as: fone/US', 'fone: "fone/US" is no kind of value, did you mean "phone"?'],
  ['a country nobody knows', 'as: phone/US', 'as: phone/XX', 'phone: "XX" is no country whose phone numbers are known'],
  ['too many digits', 'as: phone/US', 'as: number/99', 'number: "99" is no number of digits'],
  ['a zone nobody knows', 'as: phone/US', 'as: date/Mars', 'date: "Mars" is no time zone'],
  ['more after a kind that takes nothing', 'as: phone/US', 'as: email/US', 'email: "email" takes nothing after a slash'],
  ['a field without a side that counts', ', authority: crm }', ' }', '{: does not say which side counts'],
  ['both ways without a reason', 'two_way: reps and forms both correct it', 'two_way: ""', 'another sign: "two_way" does not fit'],
  ['both ways without a winner', ', wins: newest', '', 'two_way: does not say whose value stays when both sides change it'],
  ['a winner nobody knows', 'wins: newest', 'wins: newst', 'newst: "newst" cannot win, did you mean "newest"?'],
  ['a winner of one way', 'blank: keep', 'wins: map', 'wins: is only for a field that goes both ways'],
  ['both authority and both ways', 'blank: keep', 'two_way: why not, wins: map', 'two_way: authority and two_way contradict each other'],
  ['an authority that is no side', 'authority: map', 'authority: mop', 'mop: "mop" is no side of this mapping, did you mean "map"?'],
  ['a side that is left out', 'crm: Title, ', '', '{: names no field of "crm"'],
  ['a match with a field of one side', 'crm: HubSpotId__c, ', '', '{: names no field of "crm"'],
  ['one side', ', map: hubspot/contacts', '', '{: names 1 sides'],
  ['one object type twice', 'salesforce/Contact', 'hubspot/contacts', '{: names one object type twice'],
  ['no object type', 'salesforce/Contact', 'salesforce', 'salesforce: "crm" does not have the right format'],
  [
    'a deletion that cannot be',
    'inactive in map',
    'inactve in map',
    'inactve: "inactve in map" is nothing that can happen, did you mean "inactive"?',
  ],
  ['a deletion on its own side', 'inactive in map', 'inactive in crm', 'inactive: "crm" is not the other side'],
  ['a deletion of no side', '{ crm: inactive', '{ cmr: inactive', 'cmr: "cmr" is no side of this mapping, did you mean "crm"?'],
  ['an option that leads to two', 'New: NEW', 'New: OPEN', 'another sign: "OPEN" leads to "New" and to "Working", and map counts here'],
  ['values of a kind that has none', 'authority: map,', 'authority: map, as: email,', 'email: values and this kind contradict each other'],
  ['a blank that means nothing', 'blank: keep', 'blank: kep', 'kep: "blank" cannot be "kep", did you mean "keep"?'],
  ['a time that is none', 'settle: 5m', 'settle: five', 'five: "settle" does not have the right format'],
])('%s is refused where it stands', (_, from, to, told) => {
  expect(GOOD).toContain(from);
  expect(problems(GOOD.replace(from, to))).toEqual([told]);
});

test('a side with a word of the format as its name is refused', () => {
  expect(problems(GOOD.replaceAll('crm', 'newest'))).toContain('newest: "newest" has a meaning of its own in a mapping');
});

test('a folder gives every mapping with what is wrong with it, and none where it is not there', async () => {
  const dir = join(await temporaryFolder(), 'mappings');
  expect(await mappingFiles(dir)).toEqual([]);
  await mkdir(dir);
  await writeFile(join(dir, 'b.yml'), GOOD);
  await writeFile(join(dir, 'a.yml'), 'version: 2\n');
  await writeFile(join(dir, 'notes.txt'), 'no mapping');
  const files = await mappingFiles(dir);
  expect(files.map(({ id, mapping, problem }) => [id, mapping?.id, problem !== undefined])).toEqual([
    ['a', undefined, true],
    ['b', 'contacts', false],
  ]);
});

test('what a kind is called is what as: takes', () => {
  const kinds: readonly ValueKind[] = [
    { kind: 'phone', country: 'US' },
    { kind: 'number', digits: 2 },
    { kind: 'date', zone: 'America/New_York' },
    { kind: 'list' },
  ];
  for (const kind of kinds) {
    const named: KindName = kind.kind;
    const { fields } = parseMapping(GOOD.replace('as: phone/US', `as: ${kindText(kind)}`), 'contacts.yml');
    expect(fields[1]?.as, named).toEqual(kind);
  }
});

test('every example of the docs and every mapping that comes with runback is read', async () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const page = await readFile(join(root, 'docs/mappings.md'), 'utf8');
  const examples = [...page.matchAll(/^```yaml\n(version: 1\nid:.*?)^```/gmsu)].map(([, text = '']) => text);
  const shipped = await readdir(join(root, 'mappings'));
  expect(examples.length).toBeGreaterThan(0);
  expect(shipped.length).toBeGreaterThan(0);
  for (const text of [...examples, ...(await Promise.all(shipped.map((name) => readFile(join(root, 'mappings', name), 'utf8'))))]) {
    expect(parseMapping(text, 'example.yml').fields.length).toBeGreaterThan(0);
    expect(mappingSchema.safeParse(parse(text)).success).toBe(true);
  }
});

test.each([
  ['New: NEW', '01: NEW', '01 is read as the number 1'],
  ['New: NEW', 'New: 007', '007 is read as the number 7'],
  ['[OPEN, IN_PROGRESS]', '[OPEN, -02]', '-02 is read as the number -2'],
])('%s as %s: an option would lose its zeros', (from, to, told) => {
  expect(problems(GOOD.replace(from, to)).join('\n')).toContain(told);
  const quoted = to.replace(/-?0\d+/u, (code) => `'${code}'`);
  expect(problems(GOOD.replace(from, quoted))).toEqual([]);
});
