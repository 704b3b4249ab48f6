import { describe, expect, test } from 'vitest';

import { isRunbackError } from '../../../src/lib/index.js';
import { all, bench, contactOf, hash, LIST, MEMBERS, PERSON, read, SYNC, schemaOf } from './support.js';

const email = (n: number): string => `m${String(n).padStart(4, '0')}@example.com`;

/** What a user would lose: a snapshot that looks whole and lacks people, or one that holds what nobody may store. */
describe('reading', () => {
  test('a member is read with its merge fields, groups, tags and permissions in canonical form', async () => {
    const b = await bench({
      audiences: [
        {
          id: LIST,
          mergeFields: [
            { tag: 'LTV', type: 'number' },
            { tag: 'JOINED', type: 'date' },
            { tag: 'LEVEL', type: 'dropdown', choices: ['New', 'Open'] },
          ],
          groups: [{ title: 'Topics', interests: ['News', 'Offers'] }],
          permissions: ['Post'],
        },
      ],
    });
    const [news = ''] = b.schema.fields.find(({ name }) => name === 'interests')?.options ?? [];
    const key = contactOf(
      b.sandbox,
      b.sandbox.writeAs(PERSON).create(MEMBERS, {
        email_address: email(1),
        LTV: '15.5',
        JOINED: '2026-02-14',
        LEVEL: 'Open',
        vip: 'true',
        tags: 'b;a',
        interests: news,
        ADDRESS: JSON.stringify({ addr1: '1 Road', city: 'X', state: 'Y', zip: '12345', country: 'US' }),
      }),
    );
    expect((await read(b, key))?.fields).toMatchObject({
      email_address: email(1),
      status: 'subscribed',
      LTV: '15.5',
      JOINED: '2026-02-14',
      LEVEL: 'Open',
      FNAME: null,
      vip: true,
      language: null,
      tags: ['a', 'b'],
      interests: [news],
      ADDRESS: '{"addr1":"1 Road","addr2":"","city":"X","state":"Y","zip":"12345","country":"US"}',
    });
    expect((await b.connector.optionLabels?.(MEMBERS))?.get('interests')?.get(news)).toBe('Topics: News');
    expect(b.schema.fields.find(({ name }) => name === 'LEVEL')).toMatchObject({
      type: 'enum',
      options: ['New', 'Open'],
      label: expect.any(String) as string,
    });
  });

  test('permissions are known once the audience has a member, and read as a set of those that are given', async () => {
    const b = await bench({ audiences: [{ id: LIST, permissions: ['Post', 'Calls'] }] });
    const key = contactOf(b.sandbox, b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(1) }));
    b.connector.settingsMayHaveChanged?.();
    const [schema] = (await b.connector.describe([MEMBERS])).objects;
    const field = schema?.fields.find(({ name }) => name === 'marketing_permissions');
    const [first = ''] = field?.options ?? [];
    expect(field?.options).toHaveLength(2);
    b.sandbox.writeAs(PERSON).update(MEMBERS, hash(email(1)), { marketing_permissions: first });
    expect(schema && (await read({ connector: b.connector, schema }, key))?.fields['marketing_permissions']).toEqual([first]);
    // Where everybody is in the archive, the archive tells.
    b.sandbox.writeAs(PERSON).remove(MEMBERS, key);
    expect((await schemaOf(b.connector)).fields.find(({ name }) => name === 'marketing_permissions')?.options).toEqual(field?.options);
  });

  test('pages that shift while members are archived lose nobody', async () => {
    const b = await bench();
    for (let n = 0; n < 2300; n += 1)
      b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(n) }, Date.parse('2026-01-01T00:00:00Z') + n * 1000);
    const keys = new Set<string>();
    let batches = 0;
    for await (const { records } of b.connector.read({ schema: b.schema })) {
      for (const { key } of records) {
        expect(keys.has(key)).toBe(false);
        keys.add(key);
      }
      batches += 1;
      if (batches === 1) for (let n = 0; n < 40; n += 1) b.sandbox.writeAs(SYNC).remove(MEMBERS, hash(email(n)));
    }
    const missing = Array.from({ length: 2300 }, (_, n) => n).filter((n) => n >= 40 && !keys.has(contactOf(b.sandbox, hash(email(n)))));
    expect(missing).toEqual([]);
  });

  test('a page that lacks members which are counted is gone through again, and an error where it stays so', async () => {
    const b = await bench();
    for (let n = 0; n < 30; n += 1) b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(n) });
    b.sandbox.faults.add({ kind: 'partial', times: 1 });
    expect(await all(b.connector.read({ schema: b.schema }))).toHaveLength(30);
    b.sandbox.faults.add({ kind: 'partial', times: null });
    const error: unknown = await all(b.connector.read({ schema: b.schema })).catch((thrown: unknown) => thrown);
    expect(isRunbackError(error, 'platform-incomplete')).toBe(true);
  });

  test('who is in the archive is not there, by lists and by keys, and can be brought back; who was deleted permanently cannot', async () => {
    const b = await bench();
    const [a, c] = [1, 2].map((n) => contactOf(b.sandbox, b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(n) })));
    b.sandbox.writeAs(SYNC).remove(MEMBERS, hash(email(1)));
    b.sandbox.writeAs(PERSON).purge(MEMBERS, hash(email(2)));
    expect(await all(b.connector.read({ schema: b.schema }))).toEqual([]);
    expect(await read(b, a ?? '')).toBeUndefined();
    const never = await b.connector.neverAgain?.(b.schema, [a ?? '', c ?? '', 'no key']);
    expect([...(never?.keys() ?? [])]).toEqual([c, 'no key']);
  });

  test('a changed address is the same contact', async () => {
    const b = await bench();
    const key = contactOf(b.sandbox, b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(1), FNAME: 'Ada' }));
    b.sandbox.writeAs(PERSON).update(MEMBERS, hash(email(1)), { email_address: email(2) });
    expect((await read(b, key))?.fields).toMatchObject({ email_address: email(2), FNAME: 'Ada' });
    expect(await all(b.connector.read({ schema: b.schema }))).toHaveLength(1);
  });

  test('many keys of a small audience are read in pages, few of them one by one', async () => {
    const b = await bench();
    const keys = Array.from({ length: 60 }, (_, n) => contactOf(b.sandbox, b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(n) })));
    await all(b.connector.read({ schema: b.schema }));
    b.sandbox.resetCounts();
    expect(await all(b.connector.read({ schema: b.schema, keys }))).toHaveLength(60);
    expect(b.sandbox.counts().requests).toBe(1);
    b.sandbox.resetCounts();
    expect(await all(b.connector.read({ schema: b.schema, keys: keys.slice(0, 3) }))).toHaveLength(3);
    expect(b.sandbox.counts().requests).toBe(3);
  });

  test('many keys are read in pages by a process that has read nothing yet, and so is the archive', async () => {
    const b = await bench();
    const keys = Array.from({ length: 60 }, (_, n) => b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(n) }));
    b.sandbox.resetCounts();
    expect(await all(b.connector.read({ schema: b.schema, keys }))).toHaveLength(60);
    // Its first page tells how many there are.
    expect(b.sandbox.counts().requests).toBe(1);
    for (const key of keys.slice(10)) b.sandbox.writeAs(PERSON).remove(MEMBERS, key);
    b.sandbox.writeAs(PERSON).purge(MEMBERS, keys[0] ?? '');
    b.sandbox.resetCounts();
    expect(await all(b.connector.read({ schema: b.schema, keys }))).toHaveLength(9);
    // The page, how many are in the archive, its page, and the one who is in neither.
    expect(b.sandbox.counts().requests).toBe(4);
    b.sandbox.resetCounts();
    expect([...((await b.connector.neverAgain?.(b.schema, [keys[0] ?? '', ...keys.slice(10)])) ?? new Map()).keys()]).toEqual([keys[0]]);
    expect(b.sandbox.counts().requests).toBe(3);
  });

  test('changes since a time are asked for where tags are left out: their time of change is not told', async () => {
    const b = await bench();
    b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(1) });
    b.clock.advance(60_000);
    const since = b.clock.now();
    b.clock.advance(5000);
    b.sandbox.writeAs(PERSON).create(MEMBERS, { email_address: email(2) });
    expect(await all(b.connector.read({ schema: b.schema, changedSince: since }))).toHaveLength(2);
    const schema = { ...b.schema, fields: b.schema.fields.filter(({ name }) => name !== 'tags') };
    expect((await all(b.connector.read({ schema, changedSince: since }))).map(({ fields }) => fields['email_address'])).toEqual([email(2)]);
  });

  test('audiences are read, changed, and neither made nor deleted', async () => {
    const b = await bench();
    const [schema] = (await b.connector.describe(['lists'])).objects;
    if (schema === undefined) throw new Error('not described');
    const [list] = await all(b.connector.read({ schema }));
    expect(list).toMatchObject({ key: LIST, fields: { double_optin: false } });
    const change = { action: 'update', schema, key: LIST, set: { name: 'Renamed', double_optin: true }, expect: {} } as const;
    expect(await b.connector.write([change])).toMatchObject([{ status: 'applied', record: { fields: { name: 'Renamed', double_optin: true } } }]);
    expect(b.sandbox.truth().record('lists', LIST)).toMatchObject({ name: 'Renamed' });
    const [refused] = await b.connector.write([{ action: 'delete', schema, key: LIST, expect: {} }]);
    expect(refused).toMatchObject({ status: 'rejected', reason: 'irreversible' });
    expect(b.sandbox.audiences).toEqual([LIST]);
  });
});
