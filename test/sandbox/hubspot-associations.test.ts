import { Client } from '@hubspot/api-client';
import { AssociationSpecAssociationCategoryEnum as Category } from '@hubspot/api-client/lib/codegen/crm/associations/v4/models/AssociationSpec.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startHubSpotSandbox, type HubSpotSandbox } from '../../src/sandbox/index.js';

const PRIMARY = { associationCategory: Category.HubspotDefined, associationTypeId: 1 };
const PLAIN = { associationCategory: Category.HubspotDefined, associationTypeId: 279 };
const FORMER = { associationCategory: Category.UserDefined, associationTypeId: 35 };

describe("associations through the vendor's own client", () => {
  let sandbox: HubSpotSandbox;
  let client: Client;
  let contact: string;
  let companies: string[];

  beforeEach(async () => {
    sandbox = await startHubSpotSandbox({ associationPageSize: 2, limits: { per10s: 10_000 } });
    client = new Client({ accessToken: sandbox.token, basePath: sandbox.url });
    contact = (await client.crm.contacts.basicApi.create({ properties: { email: 'a@example.com' }, associations: [] })).id;
    companies = [];
    for (const name of ['One', 'Two', 'Three'])
      companies.push((await client.crm.companies.basicApi.create({ properties: { name }, associations: [] })).id);
  });
  afterEach(() => sandbox.stop());

  const [one, two, three] = [0, 1, 2].map((index) => () => companies[index] as string) as [() => string, () => string, () => string];
  const linksOf = async (): Promise<Record<string, number[]>> => {
    const answer = await client.crm.associations.v4.batchApi.getPage('contacts', 'companies', { inputs: [{ id: contact }] });
    return Object.fromEntries(
      (answer.results[0]?.to ?? []).map((each) => [each.toObjectId, each.associationTypes.map((type) => type.typeId).sort((a, b) => a - b)]),
    );
  };

  it('lists the types of a pair in both directions, with different ids', async () => {
    const forward = await client.crm.associations.v4.schema.definitionsApi.getAll('contacts', 'companies');
    const back = await client.crm.associations.v4.schema.definitionsApi.getAll('companies', 'contacts');
    expect(forward.results.map((each) => each.typeId)).toEqual([279, 1, 35]);
    expect(back.results.map((each) => each.typeId)).toEqual([280, 2, 36]);
  });

  it('adds the plain type to a labelled link and keeps one primary company', async () => {
    const input = (id: string, types: (typeof PRIMARY)[]) => ({ _from: { id: contact }, to: { id }, types });
    const made = await client.crm.associations.v4.batchApi.create('contacts', 'companies', {
      inputs: [input(one(), [PRIMARY]), input(two(), [FORMER])],
    });
    expect(made.results.flatMap((each) => each.labels).sort()).toEqual(['Former employee', 'Primary']);
    expect(await linksOf()).toEqual({ [one()]: [1, 279], [two()]: [35, 279] });
    await client.crm.associations.v4.batchApi.create('contacts', 'companies', { inputs: [input(two(), [PRIMARY])] });
    // Making the second company the primary one took that label from the first.
    expect(await linksOf()).toEqual({ [one()]: [279], [two()]: [1, 35, 279] });
    expect((await client.crm.contacts.basicApi.getById(contact, ['associatedcompanyid'])).properties.associatedcompanyid).toBe(two());
    const fromThere = await client.crm.associations.v4.basicApi.getPage('companies', two(), 'contacts');
    expect(fromThere.results[0]?.associationTypes.map((each) => each.typeId).sort()).toEqual([2, 280, 36]);
    expect((await client.crm.companies.basicApi.getById(two(), ['num_associated_contacts'])).properties.num_associated_contacts).toBe('1');
  });

  it('removes one label, or with the plain type all of them', async () => {
    await client.crm.associations.v4.basicApi.create('contacts', contact, 'companies', one(), [PRIMARY, FORMER]);
    await client.crm.associations.v4.batchApi.archiveLabels('contacts', 'companies', {
      inputs: [{ _from: { id: contact }, to: { id: one() }, types: [FORMER] }],
    });
    expect(await linksOf()).toEqual({ [one()]: [1, 279] });
    await client.crm.associations.v4.batchApi.archiveLabels('contacts', 'companies', {
      inputs: [{ _from: { id: contact }, to: { id: one() }, types: [PLAIN] }],
    });
    expect(await linksOf()).toEqual({});
  });

  it('pages inside one record, in single and in batch reads', async () => {
    for (const id of companies) await client.crm.associations.v4.basicApi.createDefault('contacts', contact, 'companies', id);
    const first = await client.crm.associations.v4.batchApi.getPage('contacts', 'companies', { inputs: [{ id: contact }] });
    expect(first.results[0]?.to.map((each) => each.toObjectId)).toEqual([Number(one()), Number(two())]);
    const after = first.results[0]?.paging?.next?.after;
    const second = await client.crm.associations.v4.batchApi.getPage('contacts', 'companies', { inputs: [{ id: contact, after: after ?? '' }] });
    expect(second.results[0]?.to.map((each) => each.toObjectId)).toEqual([Number(three())]);
    expect(second.results[0]?.paging).toBeUndefined();
    const single = await client.crm.associations.v4.basicApi.getPage('contacts', contact, 'companies', undefined, 1);
    expect(single.paging?.next?.after).toBe(one());
  });

  it('tells records without links in a 207 and does not name the input of a create that failed', async () => {
    const none = await client.crm.associations.v4.batchApi.getPage('contacts', 'companies', { inputs: [{ id: contact }] });
    expect(none).toMatchObject({ results: [], numErrors: 1, errors: [{ subCategory: 'crm.associations.NO_ASSOCIATIONS_FOUND' }] });
    const made = await client.crm.associations.v4.batchApi.create('contacts', 'companies', {
      inputs: [
        { _from: { id: contact }, to: { id: one() }, types: [PLAIN] },
        { _from: { id: contact }, to: { id: '999' }, types: [PLAIN] },
      ],
    });
    expect(made).toMatchObject({ results: [{ toObjectId: Number(one()) }], numErrors: 1 });
    expect(JSON.stringify((made as unknown as { errors: unknown }).errors)).not.toContain('999');
  });

  it('loses the links of an archived record', async () => {
    await client.crm.associations.v4.basicApi.createDefault('contacts', contact, 'companies', one());
    await client.crm.companies.basicApi.archive(one());
    expect(await linksOf()).toEqual({});
  });

  it('links custom objects with everything else', async () => {
    await client.crm.schemas.coreApi.create({
      name: 'cars',
      labels: { singular: 'Car', plural: 'Cars' },
      requiredProperties: [],
      properties: [{ name: 'plate', label: 'Plate', type: 'string', fieldType: 'text', hasUniqueValue: true }] as never,
      associatedObjects: [],
    });
    const car = await client.crm.objects.basicApi.create('cars', { properties: { plate: 'RB 1' }, associations: [] });
    await client.crm.associations.v4.basicApi.createDefault('cars', car.id, 'contacts', contact);
    const types = await client.crm.associations.v4.schema.definitionsApi.getAll('p62515_cars', 'contacts');
    const linked = await client.crm.associations.v4.basicApi.getPage('contacts', contact, types.results.length > 0 ? '2-39480004' : '');
    expect(linked.results.map((each) => each.toObjectId)).toEqual([Number(car.id)]);
  });
});
