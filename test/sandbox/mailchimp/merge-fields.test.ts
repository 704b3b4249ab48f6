import { describe, expect, test } from 'vitest';

import { bench, type Bench, hash, LIST, MEMBERS, PERSON, refusal } from './support.js';

const A = 'a@example.com';
const FIELDS = [
  { tag: 'LTV', type: 'number' },
  { tag: 'JOINED', type: 'date' },
  { tag: 'SINCE', type: 'date', dateFormat: 'DD/MM/YYYY' },
  { tag: 'BIRTHDAY', type: 'birthday' },
  { tag: 'BDAY', type: 'birthday', dateFormat: 'DD/MM' },
  { tag: 'PLZ', type: 'zip' },
  { tag: 'SITE', type: 'url' },
  { tag: 'LEVEL', type: 'dropdown', choices: ['New', 'Open'] },
  { tag: 'USPHONE', type: 'phone', phoneFormat: 'US' },
] as const;

const filled = async (): Promise<Bench> => {
  const b = await bench({ audiences: [{ id: LIST, mergeFields: FIELDS }] });
  await b.client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' });
  return b;
};
const put = async ({ client }: Bench, values: object): Promise<Record<string, unknown>> =>
  ((await client.lists.updateListMember(LIST, hash(A), { merge_fields: values })) as { merge_fields: Record<string, unknown> }).merge_fields;
const message = async (b: Bench, values: object): Promise<string> => {
  const { body } = await refusal(put(b, values));
  expect(body).toMatchObject({ title: 'Invalid Resource', detail: 'Your merge fields were invalid.', errors: [{ field: Object.keys(values)[0] }] });
  return (body as { errors: readonly [{ message: string }] }).errors[0].message;
};

/** What a user would lose: a value that was written is not what is read back, and a restore takes that for damage, or for success. */
describe('merge fields', () => {
  test('values are kept in the form of their type', async () => {
    const b = await filled();
    expect(
      await put(b, {
        FNAME: '  Ada ',
        LTV: '15.50',
        JOINED: '2/14/1988',
        SINCE: '14/02/1988',
        BIRTHDAY: '2/14',
        BDAY: '14/02',
        PLZ: '21658',
        SITE: 'https://example.com/x',
        LEVEL: 'Open',
        PHONE: '000',
        USPHONE: '404-555-1212',
      }),
    ).toMatchObject({
      FNAME: 'Ada',
      LTV: 15.5,
      JOINED: '1988-02-14',
      SINCE: '1988-02-14',
      BIRTHDAY: '02/14',
      BDAY: '14/02',
      PLZ: '21658',
      SITE: 'https://example.com/x',
      LEVEL: 'Open',
      PHONE: '000',
      USPHONE: '(404) 555-1212',
    });
    expect(await put(b, { JOINED: '2020-02-29', LTV: 7 })).toMatchObject({ JOINED: '2020-02-29', LTV: 7 });
  });

  test('values that do not fit are refused in the words of their type', async () => {
    const b = await filled();
    expect(await message(b, { LTV: 'AAAAA' })).toBe('Please enter a number');
    expect(await message(b, { LTV: '200,00' })).toBe('Please enter a number');
    for (const date of ['soon', '2021-02-29', '14/02/1988']) expect(await message(b, { JOINED: date })).toBe('Please enter the date');
    for (const day of ['14/02', '1988-02-14', '02/30'])
      expect(await message(b, { BIRTHDAY: day })).toBe('Please enter a month (01-12) and a day (01-31)');
    expect(await message(b, { BDAY: '02/14' })).toBe('Please enter a month (01-12) and a day (01-31)');
    expect(await message(b, { PLZ: '1234' })).toBe('Please enter a zip code (5 digits)');
    expect(await message(b, { SITE: 'example' })).toBe('That is not a valid URL');
    expect(await message(b, { LEVEL: 'Gone' })).toBe('Value must be one of: , New, Open (not Gone)');
    expect(await message(b, { USPHONE: '123' })).toBe('Please enter a valid phone number');
    expect(await message(b, { FNAME: 'ä'.repeat(128) })).toContain('255');
    expect(await put(b, { FNAME: 'ä'.repeat(127) })).toMatchObject({ FNAME: 'ä'.repeat(127) });
  });

  test('one value that does not fit refuses all of them', async () => {
    const b = await filled();
    await message(b, { LTV: 'x', FNAME: 'Ada' });
    expect(b.sandbox.truth().record(MEMBERS, hash(A))).not.toHaveProperty('FNAME');
  });

  test('empty text empties a field, and one that nobody knows is passed over', async () => {
    const b = await filled();
    await put(b, { FNAME: 'Ada', LTV: 1, JOINED: '2020-01-01' });
    expect(await put(b, { FNAME: '', LTV: '', JOINED: '', NOBODY: 'x' })).toMatchObject({ FNAME: '', LTV: '', JOINED: '' });
    expect(await put(b, {})).not.toHaveProperty('NOBODY');
    // In any case.
    expect(await put(b, { fname: 'Bob' })).toMatchObject({ FNAME: 'Bob' });
  });

  test('an address that is not complete is dropped without a word; a country is the United States unless it is said', async () => {
    const b = await filled();
    const address = { addr1: '1 Road', city: 'Example', state: 'EX', zip: '12345' };
    expect((await put(b, { ADDRESS: address }))['ADDRESS']).toEqual({ ...address, addr2: '', country: 'US' });
    expect((await put(b, { ADDRESS: { ...address, state: '' } }))['ADDRESS']).toBe('');
    await put(b, { ADDRESS: address });
    expect((await put(b, { ADDRESS: '1 Road, Example' }))['ADDRESS']).toBe('');
    b.sandbox.writeAs(PERSON).update(MEMBERS, hash(A), { ADDRESS: JSON.stringify(address) });
    expect(JSON.parse(b.sandbox.truth().record(MEMBERS, hash(A))?.['ADDRESS'] ?? '')).toMatchObject(address);
  });

  test('required fields: all of them with every write of values, unless the check is skipped', async () => {
    const { client } = await bench({
      audiences: [
        {
          id: LIST,
          mergeFields: [
            { tag: 'FNAME', required: true },
            { tag: 'LNAME', required: true },
            { tag: 'ADDRESS', type: 'address', required: true },
          ],
        },
      ],
    });
    const fields = async (call: Promise<unknown>): Promise<unknown> => (await refusal(call)).body.errors as unknown;
    const missing = (field: string): unknown => ({ field, message: 'Please enter a value' });
    expect(await fields(client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' }))).toEqual(
      [missing('ADDRESS'), missing('FNAME'), missing('LNAME')].sort(byOrder),
    );
    await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' }, { skipMergeValidation: true });
    expect(await fields(client.lists.updateListMember(LIST, hash(A), { merge_fields: { FNAME: 'Ada' } }))).toEqual(
      [missing('ADDRESS'), missing('LNAME')].sort(byOrder),
    );
    // Also where no values are sent at all.
    expect(await fields(client.lists.updateListMember(LIST, hash(A), { status: 'unsubscribed' }))).toHaveLength(3);
    expect(
      await client.lists.updateListMember(LIST, hash(A), { status: 'unsubscribed', merge_fields: { FNAME: 'Ada' } }, { skipMergeValidation: true }),
    ).toMatchObject({ status: 'unsubscribed' });
    const half = { addr1: '1 Road', city: 'X', state: '', zip: '12345' };
    expect(await fields(client.lists.updateListMember(LIST, hash(A), { merge_fields: { FNAME: 'A', LNAME: 'L', ADDRESS: half } }))).toEqual([
      { field: 'ADDRESS', message: 'Please enter a complete address' },
    ]);
  });

  test('required fields that a member holds have to be among those that are written', async () => {
    const { client, sandbox } = await bench({
      audiences: [
        {
          id: LIST,
          mergeFields: [
            { tag: 'FNAME', required: true },
            { tag: 'LNAME', required: true },
          ],
        },
      ],
    });
    await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed', merge_fields: { FNAME: 'Ada', LNAME: 'L' } });
    const patch = async (body: object): Promise<unknown> => (await client.lists.updateListMember(LIST, hash(A), body)) as unknown;
    expect((await refusal(patch({ merge_fields: { FNAME: 'Bob' } }))).body.errors).toEqual([{ field: 'LNAME', message: 'Please enter a value' }]);
    expect(await patch({ status: 'unsubscribed' })).toMatchObject({ status: 'unsubscribed' });
    expect((await refusal(patch({ merge_fields: { FNAME: '', LNAME: 'L' } }))).body.errors).toMatchObject([{ field: 'FNAME' }]);
    // People who work in the account are asked for none.
    const key = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: 'b@example.com' });
    expect(sandbox.truth().record(MEMBERS, key)).toMatchObject({ email_address: 'b@example.com' });
  });

  test('a default is for who is new', async () => {
    const { client } = await bench({ audiences: [{ id: LIST, mergeFields: [{ tag: 'PLAN', default: 'free' }] }] });
    expect(await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' })).toMatchObject({ merge_fields: { PLAN: 'free' } });
    expect(await client.lists.updateListMember(LIST, hash(A), { merge_fields: { PLAN: '' } })).toMatchObject({ merge_fields: { PLAN: '' } });
    expect(await client.lists.updateListMember(LIST, hash(A), { merge_fields: { FNAME: 'Ada' } })).toMatchObject({ merge_fields: { PLAN: '' } });
  });

  test('fields are made, told by name, changed and deleted with what members hold in them', async () => {
    const { client, sandbox } = await bench();
    const made = await client.lists.addListMergeField(LIST, { name: 'Level', type: 'dropdown', tag: 'LEVEL', options: { choices: ['New'] } });
    expect(made).toMatchObject({
      merge_id: 5,
      tag: 'LEVEL',
      type: 'dropdown',
      required: false,
      options: { choices: ['New'] },
      list_id: LIST,
      total_items: 5,
    });
    expect(await client.lists.addListMergeField(LIST, { name: 'Other', type: 'text' })).toMatchObject({ tag: 'MMERGE6' });
    expect((await refusal(client.lists.addListMergeField(LIST, { name: 'Level', type: 'text', tag: 'level' }))).body.errors[0].field).toBe('tag');
    expect((await refusal(client.lists.addListMergeField(LIST, { name: 'X', type: 'list' }))).body.errors[0].field).toBe('type');
    const { merge_fields: told } = (await client.lists.getListMergeFields(LIST, { count: 3 })) as { merge_fields: { tag: string }[] };
    expect(told.map(({ tag }) => tag)).toEqual(['ADDRESS', 'FNAME', 'LNAME']);
    await client.lists.addListMember(LIST, { email_address: A, status: 'subscribed', merge_fields: { LEVEL: 'New' } });
    expect(await client.lists.updateListMergeField(LIST, 5, { tag: 'STAGE', options: { choices: ['Won'] } })).toMatchObject({
      merge_id: 5,
      tag: 'STAGE',
    });
    // What is no option any more stays.
    expect(sandbox.truth().record(MEMBERS, hash(A))).toMatchObject({ STAGE: 'New' });
    await client.lists.deleteListMergeField(LIST, 5);
    expect(sandbox.truth().record(MEMBERS, hash(A))).not.toHaveProperty('STAGE');
    expect((await refusal(client.lists.getListMergeField(LIST, 5))).status).toBe(404);
  });
});

const byOrder = (a: unknown, b: unknown): number => ORDER.indexOf((a as { field: string }).field) - ORDER.indexOf((b as { field: string }).field);
/** In the order in which the audience has them. */
const ORDER = ['PHONE', 'FNAME', 'LNAME', 'ADDRESS'];
