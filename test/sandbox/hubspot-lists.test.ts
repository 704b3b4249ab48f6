import { Client } from '@hubspot/api-client';
import { describe, expect, it } from 'vitest';

import { type Bench, bench } from './support.js';

const PERSON = { kind: 'person', id: '7' } as const;

interface Case {
  readonly to: Bench;
  readonly lists: Client['crm']['lists'];
  readonly contacts: readonly string[];
}

async function withContacts(count = 3): Promise<Case> {
  const to = await bench();
  const client = new Client({ accessToken: to.sandbox.token, basePath: to.sandbox.url });
  const writer = to.sandbox.writeAs(PERSON);
  const contacts = Array.from({ length: count }, (_, n) =>
    writer.create('contacts', { email: `c${String(n)}@example.com`, jobtitle: n === 0 ? 'CEO' : 'Engineer' }),
  );
  return { to, lists: client.crm.lists, contacts };
}

const filterBranch = (property: string, operator: string, values: readonly string[]): unknown => ({
  filterBranchType: 'OR',
  filterBranchOperator: 'OR',
  filters: [],
  filterBranches: [
    {
      filterBranchType: 'AND',
      filterBranchOperator: 'AND',
      filterBranches: [],
      filters: [
        { filterType: 'PROPERTY', property, operation: { operationType: 'MULTISTRING', operator, values, includeObjectsWithNoValueSet: false } },
      ],
    },
  ],
});
const made = async ({ to }: Case, processingType: string, filter?: unknown): Promise<string> => {
  const body = { name: processingType, objectTypeId: '0-1', processingType, ...(filter !== undefined && { filterBranch: filter }) };
  const answer = await to.call('POST', '/crm/v3/lists', body);
  expect(answer.status).toBe(200);
  return (answer.body.list as { listId: string }).listId;
};
const membersOf = async ({ lists }: Case, id: string): Promise<readonly string[]> =>
  (await lists.membershipsApi.getPage(id)).results.map(({ recordId }) => recordId);

describe('lists', () => {
  it('are made, read by id and by name, searched and deleted', async () => {
    const { lists } = await withContacts();
    const { list } = await lists.listsApi.create({ name: 'Newsletter', objectTypeId: '0-1', processingType: 'MANUAL' });
    expect((await lists.listsApi.getById(list.listId)).list).toMatchObject({ name: 'Newsletter', processingType: 'MANUAL', size: 0 });
    expect((await lists.listsApi.getByName('newsletter', '0-1')).list.listId).toBe(list.listId);
    await expect(lists.listsApi.create({ name: 'Newsletter', objectTypeId: '0-1', processingType: 'MANUAL' })).rejects.toMatchObject({ code: 400 });
    await lists.listsApi.create({ name: 'Events', objectTypeId: '0-2', processingType: 'MANUAL' });
    const page = await lists.listsApi.doSearch({ query: '', offset: 0, count: 1, additionalProperties: [] });
    expect(page).toMatchObject({ total: 2, hasMore: true, offset: 1 });
    expect((await lists.listsApi.doSearch({ query: 'news', offset: 0, additionalProperties: [] })).lists.map(({ name }) => name)).toEqual([
      'Newsletter',
    ]);
    await lists.listsApi.remove(list.listId);
    await expect(lists.listsApi.getById(list.listId)).rejects.toMatchObject({ code: 404 });
  });

  it('of people take records, let them go, and say what does not exist', async () => {
    const on = await withContacts();
    const [a, b, c] = on.contacts as [string, string, string];
    const id = await made(on, 'MANUAL');
    const api = on.lists.membershipsApi;
    expect(await api.add(id, [a, b, '1'])).toMatchObject({ recordsIdsAdded: [a, b], recordIdsMissing: ['1'] });
    expect(await api.add(id, [a])).toMatchObject({ recordsIdsAdded: [] });
    expect(await api.addAndRemove(id, { recordIdsToAdd: [c], recordIdsToRemove: [a] })).toMatchObject({
      recordsIdsAdded: [c],
      recordIdsRemoved: [a],
    });
    expect(await membersOf(on, id)).toEqual([b, c]);
    expect((await api.getLists('0-1', b)).results.map(({ listId }) => listId)).toEqual([id]);
    expect(await api.remove(id, [b])).toMatchObject({ recordIdsRemoved: [b] });
    await api.removeAll(id);
    expect(await membersOf(on, id)).toEqual([]);
    expect(on.to.sandbox.counts().writesPerRecord[`contacts/${a}`]).toBe(1);
  });

  it('are told in pages of at most 250', async () => {
    const on = await withContacts(5);
    const id = await made(on, 'MANUAL');
    await on.lists.membershipsApi.add(id, [...on.contacts]);
    const first = await on.lists.membershipsApi.getPage(id, undefined, undefined, 3);
    expect(first.results.map(({ recordId }) => recordId)).toEqual(on.contacts.slice(0, 3));
    const rest = await on.lists.membershipsApi.getPage(id, first.paging?.next?.after, undefined, 3);
    expect(rest.results.map(({ recordId }) => recordId)).toEqual(on.contacts.slice(3));
    expect(rest.paging).toBeUndefined();
    expect((await on.to.call('GET', `/crm/v3/lists/${id}/memberships?limit=251`)).status).toBe(400);
  });

  it('that keep themselves follow their filter and take nobody by hand; a snapshot follows it once', async () => {
    const on = await withContacts();
    const [a, b] = on.contacts as [string, string, string];
    const filter = filterBranch('jobtitle', 'IS_EQUAL_TO', ['CEO']);
    const [active, once] = [await made(on, 'DYNAMIC', filter), await made(on, 'SNAPSHOT', filter)];
    on.to.sandbox.writeAs(PERSON).update('contacts', b, { jobtitle: 'CEO' });
    expect([await membersOf(on, active), await membersOf(on, once)]).toEqual([[a, b], [a]]);
    await expect(on.lists.membershipsApi.add(active, [a])).rejects.toMatchObject({ code: 400 });
    await expect(on.lists.membershipsApi.removeAll(active)).rejects.toMatchObject({ code: 400 });
    await on.lists.membershipsApi.addAllFromList(once, active);
    expect(await membersOf(on, once)).toEqual([a, b]);
    const two = { ...(filter as object), filterBranches: [] };
    expect((await on.to.call('POST', '/crm/v3/lists', { name: 'x', objectTypeId: '0-1', processingType: 'DYNAMIC', filterBranch: two })).status).toBe(
      400,
    );
  });

  it('lose whoever is archived, and pass from a merged record to the other', async () => {
    const on = await withContacts();
    const [a, b, c] = on.contacts as [string, string, string];
    const id = await made(on, 'MANUAL');
    await on.lists.membershipsApi.add(id, [a, b]);
    const writer = on.to.sandbox.writeAs(PERSON);
    writer.apply({ action: 'merge', object: 'contacts', id: b, into: c });
    writer.archive('contacts', a);
    writer.apply({ action: 'undelete', object: 'contacts', id: a });
    expect(await membersOf(on, id)).toEqual([c]);
  });

  it('are records and links of the truth, which others write too', async () => {
    const on = await withContacts();
    const [a] = on.contacts as [string];
    const { sandbox } = on.to;
    const writer = sandbox.writeAs(PERSON);
    const id = writer.create('lists', { name: 'VIP' });
    writer.link('contacts', a, 'lists', id);
    writer.link('lists', id, 'contacts', a);
    expect(sandbox.truth().objects).toContain('lists');
    expect(sandbox.truth().record('lists', id)).toEqual({ name: 'VIP', object: 'contacts', processing: 'MANUAL' });
    expect([...sandbox.truth().links()]).toEqual([{ kind: 'list-member', fromObject: 'contacts', from: a, toObject: 'lists', to: id }]);
    writer.update('lists', id, { name: 'Very important' });
    const other = await bench();
    other.sandbox.load(JSON.parse(JSON.stringify(sandbox.dump())));
    expect([...other.sandbox.truth().records('lists')]).toEqual([...sandbox.truth().records('lists')]);
    expect([...other.sandbox.truth().links()]).toHaveLength(1);
    writer.unlink('contacts', a, 'lists', id);
    expect([...sandbox.truth().links()]).toEqual([]);
    writer.remove('lists', id);
    expect([...sandbox.truth().records('lists')]).toEqual([]);
    expect(() => writer.link('contacts', a, 'lists', id)).toThrow(/not found/);
  });

  it('want both scopes to be written, and are no object type of the API', async () => {
    const to = await bench({ scopes: ['crm.lists.read'] });
    expect((await to.call('POST', '/crm/v3/lists/search', {})).status).toBe(200);
    expect(await to.call('POST', '/crm/v3/lists', {})).toMatchObject({
      status: 403,
      body: { errors: [{ context: { requiredGranularScopes: ['crm.lists.write', 'cms.membership.access_groups.write'] } }] },
    });
    const all = await bench();
    expect((await all.call('GET', '/crm/v3/objects/lists')).status).toBe(400);
  });

  it('are absent in a dump from before there were any, which loads', async () => {
    const on = await withContacts();
    await made(on, 'MANUAL');
    const { lists: _, automations: __, flows: ___, ...older } = on.to.sandbox.dump();
    on.to.sandbox.load(older);
    expect([...on.to.sandbox.truth().records('lists')]).toEqual([]);
    expect([...on.to.sandbox.truth().records('contacts')]).toHaveLength(3);
  });
});
