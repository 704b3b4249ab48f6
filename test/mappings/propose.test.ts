import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseMapping, proposePairs, proposedText, type ProposedSide } from '../../src/mappings/index.js';
import { field, object } from './support/pair.js';

/** A user would lose: the afternoon in which 200 fields are typed into a file, and the pairs that nobody thought of. */

const left: ProposedSide = {
  name: 'salesforce',
  platform: 'salesforce',
  schema: object('Contact', [
    field('FirstName', 'string', { maxLength: 40 }),
    field('LastName', 'string', { maxLength: 80 }),
    field('Email', 'string', { platformType: 'email' }),
    field('Title', 'string'),
    field('Phone', 'string', { platformType: 'phone' }),
    field('MobilePhone', 'string', { platformType: 'phone' }),
    field('MailingCity', 'string'),
    field('MailingPostalCode', 'string', { label: 'Mailing Zip/Postal Code' }),
    field('Lead_Status__c', 'enum', { label: 'Lead Status', options: ['New', 'In Progress', 'Dead'] }),
    field('Birthdate', 'date'),
    field('HubSpotId__c', 'string', { unique: true }),
    field('AccountId', 'string', { platformType: 'reference(Account)' }),
    field('LastModifiedDate', 'datetime', { readOnly: true, setByItself: true }),
    field('Weird__c', 'bytes'),
  ]),
};
const right: ProposedSide = {
  name: 'hubspot',
  platform: 'hubspot',
  schema: object('contacts', [
    field('firstname', 'string'),
    field('lastname', 'string', { maxLength: 20 }),
    field('email', 'string', { unique: true }),
    field('jobtitle', 'string'),
    field('phone', 'string'),
    field('mobilephone', 'string'),
    field('city', 'string'),
    field('zip', 'string'),
    field('hs_lead_status', 'enum', { options: ['NEW', 'IN_PROGRESS', 'OPEN'] }),
    field('date_of_birth', 'string'),
    field('weird', 'boolean'),
    field('lastmodifieddate', 'datetime', { readOnly: true }),
  ]),
};

test('fields that mean the same are found by names and labels, and others are not', () => {
  expect(
    proposePairs(left, right)
      .map(({ fields, as, score }) => [...fields.map(({ name }) => name), as ?? '', score >= 0.85 ? 'sure' : ''].join(' ').trim())
      .sort(),
  ).toEqual([
    'Birthdate date_of_birth date sure',
    'Email email email sure',
    'FirstName firstname  sure',
    'LastName lastname  sure',
    'Lead_Status__c hs_lead_status  sure',
    'MailingCity city  sure',
    'MailingPostalCode zip  sure',
    'MobilePhone mobilephone phone sure',
    'Phone phone phone sure',
    'Title jobtitle  sure',
  ]);
});

test('the file says what was found: options, lengths, kinds, a way of matching, what is not mapped', () => {
  const text = proposedText({ id: 'contacts', sides: [left, right], pairs: proposePairs(left, right), authority: 0, country: 'US' });
  const mapping = parseMapping(text, 'contacts.yml');
  expect(mapping.match).toEqual([{ names: ['HubSpotId__c', 'key'] }, { names: ['Email', 'email'], as: { kind: 'email' } }]);
  const of = (name: string) => mapping.fields.find(({ names }) => names[0] === name);
  expect(of('Lead_Status__c')?.values).toEqual([
    ['New', 'NEW'],
    ['In Progress', 'IN_PROGRESS'],
  ]);
  expect(text).toContain('has options without a counterpart: Dead');
  expect(of('LastName')?.max).toBe(20);
  expect(of('Phone')?.as).toEqual({ kind: 'phone', country: 'US' });
  expect(text).toMatch(/# Not mapped, of salesforce: HubSpotId__c, AccountId, Weird__c/u);
});

test('a field that cannot be written on the other side counts, whatever was chosen', () => {
  const sides = [left, { ...right, schema: { ...right.schema, fields: right.schema.fields.map((one) => ({ ...one, readOnly: true })) } }] as const;
  const mapping = parseMapping(proposedText({ id: 'x', sides, pairs: proposePairs(...sides), authority: 0 }), 'x.yml');
  expect(new Set(mapping.fields.map(({ flow }) => (flow.kind === 'one-way' ? flow.from : 'both')))).toEqual(new Set([1]));
});

test('whatever fields and options are called, the file is one that can be read, and says exactly that', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }),
    fc.constantFrom('true', 'null', '#', 'a: b', "it's", '- x', 'é', '1', '{}', 'a\nb: c'),
  );
  const fields = fc.uniqueArray(fc.tuple(name, fc.uniqueArray(name, { maxLength: 4 })), { minLength: 1, maxLength: 4, selector: ([each]) => each });
  fc.assert(
    fc.property(fields, (given) => {
      const schema = object(
        'o/x: y',
        given.map(([each, options]) => field(each, 'enum', { options, label: `${each}\n` })),
      );
      const sides = [
        { name: 'a', platform: 'one', schema },
        { name: 'b', platform: 'two', schema },
      ] as const;
      const pairs = proposePairs(...sides).filter(({ fields: [one] }) => one.name !== '__proto__');
      if (pairs.length === 0) return;
      const mapping = parseMapping(proposedText({ id: 'x', sides, pairs, authority: 1 }), 'x.yml');
      expect(mapping.fields.map(({ names }) => names)).toEqual(pairs.map(({ fields: both }) => both.map((each) => each.name)));
      expect(mapping.sides[0].object).toBe('o/x: y');
    }),
    { seed: 20261130, numRuns: 500 },
  );
});
