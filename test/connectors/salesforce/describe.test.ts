import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Connector, PlatformSchema } from '../../../src/connectors/index.js';
import { fieldsOf } from '../../../src/connectors/salesforce/describe/fields.js';
import { rowsOfCsv } from '../../../src/connectors/salesforce/wire/csv.js';
import { wholeId } from '../../../src/connectors/salesforce/wire/ids.js';
import type { WireField } from '../../../src/connectors/salesforce/wire/shapes.js';
import type { FieldSchema } from '../../../src/records/index.js';
import { type Bench, openBench, VISIT } from './support.js';

/** A user would lose values that a plan takes for writable and that are not, or links that it does not know. */

let bench: Bench;
let connector: Connector;
let schema: PlatformSchema;
beforeAll(async () => {
  bench = await openBench({
    description: {
      objects: [VISIT, { name: 'Stop__c', fields: [{ name: 'Visit__c', type: 'reference', to: ['Visit__c'], onDelete: 'master-detail' }] }],
      fields: {
        Contact: [
          { name: 'Level__c', type: 'picklist', options: ['New', 'Won'], inactive: ['Old'], restricted: true },
          { name: 'Free__c', type: 'picklist', options: ['A', 'B'] },
          { name: 'Industry__c', type: 'string', formula: 'Account.Industry' },
        ],
      },
    },
  });
  connector = await bench.open();
  schema = await connector.describe(['Stop__c', 'Contact', 'Account', 'User', 'Opportunity', 'CampaignMember', 'Campaign', 'Visit__c']);
});
afterAll(async () => await bench.stop());

const field = (object: string, name: string): FieldSchema | undefined =>
  schema.objects.find((each) => each.object === object)?.fields.find((each) => each.name === name);

test('parents come before what refers to them', () => {
  const order = schema.objects.map(({ object }) => object);
  expect(order).toHaveLength(8);
  for (const [parent, child] of [
    ['User', 'Account'],
    ['Account', 'Contact'],
    ['Visit__c', 'Stop__c'],
    ['Campaign', 'CampaignMember'],
  ] as const)
    expect(order.indexOf(parent), `${parent} before ${child}`).toBeLessThan(order.indexOf(child));
});

describe('fields', () => {
  test.each([
    ['Contact', 'LastName', { type: 'string', readOnly: false, required: true }],
    ['Contact', 'Name', { readOnly: true }],
    ['Contact', 'MailingCity', { readOnly: false, group: 'MailingAddress' }],
    ['Contact', 'HasOptedOutOfEmail', { type: 'boolean', optedOut: [true] }],
    ['Contact', 'Level__c', { type: 'enum', options: ['New', 'Won'] }],
    ['Contact', 'Free__c', { type: 'enum', offers: ['A', 'B'] }],
    ['Contact', 'OwnerId', { refersTo: ['User'], required: true, filledOnCreate: true }],
    ['Contact', 'Industry__c', { readOnly: true }],
    ['Contact', 'SystemModstamp', { type: 'datetime', readOnly: true, setByItself: true }],
    ['Contact', 'AccountId', { type: 'string', readOnly: false, platformType: 'reference(Account)' }],
    ['Opportunity', 'StageName', { setsAlso: ['Probability', 'ForecastCategoryName'] }],
    ['Opportunity', 'Amount', { type: 'number' }],
    ['CampaignMember', 'CampaignId', { readOnly: true, givenOnCreate: true, required: true }],
    ['Visit__c', 'Code__c', { unique: true, maxLength: 80 }],
  ] as const)('%s.%s', (object, name, what) => expect(field(object, name)).toMatchObject(what));

  test('a choice that takes any value has no options, and people see the labels of both', async () => {
    expect(field('Contact', 'Free__c')).not.toHaveProperty('options');
    const labels = await connector.optionLabels?.('Contact');
    expect([...(labels?.get('Level__c')?.keys() ?? [])]).toEqual(['New', 'Won']);
  });

  test.each([
    ['Contact', 'Id'],
    ['Contact', 'MailingAddress'],
    ['Contact', 'IsDeleted'],
    ['Contact', 'MasterRecordId'],
  ])('%s.%s is none', (object, name) => expect(field(object, name)).toBeUndefined());
});

test('references are links of the fields that hold them, owners too, and what cannot come back is said', () => {
  const links = schema.links.map(({ kind, from, to, viaFields, required = false }) => [from, kind, to, viaFields, required]);
  expect(links).toContainEqual(['Contact', 'AccountId', 'Account', ['AccountId'], false]);
  expect(links).toContainEqual(['Contact', 'OwnerId', 'User', ['OwnerId'], true]);
  expect(links).toContainEqual(['Stop__c', 'Visit__c', 'Visit__c', ['Visit__c'], true]);
  expect(Object.fromEntries(schema.objects.map(({ object, undelete }) => [object, undelete]))).toMatchObject({
    Contact: true,
    CampaignMember: false,
    User: false,
  });
});

test('without names, those are described that people make and change', async () => {
  const all = (await connector.describe(undefined)).objects.map(({ object }) => object);
  expect(all).toEqual(expect.arrayContaining(['Account', 'Contact', 'Lead', 'Opportunity', 'Visit__c']));
  for (const object of ['Profile', 'ContactHistory', 'Organization']) expect(all).not.toContain(object);
});

test('an id of 15 characters gets the three that say which letters are capitals; another one is none', () => {
  expect(wholeId('001xx000003DGb1')).toBe('001xx000003DGb1AAG');
  expect(wholeId('001xx000003DGb1AAG')).toBe('001xx000003DGb1AAG');
  for (const text of ['001xx000003DGb1AAA', '001xx000003DGb', '', 'not an id at all', "001xx000003DGb'"]) expect(wholeId(text)).toBeUndefined();
});

test('CSV is taken apart as it was put together', () => {
  const rows = (text: string): unknown => [...rowsOfCsv(text)];
  expect(rows('"Id","A"\n"1","x, ""y"""\n"2",""\n')).toEqual([
    ['Id', 'A'],
    ['1', 'x, "y"'],
    ['2', ''],
  ]);
  expect(rows('a,b\r\n"one\ntwo",\r\n,')).toEqual([
    ['a', 'b'],
    ['one\ntwo', ''],
    ['', ''],
  ]);
  expect(rows('')).toEqual([]);
  expect(() => rows('"a')).toThrow(SyntaxError);
});

test('what a value means something only together with, and what is not read as it stands, is told of single fields', () => {
  const wire = (name: string, type: string, more: Partial<WireField>): WireField => ({ name, type, createable: true, updateable: true, ...more });
  const deal = {
    name: 'Deal__c',
    fields: [
      wire('CurrencyIsoCode', 'picklist', { restrictedPicklist: true, picklistValues: [{ value: 'EUR' }] }),
      wire('Amount__c', 'currency', { precision: 18, scale: 2 }),
      wire('Country__c', 'picklist', {}),
      wire('City__c', 'picklist', { dependentPicklist: true, controllerName: 'Country__c' }),
      wire('Passport__c', 'encryptedstring', { length: 20 }),
      wire('Notes__c', 'textarea', { length: 32_768, extraTypeInfo: 'richtextarea' }),
    ],
  };
  const fields = fieldsOf(deal, true);
  expect(Object.fromEntries(fields.map((each) => [each.name, each]))).toMatchObject({
    Amount__c: { currencyIn: 'CurrencyIsoCode' },
    City__c: { optionsBy: 'Country__c' },
    Passport__c: { masked: true },
    Notes__c: { markup: true },
  });
});
