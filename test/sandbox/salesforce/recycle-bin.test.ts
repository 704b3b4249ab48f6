import { beforeEach, describe, expect, test } from 'vitest';

import { type Bench, bench, codeOf, envelope, PERSON } from './support.js';

const DAY = 86_400_000;
const description = {
  objects: [
    {
      name: 'Visit__c',
      autoNumber: true,
      fields: [
        { name: 'Deal__c', type: 'reference', to: ['Opportunity'], onDelete: 'master-detail', children: 'Visits' },
        { name: 'Guide__c', type: 'reference', to: ['Contact'] },
        { name: 'Place__c', type: 'reference', to: ['Lead'], onDelete: 'restrict' },
      ],
    },
  ],
  fields: { Contact: [{ name: 'Ext__c', type: 'string', unique: true, externalId: true }] },
} as const;

/** What a user would lose: what a delete took with it comes back by one call or not at all, and never under another id. */
describe('the recycle bin', () => {
  let here: Bench;
  let made: Record<'account' | 'contact' | 'deal' | 'role' | 'visit' | 'task' | 'report' | 'lead', string>;
  const isThere = (object: string, id: string): boolean => here.sandbox.truth().record(object, id) !== undefined;
  const soap = async (name: string, ids: readonly string[], more = '') => {
    const { status, body } = await here.call('POST', '/services/Soap/u/62.0', envelope(name, ids, here.sandbox.token, more));
    const codes = Array.from(
      (body as string).matchAll(/<result>(?:.*?<statusCode>(\w+)<\/statusCode>.*?)?<id>(\w+)<\/id><success>(\w+)/g),
      ([, code, id, success]) => [id, success, code],
    );
    return { status, body: body as string, codes };
  };

  beforeEach(async () => {
    here = await bench({ description: structuredClone(description) as never });
    const writer = here.sandbox.writeAs(PERSON);
    const account = writer.create('Account', { Name: 'Acme' });
    const contact = writer.create('Contact', { LastName: 'One', AccountId: account, Ext__c: 'c-1' });
    const report = writer.create('Contact', { LastName: 'Report', ReportsToId: contact });
    const deal = writer.create('Opportunity', { Name: 'Deal', StageName: 'Prospecting', CloseDate: '2026-12-01', AccountId: account });
    const role = writer.create('OpportunityContactRole', { OpportunityId: deal, ContactId: contact });
    const lead = writer.create('Lead', { LastName: 'L', Company: 'X' });
    const visit = writer.create('Visit__c', { Deal__c: deal, Guide__c: contact, Place__c: lead });
    const task = writer.create('Task', { WhoId: contact });
    made = { account, contact, deal, role, visit, task, report, lead };
  });

  test('a delete takes children with it, clears lookups, and says who did it', async () => {
    here.clock.move(1000);
    expect(await here.conn.sobject('Account').destroy(made.account)).toMatchObject({ success: true });
    for (const [object, id] of [
      ['Account', made.account],
      ['Contact', made.contact],
      ['Opportunity', made.deal],
      ['OpportunityContactRole', made.role],
      ['Visit__c', made.visit],
      ['Task', made.task],
    ] as const)
      expect(isThere(object, id)).toBe(false);
    expect(here.sandbox.truth().record('Contact', made.report)?.['ReportsToId']).toBeUndefined();
    const { records } = await here.conn.query('SELECT Id, LastModifiedBy.Username, SystemModstamp FROM Contact WHERE IsDeleted = true', {
      scanAll: true,
    });
    expect(records).toMatchObject([
      { Id: made.contact, LastModifiedBy: { Username: here.sandbox.username }, SystemModstamp: '2026-11-22T12:00:01.000+0000' },
    ]);
  });

  test('undelete brings it back under the same ids, with children and the lookups that nobody has set since', async () => {
    await here.conn.sobject('Account').destroy(made.account);
    const { status, codes, body } = await soap('undelete', [made.account]);
    expect([status, codes]).toEqual([200, [[made.account, 'true', undefined]]]);
    expect(body).toMatch(/<current>2<\/current><limit>15000<\/limit>/);
    for (const [object, id] of [
      ['Account', made.account],
      ['Contact', made.contact],
      ['Visit__c', made.visit],
      ['OpportunityContactRole', made.role],
    ] as const)
      expect(isThere(object, id)).toBe(true);
    expect(here.sandbox.truth().record('Contact', made.report)?.['ReportsToId']).toBe(made.contact);
    here.sandbox.writeAs(PERSON).remove('Contact', made.contact);
    here.sandbox.writeAs(PERSON).update('Contact', made.report, { ReportsToId: null });
    const other = here.sandbox.writeAs(PERSON).create('Contact', { LastName: 'Other' });
    here.sandbox.writeAs(PERSON).update('Contact', made.report, { ReportsToId: other });
    await soap('undelete', [made.contact]);
    expect(here.sandbox.truth().record('Contact', made.report)?.['ReportsToId']).toBe(other);
  });

  test('the usual client undeletes too', async () => {
    await here.conn.sobject('Contact').destroy(made.contact);
    // jsforce has the call in its SOAP API.
    const result = await (here.conn.soap as unknown as { _invoke(method: string, args: object, schema: unknown): Promise<unknown> })._invoke(
      'undelete',
      { ids: [made.contact] },
      ['any'],
    );
    expect(JSON.stringify(result)).toContain(made.contact);
    expect(isThere('Contact', made.contact)).toBe(true);
  });

  test('what cannot come back says why: not in the bin, gone with a parent, taken since, or of an object that has no such thing', async () => {
    const { sandbox } = here;
    expect((await soap('undelete', [made.account])).codes).toEqual([[made.account, 'false', 'UNDELETE_FAILED']]);
    sandbox.writeAs(PERSON).remove('Account', made.account);
    expect((await soap('undelete', [made.contact, '0017Q00000zzzzzQAA'])).codes.map(([, , code]) => code)).toEqual([
      'UNDELETE_FAILED',
      'INVALID_CROSS_REFERENCE_KEY',
    ]);
    await soap('undelete', [made.account]);
    sandbox.writeAs(PERSON).remove('Contact', made.contact);
    sandbox.writeAs(PERSON).create('Contact', { LastName: 'Two', Ext__c: 'c-1' });
    expect((await soap('undelete', [made.contact])).codes).toEqual([[made.contact, 'false', 'DUPLICATE_VALUE']]);
    expect(isThere('Contact', made.contact)).toBe(false);
    const role = sandbox.writeAs(PERSON).create('OpportunityContactRole', { OpportunityId: made.deal, ContactId: made.report });
    sandbox.writeAs(PERSON).remove('OpportunityContactRole', role);
    const { body, codes } = await soap('undelete', [role]);
    expect(codes).toEqual([[role, 'false', 'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY']]);
    expect(body).toContain('Entity type is not undeletable');
  });

  test('with AllOrNoneHeader all come back or none', async () => {
    here.sandbox.writeAs(PERSON).remove('Contact', made.contact);
    const header = '<urn:AllOrNoneHeader><urn:allOrNone>true</urn:allOrNone></urn:AllOrNoneHeader>';
    const { codes } = await soap('undelete', [made.contact, made.account], header);
    expect(codes.map(([, success, code]) => [success, code])).toEqual([
      ['false', 'ALL_OR_NONE_OPERATION_ROLLED_BACK'],
      ['false', 'UNDELETE_FAILED'],
    ]);
    expect(isThere('Contact', made.contact)).toBe(false);
  });

  test('a session that is none is a fault, as is a call that is not known', async () => {
    const wrong = await here.call('POST', '/services/Soap/u/62.0', envelope('undelete', [made.account], 'no'), { authorization: '' });
    expect([wrong.status, wrong.body]).toEqual([500, expect.stringContaining('<faultcode>sf:INVALID_SESSION_ID</faultcode>')]);
    expect((await soap('convertLead', [])).body).toContain('sf:INVALID_OPERATION');
  });

  test('a relationship that does not allow it keeps its parent, as a deal that is won keeps its account', async () => {
    expect(await codeOf(here.conn.sobject('Lead').destroy(made.lead))).toBe('DELETE_FAILED');
    here.sandbox.writeAs(PERSON).update('Opportunity', made.deal, { StageName: 'Closed Won' });
    expect(await codeOf(here.conn.sobject('Account').destroy(made.account))).toBe('DELETE_FAILED');
    expect(isThere('Contact', made.contact)).toBe(true);
    expect(await codeOf(here.conn.sobject('User').destroy(here.sandbox.org.apiUserId))).toBe('CANNOT_DELETE_ENTITY');
  });

  test('after 15 days it is gone; once it was emptied nothing brings it back, although it is told for a while', async () => {
    await here.conn.sobject('Contact').destroy(made.contact);
    here.clock.move(15 * DAY - 1000);
    expect((await here.call('GET', `/sobjects/Contact/${made.contact}`)).body[0].errorCode).toBe('ENTITY_IS_DELETED');
    here.clock.move(1000);
    expect((await here.call('GET', `/sobjects/Contact/${made.contact}`)).body[0].errorCode).toBe('NOT_FOUND');
    expect((await soap('undelete', [made.contact])).codes[0]?.[2]).toBe('INVALID_CROSS_REFERENCE_KEY');
    await here.conn.sobject('Account').destroy(made.account);
    expect((await soap('emptyRecycleBin', [made.account])).codes).toEqual([[made.account, 'true', undefined]]);
    for (const left of [1, 0]) {
      expect((await here.conn.query('SELECT Id FROM Account', { scanAll: true })).totalSize).toBe(left);
      expect((await here.conn.query('SELECT Id FROM Opportunity', { scanAll: true })).totalSize).toBe(left);
      expect((await soap('undelete', [made.account])).codes[0]?.[2]).toBe(left === 1 ? 'UNDELETE_FAILED' : 'INVALID_CROSS_REFERENCE_KEY');
      here.clock.move(DAY);
    }
    expect((await soap('emptyRecycleBin', [made.lead])).codes[0]?.[1]).toBe('false');
  });

  test('a merge hands over what refers to the lost record, for good; the lost one says where it went, and can come back alone', async () => {
    const writer = here.sandbox.writeAs(PERSON);
    const kept = writer.create('Contact', { LastName: 'Kept', Title: 'Head' });
    const [both, one] = ['Both', 'One'].map((Name) => writer.create('Campaign', { Name }));
    for (const [campaign, contact] of [
      [both, kept],
      [both, made.contact],
      [one, made.contact],
    ] as const)
      writer.link('Campaign', campaign ?? '', 'Contact', contact);
    writer.merge('Contact', made.contact, kept);
    expect(here.sandbox.truth().record('Contact', made.report)).toMatchObject({ ReportsToId: kept });
    const members = [...here.sandbox.truth().records('CampaignMember')].map(({ values }) => [values['CampaignId'], values['ContactId']]);
    expect(members).toEqual([
      [both, kept],
      [one, kept],
    ]);
    const lost = await here.conn.query(`SELECT MasterRecordId, IsDeleted FROM Contact WHERE Id = '${made.contact}'`, { scanAll: true });
    expect(lost.records).toMatchObject([{ MasterRecordId: kept, IsDeleted: true }]);
    expect(here.sandbox.truth().record('Contact', kept)).toMatchObject({ LastName: 'Kept', Title: 'Head' });
    expect((await soap('undelete', [made.contact])).codes[0]?.[1]).toBe('true');
    expect(await here.conn.sobject('Contact').retrieve(made.contact)).toMatchObject({ MasterRecordId: null, LastName: 'One' });
    expect(here.sandbox.truth().record('Contact', made.report)).toMatchObject({ ReportsToId: kept });
    expect(() => writer.merge('Opportunity', made.deal, made.deal)).toThrow(/cannot be merged/);
    expect(() => writer.merge('Contact', kept, kept)).toThrow(/with itself/);
  });

  test('what was deleted and what was changed within minutes is told, for at most 30 days', async () => {
    const { call, clock, conn } = here;
    const at = (ms: number): string => encodeURIComponent(new Date(clock.now().getTime() + ms).toISOString().replace('Z', '+00:00'));
    const ask = async (what: string, object: string, from: number, to: number) =>
      await call('GET', `/sobjects/${object}/${what}/?start=${at(from)}&end=${at(to)}`);
    clock.move(10 * 60_000);
    await conn.sobject('Account').destroy(made.account);
    await conn.sobject('Contact').update({ Id: made.report, Title: 'x' });
    const deleted = (await ask('deleted', 'Contact', -120_000, 120_000)).body;
    expect(deleted).toMatchObject({
      deletedRecords: [{ id: made.contact, deletedDate: '2026-11-22T12:10:00.000+0000' }],
      earliestDateAvailable: '2026-11-22T12:00:00.000+0000',
      latestDateCovered: '2026-11-22T12:10:00.000+0000',
    });
    expect((await ask('updated', 'Contact', -120_000, 120_000)).body.ids).toEqual([made.report]);
    expect((await ask('updated', 'Contact', -3_600_000, -300_000)).body.ids).toEqual([]);
    // Seconds are left out of account.
    expect((await ask('deleted', 'Contact', -60_000, 30_000)).body.deletedRecords).toEqual([]);
    for (const [from, to] of [
      [-31 * DAY, 0],
      [0, 30_000],
      [0, -60_000],
    ] as const)
      expect((await ask('deleted', 'Contact', from, to)).body[0].errorCode).toBe('INVALID_REPLICATION_DATE');
    expect((await ask('deleted', 'Organization', -120_000, 0)).body[0].errorCode).toBe('INVALID_TYPE');
    expect((await call('GET', '/sobjects/Contact/deleted')).status).toBe(400);
  });

  test('a dump keeps what is in the bin: it comes back elsewhere too', async () => {
    await here.conn.sobject('Account').destroy(made.account);
    const other = await bench({ description: structuredClone(description) as never });
    other.sandbox.load(JSON.parse(JSON.stringify(here.sandbox.dump())));
    other.sandbox.writeAs(PERSON).undelete(made.account);
    expect(other.sandbox.truth().record('Contact', made.contact)).toMatchObject({ AccountId: made.account });
    expect(() => other.sandbox.load({ ...here.sandbox.dump(), pod: 'zz' })).toThrow(/instance/);
  });
});
