import { Client } from '@hubspot/api-client';
import { describe, expect, it } from 'vitest';

import { integration, person } from '../../src/sandbox/index.js';
import { bench, standingClock, type Bench } from './support.js';

const CONTACTS = '/crm/v3/objects/contacts';
const COMPANIES = '/crm/v3/objects/companies';
const OF_EVERY_CONTACT = [
  'hs_all_contact_vids',
  'hs_is_contact',
  'hs_is_unworked',
  'hs_lifecyclestage_lead_date',
  'hs_marketable_status',
  'hs_marketable_until_renewal',
  'hs_membership_has_accessed_private_content',
  'hs_object_source',
  'hs_object_source_id',
  'hs_object_source_label',
  'hs_pipeline',
  'hs_registered_member',
  'lastmodifieddate',
  'lifecyclestage',
];

type Properties = Record<string, string | null>;
const properties = (body: Record<string, unknown>): Properties => body.properties as Properties;
const first = (body: Record<string, unknown>): Properties => (body.results as { properties: Properties }[])[0]?.properties ?? {};

describe('what answers hold', () => {
  it('a cleared value is empty text from then on, in every kind of answer, and one never set is null', async () => {
    const to = await bench({ account: { tellsCleared: true } });
    const id = to.sandbox.writeAs(person(1)).create('contacts', { email: 'c@example.com', jobtitle: 'Boss' });
    const inputs = [{ id, properties: { jobtitle: '', city: '' } }];
    expect(first((await to.call('POST', `${CONTACTS}/batch/update`, { inputs })).body)).toMatchObject({ jobtitle: '' });
    const asked = { properties: ['jobtitle', 'lastname'] };
    const [read, search, one] = [
      await to.call('POST', `${CONTACTS}/batch/read`, { ...asked, inputs: [{ id }] }),
      await to.call('POST', `${CONTACTS}/search`, asked),
      await to.call('GET', `${CONTACTS}/${id}?properties=jobtitle,lastname`),
    ];
    for (const answered of [first(read.body), first(search.body), properties(one.body)])
      expect(answered).toMatchObject({ jobtitle: '', lastname: null });
    await to.call('PATCH', `${CONTACTS}/${id}`, { properties: { jobtitle: 'Again' } });
    expect(properties((await to.call('GET', `${CONTACTS}/${id}?properties=jobtitle`)).body)).toMatchObject({ jobtitle: 'Again' });
    // Empty is empty for filters, whichever way it came to be.
    await to.call('PATCH', `${CONTACTS}/${id}`, { properties: { jobtitle: '' } });
    const having = (operator: string) =>
      to.call('POST', `${CONTACTS}/search`, { filterGroups: [{ filters: [{ propertyName: 'jobtitle', operator }] }] });
    expect([(await having('HAS_PROPERTY')).body.total, (await having('NOT_HAS_PROPERTY')).body.total]).toEqual([0, 1]);
  });

  it('a created contact comes with what was sent and what the server set or worked out, and nothing else', async () => {
    const to = await bench();
    const made = await to.call('POST', CONTACTS, { properties: { email: 'w@example.com', firstname: 'W', website: 'w.example.com' } });
    const sent = ['createdate', 'email', 'firstname', 'hs_email_domain', 'hs_object_id', 'website'];
    expect(Object.keys(properties(made.body)).sort()).toEqual([...OF_EVERY_CONTACT, ...sent].sort());
    expect(properties(made.body)).toMatchObject({
      hs_all_contact_vids: made.body.id,
      hs_email_domain: 'example.com',
      hs_object_source: 'INTEGRATION',
      hs_object_source_id: '8840213',
      hs_object_source_label: 'INTEGRATION',
      hs_pipeline: 'contacts-lifecycle-pipeline',
      lifecyclestage: 'lead',
      website: 'http://w.example.com',
    });
  });

  it('a batch update of contacts names neither their creation nor their id among the properties, other writes do', async () => {
    const to = await bench();
    const id = to.sandbox.writeAs(person(1)).create('contacts', { email: 'u@example.com', firstname: 'U', lastname: 'V' });
    const updated = first((await to.call('POST', `${CONTACTS}/batch/update`, { inputs: [{ id, properties: { firstname: 'New' } }] })).body);
    expect(Object.keys(updated).sort()).toEqual([...OF_EVERY_CONTACT, 'firstname', 'hs_email_domain'].sort());
    expect(Object.keys(properties((await to.call('PATCH', `${CONTACTS}/${id}`, { properties: { firstname: 'Newer' } })).body))).toEqual(
      expect.arrayContaining(['createdate', 'hs_object_id', 'firstname']),
    );
    const upserted = await to.call('POST', `${CONTACTS}/batch/upsert`, {
      inputs: [{ id: 'u@example.com', idProperty: 'email', properties: { firstname: 'N' } }],
    });
    expect(first(upserted.body)).not.toHaveProperty('lastname');
    expect(first(upserted.body)).toMatchObject({ email: 'u@example.com', firstname: 'N', hs_object_id: id });
  });

  it('companies and deals come back with their sources and what is worked out for them', async () => {
    const to = await bench();
    const company = await to.call('POST', COMPANIES, { properties: { name: 'Acme', domain: 'acme.example.com' } });
    expect(properties(company.body)).toMatchObject({
      hs_object_source: 'INTEGRATION',
      hs_pipeline: 'companies-lifecycle-pipeline',
      lifecyclestage: 'lead',
      website: 'acme.example.com',
    });
    const deal = await to.call('POST', '/crm/v3/objects/deals', { properties: { dealname: 'D', dealstage: 'contractsent', amount: '10' } });
    expect(properties(deal.body)).toMatchObject({
      hs_deal_stage_probability_shadow: '0.90000000000000002220446049250313080847263336181640625',
      hs_is_closed: 'false',
      hs_object_source_label: 'INTEGRATION',
      hs_projected_amount: '9',
      pipeline: 'default',
    });
    expect(properties(deal.body)).not.toHaveProperty('closedate');
  });

  it('gives the ids of linked records as numbers, and cursors as text', async () => {
    const to = await bench({ associationPageSize: 1 });
    const writer = to.sandbox.writeAs(person(1));
    const contact = writer.create('contacts', { email: 'n@example.com' });
    const companies = ['One', 'Two'].map((name) => writer.create('companies', { name }));
    const types = [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 279 }];
    const inputs = companies.map((id) => ({ from: { id: contact }, to: { id }, types }));
    const made = (await to.call('POST', '/crm/v4/associations/contacts/companies/batch/create', { inputs })).body.results as Record<
      string,
      unknown
    >[];
    expect(made.map((each) => [each.fromObjectId, typeof each.toObjectId])).toEqual([
      [Number(contact), 'number'],
      [Number(contact), 'number'],
    ]);
    const read = await to.call('POST', '/crm/v4/associations/contacts/companies/batch/read', { inputs: [{ id: contact }] });
    expect(read.body.results).toMatchObject([
      { from: { id: contact }, to: [{ toObjectId: Number(companies[0]) }], paging: { next: { after: companies[0] } } },
    ]);
  });

  it('a search finds by what the index knows and answers with the values of now', async () => {
    const clock = standingClock();
    const to = await bench({ clock, searchLagMs: 30_000 });
    const id = to.sandbox.writeAs(person(1)).create('contacts', { email: 's@example.com', city: 'Old' });
    clock.move(30_000);
    to.sandbox.writeAs(person(1)).update('contacts', id, { city: 'New' });
    const search = (value: string) =>
      to.call('POST', `${CONTACTS}/search`, { properties: ['city'], filterGroups: [{ filters: [{ propertyName: 'city', operator: 'EQ', value }] }] });
    expect(first((await search('Old')).body)).toMatchObject({ city: 'New' });
    expect((await search('New')).body.total).toBe(0);
  });

  it('a search for a host finds the addresses there, and no others', async () => {
    const to = await bench();
    const writer = to.sandbox.writeAs(person(1));
    const [ann] = ['ann@example.org', 'org@example.com', 'ben@sub.example.net'].map((email) => writer.create('contacts', { email }));
    const search = async (value: string) => {
      const filters = [{ propertyName: 'email', operator: 'CONTAINS_TOKEN', value }];
      return ((await to.call('POST', `${CONTACTS}/search`, { filterGroups: [{ filters }] })).body.results as { id: string }[]).map((each) => each.id);
    };
    expect(await search('example.org')).toEqual([ann]);
    expect(await search('*@example.org')).toEqual([ann]);
    expect(await search('example.net.org')).toEqual([]);
  });
});

describe('refusals', () => {
  it('a missing right on the properties has no category and names the older scope, on records it has both', async () => {
    const to = await bench({ scopes: ['oauth'] });
    const definitions = await to.call('GET', '/crm/v3/properties/companies');
    expect([definitions.status, Object.keys(definitions.body).sort(), definitions.body.message]).toEqual([
      403,
      ['correlationId', 'message', 'status'],
      'This oauth-token does not have proper permissions! (requires any of [companies-read])',
    ]);
    expect(await to.call('GET', COMPANIES)).toMatchObject({
      status: 403,
      body: { category: 'MISSING_SCOPES', errors: [{ context: { requiredGranularScopes: ['crm.objects.companies.read'] } }] },
    });
  });

  it('a single record that is not there can be a page on the older path, and is JSON on the newer one', async () => {
    const to = await bench({ notFoundPage: true });
    const get = (path: string): Promise<Response> => fetch(to.sandbox.url + path, { headers: { authorization: `Bearer ${to.sandbox.token}` } });
    const page = await get(`${CONTACTS}/404`);
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html;charset=utf-8']);
    expect(await page.text()).toContain('<!DOCTYPE html>');
    expect(await (await get('/crm/objects/2026-09/contacts/404')).json()).toMatchObject({ category: 'OBJECT_NOT_FOUND' });
    const plain = await bench();
    expect(await plain.call('GET', `${CONTACTS}/404`)).toMatchObject({ status: 404, body: { message: 'resource not found' } });
  });

  it('one taken value refuses a whole batch of upserts with 409, whichever property it is of', async () => {
    const to = await bench();
    const writer = to.sandbox.writeAs(person(1));
    const taken = writer.create('contacts', { email: 't@example.com', crm_id: 'C-1' });
    const upsert = (values: Properties) =>
      to.call('POST', `${CONTACTS}/batch/upsert`, {
        inputs: [
          { id: 'fine@example.com', idProperty: 'email', properties: { firstname: 'Fine' } },
          { id: 'C-9', idProperty: 'crm_id', properties: values },
        ],
      });
    expect(await upsert({ email: 'T@example.com' })).toMatchObject({
      status: 409,
      body: { category: 'CONFLICT', message: expect.stringContaining(taken) },
    });
    writer.create('contacts', { email: 'c9@example.com', crm_id: 'C-9' });
    const both = await to.call('POST', `${CONTACTS}/batch/upsert`, {
      inputs: [{ id: 'c9@example.com', idProperty: 'email', properties: { crm_id: 'C-1' } }],
    });
    expect(both).toMatchObject({ status: 409, body: { category: 'CONFLICT', errors: [{ context: { existingObjectId: [taken] } }] } });
    expect(to.sandbox.records('contacts').map((each) => each.properties.email)).toEqual(['t@example.com', 'c9@example.com']);
  });

  it('a 207 carries the id of the record that is in the way', async () => {
    const to = await bench();
    const taken = to.sandbox.writeAs(person(1)).create('contacts', { email: 't@example.com', crm_id: 'C-1' });
    const inputs = [{ email: 'n@example.com' }, { email: 't@example.com' }, { crm_id: 'C-1' }].map((values, index) => ({
      properties: values,
      objectWriteTraceId: `t${index}`,
    }));
    const { status, body } = await to.call('POST', `${CONTACTS}/batch/create`, { inputs });
    expect([status, (body.errors as { context: unknown }[]).map((each) => each.context)]).toEqual([
      207,
      [
        { objectWriteTraceId: ['t1'], existingObjectId: [taken] },
        { objectWriteTraceId: ['t2'], existingObjectId: [taken] },
      ],
    ]);
  });

  it('a number with blanks around it is refused', async () => {
    const to = await bench();
    const set = (loyalty_points: string) => to.call('POST', CONTACTS, { properties: { loyalty_points } });
    for (const value of [' 5', '5 ', '\t5']) expect(await set(value)).toMatchObject({ status: 400, body: { errors: [{ code: 'INVALID_NUMBER' }] } });
    expect((await set('5')).status).toBe(201);
  });
});

describe('definitions', () => {
  const definitionsOf = async ({ sandbox }: Bench, object: string) => {
    const client = new Client({ accessToken: sandbox.token, basePath: sandbox.url });
    const { results } = await client.crm.properties.coreApi.getAll(object);
    return (name: string) => {
      const found = results.find((each) => each.name === name);
      return found && [found.type, found.modificationMetadata?.readOnlyValue, found.hasUniqueValue, found.externalOptions, found.options.length > 0];
    };
  };

  it.each<[string, [string, boolean, boolean, boolean, boolean]]>([
    // type, read-only, said to be unique, options elsewhere, options listed
    ['hs_email_optout', ['bool', true, false, false, true]],
    ['hs_email_optout_10001', ['bool', true, false, false, true]],
    ['associatedcompanyid', ['number', false, false, true, false]],
    ['email', ['string', false, false, false, false]],
    ['lifecyclestage', ['enumeration', false, false, true, false]],
    ['hubspot_owner_id', ['enumeration', false, false, true, false]],
    ['annualrevenue', ['string', false, false, false, false]],
    ['numemployees', ['enumeration', false, false, false, true]],
    ['hs_language', ['enumeration', false, false, false, true]],
    ['date_of_birth', ['string', false, false, false, false]],
    ['hs_additional_emails', ['enumeration', true, false, false, false]],
  ])('of a contact: %s', async (name, told) => {
    expect((await definitionsOf(await bench(), 'contacts'))(name)).toEqual(told);
  });

  it('of deals and tickets tell no stages, and of a schema whether it can be restored', async () => {
    const to = await bench();
    const [deal, ticket] = [await definitionsOf(to, 'deals'), await definitionsOf(to, 'tickets')];
    for (const told of [deal('dealstage'), deal('pipeline'), ticket('hs_pipeline_stage'), ticket('hs_pipeline')])
      expect(told).toEqual(['enumeration', false, false, true, false]);
    expect(await to.call('GET', '/crm/v3/properties/contacts/hubspot_owner_id')).toMatchObject({ body: { referencedObjectType: 'OWNER' } });
    expect((await to.call('GET', '/crm/v3/properties/deals/dealstage')).body).not.toHaveProperty('referencedObjectType');
    const schema = { name: 'cars', labels: { singular: 'Car', plural: 'Cars' } };
    expect((await to.call('POST', '/crm-object-schemas/v3/schemas', schema)).body).toMatchObject({ restorable: true, metaType: 'PORTAL_SPECIFIC' });
    expect((await to.call('GET', '/crm-object-schemas/v3/schemas/contacts')).body).toMatchObject({ restorable: true, metaType: 'HUBSPOT' });
  });

  it('consent is read through this API and changed by others: a write is refused, and the truth shows it', async () => {
    const to = await bench();
    const writer = to.sandbox.writeAs(person(1));
    const id = writer.create('contacts', { email: 'o@example.com', hs_email_optout: 'true' });
    expect(await to.call('PATCH', `${CONTACTS}/${id}`, { properties: { hs_email_optout: 'false' } })).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'READ_ONLY_VALUE' }] },
    });
    to.sandbox.writeAs(integration('9', 'Subscriptions')).update('contacts', id, { hs_email_optout: 'false' });
    expect(to.sandbox.records('contacts')[0]?.properties.hs_email_optout).toBe('false');
    expect(to.sandbox.history('contacts', id, 'hs_email_optout').map((each) => each.value)).toEqual(['false', 'true']);
    expect(() => writer.update('contacts', id, { hs_object_id: '1' })).toThrow(/read only/);
  });

  it('addresses are unique although their definition says no', async () => {
    const to = await bench();
    const client = new Client({ accessToken: to.sandbox.token, basePath: to.sandbox.url });
    const id = to.sandbox.writeAs(person(1)).create('contacts', { email: 'a@example.com' });
    await expect(client.crm.contacts.basicApi.create({ properties: { email: 'A@example.com' }, associations: [] })).rejects.toMatchObject({
      code: 409,
    });
    expect((await to.call('GET', `${CONTACTS}/A@example.com?idProperty=email`)).body.id).toBe(id);
    expect((await to.call('GET', `${CONTACTS}/x?idProperty=firstname`)).status).toBe(400);
  });
});
