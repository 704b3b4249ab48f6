import { Client } from '@hubspot/api-client';
import { describe, expect, it } from 'vitest';

import { integration, person } from '../../src/sandbox/index.js';
import { bench } from './support.js';

const CONTACTS = '/crm/v3/objects/contacts';

describe('rules of the account', () => {
  it('keeps a lifecycle stage that would move backwards, answers 2xx, and lets it move once it was cleared', async () => {
    const to = await bench({ account: { tellsCleared: true } });
    const id = to.sandbox.writeAs(person(1)).create('contacts', { email: 'a@example.com', lifecyclestage: 'customer' });
    const set = async (lifecyclestage: string): Promise<readonly unknown[]> => {
      const { status, body } = await to.call('PATCH', `${CONTACTS}/${id}`, { properties: { lifecyclestage } });
      return [status, (body.properties as Record<string, unknown>).lifecyclestage];
    };
    expect(await set('lead')).toEqual([200, 'customer']);
    expect(await set('')).toEqual([200, '']);
    expect(await set('lead')).toEqual([200, 'lead']);
    expect(await set('evangelist')).toEqual([200, 'evangelist']);
  });

  it('refuses an option that was taken away, also where it is the value that the record holds, and takes two alike for none', async () => {
    const to = await bench();
    const id = to.sandbox.writeAs(person(1)).create('contacts', { email: 'a@example.com', hs_lead_status: 'CONNECTED' });
    const settings = '/crm/v3/properties/contacts/hs_lead_status';
    const options = (...values: readonly string[]): object => ({ options: values.map((value) => ({ label: `The ${value}`, value })) });
    expect((await to.call('PATCH', settings, options('NEW', 'Connected'))).status).toBe(200);
    expect(await to.call('GET', `${CONTACTS}/${id}?properties=hs_lead_status`)).toMatchObject({
      body: { properties: { hs_lead_status: 'CONNECTED' } },
    });
    expect(await to.call('PATCH', `${CONTACTS}/${id}`, { properties: { hs_lead_status: 'CONNECTED' } })).toMatchObject({
      status: 400,
      body: { category: 'VALIDATION_ERROR', errors: [{ code: 'INVALID_OPTION', context: { propertyName: ['hs_lead_status'] } }] },
    });
    expect((await to.call('PATCH', settings, options('NEW', 'NEW'))).status).toBe(400);
    expect((await to.call('PATCH', settings, { options: ['NEW', 'OPEN'].map((value) => ({ label: 'Same', value })) })).status).toBe(400);
    to.sandbox.setOptions('contacts', 'hs_lead_status', ['Connected', 'CONNECTED']);
    expect(await to.call('GET', settings)).toMatchObject({
      body: {
        options: [
          { value: 'Connected', label: 'The Connected' },
          { value: 'CONNECTED', label: 'CONNECTED' },
        ],
      },
    });
    for (const [object, name] of [
      ['contacts', 'firstname'],
      ['contacts', 'hubspot_owner_id'],
      ['deals', 'dealstage'],
    ] as const)
      expect(() => to.sandbox.setOptions(object, name, ['a']), name).toThrow(/cannot be changed/u);
  });

  it('answers with the other record for an id that was merged away', async () => {
    const to = await bench();
    const client = new Client({ accessToken: to.sandbox.token, basePath: to.sandbox.url });
    const [kept, gone] = ['k', 'g'].map((name) =>
      to.sandbox.writeAs(person(1)).create('contacts', { email: `${name}@example.com`, firstname: name }),
    ) as [string, string];
    await client.crm.contacts.basicApi.merge({ primaryObjectId: kept, objectIdToMerge: gone });
    const read = await client.crm.contacts.basicApi.getById(gone, ['email', 'hs_merged_object_ids', 'hs_additional_emails']);
    expect(read).toMatchObject({
      id: kept,
      properties: { email: 'k@example.com', hs_merged_object_ids: gone, hs_additional_emails: 'g@example.com' },
    });
    const batch = await client.crm.contacts.batchApi.read({ inputs: [{ id: gone }], properties: ['email'], propertiesWithHistory: [] });
    expect(batch.results.map((each) => each.id)).toEqual([kept]);
    expect((await client.crm.contacts.basicApi.getPage()).results.map((each) => each.id)).toEqual([kept]);
  });

  it('keeps the history of both records that were merged, whichever value stayed', async () => {
    const to = await bench();
    const maya = to.sandbox.writeAs(person(1));
    const [kept, gone] = ['k', 'g'].map((name) => maya.create('contacts', { email: `${name}@example.com`, city: name })) as [string, string];
    maya.update('contacts', gone, { city: 'Oslo' });
    maya.merge('contacts', gone, kept);
    const client = new Client({ accessToken: to.sandbox.token, basePath: to.sandbox.url });
    const read = await client.crm.contacts.basicApi.getById(kept, ['city'], ['city']);
    expect(read.properties['city']).toBe('k');
    expect(read.propertiesWithHistory?.['city']?.map(({ value }) => value).sort()).toEqual(['Oslo', 'g', 'k']);
  });

  it('tells no history of some properties, although they hold a value', async () => {
    const to = await bench({ account: { withoutHistory: ['contacts/city'] } });
    const id = to.sandbox.writeAs(person(1)).create('contacts', { email: 'k@example.com', city: 'Oslo', jobtitle: 'Boss' });
    const client = new Client({ accessToken: to.sandbox.token, basePath: to.sandbox.url });
    const read = await client.crm.contacts.basicApi.getById(id, ['city'], ['city', 'jobtitle']);
    expect(read.properties['city']).toBe('Oslo');
    expect(Object.keys(read.propertiesWithHistory ?? {})).toEqual(['jobtitle']);
  });

  it('blocks the address of a contact that was erased', async () => {
    const to = await bench();
    const id = to.sandbox.writeAs(person(1)).create('contacts', { email: 'gone@example.com' });
    expect((await to.call('POST', `${CONTACTS}/gdpr-delete`, { objectId: id })).status).toBe(204);
    expect(await to.call('POST', CONTACTS, { properties: { email: 'gone@example.com' } })).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'GDPR_BLOCKED' }] },
    });
    expect((await to.call('GET', `${CONTACTS}/${id}?archived=true`)).status).toBe(404);
  });

  it('tells who changed which property when, newest first', async () => {
    const to = await bench();
    const id = to.sandbox.writeAs(integration('77', 'MarketSync')).create('contacts', { email: 'h@example.com', jobtitle: 'One' });
    to.sandbox.writeAs(person(42)).update('contacts', id, { jobtitle: 'Two' });
    await to.call('PATCH', `${CONTACTS}/${id}`, { properties: { jobtitle: '' } });
    const read = await to.call('GET', `${CONTACTS}/${id}?propertiesWithHistory=jobtitle`);
    expect((read.body.propertiesWithHistory as { jobtitle: unknown[] }).jobtitle).toMatchObject([
      { value: '', sourceType: 'INTEGRATION', sourceId: '8840213', sourceLabel: 'runback' },
      { value: 'Two', sourceType: 'CRM_UI', sourceId: 'userId:42', updatedByUserId: 42 },
      { value: 'One', sourceType: 'INTEGRATION', sourceId: '77', sourceLabel: 'MarketSync' },
    ]);
    expect((await to.call('GET', `${CONTACTS}/${id}?properties=hs_object_source,hs_object_source_id`)).body.properties).toMatchObject({
      hs_object_source: 'INTEGRATION',
      hs_object_source_id: '77',
    });
  });

  it('lets a person bring an archived record back under its id, without its links, unless the address was taken since', async () => {
    const to = await bench();
    const somebody = to.sandbox.writeAs(person(1));
    const [contact, company] = [somebody.create('contacts', { email: 'b@example.com' }), somebody.create('companies', { name: 'B' })];
    somebody.link('contacts', contact, 'companies', company);
    somebody.archive('contacts', contact);
    somebody.apply({ action: 'undelete', object: 'contacts', id: contact });
    expect((await to.call('GET', `${CONTACTS}/${contact}`)).status).toBe(200);
    expect(to.sandbox.links()).toEqual([]);
    somebody.archive('contacts', contact);
    somebody.create('contacts', { email: 'b@example.com' });
    expect(() => somebody.apply({ action: 'undelete', object: 'contacts', id: contact })).toThrow(/already exists/);
  });

  it('does not count a write that changes nothing as a change', async () => {
    const to = await bench();
    const id = to.sandbox.writeAs(person(1)).create('contacts', { email: 'n@example.com', firstname: 'Same' });
    const before = to.sandbox.records('contacts')[0];
    await to.call('PATCH', `${CONTACTS}/${id}`, { properties: { firstname: 'Same' } });
    expect(to.sandbox.records('contacts')[0]).toEqual(before);
    expect(to.sandbox.writes().map(({ action, changed }) => [action, changed])).toEqual([
      ['create', true],
      ['update', false],
    ]);
  });

  it('normalises what it takes: addresses, times, sets and a set that is added to', async () => {
    const to = await bench();
    const properties = {
      email: ' Mixed.Case@Example.com ',
      closedate: '1767225600000',
      member_since: '1990-05-04',
      interests: 'events;webinars;events',
      hs_marketable_consent: 'TRUE',
    };
    const made = await to.call('POST', CONTACTS, { properties });
    expect(made.body.properties).toMatchObject({
      email: 'mixed.case@example.com',
      closedate: '2026-01-01T00:00:00.000Z',
      member_since: '1990-05-04',
      interests: 'events;webinars',
      hs_marketable_consent: 'true',
    });
    const added = await to.call('PATCH', `${CONTACTS}/${String(made.body.id)}`, { properties: { interests: ';newsletter' } });
    expect(added.body.properties).toMatchObject({ interests: 'events;webinars;newsletter' });
  });

  it('describes properties with what a client may write', async () => {
    const to = await bench();
    const client = new Client({ accessToken: to.sandbox.token, basePath: to.sandbox.url });
    for (const object of ['contacts', 'companies', 'deals', 'tickets']) {
      const all = (await client.crm.properties.coreApi.getAll(object)).results;
      const fixed = all.filter((each) => each.modificationMetadata?.readOnlyValue === true);
      expect(all.length).toBeGreaterThan(30);
      expect(fixed.length / all.length).toBeGreaterThan(0.4);
      expect(fixed.map((each) => each.name)).toContain('hs_object_id');
    }
    const email = await client.crm.properties.coreApi.getByName('contacts', 'email');
    expect(email).toMatchObject({ hasUniqueValue: false, type: 'string', fieldType: 'text' });
    const changed = await client.crm.properties.coreApi.update('contacts', 'interests', {
      options: [{ label: 'Only', value: 'only', displayOrder: 0, hidden: false }],
    });
    expect(changed.options.map((each) => each.value)).toEqual(['only']);
    await client.crm.properties.coreApi.archive('contacts', 'loyalty_points');
    await expect(client.crm.properties.coreApi.getByName('contacts', 'loyalty_points')).rejects.toMatchObject({ code: 404 });
  });

  it('says which account it is and what the token may do', async () => {
    const to = await bench({ portalId: 4711, accountType: 'STANDARD', scopes: ['oauth', 'crm.objects.contacts.read'] });
    expect((await to.call('GET', '/account-info/v3/details')).body).toMatchObject({ portalId: 4711, accountType: 'STANDARD' });
    const info = await to.call('POST', '/oauth/v2/private-apps/get/access-token-info', { tokenKey: to.sandbox.token });
    expect(info.body).toMatchObject({ hubId: 4711, scopes: ['oauth', 'crm.objects.contacts.read'] });
    expect((await to.call('GET', '/account-info/v3/api-usage/daily/private-apps')).body).toMatchObject({
      results: [{ usageLimit: 250_000, currentUsage: 3 }],
    });
    expect((await to.call('GET', '/crm/v4/associations/contacts/companies/labels')).body).toMatchObject({
      errors: [{ context: { requiredGranularScopes: ['crm.objects.companies.read'] } }],
    });
    const refused = await to.call('POST', CONTACTS, { properties: {} });
    expect(refused).toMatchObject({
      status: 403,
      body: { category: 'MISSING_SCOPES', errors: [{ context: { requiredGranularScopes: ['crm.objects.contacts.write'] } }] },
    });
  });
});
