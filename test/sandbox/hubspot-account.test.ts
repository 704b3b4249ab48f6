import { Client } from '@hubspot/api-client';
import { describe, expect, it } from 'vitest';

import { integration, person, seedMessy } from '../../src/sandbox/index.js';
import { bench, standingClock, type Bench } from './support.js';

const CONTACTS = '/crm/v3/objects/contacts';
const DEALS = '/crm/v3/objects/deals';
const WAS = '2025-03-31T10:00:00.000Z';

const held = ({ sandbox }: Bench, object: string, id: unknown): Readonly<Record<string, string>> =>
  sandbox.records(object).find((each) => each.id === id)?.properties ?? {};
const linksOf = ({ sandbox }: Bench, id: unknown): readonly string[] =>
  sandbox
    .links()
    .filter((link) => link.from === id || link.to === id)
    .map((link) => `${link.to} ${link.label ?? 'plain'}`)
    .sort();

describe('what an account adds to a write', () => {
  it('a new contact or company is a lead unless a stage is sent, and the history says who set it', async () => {
    const to = await bench();
    const [plain, sent] = [
      await to.call('POST', CONTACTS, { properties: { email: 'p@example.com' } }),
      await to.call('POST', CONTACTS, { properties: { email: 's@example.com', lifecyclestage: 'customer' } }),
    ];
    expect([held(to, 'contacts', plain.body.id).lifecyclestage, held(to, 'contacts', sent.body.id).lifecyclestage]).toEqual(['lead', 'customer']);
    expect(to.sandbox.history('contacts', String(plain.body.id), 'lifecyclestage')).toMatchObject([
      { value: 'lead', source: { type: 'CALCULATED' } },
    ]);
    expect(to.sandbox.history('contacts', String(sent.body.id), 'lifecyclestage')).toMatchObject([{ source: { type: 'INTEGRATION' } }]);
    to.sandbox.setAccount({ stageOfNew: null });
    const without = await to.call('POST', CONTACTS, { properties: { email: 'w@example.com' } });
    expect(held(to, 'contacts', without.body.id)).not.toHaveProperty('lifecyclestage');
  });

  it("a company's website is its domain, at creation and when the domain comes later, unless one is there", async () => {
    const to = await bench();
    const create = async (values: Record<string, string>) => (await to.call('POST', '/crm/v3/objects/companies', { properties: values })).body.id;
    const [one, two, later] = [
      await create({ domain: 'a.example.com' }),
      await create({ domain: 'b.example.com', website: 'https://b.example.com/x' }),
      await create({ name: 'Later' }),
    ];
    await to.call('PATCH', `/crm/v3/objects/companies/${String(later)}`, { properties: { domain: 'c.example.com' } });
    await to.call('PATCH', `/crm/v3/objects/companies/${String(one)}`, { properties: { domain: 'd.example.com' } });
    expect([one, two, later].map((id) => held(to, 'companies', id).website)).toEqual(['a.example.com', 'https://b.example.com/x', 'c.example.com']);
  });

  it.each<[string, string, Record<string, string>, boolean]>([
    ['from open to won', 'contractsent', { dealstage: 'closedwon' }, true],
    ['from open to lost', 'contractsent', { dealstage: 'closedlost' }, true],
    ['from lost to won', 'closedlost', { dealstage: 'closedwon' }, true],
    ['from won to another won stage', 'closedwon', { dealstage: '98120333', pipeline: '48211907' }, false],
    ['from won to open', 'closedwon', { dealstage: 'contractsent' }, false],
    ['from open to open', 'contractsent', { dealstage: 'qualifiedtobuy' }, false],
    ['to won, with a date of its own', 'contractsent', { dealstage: 'closedwon', closedate: '2026-02-02T00:00:00.000Z' }, false],
    ['nowhere', 'closedwon', { amount: '5' }, false],
  ])('a deal that moves %s', async (_, dealstage, change, dated) => {
    const to = await bench({ clock: standingClock() });
    const id = to.sandbox.writeAs(person(1)).create('deals', { dealname: 'D', pipeline: 'default', dealstage, closedate: WAS });
    await to.call('POST', `${DEALS}/batch/update`, { inputs: [{ id, properties: change }] });
    expect(held(to, 'deals', id).closedate).toBe(dated ? '2026-11-22T12:00:00.000Z' : (change.closedate ?? WAS));
    expect(to.sandbox.history('deals', id, 'closedate')[0]?.source.type).toBe(
      dated ? 'DEALS' : change.closedate === undefined ? 'CRM_UI' : 'INTEGRATION',
    );
  });

  it('a deal made in a closed stage is dated too, and none is where the account does not', async () => {
    const to = await bench();
    const create = async () =>
      held(to, 'deals', (await to.call('POST', DEALS, { properties: { dealname: 'D', dealstage: 'closedwon' } })).body.id).closedate;
    expect(Date.parse((await create()) ?? '')).toBeGreaterThan(Date.parse(WAS));
    to.sandbox.setAccount({ setsCloseDate: false });
    expect(await create()).toBeUndefined();
  });

  it('makes and links the company at the domain of a new address where it is set so, once for all of its people', async () => {
    const to = await bench({ account: { companiesFromAddresses: true } });
    const inputs = ['a@acme.example.com', 'b@acme.example.com', 'c@gmail.com'].map((email) => ({ properties: { email } }));
    await to.call('POST', `${CONTACTS}/batch/create`, { inputs });
    const companies = to.sandbox.records('companies');
    expect(companies.map((each) => each.properties)).toMatchObject([{ domain: 'acme.example.com', name: 'acme.example.com' }]);
    const [a, b, c] = ['a@acme.example.com', 'b@acme.example.com', 'c@gmail.com'].map(
      (email) => to.sandbox.records('contacts').find((each) => each.properties.email === email)?.id,
    );
    const company = companies[0]?.id ?? '';
    expect([linksOf(to, a), linksOf(to, b), linksOf(to, c)]).toEqual([
      [`${company} Primary`, `${company} plain`],
      [`${company} Primary`, `${company} plain`],
      [],
    ]);
    expect(to.sandbox.writes().filter((each) => each.object === 'companies')).toMatchObject([{ action: 'create', source: { type: 'COMPANIES' } }]);
    await to.call('PATCH', `${CONTACTS}/${String(c)}`, { properties: { email: 'c@other.example.com' } });
    expect(to.sandbox.records('companies')).toHaveLength(1);
  });

  it('makes no company where it is not set so', async () => {
    const to = await bench();
    await to.call('POST', CONTACTS, { properties: { email: 'a@acme.example.com' } });
    expect(to.sandbox.records('companies')).toEqual([]);
  });

  it('carries stages from companies and deals to those they are linked to, forward only, where it is set so', async () => {
    const to = await bench({ account: { syncsStages: true, firstCompanyIsPrimary: true } });
    const writer = to.sandbox.writeAs(person(1));
    const company = writer.create('companies', { name: 'Acme' });
    const [early, late, other] = ['lead', 'evangelist', 'lead'].map((lifecyclestage, index) =>
      writer.create('contacts', { email: `s${index}@example.com`, lifecyclestage }),
    ) as [string, string, string];
    for (const contact of [early, late]) writer.link('contacts', contact, 'companies', company);
    const stages = () => [early, late, other].map((id) => held(to, 'contacts', id).lifecyclestage);
    await to.call('PATCH', `/crm/v3/objects/companies/${company}`, { properties: { lifecyclestage: 'salesqualifiedlead' } });
    expect(stages()).toEqual(['salesqualifiedlead', 'evangelist', 'lead']);
    expect(to.sandbox.history('contacts', early, 'lifecyclestage')[0]).toMatchObject({ source: { type: 'COMPANIES' } });
    const deal = writer.create('deals', { dealname: 'D', dealstage: 'contractsent' });
    writer.link('deals', deal, 'contacts', other);
    expect(stages()).toEqual(['salesqualifiedlead', 'evangelist', 'opportunity']);
    await to.call('PATCH', `${DEALS}/${deal}`, { properties: { dealstage: 'closedwon' } });
    expect(stages()).toEqual(['salesqualifiedlead', 'evangelist', 'customer']);
    to.sandbox.setAccount({ syncsStages: false });
    await to.call('PATCH', `/crm/v3/objects/companies/${company}`, { properties: { lifecyclestage: 'customer' } });
    expect(stages()).toEqual(['salesqualifiedlead', 'evangelist', 'customer']);
  });

  it('keeps phone numbers without their formatting where they are validated, and refuses what is none', async () => {
    const to = await bench({ account: { phones: 'validated' } });
    const set = (phone: string) => to.call('POST', CONTACTS, { properties: { phone } });
    expect((await set('+1 (888) 482-7768')).body.properties).toMatchObject({ phone: '+18884827768' });
    for (const wrong of ['555-0100', '+1', 'n/a', '+1 888 482 7768 ext. 5'])
      expect(await set(wrong)).toMatchObject({
        status: 400,
        body: { errors: [{ code: 'INVALID_PHONE_NUMBER', context: { propertyName: ['phone'] } }] },
      });
    // What was there before the rule stays as it was.
    const older = to.sandbox.writeAs(person(1)).create('contacts', { email: 'o@example.com', phone: '+1 (888) 482-7768' }, 1_000);
    expect(held(to, 'contacts', older).phone).toBe('+1 (888) 482-7768');
  });

  it('keeps phone numbers as they come by default, and text without its blanks where it is set so', async () => {
    const to = await bench();
    const made = await to.call('POST', CONTACTS, { properties: { phone: ' (555) 010 ', firstname: ' Bob ' } });
    expect(held(to, 'contacts', made.body.id)).toMatchObject({ phone: ' (555) 010 ', firstname: ' Bob ' });
    to.sandbox.setAccount({ trimsText: true });
    await to.call('PATCH', `${CONTACTS}/${String(made.body.id)}`, { properties: { firstname: ' Ann ' } });
    expect(held(to, 'contacts', made.body.id).firstname).toBe('Ann');
  });

  it('adds nothing to history that is loaded: a back-dated write is taken as it is', async () => {
    const to = await bench({ account: { companiesFromAddresses: true } });
    to.sandbox.setAccount({ firstCompanyIsPrimary: true });
    const importer = to.sandbox.writeAs(integration('5', 'Import'));
    const at = Date.parse(WAS);
    const contact = importer.create('contacts', { email: 'h@acme.example.com' }, at);
    const deal = importer.create('deals', { dealname: 'H', dealstage: 'closedwon' }, at);
    const company = importer.create('companies', { domain: 'h.example.com' }, at);
    importer.link('contacts', contact, 'companies', company, undefined, at);
    expect([held(to, 'contacts', contact), held(to, 'deals', deal), held(to, 'companies', company)]).toEqual([
      { email: 'h@acme.example.com' },
      { dealname: 'H', dealstage: 'closedwon' },
      { domain: 'h.example.com' },
    ]);
    expect(linksOf(to, contact)).toEqual([`${company} plain`]);
    seedMessy(to.sandbox, { contacts: 20, companies: 0, deals: 0, seed: 1 });
    expect(to.sandbox.records('companies')).toHaveLength(1);
  });
});

describe('the primary company', () => {
  const setUp = async (firstCompanyIsPrimary = true) => {
    const to = await bench({ account: { firstCompanyIsPrimary } });
    const writer = to.sandbox.writeAs(person(1));
    const contact = writer.create('contacts', { email: 'p@example.com' });
    const [a, b] = ['A', 'B'].map((name) => writer.create('companies', { name })) as [string, string];
    return { to, writer, contact, a, b };
  };

  it('is the first that is linked, from either side, and for deals and tickets too', async () => {
    const { to, writer, contact, a, b } = await setUp();
    writer.link('companies', a, 'contacts', contact);
    writer.link('contacts', contact, 'companies', b);
    expect(linksOf(to, contact)).toEqual([`${a} Primary`, `${a} plain`, `${b} plain`].sort());
    const deal = writer.create('deals', { dealname: 'D' });
    const client = new Client({ accessToken: to.sandbox.token, basePath: to.sandbox.url });
    await client.crm.associations.v4.basicApi.createDefault('deals', deal, 'companies', b);
    const { results } = await client.crm.associations.v4.basicApi.getPage('deals', deal, 'companies');
    expect(results.flatMap((each) => each.associationTypes.map((type) => type.typeId)).sort()).toEqual([341, 5]);
  });

  it('makes way for the one that is named primary, and is not made where the account does not', async () => {
    const { to, writer, contact, a, b } = await setUp();
    writer.link('contacts', contact, 'companies', a);
    writer.link('contacts', contact, 'companies', b, 'Primary');
    expect(linksOf(to, contact)).toEqual([`${a} plain`, `${b} Primary`, `${b} plain`].sort());
    const other = await setUp(false);
    other.writer.link('contacts', other.contact, 'companies', other.a);
    expect(linksOf(other.to, other.contact)).toEqual([`${other.a} plain`]);
  });

  it('can be written as a value of the contact: it links, moves and unlinks, and another id is refused', async () => {
    const { to, contact, a, b } = await setUp();
    const set = async (associatedcompanyid: string): Promise<number> =>
      (await to.call('PATCH', `${CONTACTS}/${contact}`, { properties: { associatedcompanyid } })).status;
    expect([await set(a), linksOf(to, contact)]).toEqual([200, [`${a} Primary`, `${a} plain`]]);
    expect([await set(b), linksOf(to, contact)]).toEqual([200, [`${a} plain`, `${b} Primary`, `${b} plain`].sort()]);
    expect([await set('404'), linksOf(to, contact)]).toEqual([400, [`${a} plain`, `${b} Primary`, `${b} plain`].sort()]);
    expect([await set(''), linksOf(to, contact)]).toEqual([200, [`${a} plain`]]);
    const made = await to.call('POST', CONTACTS, { properties: { email: 'm@example.com', associatedcompanyid: b } });
    expect(linksOf(to, made.body.id)).toEqual([`${b} Primary`, `${b} plain`]);
    expect((await to.call('GET', `${CONTACTS}/${String(made.body.id)}?properties=associatedcompanyid`)).body.properties).toMatchObject({
      associatedcompanyid: b,
    });
  });
});

describe('who and where a value points to', () => {
  it('an owner who is not there is refused by id, also one who left; the records keep theirs', async () => {
    const to = await bench();
    const [owner] = (await to.call('GET', '/crm/v3/owners')).body.results as { id: string; userId: number }[] as [{ id: string; userId: number }];
    const id = String((await to.call('POST', CONTACTS, { properties: { email: 'o@example.com', hubspot_owner_id: owner.id } })).body.id);
    const refused = { status: 400, body: { errors: [{ code: 'INVALID_OWNER_ID', context: { propertyName: ['hubspot_owner_id'] } }] } };
    expect(await to.call('PATCH', `${CONTACTS}/${id}`, { properties: { hubspot_owner_id: '1' } })).toMatchObject(refused);
    to.sandbox.ownerLeaves(owner.id);
    expect(await to.call('POST', CONTACTS, { properties: { hubspot_owner_id: owner.id } })).toMatchObject(refused);
    expect(held(to, 'contacts', id).hubspot_owner_id).toBe(owner.id);
    expect((await to.call('GET', '/crm/v3/owners')).body.results).toHaveLength(4);
    expect((await to.call('GET', '/crm/v3/owners?archived=true')).body.results).toMatchObject([
      { id: owner.id, userId: null, userIdIncludingInactive: owner.userId },
    ]);
    expect((await to.call('GET', `/crm/v3/owners/${owner.id}`)).status).toBe(404);
    // Somebody who writes past the API brings what was there once.
    expect(held(to, 'contacts', to.sandbox.writeAs(person(1)).create('contacts', { hubspot_owner_id: '1' })).hubspot_owner_id).toBe('1');
  });

  it('a stage belongs to its pipeline, which is the first where none is named', async () => {
    const to = await bench();
    const id = String((await to.call('POST', DEALS, { properties: { dealname: 'D', dealstage: 'contractsent' } })).body.id);
    expect(held(to, 'deals', id).pipeline).toBe('default');
    const set = async (values: Record<string, string>) => {
      const { status, body } = await to.call('PATCH', `${DEALS}/${id}`, { properties: values });
      return [status, (body.errors as { code: string }[] | undefined)?.[0]?.code];
    };
    expect(await set({ dealstage: '98120332' })).toEqual([400, 'INVALID_OPTION']);
    expect(await set({ pipeline: '48211907' })).toEqual([400, 'INVALID_OPTION']);
    expect(await set({ dealstage: 'nowhere' })).toEqual([400, 'INVALID_OPTION']);
    expect(await set({ pipeline: '48211907', dealstage: '98120332' })).toEqual([200, undefined]);
    expect(await set({ dealstage: '' })).toEqual([200, undefined]);
    const ticket = await to.call('POST', '/crm/v3/objects/tickets', { properties: { subject: 'T', hs_pipeline_stage: '9' } });
    expect(ticket.status).toBe(400);
  });
});

describe('further addresses of a contact', () => {
  const merged = async () => {
    const to = await bench();
    const writer = to.sandbox.writeAs(person(1));
    const ann = writer.create('contacts', { email: 'ann@example.com' });
    for (const email of ['ann.old@example.net', 'ann.older@example.net'])
      writer.apply({ action: 'merge', object: 'contacts', id: writer.create('contacts', { email }), into: ann });
    return { to, writer, ann };
  };
  const conflict = (ann: string) => ({ status: 409, body: { category: 'CONFLICT', message: `Contact already exists. Existing ID: ${ann}` } });

  it('find it, and refuse a second contact with one', async () => {
    const { to, ann } = await merged();
    expect((await to.call('GET', `${CONTACTS}/ann.old@example.net?idProperty=email&properties=email,hs_additional_emails`)).body).toMatchObject({
      id: ann,
      properties: { email: 'ann@example.com', hs_additional_emails: 'ann.old@example.net;ann.older@example.net' },
    });
    const read = await to.call('POST', `${CONTACTS}/batch/read`, {
      idProperty: 'email',
      inputs: [{ id: 'ann.older@example.net' }, { id: 'no@example.net' }],
    });
    expect(read).toMatchObject({ status: 207, body: { results: [{ id: ann }], errors: [{ context: { ids: ['no@example.net'] } }] } });
    expect(await to.call('POST', CONTACTS, { properties: { email: 'Ann.Old@example.net' } })).toMatchObject(conflict(ann));
    const other = to.sandbox.writeAs(person(1)).create('contacts', { email: 'other@example.com' });
    expect(await to.call('PATCH', `${CONTACTS}/${other}`, { properties: { email: 'ann.older@example.net' } })).toMatchObject(conflict(ann));
  });

  it('become its address when it is set to one, and the one before is a further one', async () => {
    const { to, ann } = await merged();
    expect((await to.call('PATCH', `${CONTACTS}/${ann}`, { properties: { email: 'ann.old@example.net' } })).status).toBe(200);
    expect((await to.call('GET', `${CONTACTS}/${ann}?properties=email,hs_additional_emails`)).body.properties).toMatchObject({
      email: 'ann.old@example.net',
      hs_additional_emails: 'ann.older@example.net;ann@example.com',
    });
    expect(await to.call('POST', CONTACTS, { properties: { email: 'ann@example.com' } })).toMatchObject(conflict(ann));
  });

  it('are free once it is archived, and blocked with it when it is erased', async () => {
    const { to, writer, ann } = await merged();
    writer.archive('contacts', ann);
    const again = await to.call('POST', CONTACTS, { properties: { email: 'ann.old@example.net' } });
    expect(again.status).toBe(201);
    const other = await merged();
    await other.to.call('POST', `${CONTACTS}/gdpr-delete`, { objectId: other.ann });
    expect(await other.to.call('POST', CONTACTS, { properties: { email: 'ann.older@example.net' } })).toMatchObject({
      status: 400,
      body: { errors: [{ code: 'GDPR_BLOCKED' }] },
    });
  });
});
