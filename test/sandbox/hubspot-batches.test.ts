import { describe, expect, it } from 'vitest';

import { person } from '../../src/sandbox/index.js';
import { bench, type Bench } from './support.js';

const CONTACTS = '/crm/v3/objects/contacts';

interface Result {
  readonly id: string;
  readonly properties: Record<string, string | null>;
  readonly objectWriteTraceId?: string;
  readonly new?: boolean;
}
const results = (body: Record<string, unknown>): Result[] => body.results as Result[];

async function contacts({ sandbox }: Bench, count: number): Promise<string[]> {
  const writer = sandbox.writeAs(person(1));
  return Array.from({ length: count }, (_, index) => writer.create('contacts', { email: `c${index}@example.com`, firstname: `C${index}` }));
}

describe('batches', () => {
  it('answers a read in another order than asked, and what is missing in a 207 with the ids', async () => {
    const to = await bench();
    const ids = await contacts(to, 30);
    const read = await to.call('POST', `${CONTACTS}/batch/read`, { inputs: ids.map((id) => ({ id })), properties: ['firstname'] });
    expect(read.status).toBe(200);
    expect(results(read.body).map((each) => each.id)).not.toEqual(ids);
    expect(
      results(read.body)
        .map((each) => each.id)
        .sort(),
    ).toEqual([...ids].sort());
    const partly = await to.call('POST', `${CONTACTS}/batch/read`, { inputs: [{ id: ids[0] }, { id: '1' }, { id: '2' }] });
    expect(partly).toMatchObject({ status: 207, body: { numErrors: 1, errors: [{ category: 'OBJECT_NOT_FOUND', context: { ids: ['1', '2'] } }] } });
  });

  it('refuses batches above the limits before doing anything', async () => {
    const to = await bench();
    const ids = await contacts(to, 101);
    const inputs = ids.map((id) => ({ id, properties: { firstname: 'X' } }));
    expect(await to.call('POST', `${CONTACTS}/batch/update`, { inputs })).toMatchObject({ status: 400, body: { category: 'VALIDATION_ERROR' } });
    expect(to.sandbox.records('contacts').some((each) => each.properties.firstname === 'X')).toBe(false);
    const histories = { inputs: inputs.slice(0, 51), propertiesWithHistory: ['firstname'], properties: [] };
    expect((await to.call('POST', `${CONTACTS}/batch/read`, histories)).status).toBe(400);
    const links = Array.from({ length: 2001 }, () => ({ from: { id: '1' }, to: { id: '2' } }));
    expect((await to.call('POST', '/crm/v4/associations/contacts/companies/batch/associate/default', { inputs: links })).status).toBe(400);
    expect(
      (await to.call('POST', '/crm/v4/associations/contacts/companies/batch/read', { inputs: links.slice(0, 1001).map(() => ({ id: '1' })) })).status,
    ).toBe(400);
  });

  it('updates what exists, tells what does not, and echoes trace ids', async () => {
    const to = await bench();
    const [one, two] = (await contacts(to, 2)) as [string, string];
    const answer = await to.call('POST', `${CONTACTS}/batch/update`, {
      inputs: [
        { id: one, properties: { firstname: 'New' }, objectWriteTraceId: 'a' },
        { id: '404', properties: { firstname: 'New' }, objectWriteTraceId: 'b' },
        { id: two, properties: { phone: '' }, objectWriteTraceId: 'c' },
      ],
    });
    expect(answer).toMatchObject({ status: 207, body: { errors: [{ context: { ids: ['404'] } }] } });
    expect(Object.fromEntries(results(answer.body).map((each) => [each.objectWriteTraceId, each.id]))).toEqual({ a: one, c: two });
  });

  it.each([
    ['an unknown property', { nonsense: 'x' }, 'PROPERTY_DOESNT_EXIST'],
    ['a read-only property', { lastmodifieddate: '2026-01-01' }, 'READ_ONLY_VALUE'],
    ['a calculated property', { num_associated_deals: '3' }, 'READ_ONLY_VALUE'],
    ['an option that is not there', { lifecyclestage: 'friend' }, 'INVALID_OPTION'],
    ['an option in a set', { interests: 'events;golf' }, 'INVALID_OPTION'],
    ['a number in words', { loyalty_points: 'many' }, 'INVALID_NUMBER'],
    ['a day that is none', { member_since: '2026-02-30' }, 'INVALID_DATE'],
    ['an address that is none', { email: 'a@b' }, 'INVALID_EMAIL'],
  ])('fails as a whole for %s in one input', async (_, properties, code) => {
    const to = await bench();
    const [one, two] = (await contacts(to, 2)) as [string, string];
    const answer = await to.call('POST', `${CONTACTS}/batch/update`, {
      inputs: [
        { id: one, properties: { firstname: 'Y' } },
        { id: two, properties },
      ],
    });
    expect(answer).toMatchObject({
      status: 400,
      body: { category: 'VALIDATION_ERROR', errors: [{ code, context: { propertyName: Object.keys(properties) } }] },
    });
    expect(answer.body.correlationId).toMatch(/^[\da-f-]{36}$/);
    expect(to.sandbox.records('contacts')[0]?.properties.firstname).toBe('C0');
  });

  it('creates all or nothing, or with trace ids each for itself', async () => {
    const to = await bench();
    const [taken] = (await contacts(to, 1)) as [string];
    const inputs = [{ properties: { email: 'new@example.com' } }, { properties: { email: 'C0@example.com' } }];
    const refused = await to.call('POST', `${CONTACTS}/batch/create`, { inputs });
    expect(refused).toMatchObject({ status: 409, body: { category: 'CONFLICT', message: `Contact already exists. Existing ID: ${taken}` } });
    expect(to.sandbox.records('contacts')).toHaveLength(1);
    const partly = await to.call('POST', `${CONTACTS}/batch/create`, {
      inputs: inputs.map((each, index) => ({ ...each, objectWriteTraceId: `t${index}` })),
    });
    expect(partly).toMatchObject({
      status: 207,
      body: { results: [{ objectWriteTraceId: 't0' }], errors: [{ category: 'CONFLICT', context: { objectWriteTraceId: ['t1'] } }] },
    });
  });

  it('upserts by a unique property and says what is new', async () => {
    const to = await bench();
    await contacts(to, 1);
    const answer = await to.call('POST', `${CONTACTS}/batch/upsert`, {
      inputs: [
        { id: 'c0@example.com', idProperty: 'email', properties: { firstname: 'Old' } },
        { id: 'c9@example.com', idProperty: 'email', properties: { firstname: 'Fresh' } },
      ],
    });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(results(answer.body).map((each) => [each.properties.firstname, each.new]))).toEqual({ Old: false, Fresh: true });
    expect((await to.call('POST', `${CONTACTS}/batch/upsert`, { inputs: [{ id: 'Ann', idProperty: 'firstname', properties: {} }] })).status).toBe(
      400,
    );
  });

  it('answers 204 to an archive whatever the state was, and hides the archived', async () => {
    const to = await bench();
    const [one, two] = (await contacts(to, 2)) as [string, string];
    expect((await to.call('POST', `${CONTACTS}/batch/archive`, { inputs: [{ id: one }, { id: '404' }] })).status).toBe(204);
    expect((await to.call('POST', `${CONTACTS}/batch/archive`, { inputs: [{ id: one }] })).status).toBe(204);
    expect(results((await to.call('GET', CONTACTS)).body).map((each) => each.id)).toEqual([two]);
    expect(results((await to.call('GET', `${CONTACTS}?archived=true`)).body).map((each) => each.id)).toEqual([one]);
    const again = await to.call('POST', CONTACTS, { properties: { email: 'c0@example.com' } });
    expect(again.status).toBe(201);
    expect(again.body.id).not.toBe(one);
  });

  it('speaks the dated form of the paths too', async () => {
    const to = await bench();
    const [one] = (await contacts(to, 1)) as [string];
    expect((await to.call('GET', `/crm/objects/2026-09/contacts/${one}`)).status).toBe(200);
    expect((await to.call('POST', '/crm/objects/2026-09/contacts/batch/read', { inputs: [{ id: one }] })).status).toBe(200);
    expect((await to.call('GET', '/crm/properties/2026-09/contacts')).status).toBe(200);
  });

  it('pages a list to the end without repeats while records are archived in between', async () => {
    const to = await bench();
    const ids = await contacts(to, 250);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await to.call('GET', `${CONTACTS}?limit=100${after === undefined ? '' : `&after=${after}`}`);
      seen.push(...results(page.body).map((each) => each.id));
      after = (page.body.paging as { next: { after: string } } | undefined)?.next.after;
      to.sandbox.writeAs(person(1)).archive('contacts', ids[seen.length - 1] as string);
    } while (after !== undefined);
    expect(seen).toEqual(ids);
    expect((await to.call('GET', `${CONTACTS}?limit=101`)).status).toBe(400);
  });
});
