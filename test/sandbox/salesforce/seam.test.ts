import { describe, expect, test } from 'vitest';

import { control } from '../../contracts/sandbox/platform.js';
import { bench, codeOf, PERSON } from './support.js';

/** What a user would lose: a drill judges a repair by the truth of the account and by what it set off. */
describe('the seam', () => {
  test('links are the references between records, by their field, and records between two others', async () => {
    const { sandbox } = await bench();
    const writer = sandbox.writeAs(PERSON);
    const account = writer.create('Account', { Name: 'X' });
    const contact = writer.create('Contact', { LastName: 'X' });
    const campaign = writer.create('Campaign', { Name: 'X' });
    writer.link('Account', account, 'Contact', contact);
    writer.link('Contact', contact, 'Campaign', campaign);
    writer.link('Campaign', campaign, 'Contact', contact);
    const kinds = (): string[] => [...sandbox.truth().links()].map(({ kind, to }) => `${kind} ${to}`).sort();
    expect(kinds()).toEqual([`CampaignMember.CampaignId ${campaign}`, `CampaignMember.ContactId ${contact}`, `Contact.AccountId ${account}`]);
    writer.unlink('Contact', contact, 'Campaign', campaign);
    writer.unlink('Contact', contact, 'Account', account);
    expect(kinds()).toEqual([]);
    const [a, b] = [writer.create('Lead', { LastName: 'X', Company: 'Y' }), account];
    expect(() => writer.link('Lead', a, 'Account', b)).toThrow(/cannot be linked/);
  });

  test('the truth holds what can be written, sets sorted, and nothing that the platform works out or sets up', async () => {
    const { sandbox } = await bench({
      description: { fields: { Contact: [{ name: 'Topics__c', type: 'multipicklist', options: ['b', 'a'] }] } },
      facts: { isSandbox: false },
    });
    const key = sandbox.writeAs(PERSON).create('Contact', { FirstName: 'Mia', LastName: 'X', Topics__c: 'a;b' });
    const values = sandbox.truth().record('Contact', key) ?? {};
    expect(values).toMatchObject({ FirstName: 'Mia', Topics__c: 'a;b', HasOptedOutOfEmail: 'false' });
    for (const name of ['Id', 'Name', 'CreatedDate', 'SystemModstamp', 'IsEmailBounced']) expect(values).not.toHaveProperty(name);
    expect(sandbox.truth().objects).not.toContain('User');
    expect(sandbox.truth().objects).toContain('CampaignMember');
  });

  test('what is back-dated is dated so, and sets nothing off', async () => {
    const { conn, sandbox } = await bench();
    sandbox.automate({ id: '1', name: 'x', object: 'Account', enabled: true, when: { on: 'create' }, does: [] });
    sandbox.writeAs(PERSON).create('Account', { Name: 'X' }, Date.parse('2025-03-01T10:00:00Z'));
    expect((await conn.query('SELECT CreatedDate, LastModifiedDate FROM Account')).records).toMatchObject([
      { CreatedDate: '2025-03-01T10:00:00.000+0000', LastModifiedDate: '2025-03-01T10:00:00.000+0000' },
    ]);
    expect(sandbox.effects()).toEqual([]);
  });

  test('a flow writes as the user who set it off, and what it cannot write is told as refused', async () => {
    const { conn, sandbox } = await bench();
    const does = [
      { do: 'set', values: { Site: 'set by a flow' } },
      { do: 'set', values: { AnnualRevenue: 'many' } },
    ] as const;
    sandbox.automate({ id: '301', name: 'x', object: 'Account', enabled: true, when: { on: 'create' }, does });
    const { id = '' } = await conn.sobject('Account').create({ Name: 'X' });
    expect(await conn.sobject('Account').retrieve(id)).toMatchObject({ Site: 'set by a flow', LastModifiedById: sandbox.org.apiUserId });
    expect(sandbox.effects().map((each) => [each.kind, 'refused' in each])).toEqual([
      ['enrolment', false],
      ['write', false],
      ['write', true],
    ]);
    expect(sandbox.effects()[0]?.because).toEqual({ by: 'api', app: sandbox.connectedApp.clientId });
    const account = sandbox.writeAs(PERSON).create('Account', { Name: 'Y' });
    const made = (await conn.sobject('Account').retrieve(account)) as Readonly<Record<string, unknown>>;
    expect(made).toMatchObject({ Site: 'set by a flow', LastModifiedById: made['CreatedById'] });
    // The flow's own write was not asked for by anybody.
    expect(sandbox.writes().map(({ action }) => action)).toEqual(['create', 'create']);
  });

  test('ids are one endpoint in the counts, and a record that was made twice shows', async () => {
    const { conn, sandbox } = await bench();
    for (let n = 0; n < 2; n += 1) {
      const { id = '' } = await conn.sobject('Contact').create({ LastName: 'X', Email: 'a@example.com' });
      await conn.sobject('Contact').retrieve(id);
    }
    expect(sandbox.counts()).toMatchObject({
      byEndpoint: { 'GET /services/data/v62.0/sobjects/Contact/{id}': 2, 'POST /services/data/v62.0/sobjects/Contact': 2 },
      repeatedCreates: { 'Contact/a@example.com': 2 },
    });
  });

  test('another process sets faults of Salesforce, limits and the session', async () => {
    const { sandbox, call } = await bench();
    expect((await control(sandbox, 'POST', 'faults', { kind: 'expire-session' })).status).toBe(200);
    expect((await call('GET', '/limits')).status).toBe(401);
    await control(sandbox, 'POST', 'token');
    await control(sandbox, 'PATCH', 'limits', { perDay: 1 });
    expect((await call('GET', '/limits')).status).toBe(200);
    expect((await call('GET', '/limits')).status).toBe(403);
    expect((await control(sandbox, 'POST', 'faults', { kind: 'lock-row', ids: 7 })).status).toBe(400);
    expect((await control(sandbox, 'GET', '')).body).toMatchObject({ account: sandbox.account });
    sandbox.writeAs(PERSON).create('Account', { Name: 'X' });
    expect((await control(sandbox, 'GET', 'records/Account')).body).toHaveLength(1);
    expect((await control(sandbox, 'GET', 'writes')).body).toHaveLength(1);
  });

  test('a lost answer of a create leaves a record that its external id finds', async () => {
    const { conn, sandbox } = await bench({
      description: { fields: { Account: [{ name: 'Ext__c', type: 'string', unique: true, externalId: true }] } },
    });
    sandbox.faults.add({ kind: 'drop-answer', method: 'POST' });
    await expect(conn.sobject('Account').create({ Name: 'X', Ext__c: 'e-1' })).rejects.toThrow(Error);
    expect((await conn.query("SELECT Name FROM Account WHERE Ext__c = 'e-1'")).totalSize).toBe(1);
    expect(await codeOf(conn.sobject('Account').create({ Name: 'X', Ext__c: 'e-1' }))).toBe('DUPLICATE_VALUE');
  });
});
