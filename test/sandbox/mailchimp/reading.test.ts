import { describe, expect, test } from 'vitest';

import { bench, hash, LIST, MEMBERS, PERSON, refusal } from './support.js';

const email = (n: number): string => `m${String(n).padStart(4, '0')}@example.com`;

/** What a user would lose: a snapshot that looks whole and lacks people. */
describe('reading', () => {
  test('pages are of 10 unless more are asked for, and of 1000 at most, whatever is asked for', async () => {
    const { client, sandbox } = await bench();
    const writer = sandbox.writeAs(PERSON);
    for (let n = 0; n < 1012; n += 1) writer.create(MEMBERS, { email_address: email(n) });
    const page = async (options: object): Promise<string[]> => {
      const told = (await client.lists.getListMembersInfo(LIST, { fields: ['members.email_address', 'total_items'], ...options })) as {
        members: { email_address: string }[];
        total_items: number;
      };
      expect(told.total_items).toBe(1012);
      return told.members.map((each) => each.email_address);
    };
    expect(await page({})).toHaveLength(10);
    expect(await page({ count: 3000 })).toHaveLength(1000);
    expect(await page({ count: 1000, offset: 1000 })).toHaveLength(12);
    expect(await page({ count: 0 })).toEqual([]);
    expect(await page({ offset: 5000 })).toEqual([]);
  });

  test('a page by offset misses who moved up because others were archived meanwhile', async () => {
    const { client, sandbox } = await bench();
    for (let n = 0; n < 6; n += 1) sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(n) });
    const page = async (offset: number): Promise<string[]> =>
      ((await client.lists.getListMembersInfo(LIST, { count: 3, offset })) as { members: { email_address: string }[] }).members.map(
        (each) => each.email_address,
      );
    const first = await page(0);
    sandbox.writeAs(PERSON).remove(MEMBERS, hash(email(0)));
    const second = await page(3);
    expect([...first, ...second]).toEqual([0, 1, 2, 4, 5].map(email));
  });

  test('fields and exclude_fields reach through lists by dots', async () => {
    const { call, sandbox } = await bench();
    sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(1), FNAME: 'Ada' });
    expect((await call('GET', `/lists/${LIST}/members?fields=members.id,members.merge_fields.FNAME`)).body).toEqual({
      members: [{ id: hash(email(1)), merge_fields: { FNAME: 'Ada' } }],
    });
    const { body } = await call('GET', `/lists/${LIST}/members?exclude_fields=members.merge_fields,members._links,_links`);
    expect(body).toMatchObject({ total_items: 1, list_id: LIST, members: [{ email_address: email(1) }] });
    expect(Object.keys(body.members[0] as object)).not.toContain('merge_fields');
    expect(body).not.toHaveProperty('_links');
  });

  test('members are filtered by status, time of change, interests and more; whole seconds are compared', async () => {
    const { client, clock, sandbox } = await bench({ audiences: [{ id: LIST, groups: [{ title: 'Topics', interests: ['News', 'Offers'] }] }] });
    const writer = sandbox.writeAs(PERSON);
    const { categories } = (await client.lists.getListInterestCategories(LIST)) as { categories: [{ id: string }] };
    const { interests } = (await client.lists.listInterestCategoryInterests(LIST, categories[0].id)) as {
      interests: [{ id: string }, { id: string }];
    };
    writer.create(MEMBERS, { email_address: email(1), interests: interests[0].id, vip: 'true' });
    clock.move(2500);
    writer.create(MEMBERS, { email_address: email(2), status: 'unsubscribed', email_type: 'text' });
    const found = async (options: object): Promise<string[]> =>
      ((await client.lists.getListMembersInfo(LIST, options)) as { members: { email_address: string }[] }).members.map((each) => each.email_address);
    expect(await found({})).toEqual([email(1), email(2)]);
    expect(await found({ status: 'unsubscribed' })).toEqual([email(2)]);
    expect(await found({ sinceLastChanged: '2026-11-22T12:00:00+00:00' })).toEqual([email(2)]);
    expect(await found({ sinceLastChanged: '2026-11-22T12:00:02+00:00' })).toEqual([]);
    expect(await found({ sinceLastChanged: '2026-11-22T13:00:01+01:00' })).toEqual([email(2)]);
    expect(await found({ beforeLastChanged: '2026-11-22T12:00:02+00:00' })).toEqual([email(1)]);
    expect(await found({ vipOnly: true })).toEqual([email(1)]);
    expect(await found({ emailType: 'text' })).toEqual([email(2)]);
    const of = { interestCategoryId: categories[0].id, interestIds: interests.map(({ id }) => id).join(',') };
    expect(await found({ ...of, interestMatch: 'any' })).toEqual([email(1)]);
    expect(await found({ ...of, interestMatch: 'all' })).toEqual([]);
    expect(await found({ ...of, interestMatch: 'none' })).toEqual([email(2)]);
    expect(await found({ sortField: 'last_changed', sortDir: 'DESC' })).toEqual([email(2), email(1)]);
    for (const bad of [
      { status: 'gone' },
      { sortField: 'email' },
      { interestIds: 'x' },
      { unsubscribedSince: '2026-11-22' },
      { sinceLastChanged: 'yesterday' },
    ])
      expect((await refusal(client.lists.getListMembersInfo(LIST, bad))).status).toBe(400);
  });

  test('the account tells who it is and how many it has, and nothing that says whether it is for tests', async () => {
    const { client, sandbox } = await bench();
    sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(1) });
    expect(await client.ping.get()).toEqual({ health_status: "Everything's Chimpy!" });
    const root = (await client.root.getRoot()) as Record<string, unknown>;
    expect(root).toMatchObject({ account_id: sandbox.account, account_name: 'Example Ltd', pricing_plan_type: 'monthly', total_subscribers: 1 });
    expect(Object.keys(root).filter((name) => /sandbox|test|environment/i.test(name))).toEqual([]);
  });

  test('audiences are made, told, changed and deleted', async () => {
    const { client, sandbox, call } = await bench();
    const contact = { company: 'Example', address1: '1 Road', city: 'X', country: 'US' };
    const made = await client.lists.createList({
      name: 'Second',
      contact,
      permission_reminder: 'x',
      campaign_defaults: {},
      email_type_option: true,
      marketing_permissions: true,
    });
    expect(made).toMatchObject({ name: 'Second', marketing_permissions: true, double_optin: false, stats: { member_count: 0 } });
    const { id } = made as { id: string };
    expect(sandbox.audiences).toEqual([LIST, id]);
    expect(sandbox.truth().objects).toContain(`members-${id}`);
    expect(await client.lists.updateList(id, { name: 'Other', double_optin: true })).toMatchObject({
      name: 'Other',
      double_optin: true,
      contact: { city: 'X' },
    });
    expect(await client.lists.getAllLists({ fields: ['lists.name'] })).toEqual({ lists: [{ name: 'Example Ltd' }, { name: 'Other' }] });
    expect((await refusal(client.lists.createList({ name: 'x' }))).body.errors[0].message).toContain('contact');
    sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(1), status: 'cleaned' });
    expect((await call('GET', `/lists/${LIST}?include_total_contacts=true`)).body.stats).toMatchObject({
      member_count: 0,
      cleaned_count: 1,
      total_contacts: 1,
    });
    await client.lists.deleteList(id);
    expect((await refusal(client.lists.getList(id))).status).toBe(404);
  });
});
