import { describe, expect, test } from 'vitest';

import { bench, type Bench, hash, LIST, MEMBERS, PERSON, refusal } from './support.js';

const A = 'Ada.L@Example.com';
const B = 'b@example.com';
const add = async ({ client }: Bench, email: string, more: object = {}): Promise<unknown> =>
  await client.lists.addListMember(LIST, { email_address: email, status: 'subscribed', ...more });

/** What a user would lose: a connector that writes to somebody else, or to nobody, and is told that all is well. */
describe('members', () => {
  test('a member is told with all that the platform works out, by the hash of its address in lower case', async () => {
    const b = await bench({ audiences: [{ id: LIST, groups: [{ title: 'Topics', interests: ['News'] }], permissions: ['Email'] }] });
    const made = (await add(b, A, { merge_fields: { FNAME: 'Ada', LNAME: 'L' }, language: 'en', vip: true })) as Record<string, unknown>;
    expect(made).toMatchObject({
      id: hash(A),
      email_address: A,
      full_name: 'Ada L',
      email_type: 'html',
      status: 'subscribed',
      merge_fields: { FNAME: 'Ada', LNAME: 'L', ADDRESS: '', PHONE: '' },
      timestamp_opt: '2026-11-22T12:00:00+00:00',
      last_changed: '2026-11-22T12:00:00+00:00',
      timestamp_signup: '',
      vip: true,
      language: 'en',
      source: 'API - Generic',
      tags_count: 0,
      tags: [],
      list_id: LIST,
      marketing_permissions: [{ text: 'Email', enabled: false }],
    });
    expect(made['contact_id']).toMatch(/^[0-9a-f]{32}$/);
    expect(Object.values(made['interests'] as object)).toEqual([false]);
    for (const name of [hash(A), made['contact_id'], A, A.toLowerCase()]) expect(await b.client.lists.getListMember(LIST, name)).toEqual(made);
  });

  test('an audience without groups tells no interests', async () => {
    const b = await bench();
    expect(await add(b, A)).not.toHaveProperty('interests');
  });

  test('who is there is not added again, in any case and also from the archive', async () => {
    const b = await bench();
    await add(b, A);
    const { status, body } = await refusal(add(b, A.toLowerCase()));
    expect([status, body.title, body.detail]).toEqual([
      400,
      'Member Exists',
      `${A.toLowerCase()} is already a list member. Use PUT to insert or update list members.`,
    ]);
    await b.client.lists.deleteListMember(LIST, hash(A));
    expect((await refusal(add(b, A))).body.title).toBe('Member Exists');
  });

  test('PUT adds or changes; the hash of an address in capitals is that of nobody', async () => {
    const { client, sandbox } = await bench();
    expect(await client.lists.setListMember(LIST, hash(A), { email_address: A, status_if_new: 'subscribed', tags: ['new'] })).toMatchObject({
      status: 'subscribed',
      tags_count: 1,
    });
    expect(
      await client.lists.setListMember(LIST, hash(A), {
        email_address: A,
        status_if_new: 'pending',
        merge_fields: { FNAME: 'Ada' },
        tags: ['other'],
      }),
    ).toMatchObject({
      status: 'subscribed',
      merge_fields: { FNAME: 'Ada' },
      // Tags are for who is new.
      tags: [{ name: 'new' }],
    });
    // The platform takes the path for that of somebody new, and the body for somebody who is there.
    const wrong = 'f'.repeat(32);
    expect((await refusal(client.lists.setListMember(LIST, wrong, { email_address: A, status_if_new: 'subscribed' }))).body.title).toBe(
      'Member Exists',
    );
    expect(await client.lists.setListMember(LIST, wrong, { email_address: B, status_if_new: 'subscribed' })).toMatchObject({ id: hash(B) });
    expect((await refusal(client.lists.setListMember(LIST, wrong, { merge_fields: {} }))).body.errors).toEqual([
      { field: '', message: 'Required fields were not provided: email_address, status_if_new' },
    ]);
    expect((await refusal(client.lists.updateListMember(LIST, wrong, { status: 'subscribed' }))).status).toBe(404);
    expect([...sandbox.truth().records(MEMBERS)]).toHaveLength(2);
    expect((await refusal(client.lists.setListMember(LIST, 'no-hash', { email_address: 'c@example.com', status_if_new: 'subscribed' }))).status).toBe(
      404,
    );
  });

  test('a changed address is a new id for the API: the old one is gone, the contact stays, and so does its key', async () => {
    const b = await bench();
    const { contact_id: contact } = (await add(b, A, { merge_fields: { FNAME: 'Ada' } })) as { contact_id: string };
    expect(await b.client.lists.updateListMember(LIST, hash(A), { email_address: B })).toMatchObject({
      id: hash(B),
      contact_id: contact,
      merge_fields: { FNAME: 'Ada' },
    });
    expect((await refusal(b.client.lists.getListMember(LIST, hash(A)))).status).toBe(404);
    expect([...b.sandbox.truth().records(MEMBERS)].map(({ key }) => key)).toEqual([contact]);
    // Only its case: the same id.
    expect(await b.client.lists.updateListMember(LIST, hash(B), { email_address: 'B@example.com' })).toMatchObject({
      id: hash(B),
      email_address: 'B@example.com',
    });
  });

  test('an address changes only for who is subscribed, and only to one that nobody has or had', async () => {
    const b = await bench();
    await add(b, A);
    await add(b, B);
    const change = async (from: string, to: string): Promise<string> =>
      (await refusal(b.client.lists.updateListMember(LIST, hash(from), { email_address: to }))).body.errors[0].message as string;
    expect(await change(A, B)).toBe(`"${B}" is already in this list with a status of "Subscribed".`);
    await b.client.lists.deleteListMember(LIST, hash(B));
    expect(await change(A, B)).toBe(`"${B}" is already in this list with a status of "Archived".`);
    await b.client.lists.deleteListMemberPermanent(LIST, hash(B));
    expect(await change(A, B)).toBe(`"${B}" is already in this list with a status of "Deleted".`);
    await b.client.lists.updateListMember(LIST, hash(A), { status: 'unsubscribed' });
    expect(await change(A, 'c@example.com')).toBe(
      'This member\'s status is "unsubscribed." You can only update email addresses for members with a status of "subscribed."',
    );
  });

  test('an address that is none, or looks fake, is refused; blanks around one are not kept', async () => {
    const b = await bench({ fakeHosts: ['fake.example.com'] });
    const detail = async (email: string): Promise<string> => (await refusal(add(b, email))).body.detail as string;
    for (const email of ['no address', 'a@', '@example.com']) expect(await detail(email)).toBe('Please provide a valid email address.');
    for (const email of ['a@fake.example.com', 'a@host.invalid', 'a@host.test'])
      expect(await detail(email)).toBe(`${email} looks fake or invalid, please enter a real email address.`);
    expect(await detail('a@localhost')).toContain('The domain portion of the email address is invalid');
    expect(await add(b, ` ${B} `)).toMatchObject({ id: hash(B), email_address: B });
  });

  test('last_changed moves where something changes, in whole seconds, and not where nothing does', async () => {
    const { client, clock, ...rest } = await bench();
    await add({ client, clock, ...rest }, A, { merge_fields: { FNAME: 'Ada' } });
    clock.move(1999);
    const patch = async (body: object): Promise<string> =>
      ((await client.lists.updateListMember(LIST, hash(A), body)) as { last_changed: string }).last_changed;
    expect(await patch({ merge_fields: { FNAME: 'Ada' }, status: 'subscribed' })).toBe('2026-11-22T12:00:00+00:00');
    expect(await patch({ merge_fields: { FNAME: 'Adah' } })).toBe('2026-11-22T12:00:01+00:00');
  });

  test('bodies that do not fit the schema are refused with every field that is wrong', async () => {
    const b = await bench();
    const errors = async (body: object): Promise<unknown> => (await refusal(b.client.lists.addListMember(LIST, body))).body.errors as unknown;
    expect(await errors({})).toEqual([{ field: '', message: 'Required fields were not provided: email_address, status' }]);
    expect(await errors({ email_address: null, status: 'subscribed', vip: 'yes' })).toEqual([
      { field: 'email_address', message: 'Schema describes string, NULL found instead' },
      { field: 'vip', message: 'Schema describes boolean, string found instead' },
    ]);
    const anyOf = 'Data did not match any of the schemas described in anyOf.';
    expect(await errors({ email_address: A, status: 'subscribed', merge_fields: { FNAME: null, ADDRESS: { addr1: '1 Road', city: 'X' } } })).toEqual([
      { field: 'merge_fields.FNAME', message: anyOf },
      { field: 'merge_fields.ADDRESS', message: anyOf },
    ]);
    expect(await errors({ email_address: A, status: 'subscribed', tags: [{ name: 'x' }] })).toMatchObject([{ field: 'tags.item:0' }]);
  });

  test('what people and other programs write past the API is there for it', async () => {
    const { client, sandbox } = await bench();
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A, FNAME: 'Ada', tags: 'b;a', vip: 'true' });
    expect(await client.lists.getListMember(LIST, hash(A))).toMatchObject({ contact_id: key });
    expect(await client.lists.getListMember(LIST, key)).toMatchObject({ vip: true, tags: [{ name: 'a' }, { name: 'b' }], source: 'Admin Add' });
    expect(sandbox.truth().record(MEMBERS, key)).toEqual({
      email_address: A,
      status: 'subscribed',
      email_type: 'html',
      vip: 'true',
      FNAME: 'Ada',
      tags: 'a;b',
    });
    // The seam takes whatever the API takes for a member.
    expect([hash(A), A].map((name) => sandbox.truth().record(MEMBERS, name)?.['FNAME'])).toEqual(['Ada', 'Ada']);
    // A contact that has no address is known by its own id.
    const other = sandbox.writeAs(PERSON).create(MEMBERS, { FNAME: 'No address' });
    expect(await client.lists.getListMember(LIST, other)).toMatchObject({ id: other, contact_id: other, email_address: '' });
    sandbox.writeAs(PERSON).purge(MEMBERS, key);
    expect((await refusal(client.lists.getListMember(LIST, key))).status).toBe(404);
  });
});
