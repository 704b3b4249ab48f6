import { describe, expect, test } from 'vitest';

import { bench, hash, LIST, MEMBERS, PERSON, refusal, TAGS } from './support.js';

const [A, B] = ['a@example.com', 'b@example.com'];

/** What a user would lose: who is in which group or has which tag is what campaigns are sent by. */
describe('tags', () => {
  test('are given and taken away by name, with 204, and are static segments', async () => {
    const { client, sandbox } = await bench();
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A });
    await client.lists.updateListMemberTags(LIST, key, {
      tags: [
        { name: '  Gold ', status: 'active' },
        { name: 'New', status: 'active' },
        { name: 'None', status: 'inactive' },
      ],
    });
    const { tags } = (await client.lists.getListMemberTags(LIST, key)) as { tags: { id: number; name: string; date_added: string }[] };
    expect(tags).toMatchObject([{ name: 'Gold', date_added: '2026-11-22T12:00:00+00:00' }, { name: 'New' }]);
    expect(await client.lists.getListMember(LIST, key)).toMatchObject({ tags_count: 2, tags: [{ name: 'Gold' }, { name: 'New' }] });
    expect(await client.lists.listSegments(LIST)).toMatchObject({
      segments: [{ name: 'Gold', type: 'static', member_count: 1 }, { name: 'New' }],
      total_items: 2,
    });
    expect([...sandbox.truth().links()]).toMatchObject([{ kind: 'tag', from: key, fromObject: MEMBERS, toObject: TAGS }, { kind: 'tag' }]);
    // In any case the same tag.
    await client.lists.updateListMemberTags(LIST, key, { tags: [{ name: 'gold', status: 'inactive' }] });
    expect(sandbox.truth().record(MEMBERS, key)).toMatchObject({ tags: 'New' });
    expect(await client.lists.tagSearch(LIST, { name: 'go' })).toMatchObject({ tags: [{ name: 'Gold' }], total_items: 1 });
  });

  test('fifty of them come with a member, all from their own endpoint', async () => {
    const { client, sandbox } = await bench();
    const names = Array.from({ length: 60 }, (_, n) => `t${n}`);
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A, tags: names.join(';') });
    const told = (await client.lists.getListMember(LIST, key)) as { tags: unknown[]; tags_count: number };
    expect([told.tags.length, told.tags_count]).toEqual([50, 60]);
    expect(((await client.lists.getListMemberTags(LIST, key, { count: 100 })) as { tags: unknown[] }).tags).toHaveLength(60);
  });

  test('a body that names none is answered as one that was done', async () => {
    const { call, sandbox } = await bench();
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A });
    for (const body of [{ name: 'Gold', status: 'active' }, { tags: { name: 'Gold', status: 'active' } }, { tags: [] }])
      expect((await call('POST', `/lists/${LIST}/members/${key}/tags`, body)).status).toBe(204);
    expect(sandbox.truth().record(MEMBERS, key)).not.toHaveProperty('tags');
    expect((await call('POST', `/lists/${LIST}/members/${key}/tags`, { tags: [{ name: 'Gold' }] })).body.errors[0].field).toBe('tags.item:0');
    expect((await call('POST', `/lists/${LIST}/members/${hash(B)}/tags`, { tags: [] })).status).toBe(404);
  });

  test('PATCH and PUT of who is there leave tags as they are', async () => {
    const { client, sandbox } = await bench();
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A, tags: 'old' });
    await client.lists.updateListMember(LIST, key, { tags: ['new'] });
    await client.lists.setListMember(LIST, key, { email_address: A, status_if_new: 'subscribed', tags: ['new'] });
    expect(sandbox.truth().record(MEMBERS, key)).toMatchObject({ tags: 'old' });
  });

  test('static segments take and lose members, and name who is none', async () => {
    const { client, sandbox } = await bench();
    const [a, b] = [A, B].map((email_address) => sandbox.writeAs(PERSON).create(MEMBERS, { email_address }));
    const { id } = (await client.lists.createSegment(LIST, { name: 'Gold', static_segment: [A] })) as { id: number };
    expect((await refusal(client.lists.createSegment(LIST, { name: 'gold', static_segment: [] }))).body.errors[0].field).toBe('name');
    expect(await client.lists.batchSegmentMembers({ members_to_add: [B, 'c@example.com'], members_to_remove: [A] }, LIST, id)).toMatchObject({
      total_added: 1,
      total_removed: 1,
      error_count: 1,
      errors: [{ email_addresses: ['c@example.com'] }],
    });
    await client.lists.createSegmentMember(LIST, id, { email_address: A });
    sandbox.writeAs(PERSON).update(MEMBERS, b ?? '', { status: 'unsubscribed' });
    expect(await client.lists.getSegmentMembersList(LIST, id)).toMatchObject({ members: [{ email_address: A }], total_items: 1 });
    await client.lists.removeSegmentMember(LIST, id, a);
    expect((await refusal(client.lists.removeSegmentMember(LIST, id, a))).status).toBe(404);
    expect(await client.lists.updateSegment(LIST, id, { name: 'Silver', static_segment: [A] })).toMatchObject({ name: 'Silver', member_count: 1 });
    expect([...sandbox.truth().links()].map(({ from }) => from)).toEqual([a]);
    await client.lists.deleteSegment(LIST, id);
    expect([...sandbox.truth().links()]).toEqual([]);
  });
});

describe('groups', () => {
  test('interests of a group are chosen by their ids; what is not named stays', async () => {
    const { client, sandbox } = await bench();
    const { id: group } = (await client.lists.createListInterestCategory(LIST, { title: 'Topics', type: 'checkboxes' })) as { id: string };
    const interest = async (name: string): Promise<string> =>
      ((await client.lists.createInterestCategoryInterest(LIST, group, { name })) as { id: string }).id;
    const [news, offers] = [await interest('News'), await interest('Offers')];
    const made = await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed', interests: { [news]: true } });
    expect(made).toMatchObject({ interests: { [news]: true, [offers]: false } });
    expect(await client.lists.updateListMember(LIST, hash(A), { interests: { [offers]: true } })).toMatchObject({
      interests: { [news]: true, [offers]: true },
    });
    expect(sandbox.truth().record(MEMBERS, hash(A))?.['interests']).toBe([news, offers].sort().join(';'));
    expect(await client.lists.listInterestCategoryInterests(LIST, group)).toMatchObject({
      interests: [{ id: news, subscriber_count: '1' }, { id: offers }],
      total_items: 2,
    });
    expect((await refusal(client.lists.updateListMember(LIST, hash(A), { interests: { nobody: true } }))).body.errors).toEqual([
      { field: 'interests', message: "Invalid interest ID: 'nobody'." },
    ]);
    expect((await refusal(client.lists.updateListMember(LIST, hash(A), { interests: { [news]: 'yes' } }))).status).toBe(400);
    await client.lists.updateInterestCategoryInterest(LIST, group, news, { name: 'All news' });
    await client.lists.deleteInterestCategoryInterest(LIST, group, offers);
    expect(await client.lists.getListMember(LIST, hash(A))).toMatchObject({ interests: { [news]: true } });
    await client.lists.deleteInterestCategory(LIST, group);
    expect(await client.lists.getListMember(LIST, hash(A))).not.toHaveProperty('interests');
    expect(sandbox.truth().record(MEMBERS, hash(A))).not.toHaveProperty('interests');
  });

  test('marketing permissions are given by their ids, where the audience asks for them', async () => {
    const { client, sandbox } = await bench({ audiences: [{ id: LIST, permissions: ['Email', 'Mail'] }] });
    const { marketing_permissions: told } = (await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' })) as {
      marketing_permissions: { marketing_permission_id: string }[];
    };
    const id = told[0]?.marketing_permission_id ?? '';
    const set = async (enabled: boolean): Promise<unknown> =>
      (await client.lists.updateListMember(LIST, hash(A), { marketing_permissions: [{ marketing_permission_id: id, enabled }] })) as unknown;
    expect(await set(true)).toMatchObject({ marketing_permissions: [{ text: 'Email', enabled: true }, { enabled: false }] });
    expect(sandbox.truth().record(MEMBERS, hash(A))).toMatchObject({ marketing_permissions: id });
    await set(false);
    expect(sandbox.truth().record(MEMBERS, hash(A))).not.toHaveProperty('marketing_permissions');
  });
});

describe('notes and events', () => {
  test('notes are kept, the last one with the member', async () => {
    const { client, sandbox } = await bench();
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A });
    const { id } = (await client.lists.createListMemberNote(LIST, key, { note: 'Called' })) as { id: number };
    expect(await client.lists.updateListMemberNote(LIST, key, id, { note: 'Called twice' })).toMatchObject({ id, note: 'Called twice' });
    expect(await client.lists.getListMember(LIST, key)).toMatchObject({ last_note: { note_id: id, note: 'Called twice' } });
    expect(await client.lists.getListMemberNotes(LIST, key)).toMatchObject({ total_items: 1 });
    await client.lists.deleteListMemberNote(LIST, key, id);
    expect(await client.lists.getListMember(LIST, key)).not.toHaveProperty('last_note');
  });

  test('events are told newest first', async () => {
    const { client, sandbox } = await bench();
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A });
    for (const name of ['bought', 'returned']) await client.lists.createListMemberEvent(LIST, key, { name, properties: { what: 'x' } });
    expect(await client.lists.getListMemberEvents(LIST, key)).toMatchObject({
      events: [{ name: 'returned' }, { name: 'bought', properties: { what: 'x' } }],
    });
  });
});
