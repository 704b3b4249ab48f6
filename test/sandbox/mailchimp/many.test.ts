import { gunzipSync } from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { bench, type Bench, hash, LIST, mails, MEMBERS, PERSON, refusal } from './support.js';

const [A, B, C] = ['a@example.com', 'b@example.com', 'c@example.com'];
interface Told {
  readonly new_members: readonly { readonly email_address: string; readonly status: string }[];
  readonly updated_members: readonly { readonly email_address: string; readonly status: string }[];
  readonly errors: readonly { readonly email_address: string; readonly error: string; readonly error_code: string; readonly field?: string }[];
  readonly total_created: number;
  readonly total_updated: number;
  readonly error_count: number;
}
const subscribe = async ({ client }: Bench, members: readonly object[], more: object = {}, options: object = {}): Promise<Told> =>
  (await client.lists.batchListMembers(LIST, { members, ...more }, options)) as Told;

/** What a user would lose: an answer of 200 is taken for one that says that everybody was written. */
describe('batch subscribe', () => {
  test('each is added, changed or named among the errors, and the answer is 200 all the same', async () => {
    const b = await bench();
    const left = b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A, status: 'unsubscribed' });
    b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: B });
    const told = await subscribe(
      b,
      [
        { email_address: A, status: 'subscribed' },
        { email_address: B, status: 'unsubscribed', merge_fields: { FNAME: 'Bea' } },
        { email_address: C, status: 'subscribed', tags: ['x'] },
        { email_address: 'none', status: 'subscribed' },
      ],
      { update_existing: true },
    );
    expect([told.total_created, told.total_updated, told.error_count]).toEqual([1, 1, 2]);
    expect(told.new_members).toMatchObject([{ email_address: C, status: 'subscribed', tags: [{ name: 'x' }] }]);
    expect(told.updated_members).toMatchObject([{ email_address: B, status: 'unsubscribed', merge_fields: { FNAME: 'Bea' } }]);
    expect(told.errors).toMatchObject([
      { email_address: A, error_code: 'ERROR_GENERIC', error: expect.stringContaining('compliance state') as string },
      { email_address: 'none', error_code: 'ERROR_GENERIC', error: 'Please provide a valid email address.' },
    ]);
    expect(b.sandbox.truth().record(MEMBERS, left)).toMatchObject({ status: 'unsubscribed' });
  });

  test('who is there is an error, unless update_existing', async () => {
    const b = await bench();
    b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A });
    const { errors } = await subscribe(b, [{ email_address: A, status: 'unsubscribed' }]);
    expect(errors).toEqual([
      {
        email_address: A,
        error: `${A} is already a list member, do you want to update? please provide update_existing:true in the request body`,
        error_code: 'ERROR_CONTACT_EXISTS',
      },
    ]);
    expect(b.sandbox.truth().record(MEMBERS, hash(A))).toMatchObject({ status: 'subscribed' });
  });

  test('a merge field that does not fit is named in the error of its member', async () => {
    const b = await bench({ audiences: [{ id: LIST, mergeFields: [{ tag: 'LTV', type: 'number' }] }] });
    const { errors } = await subscribe(b, [{ email_address: A, status: 'subscribed', merge_fields: { LTV: 'x' } }]);
    expect(errors).toMatchObject([
      { email_address: A, error: 'Your merge fields were invalid.', field: 'LTV', field_message: 'Please enter a number' },
    ]);
  });

  test('who is named twice is written once, and an error unless duplicates are passed over', async () => {
    const b = await bench();
    const twice = [
      { email_address: A, status: 'subscribed' },
      { email_address: A.toUpperCase(), status: 'unsubscribed' },
    ];
    expect(await subscribe(b, twice)).toMatchObject({ total_created: 1, error_count: 1 });
    expect(await subscribe(b, twice, { update_existing: true }, { skipDuplicateCheck: true })).toMatchObject({
      total_updated: 1,
      error_count: 0,
      updated_members: [{ status: 'subscribed' }],
    });
  });

  test('five hundred and no more; one that has not the form of a member refuses all', async () => {
    const b = await bench();
    const many = (count: number): readonly object[] =>
      Array.from({ length: count }, (_, n) => ({ email_address: `m${n}@example.com`, status: 'subscribed' }));
    expect((await refusal(subscribe(b, many(501)))).body.errors[0].field).toBe('members');
    expect((await refusal(subscribe(b, [...many(2), { email_address: A, status: 'archived' }]))).body.errors[0].field).toBe('members.item:2.status');
    expect([...b.sandbox.truth().records(MEMBERS)]).toEqual([]);
    expect(await subscribe(b, many(500))).toMatchObject({ total_created: 500, error_count: 0 });
  });

  test('tags replace those that are there only with sync_tags', async () => {
    const b = await bench();
    b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A, tags: 'old' });
    await subscribe(b, [{ email_address: A, tags: ['new'] }], { update_existing: true });
    expect(b.sandbox.truth().record(MEMBERS, hash(A))).toMatchObject({ tags: 'new;old' });
    await subscribe(b, [{ email_address: A, tags: ['new'] }], { update_existing: true, sync_tags: true });
    expect(b.sandbox.truth().record(MEMBERS, hash(A))).toMatchObject({ tags: 'new' });
  });

  test('many that are asked are many mails', async () => {
    const b = await bench();
    await subscribe(
      b,
      [A, B].map((email_address) => ({ email_address, status: 'pending' })),
    );
    expect(mails(b.sandbox).map(([to]) => to)).toEqual([A, B]);
  });
});

/** What a user would lose: a batch that was accepted is taken for one that was done. */
describe('batches', () => {
  const operations = [
    { method: 'POST', path: `/lists/${LIST}/members`, operation_id: 'one', body: JSON.stringify({ email_address: A, status: 'subscribed' }) },
    { method: 'PATCH', path: `lists/${LIST}/members/${hash(B)}`, body: JSON.stringify({ status: 'unsubscribed' }) },
    { method: 'GET', path: `/lists/${LIST}/members`, operation_id: 'three', params: { count: '1', fields: 'total_items' } },
    { method: 'PUT', path: `/lists/${LIST}/members`, operation_id: 'four', body: '{}' },
  ];

  test('operations run later, and their answers are an archive at an address that needs no key', async () => {
    const { client, clock, sandbox } = await bench({ batchMs: 60_000 });
    const begun = (await client.batches.start({ operations })) as { id: string };
    expect(begun).toMatchObject({ status: 'pending', total_operations: 0, completed_at: '', response_body_url: '' });
    clock.move(1000);
    expect(await client.batches.status(begun.id)).toMatchObject({ status: 'started', total_operations: 4, finished_operations: 0 });
    expect([...sandbox.truth().records(MEMBERS)]).toEqual([]);
    clock.move(59_000);
    const done = (await client.batches.status(begun.id)) as { response_body_url: string };
    expect(done).toMatchObject({ status: 'finished', finished_operations: 4, errored_operations: 2, completed_at: '2026-11-22T12:01:00+00:00' });
    expect(resultsOf(await bytes(done.response_body_url))).toMatchObject([
      { status_code: 200, operation_id: 'one' },
      { status_code: 404, operation_id: null },
      { status_code: 200, operation_id: 'three', response: '{"total_items":1}' },
      { status_code: 405, operation_id: 'four' },
    ]);
    expect((await fetch(done.response_body_url.replace(/signature=.*/, 'signature=x'))).status).toBe(403);
    expect([...sandbox.truth().records(MEMBERS)]).toHaveLength(1);
  });

  test('a batch that is not one is refused; one can be listed and deleted', async () => {
    const { client } = await bench();
    expect((await refusal(client.batches.start({ operations: [{ path: '/lists' }] }))).body.errors[0].message).toBe(
      'Required fields were not provided: method',
    );
    const { id } = (await client.batches.start({ operations: operations.slice(2, 3) })) as { id: string };
    expect(await client.batches.list()).toMatchObject({ batches: [{ id, status: 'finished' }], total_items: 1 });
    await client.batches.deleteRequest(id);
    expect((await refusal(client.batches.status(id))).status).toBe(404);
  });
});

const bytes = async (url: string): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer());

/** The one file of the archive. */
function resultsOf(archive: Buffer): unknown {
  const tar = gunzipSync(archive);
  expect(tar.subarray(257, 262).toString()).toBe('ustar');
  const size = Number.parseInt(tar.subarray(124, 135).toString(), 8);
  return JSON.parse(tar.subarray(512, 512 + size).toString());
}
