import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { Connector, CreateMutation, MutationResult } from '../../../src/connectors/index.js';
import type { Fields, ObjectSchema } from '../../../src/records/index.js';
import { type Bench, openBench, PERSON, schemaOf, VISIT } from './support.js';

/** A user would lose a value that a rule of the account refused unseen, or get a record twice. */

let bench: Bench;
let connector: Connector;
let visits: ObjectSchema;
beforeEach(async () => {
  bench = await openBench({
    auditFields: true,
    description: {
      objects: [VISIT],
      fields: { Contact: [{ name: 'Level__c', type: 'picklist', options: ['New', 'Won'], inactive: ['Old'], restricted: true }] },
      validationRules: [{ object: 'Visit__c', refuses: "Other__c = 'bad'", message: 'Never bad', field: 'Other__c' }],
      duplicateRules: [
        { object: 'Lead', match: ['Email'], action: 'alert' },
        { object: 'Contact', match: ['Email'], action: 'block' },
      ],
    },
  });
  connector = await bench.open();
  visits = await schemaOf(connector, 'Visit__c');
});
afterEach(async () => await bench.stop());

const person = () => bench.sandbox.writeAs(PERSON);
const of = (object: string, key: string): Readonly<Record<string, unknown>> | undefined => bench.sandbox.truth().record(object, key);
const update = (schema: ObjectSchema, key: string, set: Fields) => ({ action: 'update' as const, schema, key, set, expect: {} });
const create = (schema: ObjectSchema, set: Fields): CreateMutation => ({ action: 'create', schema, key: 'a00000000000000AAA', set });
const counted = (object: string): number => [...bench.sandbox.truth().records(object)].length;
const keyIn = (result: MutationResult | undefined): string => (result?.status === 'applied' ? result.key : '');

describe('what one row is refused for is said of it alone', () => {
  test('a rule, an option, a duplicate, a record that is not there, one that it refers to', async () => {
    const contacts = await schemaOf(connector, 'Contact');
    const [a, b, c] = ['a', 'b', 'c'].map((name) => person().create('Contact', { LastName: name, Email: `${name}@example.com` }));
    const visit = person().create('Visit__c', { Text__c: 'a' });
    const gone = person().create('Account', { Name: 'Gone' });
    person().remove('Account', gone);
    expect(await connector.write([update(visits, visit, { Other__c: 'bad' })])).toEqual([
      { status: 'rejected', reason: 'rejected', message: 'Never bad (FIELD_CUSTOM_VALIDATION_EXCEPTION)', fields: ['Other__c'] },
    ]);
    expect(
      await connector.write([
        update(contacts, a ?? '', { Level__c: 'Old' }),
        update(contacts, b ?? '', { Email: 'a@example.com' }),
        update(contacts, c ?? '', { Title: 'Head' }),
        update(contacts, '0037Q00000zzzzzQAA', { Title: 'Head' }),
      ]),
    ).toMatchObject([
      { status: 'rejected', reason: 'option-removed', fields: ['Level__c'] },
      { status: 'rejected', reason: 'rejected' },
      { status: 'applied', key: c },
      { status: 'rejected', reason: 'deleted-later' },
    ]);
    expect(await connector.write([update(visits, visit, { Account__c: gone, Text__c: 'b' })])).toMatchObject([
      { status: 'rejected', reason: 'parent-missing', fields: ['Account__c'] },
    ]);
    expect(await connector.write([create(visits, { Account__c: gone })])).toMatchObject([{ status: 'rejected', reason: 'parent-missing' }]);
    expect(of('Visit__c', visit)).toMatchObject({ Text__c: 'a' });
  });

  test('an owner who has left is said to be what is refused, so that the rest of the record can be restored', async () => {
    const contacts = await schemaOf(connector, 'Contact');
    const key = person().create('Contact', { LastName: 'a' });
    const [profile] = [...bench.sandbox.truth().records('Profile')];
    const ProfileId = profile?.key ?? '';
    const left = { LastName: 'Left', Username: 'left@example.com', Email: 'left@example.com', Alias: 'left', IsActive: 'false', ProfileId };
    const OwnerId = person().create('User', left);
    const refused = { status: 'rejected', reason: 'rejected', fields: ['OwnerId'] };
    expect(await connector.write([update(contacts, key, { Title: 'Head', OwnerId })])).toMatchObject([refused]);
    expect(await connector.write([create(contacts, { LastName: 'b', OwnerId })])).toMatchObject([refused]);
  });

  test('a rule that only warns of duplicates does not stop what stood there', async () => {
    const leads = await schemaOf(connector, 'Lead');
    person().create('Lead', { LastName: 'One', Company: 'Example', Email: 'one@example.com' });
    expect(await connector.write([create(leads, { LastName: 'Two', Company: 'Example', Email: 'one@example.com' })])).toMatchObject([
      { status: 'applied' },
    ]);
  });

  test('texts with blanks at their ends, an empty check box and half a character are refused before they are sent', async () => {
    const contacts = await schemaOf(connector, 'Contact');
    const key = person().create('Contact', { LastName: 'a' });
    bench.sandbox.resetCounts();
    const results = await connector.write([
      update(contacts, key, { Title: ' Head' }),
      update(contacts, key, { HasOptedOutOfEmail: null }),
      update(contacts, key, { Title: '\ud800' }),
    ]);
    expect(results.map((result) => [result.status, 'fields' in result ? result.fields : []])).toEqual([
      ['rejected', ['Title']],
      ['rejected', ['HasOptedOutOfEmail']],
      ['rejected', ['Title']],
    ]);
    expect(bench.sandbox.counts().requests).toBe(0);
  });

  test('a field that is hidden in the middle is the result of the records that set it', async () => {
    const contacts = await schemaOf(connector, 'Contact');
    const [a, b] = ['a', 'b'].map((name) => person().create('Contact', { LastName: name }));
    bench.sandbox.faults.add({ kind: 'hide-field', field: 'Contact.Title' });
    await connector.write([update(contacts, a ?? '', { Department: 'x' })]);
    expect(await connector.write([update(contacts, a ?? '', { Title: 'Head' }), update(contacts, b ?? '', { Department: 'Sales' })])).toMatchObject([
      { status: 'rejected', reason: 'field-removed' },
      { status: 'applied', key: b },
    ]);
    const many = Array.from({ length: 60 }, (_, n) => person().create('Contact', { LastName: String(n) }));
    bench.sandbox.resetCounts();
    const results = await connector.write(many.map((key, n) => update(contacts, key, n % 2 === 0 ? { Title: 'x' } : { Department: 'x' })));
    expect(results.map(({ status }) => status)).toEqual(many.map((_, n) => (n % 2 === 0 ? 'rejected' : 'applied')));
    expect(results[0]).toMatchObject({ reason: 'field-removed', fields: ['Title'] });
    expect(bench.sandbox.counts().requests).toBeLessThanOrEqual(3);
  });
});

test('a row that somebody else holds is sent again later, alone with others like it', async () => {
  const keys = Array.from({ length: 6 }, (_, n) => person().create('Visit__c', { Text__c: String(n) }));
  bench.sandbox.faults.add({ kind: 'lock-row' });
  const results = await connector.write(keys.map((key) => update(visits, key, { Text__c: 'now' })));
  expect(results.map(({ status }) => status)).toEqual(keys.map(() => 'applied'));
  expect(keys.map((key) => of('Visit__c', key)?.['Text__c'])).toEqual(keys.map(() => 'now'));
  expect(bench.clock.slept).toBeGreaterThan(0);
  bench.sandbox.faults.add({ kind: 'lock-row', times: null });
  const never = await connector.write([update(visits, keys[0] ?? '', { Text__c: 'never' })]);
  expect(never).toMatchObject([{ status: 'failed' }]);
});

test.each([
  ['half of a collection', { kind: 'half-batch' }],
  ['a page instead of an answer', { kind: 'html-error', applied: true }],
  ['an answer that is cut', { kind: 'cut-body' }],
  ['no answer', { kind: 'drop-answer' }],
] as const)('%s leaves creates in doubt, and looking finds each once', async (_, fault) => {
  bench.sandbox.faults.add({ ...fault, method: 'POST', path: '*/composite/sobjects' });
  const since = bench.sandbox.now();
  const creates = Array.from({ length: 10 }, (_unused, n) => create(visits, { Text__c: `Text ${String(n)}`, Other__c: n < 4 ? 'same' : null }));
  const results = await connector.write(creates);
  expect(results.map(({ status }) => status)).toEqual(creates.map(() => 'in_doubt'));
  const found = await connector.findCreated(creates, since);
  const made = counted('Visit__c');
  expect(found.filter(({ state }) => state === 'created')).toHaveLength(made);
  expect(found.filter(({ state }) => state === 'absent')).toHaveLength(10 - made);
  for (const [n, lookup] of found.entries())
    if (lookup.state === 'created') expect(of('Visit__c', lookup.key)).toMatchObject({ Text__c: `Text ${String(n)}` });
});

describe('creates whose answer is lost', () => {
  const lost = async (creates: readonly CreateMutation[]): Promise<Date> => {
    bench.sandbox.faults.add({ kind: 'drop-answer', method: 'POST', path: '*/composite/sobjects' });
    const since = bench.sandbox.now();
    await connector.write(creates);
    return since;
  };

  test('what a flow changed on the new record leaves it unknown, and not absent', async () => {
    bench.sandbox.automate({
      id: 'flow',
      name: 'Flow',
      object: 'Visit__c',
      enabled: true,
      when: { on: 'create' },
      does: [{ do: 'set', values: { Other__c: 'by the flow' } }],
    });
    const creates = [create(visits, { Text__c: 'A visit', Other__c: 'ours' })];
    const since = await lost(creates);
    expect(counted('Visit__c')).toBe(1);
    expect(await connector.findCreated(creates, since)).toEqual([{ state: 'unknown' }]);
  });

  test('alike ones are found one each, and one that somebody else made is nobody of ours', async () => {
    const creates = [create(visits, { Text__c: 'twin' }), create(visits, { Text__c: 'twin' })];
    const since = await lost(creates);
    person().create('Visit__c', { Text__c: 'twin' });
    const found = await connector.findCreated(creates, since);
    expect(found.map(({ state }) => state)).toEqual(['created', 'created']);
    expect(new Set(found.map((lookup) => (lookup.state === 'created' ? lookup.key : ''))).size).toBe(2);
  });

  test('a time of making that was given does not hide a record', async () => {
    const contacts = await schemaOf(connector, 'Contact');
    const creates = [create(contacts, { LastName: 'Old', CreatedDate: '2020-05-01T10:00:00.000Z', Email: 'Mia@Example.com' })];
    const since = await lost(creates);
    const [found] = await connector.findCreated(creates, since);
    expect(found?.state).toBe('created');
    expect(of('Contact', found?.state === 'created' ? found.key : '')).toMatchObject({ LastName: 'Old', Email: 'mia@example.com' });
  });

  test.each([0, 90_000])('that Salesforce is still at work on %i ms after the question are waited for, and not taken for absent', async (before) => {
    bench.sandbox.faults.add({ kind: 'late', ms: 100_000, method: 'POST', path: '*/composite/sobjects' });
    const creates = [create(visits, { Text__c: 'late' })];
    const since = bench.sandbox.now();
    expect(await connector.write(creates)).toMatchObject([{ status: 'in_doubt' }]);
    bench.clock.advance(before);
    expect(counted('Visit__c')).toBe(0);
    expect(await connector.findCreated(creates, since)).toMatchObject([{ state: 'created' }]);
    expect(counted('Visit__c')).toBe(1);
  });

  test('of several times when they were sent, the last one counts for how long is waited', async () => {
    const creates = [create(visits, { Text__c: 'late' })];
    const since = bench.sandbox.now();
    bench.clock.advance(600_000);
    bench.sandbox.faults.add({ kind: 'late', ms: 50_000, method: 'POST', path: '*/composite/sobjects' });
    const lastSentAt = bench.sandbox.now();
    await connector.write(creates);
    expect(await connector.findCreated(creates, since, { lastSentAt })).toMatchObject([{ state: 'created' }]);
  });

  test('that were never sent are absent after the wait, and at once when it was long ago', async () => {
    const creates = [create(visits, { Text__c: 'never sent' })];
    const since = bench.sandbox.now();
    const asked = bench.clock.now().getTime();
    expect(await connector.findCreated(creates, since)).toEqual([{ state: 'absent' }]);
    const waited = bench.clock.now().getTime() - asked;
    expect(waited).toBeGreaterThanOrEqual(120_000);
    expect(waited).toBeLessThan(140_000);
    expect(await connector.findCreated(creates, since)).toEqual([{ state: 'absent' }]);
    expect(bench.clock.now().getTime() - asked).toBe(waited);
  });

  test('one with the same unique value from before is not taken for ours', async () => {
    person().create('Visit__c', { Text__c: 'old', Code__c: 'X-1' });
    bench.clock.advance(60_000);
    const creates = [create(visits, { Text__c: 'old', Code__c: 'X-1' })];
    const since = await lost(creates);
    expect(await connector.findCreated(creates, since)).toEqual([{ state: 'absent' }]);
  });
});

describe('deleted records', () => {
  test('come back with their id and what went with them, also where the answer was lost', async () => {
    const accounts = await schemaOf(connector, 'Account');
    const account = person().create('Account', { Name: 'Example' });
    const contact = person().create('Contact', { LastName: 'a', AccountId: account });
    const visit = person().create('Visit__c', { Account__c: account });
    person().remove('Account', account);
    expect([of('Contact', contact), of('Visit__c', visit)?.['Account__c'] ?? null]).toEqual([undefined, null]);
    expect(await connector.undeletable?.(accounts, [account, '0017Q00000zzzzzQAA'])).toEqual(new Set([account]));
    bench.sandbox.faults.add({ kind: 'drop-answer', path: '/services/Soap/*' });
    const undelete = { action: 'undelete' as const, schema: accounts, key: account };
    expect(await connector.write([undelete])).toMatchObject([{ status: 'in_doubt' }]);
    expect(await connector.write([undelete])).toEqual([{ status: 'applied', key: account }]);
    expect(of('Account', account)).toBeDefined();
    expect(of('Contact', contact)).toMatchObject({ AccountId: account });
    expect(of('Visit__c', visit)).toMatchObject({ Account__c: account });
    // It is back with its parent already.
    const contacts = await schemaOf(connector, 'Contact');
    expect(await connector.write([{ action: 'undelete', schema: contacts, key: contact }])).toEqual([{ status: 'applied', key: contact }]);
  });

  test('that were emptied out of the recycle bin are said to be gone for ever, others of the batch are not', async () => {
    const [gone, kept] = [person().create('Visit__c', { Text__c: 'a' }), person().create('Visit__c', { Text__c: 'b' })];
    for (const key of [gone, kept]) person().remove('Visit__c', key);
    bench.sandbox.writeAs(PERSON).purge(gone);
    const results = await connector.write([gone, kept].map((key) => ({ action: 'undelete' as const, schema: visits, key })));
    expect(results).toMatchObject([
      { status: 'rejected', reason: 'irreversible' },
      { status: 'applied', key: kept },
    ]);
  });

  test('whose unique value somebody has by now are refused for that, and are not gone for ever', async () => {
    const key = person().create('Visit__c', { Code__c: 'X-1' });
    person().remove('Visit__c', key);
    person().create('Visit__c', { Code__c: 'X-1' });
    expect(await connector.write([{ action: 'undelete', schema: visits, key }])).toMatchObject([{ status: 'rejected', reason: 'unique-taken' }]);
  });

  test('that were merged lead to the record that they are part of now', async () => {
    const contacts = await schemaOf(connector, 'Contact');
    const [a = '', b = '', c = ''] = ['a', 'b', 'c'].map((name) => person().create('Contact', { LastName: name }));
    const writer = bench.sandbox.writeAs(PERSON);
    writer.merge?.('Contact', a, b);
    writer.merge?.('Contact', b, c);
    const aliases = new Map<string, string>();
    for await (const batch of connector.read({ schema: contacts, keys: [a, b, c] }))
      for (const [key, present] of batch.aliases ?? []) aliases.set(key, present);
    expect(aliases).toEqual(
      new Map([
        [a, c],
        [b, c],
      ]),
    );
    expect(await connector.undeletable?.(contacts, [a, b])).toEqual(new Set());
  });
});

test('audit fields are given to a new record where the user may set them, and to an old one never', async () => {
  const contacts = await schemaOf(connector, 'Contact');
  const { readOnly, givenOnCreate } = contacts.fields.find(({ name }) => name === 'CreatedDate') ?? {};
  expect([readOnly, givenOnCreate]).toEqual([true, true]);
  const [made] = await connector.write([create(contacts, { LastName: 'a', CreatedDate: '2020-05-01T10:00:00.000Z' })]);
  const key = keyIn(made);
  expect(of('Contact', key)).toBeDefined();
  const records = [];
  for await (const batch of connector.read({ schema: contacts, keys: [key] })) records.push(...batch.records);
  expect(records[0]?.meta['CreatedDate']).toBe('2020-05-01T10:00:00.000Z');
  expect(await connector.write([update(contacts, key, { CreatedDate: '2021-05-01T10:00:00.000Z' })])).toMatchObject([
    { status: 'rejected', reason: 'read-only' },
  ]);
});
