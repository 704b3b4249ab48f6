import { describe, expect, test } from 'vitest';

import { bench, codeOf } from './support.js';

const description = {
  objects: [
    {
      name: 'Order_Line__c',
      fields: [
        { name: 'Deal__c', type: 'reference', to: ['Opportunity'], onDelete: 'master-detail', children: 'Lines' },
        { name: 'Supplier__c', type: 'reference', to: ['Account'], onDelete: 'restrict' },
      ],
    },
  ],
  fields: {
    Contact: [
      { name: 'Level__c', type: 'picklist', options: ['A', 'B'], inactive: ['Old'], restricted: true, default: 'A' },
      { name: 'Ext__c', type: 'string', length: 20, unique: true, externalId: true },
      { name: 'Industry__c', type: 'string', formula: 'Account.Industry' },
      { name: 'Salary__c', type: 'currency', precision: 10, scale: 2 },
    ],
  },
  recordTypes: [{ object: 'Contact', name: 'Partner', isDefault: true }],
  hidden: ['Contact.Salary__c'],
  readOnly: ['Contact.Title'],
} as const;

/** What a user would lose: a connector that believes a field is writable learns better in the middle of a restore. */
describe('what describe tells', () => {
  const described = async (object: string) => {
    const { conn } = await bench({ description: structuredClone(description) as never });
    const told = await conn.describe(object);
    return { told, field: (name: string) => told.fields.find((each) => each.name === name) };
  };

  test('the list of objects has the standard and the custom ones, with prefixes and flags', async () => {
    const { conn } = await bench({ description: structuredClone(description) as never });
    const { sobjects } = await conn.describeGlobal();
    const of = (name: string) => sobjects.find((each) => each.name === name);
    expect(of('Account')).toMatchObject({ keyPrefix: '001', undeletable: true, custom: false, queryable: true, labelPlural: 'Accounts' });
    expect(of('Opportunity')).toMatchObject({ keyPrefix: '006', labelPlural: 'Opportunities' });
    // Neither can be brought back by itself, and users cannot be deleted.
    expect([of('CampaignMember')?.undeletable, of('OpportunityContactRole')?.undeletable, of('User')?.deletable]).toEqual([false, false, false]);
    expect(of('Order_Line__c')).toMatchObject({ custom: true, keyPrefix: 'a00' });
  });

  test('fields that the platform fills in cannot be written, nor compound ones; their parts can', async () => {
    const { field } = await described('Contact');
    expect(field('Id')).toMatchObject({ type: 'id', createable: false, nillable: false, idLookup: true, length: 18 });
    for (const name of ['CreatedDate', 'SystemModstamp', 'Name', 'MailingAddress', 'IsDeleted', 'PhotoUrl'])
      expect(field(name)).toMatchObject({ createable: false, updateable: false });
    expect(field('MailingAddress')).toMatchObject({ type: 'address', filterable: false, queryByDistance: true });
    expect(field('MailingCity')).toMatchObject({ compoundFieldName: 'MailingAddress', createable: true });
    expect(field('LastName')).toMatchObject({ compoundFieldName: 'Name', nillable: false, defaultedOnCreate: false, length: 80 });
    expect(field('OwnerId')).toMatchObject({ nillable: false, defaultedOnCreate: true, referenceTo: ['User'], relationshipName: 'Owner' });
    expect(field('Description')).toMatchObject({ filterable: false, sortable: false, length: 32_000 });
    expect(field('HasOptedOutOfEmail')).toMatchObject({ type: 'boolean', nillable: false, defaultValue: false });
  });

  test('custom fields are as they were set up, and what the user may not see or write is so', async () => {
    const { field } = await described('Contact');
    expect(field('Level__c')).toMatchObject({ custom: true, restrictedPicklist: true });
    expect(field('Level__c')?.picklistValues?.map(({ value, active, defaultValue }) => [value, active, defaultValue])).toEqual([
      ['A', true, true],
      ['B', true, false],
      ['Old', false, false],
    ]);
    expect(field('Ext__c')).toMatchObject({ unique: true, externalId: true, idLookup: true, length: 20 });
    expect(field('Industry__c')).toMatchObject({ calculated: true, createable: false, calculatedFormula: 'Account.Industry' });
    expect(field('Salary__c')).toBeUndefined();
    expect(field('Title')).toMatchObject({ createable: false, updateable: false });
  });

  test('references say where they lead, and what becomes of children; that contacts go with their account is not told', async () => {
    const contact = await described('Contact');
    const task = await described('Task');
    const { told } = await described('Opportunity');
    const account = await described('Account');
    expect(task.field('WhoId')).toMatchObject({
      referenceTo: ['Contact', 'Lead'],
      polymorphicForeignKey: true,
      namePointing: true,
      relationshipName: 'Who',
    });
    expect(contact.field('AccountId')).toMatchObject({ cascadeDelete: false });
    const child = (of: typeof told, field: string) => of.childRelationships.find((each) => each.field === field);
    expect(child(told, 'Deal__c')).toMatchObject({ childSObject: 'Order_Line__c', cascadeDelete: true, relationshipName: 'Lines__r' });
    expect(child(account.told, 'Supplier__c')).toMatchObject({ cascadeDelete: false, restrictedDelete: true });
    expect((await described('Order_Line__c')).field('Deal__c')).toMatchObject({
      relationshipName: 'Deal__r',
      relationshipOrder: 0,
      updateable: false,
    });
  });

  test('record types are told with the default one, and audit fields are writable for who may set them', async () => {
    const { told } = await described('Contact');
    expect(told.recordTypeInfos.map(({ name, defaultRecordTypeMapping, master }) => [name, defaultRecordTypeMapping, master])).toEqual([
      ['Partner', true, false],
      ['Master', false, true],
    ]);
    const { conn } = await bench({ auditFields: true });
    const field = (await conn.describe('Account')).fields.find(({ name }) => name === 'CreatedDate');
    expect(field).toMatchObject({ createable: true, updateable: false });
  });

  test('an object that is not there is not found, and a description of one is refused', async () => {
    const { conn } = await bench();
    expect(await codeOf(conn.describe('Nothing__c'))).toBe('NOT_FOUND');
    await expect(bench({ description: { fields: { Nothing: [] } } })).rejects.toThrow(/Nothing/);
    await expect(bench({ description: { tracked: { Contact: ['Nothing__c'] } } })).rejects.toThrow(/Nothing__c/);
  });
});
