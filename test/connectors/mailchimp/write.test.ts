import { describe, expect, test } from 'vitest';

import type { CreateMutation, DeleteMutation, UpdateMutation } from '../../../src/connectors/index.js';
import type { Fields } from '../../../src/records/index.js';
import { all, type Bench, bench, contactOf, hash, LIST, MEMBERS, PERSON, read, SYNC, words } from './support.js';

const email = (n: number): string => `m${String(n)}@example.com`;
const seed = (b: Bench, n: number, more: Readonly<Record<string, string>> = {}): string =>
  contactOf(b.sandbox, b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(n), ...more }));
const truth = (b: Bench, n: number): Readonly<Record<string, unknown>> | undefined => b.sandbox.truth().record(MEMBERS, hash(email(n)));
const change = (b: Bench, key: string, set: Fields, expectation: Fields = {}): UpdateMutation => ({
  action: 'update',
  schema: b.schema,
  key,
  set,
  expect: expectation,
});
const make = (b: Bench, set: Fields): CreateMutation => ({
  action: 'create',
  schema: b.schema,
  key: 'f'.repeat(32),
  set: { status: 'subscribed', ...set },
});
const archive = (b: Bench, key: string): DeleteMutation => ({ action: 'delete', schema: b.schema, key, expect: {} });
const requests = (b: Bench): Readonly<Record<string, number>> => b.sandbox.counts().byEndpoint;

describe('new members with one address', () => {
  test('of two in one batch the first is made, and the second is refused: no key is told twice', async () => {
    const b = await bench();
    const results = await b.connector.write([
      make(b, { email_address: 'Twin@Example.com', FNAME: 'one' }),
      make(b, { email_address: 'other@example.com' }),
      make(b, { email_address: 'twin@example.com ', FNAME: 'two' }),
    ]);
    expect(words(results)).toEqual(['applied', 'applied', 'unique-taken']);
    expect(b.sandbox.truth().record(MEMBERS, hash('twin@example.com'))).toMatchObject({ FNAME: 'one' });
  });
});

describe('changes', () => {
  test('many whose addresses were just read go in one request, and no status goes with them', async () => {
    const b = await bench();
    const keys = [1, 2, 3].map((n) => seed(b, n, { FNAME: 'bad' }));
    await all(b.connector.read({ schema: b.schema, keys }));
    // Meanwhile one opts out: the batch must not opt them in again.
    b.sandbox.writeAs(PERSON).update(MEMBERS, hash(email(2)), { status: 'unsubscribed' });
    b.sandbox.resetCounts();
    const results = await b.connector.write(keys.map((key) => change(b, key, { FNAME: `good ${key}` }, { FNAME: 'bad' })));
    expect(words(results)).toEqual(['applied', 'applied', 'applied']);
    expect(b.sandbox.counts().requests).toBe(1);
    expect(truth(b, 2)).toMatchObject({ FNAME: `good ${keys[1] ?? ''}`, status: 'unsubscribed' });
  });

  test('whose address changed meanwhile is not made a second time by the batch', async () => {
    const b = await bench();
    const keys = [1, 2].map((n) => seed(b, n));
    await all(b.connector.read({ schema: b.schema, keys }));
    b.sandbox.writeAs(PERSON).update(MEMBERS, hash(email(1)), { email_address: 'moved@example.com' });
    const results = await b.connector.write(keys.map((key) => change(b, key, { FNAME: 'x' })));
    expect(words(results)[1]).toBe('applied');
    expect(words(results)[0]).not.toBe('applied');
    expect([...b.sandbox.truth().records(MEMBERS)]).toHaveLength(2);
    expect(truth(b, 1)).toBeUndefined();
  });

  test('one that is refused takes no other with it, and is told by its field', async () => {
    const b = await bench({ audiences: [{ id: LIST, mergeFields: [{ tag: 'LTV', type: 'number' }] }] });
    const keys = [1, 2, 3].map((n) => seed(b, n));
    await all(b.connector.read({ schema: b.schema, keys }));
    b.sandbox.writeAs(PERSON).update(MEMBERS, hash(email(3)), { status: 'unsubscribed' });
    const [a = '', c = '', d = ''] = keys;
    const results = await b.connector.write([change(b, a, { LTV: '7' }), change(b, c, { LTV: 'seven' }), change(b, d, { status: 'subscribed' })]);
    expect(results).toMatchObject([
      { status: 'applied' },
      { status: 'rejected', fields: ['LTV'] },
      { status: 'rejected', reason: 'consent', fields: ['status'] },
    ]);
    expect([truth(b, 1)?.['LTV'], truth(b, 3)?.['status']]).toEqual(['7', 'unsubscribed']);
  });

  test('a batch whose answer is lost, or that is half done, is in doubt, and nobody is written twice', async () => {
    const b = await bench();
    const keys = [1, 2, 3, 4].map((n) => seed(b, n));
    await all(b.connector.read({ schema: b.schema, keys }));
    for (const answer of ['error', 'cut'] as const) {
      b.sandbox.faults.add({ kind: 'half-batch', ...(answer === 'cut' && { answer }) });
      const results = await b.connector.write(keys.map((key) => change(b, key, { FNAME: answer })));
      expect(words(results)).toEqual(keys.map(() => 'in_doubt'));
      expect([1, 2, 3, 4].map((n) => truth(b, n)?.['FNAME'] === answer)).toEqual([true, true, false, false]);
    }
  });

  test('an address goes back to what it was, with the same contact; one that somebody has is taken', async () => {
    const b = await bench();
    const [a = '', c = ''] = [1, 2].map((n) => seed(b, n));
    b.sandbox.writeAs(SYNC).update(MEMBERS, hash(email(1)), { email_address: 'wrong@example.com' });
    const results = await b.connector.write([change(b, a, { email_address: email(1) }), change(b, c, { email_address: email(1) })]);
    expect(words(results)).toEqual(['applied', 'unique-taken']);
    expect(contactOf(b.sandbox, hash(email(1)))).toBe(a);
  });

  test('tags are given and taken by their difference, so that one that somebody gave meanwhile stays', async () => {
    const b = await bench();
    const key = seed(b, 1, { tags: 'bad;both' });
    b.sandbox.writeAs(PERSON).update(MEMBERS, hash(email(1)), { tags: 'bad;both;mine' });
    const results = await b.connector.write([change(b, key, { tags: ['both', 'good'], FNAME: 'Ada' }, { tags: ['bad', 'both'] })]);
    expect(results).toMatchObject([{ status: 'applied', record: { fields: { tags: ['both', 'good', 'mine'], FNAME: 'Ada' } } }]);
    expect(truth(b, 1)).toMatchObject({ tags: 'both;good;mine', FNAME: 'Ada' });
  });

  test('tags whose answer is lost are in doubt, although the rest was written', async () => {
    const b = await bench();
    const key = seed(b, 1);
    b.sandbox.faults.add({ kind: 'drop-answer', method: 'POST' });
    expect(words(await b.connector.write([change(b, key, { tags: ['x'], FNAME: 'Ada' })]))).toEqual(['in_doubt']);
    expect(truth(b, 1)).toMatchObject({ FNAME: 'Ada', tags: 'x' });
  });

  test('groups are written whole, and one that is gone is refused as that', async () => {
    const b = await bench({ audiences: [{ id: LIST, groups: [{ title: 'Topics', interests: ['News', 'Offers'] }] }] });
    const key = seed(b, 1);
    const [news = '', offers = ''] = b.schema.fields.find(({ name }) => name === 'interests')?.options ?? [];
    b.sandbox.writeAs(PERSON).update(MEMBERS, hash(email(1)), { interests: news });
    expect(words(await b.connector.write([change(b, key, { interests: [offers] })]))).toEqual(['applied']);
    expect(truth(b, 1)).toMatchObject({ interests: offers });
    expect(words(await b.connector.write([change(b, key, { interests: ['0123456789'] })]))).toEqual(['option-removed']);
  });

  test('an address without a city is not sent: Mailchimp would drop all of it and say that all went well', async () => {
    const b = await bench();
    const whole = { addr1: '1 Road', addr2: '', city: 'X', state: 'Y', zip: '12345', country: 'US' };
    const key = seed(b, 1, { ADDRESS: JSON.stringify(whole) });
    const results = await b.connector.write([change(b, key, { ADDRESS: JSON.stringify({ ...whole, city: '' }) })]);
    expect(results).toMatchObject([{ status: 'rejected', fields: ['ADDRESS'] }]);
    expect(truth(b, 1)?.['ADDRESS']).toContain('"X"');
    expect(words(await b.connector.write([change(b, key, { ADDRESS: JSON.stringify({ ...whole, addr1: '2 Road' }) })]))).toEqual(['applied']);
    expect(words(await b.connector.write([change(b, key, { ADDRESS: null })]))).toEqual(['applied']);
    expect(truth(b, 1)).not.toHaveProperty('ADDRESS');
  });

  test('values that stood there are written where a field is required by now', async () => {
    const b = await bench({ audiences: [{ id: LIST, mergeFields: [{ tag: 'LNAME', required: true }] }] });
    const key = seed(b, 1);
    expect(words(await b.connector.write([change(b, key, { FNAME: 'Ada' })]))).toEqual(['applied']);
  });
});

describe('new members', () => {
  test('many go in one request that changes nobody who is there', async () => {
    const b = await bench();
    seed(b, 1, { FNAME: 'there' });
    b.sandbox.resetCounts();
    const results = await b.connector.write([1, 2, 3].map((n) => make(b, { email_address: email(n), FNAME: 'new', tags: ['x'] })));
    expect(words(results)).toEqual(['unique-taken', 'applied', 'applied']);
    expect(requests(b)[`POST /3.0/lists/{id}`]).toBe(1);
    expect(truth(b, 1)).toMatchObject({ FNAME: 'there' });
    expect(truth(b, 2)).toMatchObject({ FNAME: 'new', tags: 'x', status: 'subscribed' });
  });

  test('who is in the archive comes back as the same contact, with the status and values that are given', async () => {
    const b = await bench();
    const key = seed(b, 1, { FNAME: 'Ada', tags: 'old' });
    b.sandbox.writeAs(SYNC).remove(MEMBERS, hash(email(1)));
    const results = await b.connector.write([make(b, { email_address: email(1), status: 'unsubscribed', FNAME: 'Ada', LNAME: 'L', tags: ['new'] })]);
    expect(results).toMatchObject([{ status: 'applied', key }]);
    expect(truth(b, 1)).toMatchObject({ status: 'unsubscribed', FNAME: 'Ada', LNAME: 'L', tags: 'new' });
  });

  test('who opted out before they were archived is not subscribed, and who was deleted permanently does not come back', async () => {
    const b = await bench();
    seed(b, 1, { status: 'unsubscribed' });
    seed(b, 2);
    b.sandbox.writeAs(SYNC).remove(MEMBERS, hash(email(1)));
    b.sandbox.writeAs(PERSON).purge(MEMBERS, hash(email(2)));
    const results = await b.connector.write([1, 2, 3].map((n) => make(b, { email_address: email(n) })));
    expect(words(results)).toEqual(['consent', 'irreversible', 'applied']);
    expect([truth(b, 1), truth(b, 2)]).toEqual([undefined, undefined]);
  });

  test('a batch whose answer is lost is found by addresses, and none is made twice', async () => {
    const b = await bench();
    seed(b, 9, { FNAME: 'there' });
    b.clock.advance(3_600_000);
    const since = b.clock.now();
    const creates = [1, 2, 3, 9].map((n) => make(b, { email_address: email(n), FNAME: 'new' }));
    b.sandbox.faults.add({ kind: 'half-batch', answer: 'cut' });
    expect(words(await b.connector.write(creates))).toEqual(creates.map(() => 'in_doubt'));
    const found = await b.connector.findCreated(creates, since);
    expect(found.map(({ state }) => state)).toEqual(['created', 'created', 'absent', 'absent']);
    const again = await b.connector.write(creates.slice(0, 3));
    expect(words(again)).toEqual(['unique-taken', 'unique-taken', 'applied']);
    expect(b.sandbox.counts().repeatedCreates).toEqual({});
  });

  test('permissions go with a new member, which a batch does not know', async () => {
    const b = await bench({ audiences: [{ id: LIST, permissions: ['Post'] }] });
    seed(b, 1);
    b.connector.settingsMayHaveChanged?.();
    const [schema = b.schema] = (await b.connector.describe([MEMBERS])).objects;
    const [post = ''] = schema.fields.find(({ name }) => name === 'marketing_permissions')?.options ?? [];
    const results = await b.connector.write([{ ...make(b, { email_address: email(2), marketing_permissions: [post] }), schema }]);
    expect(words(results)).toEqual(['applied']);
    expect(truth(b, 2)).toMatchObject({ marketing_permissions: post });
  });

  test('one without an address or a status is not sent', async () => {
    const b = await bench();
    expect(words(await b.connector.write([make(b, { FNAME: 'x' }), make(b, { email_address: email(1), status: null })]))).toEqual([
      'rejected',
      'rejected',
    ]);
    expect([...b.sandbox.truth().records(MEMBERS)]).toEqual([]);
  });
});

describe('the archive', () => {
  test('members go there one by one, and again harms nothing; who bounced cannot, and is told so', async () => {
    const b = await bench();
    const [a = '', c = '', d = ''] = [1, 2, 3].map((n) => seed(b, n, n === 2 ? { status: 'cleaned' } : {}));
    expect(words(await b.connector.write([archive(b, a), archive(b, c), archive(b, d)]))).toEqual(['applied', 'rejected', 'applied']);
    expect(words(await b.connector.write([archive(b, a)]))).toEqual(['applied']);
    expect(b.sandbox.member(LIST, hash(email(1)))?.status).toBe('archived');
    expect((await read(b, c))?.fields['status']).toBe('cleaned');
  });

  test('who was asked to confirm is unsubscribed first: Mailchimp archives nobody who is pending', async () => {
    const b = await bench();
    const key = seed(b, 1, { status: 'pending' });
    expect(words(await b.connector.write([archive(b, key)]))).toEqual(['applied']);
    expect(b.sandbox.member(LIST, hash(email(1)))?.status).toBe('archived');
    const other = seed(b, 2, { status: 'pending' });
    b.sandbox.faults.add({ kind: 'drop-answer', method: 'PATCH' });
    expect(words(await b.connector.write([archive(b, other)]))).toEqual(['in_doubt']);
  });
});
