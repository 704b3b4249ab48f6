import { describe, expect, test } from 'vitest';

import { suffixOf, wideId } from '../../../src/sandbox/salesforce/state/ids.js';
import { bench, codeOf, PERSON } from './support.js';

const fields = {
  Contact: [
    { name: 'Level__c', type: 'picklist', options: ['A', 'B'], restricted: true },
    { name: 'Topics__c', type: 'multipicklist', options: ['Mail', 'Phone', 'Post'] },
    { name: 'Score__c', type: 'double', precision: 5, scale: 2 },
    { name: 'Ext__c', type: 'string', length: 10, unique: true, externalId: true, caseSensitive: true },
    { name: 'Code__c', type: 'string', unique: true, externalId: true },
    { name: 'Seen__c', type: 'datetime' },
    { name: 'Industry__c', type: 'string', formula: 'Account.Industry' },
  ],
} as const;
const options = (more: object = {}) => ({ description: { fields: structuredClone(fields), ...more } as never });

/** What a user would lose: a value that the platform changes or refuses is a conflict a restore has to see coming. */
describe('ids', () => {
  test('the suffix tells capitals; 15 characters are widened, and 18 in the wrong case are set right', () => {
    expect(suffixOf('001000000000000')).toBe('AAA');
    expect(suffixOf('0012800001ABCde')).toBe('AAH');
    expect(wideId('0012800001abcDE')).toBe(`0012800001abcDE${suffixOf('0012800001abcDE')}`);
    const id = `0012800001abcDE${suffixOf('0012800001abcDE')}`;
    expect(wideId(id.toUpperCase())).toBe(id);
    for (const bad of ['', '001', '0012800001abcDE999', '0012800001abcD!']) expect(wideId(bad)).toBeUndefined();
  });

  test('ids begin with the prefix of their object, sort in the order of creation, and are taken in both forms', async () => {
    const { conn, call } = await bench();
    const made = [];
    for (let n = 0; n < 70; n += 1) made.push((await conn.sobject('Account').create({ Name: `No ${n}` })).id ?? '');
    expect([...made].sort()).toEqual(made);
    expect(made.every((id) => id.startsWith('001') && id.length === 18)).toBe(true);
    const [id = ''] = made;
    expect((await call('GET', `/sobjects/Account/${id.slice(0, 15)}?fields=Name`)).body).toMatchObject({ Id: id, Name: 'No 0' });
    expect(await conn.sobject('Contact').create({ LastName: 'X', AccountId: id.slice(0, 15) })).toMatchObject({ success: true });
    expect((await conn.query('SELECT AccountId FROM Contact')).records).toMatchObject([{ AccountId: id }]);
    expect(await codeOf(conn.sobject('Account').retrieve('001000000000zzzAAA'))).toBe('NOT_FOUND');
  });
});

describe('values', () => {
  const stored = async (sent: object): Promise<Record<string, unknown>> => {
    const { conn } = await bench(options());
    const { id = '' } = await conn.sobject('Contact').create({ LastName: 'Example', ...sent });
    return (await conn.sobject('Contact').retrieve(id)) as Record<string, unknown>;
  };
  const refusal = async (sent: object): Promise<unknown> => {
    const { call } = await bench(options());
    const { status, body } = await call('POST', '/sobjects/Contact', { LastName: 'Example', ...sent });
    return [status, body[0].errorCode, body[0].fields ?? []];
  };

  test('texts lose the blanks at their ends, empty ones are null, addresses become lower case', async () => {
    expect(await stored({ Title: '  Head \t', Department: '   ', Email: ' Mia@Example.COM ' })).toMatchObject({
      Title: 'Head',
      Department: null,
      Email: 'mia@example.com',
    });
    expect(await stored({ Title: '\u00a0Head\u3000 ' })).toMatchObject({ Title: '\u00a0Head\u3000' });
  });

  test('compound fields are made of their parts, and cannot be written', async () => {
    const record = await stored({ FirstName: 'Mia', Salutation: 'Dr.', MailingCity: 'Springfield', MailingCountry: 'USA' });
    expect(record).toMatchObject({ Name: 'Mia Example', MailingAddress: { city: 'Springfield', country: 'USA', street: null }, OtherAddress: null });
    expect(await refusal({ Name: 'Mia' })).toEqual([400, 'INVALID_FIELD_FOR_INSERT_UPDATE', ['Name']]);
    expect(await refusal({ MailingAddress: { city: 'x' } })).toEqual([400, 'INVALID_FIELD_FOR_INSERT_UPDATE', ['MailingAddress']]);
  });

  test('a checkbox is never null, numbers keep more digits than their scale, times are UTC in whole seconds', async () => {
    expect(await stored({ Score__c: 237.6314, Seen__c: '2026-11-01T10:00:00.987+02:00' })).toMatchObject({
      HasOptedOutOfEmail: false,
      Score__c: 237.6314,
      Seen__c: '2026-11-01T08:00:00.000+0000',
      CreatedDate: '2026-11-22T12:00:00.000+0000',
    });
    expect(await refusal({ HasOptedOutOfEmail: null })).toEqual([400, 'INVALID_TYPE_ON_FIELD_IN_RECORD', ['HasOptedOutOfEmail']]);
    expect(await refusal({ Score__c: 1000 })).toEqual([400, 'NUMBER_OUTSIDE_VALID_RANGE', ['Score__c']]);
    for (const sent of [{ Score__c: 'many' }, { Birthdate: '2026-02-30' }, { Seen__c: '2026-11-01' }, { HasOptedOutOfEmail: 'maybe' }])
      expect(await refusal(sent)).toEqual([400, 'JSON_PARSER_ERROR', []]);
  });

  test('restricted picklists take what is active; others take anything; sets are put in the order of their definition', async () => {
    expect(await stored({ Level__c: 'a', LeadSource: 'Made up', Topics__c: 'Post;Mail;Post' })).toMatchObject({
      Level__c: 'A',
      LeadSource: 'Made up',
      Topics__c: 'Mail;Post',
    });
    expect(await refusal({ Level__c: 'C' })).toEqual([400, 'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST', ['Level__c']]);
  });

  test('a record type allows only its values, is filled in by default, and cannot be one of another object', async () => {
    const recordTypes = [
      { object: 'Contact', name: 'Partner', isDefault: true, picklists: { Level__c: ['A'] } },
      { object: 'Contact', name: 'Client' },
    ];
    const { conn } = await bench(options({ recordTypes }));
    const types = (await conn.query('SELECT Id, Name FROM RecordType ORDER BY Name DESC')).records;
    expect(types.map(({ Name: name }) => name as string)).toEqual(['Partner', 'Client']);
    const { id = '' } = await conn.sobject('Contact').create({ LastName: 'X', Level__c: 'A' });
    expect(await conn.sobject('Contact').retrieve(id)).toMatchObject({ RecordTypeId: types[0]?.Id });
    expect(await codeOf(conn.sobject('Contact').update({ Id: id, Level__c: 'B' }))).toBe('INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST');
    await conn.sobject('Contact').update({ Id: id, RecordTypeId: types[1]?.Id, Level__c: 'B' });
    expect(await codeOf(conn.sobject('Contact').update({ Id: id, RecordTypeId: id }))).toBe('FIELD_INTEGRITY_EXCEPTION');
  });

  test('what is too long, missing, no address, unknown or read-only is refused by name', async () => {
    expect(await refusal({ FirstName: 'x'.repeat(41) })).toEqual([400, 'STRING_TOO_LONG', ['FirstName']]);
    expect(await refusal({ LastName: ' ' })).toEqual([400, 'REQUIRED_FIELD_MISSING', ['LastName']]);
    expect(await refusal({ Email: 'mia@example' })).toEqual([400, 'INVALID_EMAIL_ADDRESS', ['Email']]);
    expect(await refusal({ Nothing__c: 1 })).toEqual([400, 'INVALID_FIELD', []]);
    expect(await refusal({ CreatedDate: '2026-11-01T10:00:00Z', Industry__c: 'x' })).toEqual([
      400,
      'INVALID_FIELD_FOR_INSERT_UPDATE',
      ['CreatedDate', 'Industry__c'],
    ]);
    expect(await refusal({ Id: '0037Q00000zzzzzQAA' })).toEqual([400, 'INVALID_FIELD_FOR_INSERT_UPDATE', ['Id']]);
  });

  test('a reference has to be of the right object and to be there', async () => {
    expect(await refusal({ AccountId: 'nonsense' })).toEqual([400, 'MALFORMED_ID', ['AccountId']]);
    expect(await refusal({ AccountId: '0017Q00000zzzzzQAA' })).toEqual([400, 'INVALID_CROSS_REFERENCE_KEY', ['AccountId']]);
    expect(await refusal({ AccountId: '0037Q00000zzzzzQAA' })).toEqual([400, 'FIELD_INTEGRITY_EXCEPTION', ['AccountId']]);
    const { conn, sandbox } = await bench(options());
    const gone = sandbox.writeAs(PERSON).create('Account', { Name: 'Gone' });
    sandbox.writeAs(PERSON).remove('Account', gone);
    expect(await codeOf(conn.sobject('Contact').create({ LastName: 'X', AccountId: gone }))).toBe('ENTITY_IS_DELETED');
    const ProfileId = String((await conn.query('SELECT Id FROM Profile')).records[0]?.Id);
    const left = { LastName: 'Left', Username: 'left@example.com', Email: 'left@example.com', Alias: 'left', IsActive: 'false', ProfileId };
    const user = sandbox.writeAs(PERSON).create('User', left);
    expect(await codeOf(conn.sobject('Contact').create({ LastName: 'X', OwnerId: user }))).toBe('INACTIVE_OWNER_OR_USER');
  });

  test('a task is about a contact or a lead, and a reference can be named by an external id', async () => {
    const { conn } = await bench(options());
    const { id = '' } = await conn.sobject('Contact').create({ LastName: 'X', Ext__c: 'c-1' });
    await conn.sobject('Task').create({ Subject: 'Call', Who: { Ext__c: 'c-1' } } as never);
    expect((await conn.query('SELECT WhoId, Status, Priority, IsClosed FROM Task')).records).toMatchObject([
      { WhoId: id, Status: 'Not Started', Priority: 'Normal', IsClosed: false },
    ]);
    const { id: account = '' } = await conn.sobject('Account').create({ Name: 'X' });
    expect(await codeOf(conn.sobject('Task').create({ WhoId: account }))).toBe('FIELD_INTEGRITY_EXCEPTION');
  });

  test('a unique value is free once its record is in the recycle bin; whether case counts is a property of the field', async () => {
    const { conn } = await bench(options());
    const contacts = conn.sobject('Contact');
    const { id = '' } = await contacts.create({ LastName: 'X', Ext__c: 'a', Code__c: 'a' });
    expect(await codeOf(contacts.create({ LastName: 'Y', Code__c: 'A' }))).toBe('DUPLICATE_VALUE');
    await contacts.create({ LastName: 'Y', Ext__c: 'A' });
    await contacts.destroy(id);
    await contacts.create({ LastName: 'Z', Code__c: 'A' });
  });

  test('rules of the account refuse a record, or warn of a double', async () => {
    const description = {
      validationRules: [{ object: 'Opportunity', refuses: 'Amount < 0 AND IsClosed = false', message: 'No negative amounts', field: 'Amount' }],
      duplicateRules: [{ object: 'Contact', match: ['Email'], action: 'alert' }],
    } as const;
    const { conn, call } = await bench({ description: structuredClone(description) as never });
    const deal = { Name: 'X', StageName: 'Prospecting', CloseDate: '2026-12-01' };
    expect(await call('POST', '/sobjects/Opportunity', { ...deal, Amount: -1 })).toMatchObject({
      status: 400,
      body: [{ errorCode: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', message: 'No negative amounts', fields: ['Amount'] }],
    });
    await conn.sobject('Contact').create({ LastName: 'X', Email: 'a@example.com' });
    const twin = { LastName: 'Y', Email: 'A@example.com' };
    expect(await codeOf(conn.sobject('Contact').create(twin))).toBe('DUPLICATES_DETECTED');
    expect((await call('POST', '/sobjects/Contact', twin, { 'Sforce-Duplicate-Rule-Header': 'allowSave=true' })).status).toBe(201);
    await expect(bench({ description: { validationRules: [{ object: 'Account', refuses: 'Name ==', message: 'x' }] } })).rejects.toThrow(
      /unexpected token/,
    );
  });

  test('a deal gets probability, forecast and closing from its stage; a member of a campaign is there once', async () => {
    const { conn } = await bench();
    const { id = '' } = await conn.sobject('Opportunity').create({ Name: 'X', StageName: 'Qualification', CloseDate: '2026-08-01', Amount: 200 });
    const deal = async () => await conn.sobject('Opportunity').retrieve(id);
    expect(await deal()).toMatchObject({ Probability: 10, ExpectedRevenue: 20, IsClosed: false, ForecastCategoryName: 'Pipeline', FiscalQuarter: 3 });
    await conn.sobject('Opportunity').update({ Id: id, StageName: 'Closed Won' });
    expect(await deal()).toMatchObject({ Probability: 100, IsWon: true, ForecastCategory: 'Closed' });
    await conn.sobject('Opportunity').update({ Id: id, StageName: 'Prospecting', Probability: 42 });
    expect(await deal()).toMatchObject({ Probability: 42, IsWon: false });
    const { id: campaign = '' } = await conn.sobject('Campaign').create({ Name: 'X' });
    const { id: lead = '' } = await conn.sobject('Lead').create({ LastName: 'X', Company: 'Y' });
    const member = { CampaignId: campaign, LeadId: lead, Status: 'Responded' };
    await conn.sobject('CampaignMember').create(member);
    expect((await conn.query('SELECT HasResponded, FirstRespondedDate, Type FROM CampaignMember')).records).toMatchObject([
      { HasResponded: true, FirstRespondedDate: '2026-11-22', Type: 'Lead' },
    ]);
    expect(await codeOf(conn.sobject('CampaignMember').create(member))).toBe('DUPLICATE_VALUE');
  });

  test('audit fields can be set on create by who may, never later, and SystemModstamp by nobody', async () => {
    const { conn } = await bench({ auditFields: true });
    const CreatedDate = '2020-01-01T00:00:00.000+0000';
    const { id = '' } = await conn.sobject('Account').create({ Name: 'X', CreatedDate });
    expect(await conn.sobject('Account').retrieve(id)).toMatchObject({ CreatedDate, SystemModstamp: '2026-11-22T12:00:00.000+0000' });
    expect(await codeOf(conn.sobject('Account').update({ Id: id, CreatedDate }))).toBe('INVALID_FIELD_FOR_INSERT_UPDATE');
    expect(await codeOf(conn.sobject('Account').create({ Name: 'X', SystemModstamp: CreatedDate }))).toBe('INVALID_FIELD_FOR_INSERT_UPDATE');
  });

  test('a field that is hidden from the user is not there: not in a record, a query or a write', async () => {
    const { conn, sandbox, call } = await bench();
    const { id = '' } = await conn.sobject('Contact').create({ LastName: 'X', Title: 'Head' });
    sandbox.faults.add({ kind: 'hide-field', field: 'Contact.Title' });
    expect(await codeOf(conn.query('SELECT Title FROM Contact'))).toBe('INVALID_FIELD');
    expect(Object.keys((await call('GET', `/sobjects/Contact/${id}`)).body)).not.toContain('Title');
    expect(await codeOf(conn.sobject('Contact').update({ Id: id, Title: 'x' }))).toBe('INVALID_FIELD');
    expect(sandbox.truth().record('Contact', id)).toMatchObject({ Title: 'Head' });
  });
});
