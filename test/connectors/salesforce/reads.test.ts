import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { ChangeBatch, Connector } from '../../../src/connectors/index.js';
import type { ObjectSchema } from '../../../src/records/index.js';
import { type Bench, openBench, PERSON, recordsOf, schemaOf, VISIT } from './support.js';

/** A user would lose records that an answer left out, or take a snapshot of half an account. */

let bench: Bench;
let connector: Connector;
const LONG = Array.from({ length: 450 }, (_, n) => ({
  name: `A_rather_long_name_of_a_field_${String(n).padStart(4, '0')}__c`,
  type: 'string' as const,
}));
beforeEach(async () => {
  bench = await openBench({
    limits: { perDay: 1_000_000, pageSize: 200 },
    description: {
      objects: [VISIT, { name: 'Wide__c', autoNumber: true, fields: LONG }],
      fields: {
        Contact: [
          { name: 'Amount__c', type: 'currency', precision: 16, scale: 2 },
          { name: 'Days__c', type: 'multipicklist', options: ['Mon', 'Tue', 'Wed'] },
          { name: 'Born__c', type: 'date' },
          { name: 'Met__c', type: 'datetime' },
        ],
      },
    },
  });
  connector = await bench.open();
});
afterEach(async () => await bench.stop());

const person = () => bench.sandbox.writeAs(PERSON);
const visits = async (): Promise<ObjectSchema> => await schemaOf(connector, 'Visit__c');
const make = (count: number): string[] => Array.from({ length: count }, (_, n) => person().create('Visit__c', { Text__c: String(n) }));
const PATH = { batch: '*/composite/sobjects/*', next: '*/query/*' };

describe('a whole read', () => {
  test('follows pages to their end, and says how many there are', async () => {
    const keys = make(950);
    const totals: (number | undefined)[] = [];
    const came: string[] = [];
    bench.sandbox.resetCounts();
    const schema = await visits();
    const before = bench.sandbox.counts().requests;
    for await (const { records, total } of connector.read({ schema })) {
      totals.push(total);
      came.push(...records.map(({ key }) => key));
    }
    expect(came).toEqual(keys);
    expect(new Set(totals)).toEqual(new Set([950]));
    expect(bench.sandbox.counts().requests - before).toBe(5);
  });

  test('goes on after its last id where the cursor of the next page is gone', async () => {
    const keys = make(500);
    const schema = await visits();
    const came: string[] = [];
    for await (const { records } of connector.read({ schema })) {
      came.push(...records.map(({ key }) => key));
      // Ten cursors a user: eleven others make the oldest one go.
      if (came.length === 200)
        for (let n = 0; n < 11; n += 1)
          await fetch(`${bench.sandbox.url}/services/data/v62.0/query?q=SELECT+Id+FROM+Visit__c`, {
            headers: { authorization: `Bearer ${bench.sandbox.token}` },
          });
    }
    expect(came).toEqual(keys);
  });

  test('is done also where the names of its fields are too long for an address', async () => {
    const keys = Array.from({ length: 3 }, (_, n) => person().create('Wide__c', { [LONG[449]?.name ?? '']: `w${String(n)}` }));
    const schema = await schemaOf(connector, 'Wide__c');
    expect(schema.fields.length).toBeGreaterThan(450);
    const records = await recordsOf(connector.read({ schema }));
    expect(records.map(({ key, fields }) => [key, fields[LONG[449]?.name ?? '']])).toEqual(keys.map((key, n) => [key, `w${String(n)}`]));
  });

  test('a page of something in between is no end of it', async () => {
    const keys = make(450);
    const schema = await visits();
    bench.sandbox.faults.add({ kind: 'html-error', path: PATH.next });
    bench.sandbox.faults.add({ kind: 'server-error', path: PATH.next, after: 1 });
    expect((await recordsOf(connector.read({ schema }))).map(({ key }) => key)).toEqual(keys);
  });
});

describe('records by key', () => {
  test('what an answer leaves out is asked for again, and not taken for gone', async () => {
    const keys = make(20);
    const schema = await visits();
    bench.sandbox.faults.add({ kind: 'partial', path: PATH.batch, times: 3 });
    expect((await recordsOf(connector.read({ schema, keys }))).map(({ key }) => key).sort()).toEqual(keys);
  });

  test('what is left out again and again is read in another way', async () => {
    const keys = make(4);
    const schema = await visits();
    bench.sandbox.faults.add({ kind: 'partial', path: PATH.batch, times: null });
    expect((await recordsOf(connector.read({ schema, keys }))).map(({ key }) => key).sort()).toEqual(keys);
  });

  test('of many are a request for two thousand', async () => {
    const keys = make(2100);
    const schema = await visits();
    const before = bench.sandbox.counts().requests;
    expect(await recordsOf(connector.read({ schema, keys }))).toHaveLength(2100);
    expect(bench.sandbox.counts().requests - before).toBe(2);
  });

  test('a hidden field ends the read with the words of Salesforce, and gives nothing', async () => {
    const contacts = await schemaOf(connector, 'Contact');
    person().create('Contact', { LastName: 'a' });
    bench.sandbox.faults.add({ kind: 'hide-field', field: 'Contact.Title' });
    await expect(recordsOf(connector.read({ schema: contacts }))).rejects.toMatchObject({ code: 'platform-rejected' });
    connector.settingsMayHaveChanged?.();
    const anew = await schemaOf(connector, 'Contact');
    expect(anew.fields.some(({ name }) => name === 'Title')).toBe(false);
    expect(await recordsOf(connector.read({ schema: anew }))).toHaveLength(1);
  });
});

test('values come in canonical form, and go back as they came', async () => {
  const contacts = await schemaOf(connector, 'Contact');
  const given = { LastName: 'a', Amount__c: '12.5', Days__c: 'Wed;Mon', Born__c: '1980-02-29', Met__c: '2026-01-02T03:04:05.000+0000' };
  const key = person().create('Contact', { ...given, HasOptedOutOfEmail: 'true', MailingCity: 'Bern' });
  const [record] = await recordsOf(connector.read({ schema: contacts, keys: [key] }));
  const set = {
    Amount__c: '12.5',
    Days__c: ['Mon', 'Wed'],
    Born__c: '1980-02-29',
    Met__c: '2026-01-02T03:04:05.000Z',
    HasOptedOutOfEmail: true,
    MailingCity: 'Bern',
  };
  expect(record?.fields).toMatchObject(set);
  expect(record?.fields).not.toHaveProperty('MailingAddress');
  person().update('Contact', key, { Amount__c: '1', Days__c: null, Born__c: null, Met__c: null, HasOptedOutOfEmail: 'false', MailingCity: null });
  expect(await connector.write([{ action: 'update', schema: contacts, key, set, expect: {} }])).toMatchObject([{ status: 'applied' }]);
  const [again] = await recordsOf(connector.read({ schema: contacts, keys: [key] }));
  expect(again?.fields).toEqual(record?.fields);
});

describe('what has changed', () => {
  const changesOf = async (schema: ObjectSchema, since: Date, known: readonly string[]): Promise<readonly ChangeBatch[]> => {
    const batches: ChangeBatch[] = [];
    const each = (async function* () {
      yield await Promise.resolve(known);
    })();
    for await (const batch of connector.readChanges?.({ schema, since, known: each, most: 100 }) ?? []) batches.push(batch);
    return batches;
  };
  const hour = 3_600_000;

  test('is unclear where a record went past the recycle bin', async () => {
    const [a = '', b = ''] = make(2);
    bench.clock.advance(hour);
    const since = bench.clock.now();
    person().remove('Visit__c', a);
    bench.sandbox.writeAs(PERSON).purge(a);
    bench.clock.advance(2 * 24 * hour);
    expect((await changesOf(await visits(), since, [a, b])).at(-1)).toHaveProperty('unclear');
  });

  test('is unclear where a parent was deleted, since that empties references without a stamp', async () => {
    const account = person().create('Account', { Name: 'a' });
    const visit = person().create('Visit__c', { Account__c: account });
    bench.clock.advance(hour);
    const since = bench.clock.now();
    person().remove('Account', account);
    expect((await changesOf(await visits(), since, [visit])).at(-1)).toEqual({
      unclear: 'records of Account were deleted, and what refers to them is emptied without a trace',
    });
  });

  test('is told where it is little, in few requests', async () => {
    const keys = make(600);
    bench.clock.advance(hour);
    const schema = await visits();
    await changesOf(schema, bench.clock.now(), keys);
    const since = bench.clock.now();
    const before = bench.sandbox.counts().requests;
    person().update('Visit__c', keys[5] ?? '', { Text__c: 'now' });
    person().remove('Visit__c', keys[6] ?? '');
    const batches = await changesOf(schema, since, keys);
    expect(batches.flatMap((batch) => ('changed' in batch ? batch.changed.map(({ key }) => key) : []))).toEqual([keys[5]]);
    expect(batches.at(-1)).toEqual({ gone: [keys[6]] });
    expect(bench.sandbox.counts().requests - before).toBeLessThanOrEqual(4);
  });
});

test('references that may lead to several object types are links of the one that they lead to', async () => {
  const contact = person().create('Contact', { LastName: 'a' });
  const lead = person().create('Lead', { LastName: 'b', Company: 'c' });
  const [ofContact, ofLead] = [contact, lead].map((who) => person().create('Task', { Subject: 'Call', WhoId: who }));
  const { links } = await connector.describe(['Task', 'Contact', 'Lead']);
  const told: Record<string, unknown> = {};
  for (const link of links.filter(({ kind }) => kind === 'WhoId')) {
    const pairs = [];
    for await (const some of connector.readLinks({ link })) pairs.push(...some);
    told[link.to] = pairs;
  }
  expect(told).toEqual({ Contact: [{ from: ofContact, to: contact }], Lead: [{ from: ofLead, to: lead }] });
});

test('who wrote what is told of tracked fields by the names of people, and what stood before', async () => {
  const tracked = await openBench({ description: { objects: [VISIT], tracked: { Contact: ['Title', 'AccountId'] } } });
  try {
    const own = await tracked.open();
    const writer = tracked.sandbox.writeAs(PERSON);
    const account = writer.create('Account', { Name: 'a' });
    const key = writer.create('Contact', { LastName: 'a', Title: 'Head', AccountId: account, Department: 'x' });
    tracked.clock.advance(5000);
    tracked.sandbox.writeAs({ kind: 'integration', id: 'sync' }).update('Contact', key, { Title: null, AccountId: null, Department: 'y' });
    const schema = await schemaOf(own, 'Contact');
    const [batch] = await (async () => {
      const all = [];
      for await (const one of own.read({ schema, keys: [key], history: ['Title', 'AccountId', 'Department'] })) all.push(one);
      return all;
    })();
    const history = batch?.history?.get(key);
    expect(history?.fields['Title']).toEqual([
      { value: null, at: '2026-03-01T08:00:05.000Z', writer: 'integration.sync@example.com', label: 'Integration sync' },
      { value: 'Head', at: '2026-03-01T08:00:05.000Z', stood: true },
    ]);
    expect(history?.fields['AccountId']?.map(({ value }) => value)).toEqual([null, account]);
    expect(history?.fields['Department']).toEqual([]);
    expect(history?.created).toMatchObject({ at: '2026-03-01T08:00:00.000Z', writer: 'person.7@example.com' });
    const byRecord = await tracked.open({ options: { history: 'record' } });
    expect(byRecord.capabilities.history).toBe('record');
    for await (const one of byRecord.read({ schema, keys: [key], history: ['Department'] }))
      expect(one.history?.get(key)?.fields['Department']?.[0]).toMatchObject({
        writer: 'integration.sync@example.com',
        at: '2026-03-01T08:00:05.000Z',
      });
  } finally {
    await tracked.stop();
  }
});

test('a row of the history that tells neither value says that somebody wrote, and not that the field was empty', async () => {
  const fields = [
    { name: 'Note__c', type: 'textarea' as const, length: 255 },
    { name: 'Card__c', type: 'encryptedstring' as const },
  ];
  const names = ['MailingStreet', 'Note__c', 'Card__c'];
  const tracked = await openBench({ description: { seesEncrypted: true, fields: { Contact: fields }, tracked: { Contact: names } } });
  try {
    const own = await tracked.open();
    const key = tracked.sandbox.writeAs(PERSON).create('Contact', { LastName: 'a', MailingStreet: '1 Low Road', Note__c: 'b', Card__c: '4711-0815' });
    tracked.clock.advance(5000);
    tracked.sandbox
      .writeAs({ kind: 'integration', id: 'sync' })
      .update('Contact', key, { MailingStreet: '2 High Road', Note__c: 'c', Card__c: '0000-0000' });
    const schema = await schemaOf(own, 'Contact');
    const wrote = { at: '2026-03-01T08:00:05.000Z', writer: 'integration.sync@example.com', label: 'Integration sync' };
    for await (const { history } of own.read({ schema, keys: [key], history: names }))
      for (const name of names) expect(history?.get(key)?.fields[name], name).toEqual([wrote, { at: wrote.at, stood: true }]);
    expect.assertions(names.length);
  } finally {
    await tracked.stop();
  }
});

describe('much', () => {
  const NASTY = ['a "quoted", one', 'two\nlines', "it's; a = b", '=1+1', '漢字 👩‍👩‍👧'];
  test('is read by a job, in fewer calls, and holds the same', async () => {
    const keys = make(2600);
    for (const [n, text] of NASTY.entries()) person().update('Visit__c', keys[2000 + n] ?? '', { Text__c: text });
    const schema = await visits();
    const plain = await bench.open({ options: { bulk: false } });
    const before = bench.sandbox.counts().requests;
    const byPages = await recordsOf(plain.read({ schema }));
    const middle = bench.sandbox.counts().requests;
    const byJob = await recordsOf(connector.read({ schema }));
    const after = bench.sandbox.counts().requests;
    expect([middle - before, after - middle]).toEqual([14, 6]);
    expect(byJob.toSorted((a, b) => (a.key < b.key ? -1 : 1))).toEqual(byPages);
    expect(Object.keys(bench.sandbox.counts().byEndpoint)).toContain('DELETE /services/data/v62.0/jobs/query/{id}');
  });

  test('of wide records too, with numbers, times and check boxes as a query tells them', async () => {
    for (let n = 0; n < 1900; n += 1) person().create('Contact', { LastName: `a${String(n)}` });
    const key = person().create('Contact', {
      LastName: 'b',
      Amount__c: '12345678.5',
      Days__c: 'Mon;Wed',
      Met__c: '2026-01-02T03:04:05.000+0000',
      HasOptedOutOfEmail: 'true',
    });
    const schema = await schemaOf(connector, 'Contact');
    const byJob = (await recordsOf(connector.read({ schema }))).find((record) => record.key === key);
    expect(bench.sandbox.counts().byEndpoint).toHaveProperty('POST /services/data/v62.0/jobs/query');
    expect(byJob).toEqual((await recordsOf(connector.read({ schema, keys: [key] })))[0]);
  });

  test('is read by pages where a job is refused, or fails', async () => {
    const keys = make(2600);
    const schema = await visits();
    bench.sandbox.faults.add({ kind: 'forbidden', path: '*/jobs/query' });
    expect((await recordsOf(connector.read({ schema }))).map(({ key }) => key)).toEqual(keys);
  });

  test('is read by pages where a job takes longer than may be waited, and the job is taken away', async () => {
    const slow = await openBench({ limits: { perDay: 1_000_000, pageSize: 200 }, bulkMs: 3_600_000, description: { objects: [VISIT] } });
    try {
      const writer = slow.sandbox.writeAs(PERSON);
      const keys = Array.from({ length: 2600 }, () => writer.create('Visit__c', {}));
      const own = await slow.open();
      expect((await recordsOf(own.read({ schema: await schemaOf(own, 'Visit__c') }))).map(({ key }) => key)).toEqual(keys);
      const { byEndpoint } = slow.sandbox.counts();
      expect([byEndpoint['PATCH /services/data/v62.0/jobs/query/{id}'], byEndpoint['DELETE /services/data/v62.0/jobs/query/{id}']]).toEqual([1, 1]);
    } finally {
      await slow.stop();
    }
  });
});

test('tasks that were made in a stretch of time are told with whom they are about, and what is not told is said', async () => {
  const contact = person().create('Contact', { LastName: 'a' });
  const account = person().create('Account', { Name: 'b' });
  person().create('Task', { Subject: 'Before', WhoId: contact });
  bench.clock.advance(3_600_000);
  const from = bench.clock.now();
  const task = bench.sandbox.writeAs({ kind: 'integration', id: 'sync' }).create('Task', { Subject: 'Call them', WhoId: contact, WhatId: account });
  const told: unknown[] = [];
  const untold: string[] = [];
  for await (const some of connector.sideEffects?.({ from, to: new Date(from.getTime() + 60_000) }) ?? [])
    if ('untold' in some) untold.push(some.untold);
    else told.push(...some);
  expect(told).toEqual([
    {
      kind: 'task',
      id: task,
      at: from.toISOString(),
      about: [
        { object: 'Contact', key: contact },
        { object: 'Account', key: account },
      ],
      subject: 'Call them',
      by: 'integration.sync@example.com',
    },
  ]);
  expect(untold).toContain('mails of flows and alerts');
});
