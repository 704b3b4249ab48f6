import { afterEach, describe, expect, test } from 'vitest';

import type { Connector } from '../../../src/connectors/index.js';
import { isRunbackError } from '../../../src/lib/index.js';
import type { ObjectSchema } from '../../../src/records/index.js';
import type { MailchimpSandbox } from '../../../src/sandbox/index.js';
import { SharedClock } from '../hubspot-support.js';
import { type Says, type Seen, startServer } from '../rest/support.js';
import { all, connect, MEMBERS, words } from './support.js';

/** What the vendor may answer and the local account does not: a user would lose people, or get one twice. */

const [A, B, OTHER] = ['a', 'b', 'c'].map((letter) => letter.repeat(32)) as [string, string, string];
const member = (key: string, email: string, more: object = {}) => ({
  contact_id: key,
  email_address: email,
  status: 'subscribed',
  merge_fields: { FNAME: 'new' },
  tags: [],
  ...more,
});
const schema: ObjectSchema = {
  object: MEMBERS,
  keyFields: [],
  fields: [{ name: 'FNAME', type: 'string', platformType: 'merge/text', readOnly: false }],
  createWithKey: false,
  undelete: false,
  sideEffects: [],
};
const change = (key: string) => ({ action: 'update' as const, schema, key, set: { FNAME: 'new' }, expect: { FNAME: 'old' } });

const open: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await (one.close?.() ?? one.stop?.());
});

/** A server that answers as told, and a connector that has just read both members. */
async function served(answer: (seen: Seen) => Says | undefined): Promise<{ readonly connector: Connector; readonly seen: readonly Seen[] }> {
  const server = await startServer((seen) => {
    const says = answer(seen);
    if (says !== undefined) return says;
    const key = seen.path.split('/').at(-1) ?? '';
    return seen.method === 'GET' ? { body: member(key, `${key.slice(0, 1)}@example.com`) } : { status: 204 };
  });
  open.push(server);
  const clock = new SharedClock();
  const connector = await connect({ url: server.url, token: 'key-us21' } as MailchimpSandbox, clock);
  open.push(connector);
  expect(await all(connector.read({ schema, keys: [A, B] }))).toHaveLength(2);
  return { connector, seen: server.seen };
}

const batch = (told: object): ((seen: Seen) => Says | undefined) => {
  const body = { new_members: [], updated_members: [], errors: [], ...told };
  return ({ method }) => (method === 'POST' ? { body } : undefined);
};

describe('a batch of changes', () => {
  test('that made somebody new takes that back at once, and says that nothing was changed', async () => {
    const { connector, seen } = await served(batch({ new_members: [member(OTHER, 'a@example.com')], updated_members: [member(B, 'b@example.com')] }));
    expect(words(await connector.write([change(A), change(B)]))).toEqual(['deleted-later', 'applied']);
    expect(seen.flatMap(({ method, path }) => (method === 'DELETE' ? [path.split('/').at(-1)] : []))).toEqual([OTHER]);
  });

  test('that could not take it back is in doubt, with who was made', async () => {
    const { connector } = await served((seen) =>
      seen.method === 'DELETE'
        ? { status: 500 }
        : batch({ new_members: [member(OTHER, 'a@example.com')], updated_members: [member(B, 'b@example.com')] })(seen),
    );
    const [result] = await connector.write([change(A), change(B)]);
    expect(result).toMatchObject({ status: 'in_doubt', message: expect.stringContaining(OTHER) as string });
  });

  test('that wrote to another contact, or names one nowhere, is in doubt', async () => {
    const { connector } = await served(batch({ updated_members: [member(OTHER, 'a@example.com')] }));
    expect(words(await connector.write([change(A), change(B)]))).toEqual(['in_doubt', 'in_doubt']);
  });

  test('that answers with success and the old value is refused, not believed', async () => {
    const kept = { merge_fields: { FNAME: 'old' } };
    const { connector } = await served(batch({ updated_members: [member(A, 'a@example.com', kept), member(B, 'b@example.com')] }));
    expect(words(await connector.write([change(A), change(B)]))).toEqual(['rejected', 'applied']);
  });

  test('names an address with quotation marks and in other letters', async () => {
    const errors = [{ email_address: '"A@Example.com"', error: 'Please provide a valid email address.', error_code: 'ERROR_GENERIC' }];
    const { connector } = await served(batch({ errors, updated_members: [member(B, 'B@EXAMPLE.com')] }));
    expect(words(await connector.write([change(A), change(B)]))).toEqual(['rejected', 'applied']);
  });

  test('does not begin where the addresses were read long ago', async () => {
    const clock = new SharedClock();
    const server = await startServer(({ path }) => ({ body: member(path.split('/').at(-1) ?? '', 'a@example.com') }));
    open.push(server);
    const connector = await connect({ url: server.url, token: 'key-us21' } as MailchimpSandbox, clock);
    open.push(connector);
    await all(connector.read({ schema, keys: [A, B] }));
    clock.advance(10 * 60_000);
    await connector.write([change(A), change(B)]);
    expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'GET', 'PATCH', 'PATCH']);
  });
});

describe('a list', () => {
  test('that counts more members than it gives is an error, never a whole read', async () => {
    const { connector } = await served(({ path }) =>
      path.endsWith('/members') ? { body: { members: [member(A, 'a@example.com')], total_items: 2 } } : undefined,
    );
    const error: unknown = await all(connector.read({ schema })).catch((thrown: unknown) => thrown);
    expect(isRunbackError(error, 'platform-incomplete')).toBe(true);
  });

  test('of something that is no member is not read as empty', async () => {
    const { connector } = await served(({ path }) => (path.endsWith('/members') ? { body: { members: [{ id: 'x' }], total_items: 1 } } : undefined));
    const error: unknown = await all(connector.read({ schema })).catch((thrown: unknown) => thrown);
    expect(isRunbackError(error, 'platform-nonsense')).toBe(true);
  });
});

test('who is archived just before a change is told as gone', async () => {
  const { connector } = await served(({ method }) => (method === 'PATCH' ? { body: member(A, 'a@example.com', { status: 'archived' }) } : undefined));
  expect(words(await connector.write([change(A)]))).toEqual(['deleted-later']);
});

describe('how many there are', () => {
  const from = new Date('2026-03-02T08:00:00Z');
  const request = { schema, event: 'created', from, to: new Date('2026-03-02T09:00:00Z') } as const;
  const list = (body: object) => (seen: Seen) => (seen.path.endsWith('/members') ? { body } : undefined);

  test.each([
    ['a list without its total', { members: [member(A, 'a@example.com', { timestamp_opt: '2026-03-02T08:30:00+00:00' })] }, 'platform-nonsense'],
    [
      'a list that does not heed the times',
      { members: [member(A, 'a@example.com', { timestamp_opt: '2020-01-01T00:00:00+00:00' })], total_items: 4711 },
      'platform-incomplete',
    ],
    ['a list of who has no such time', { members: [member(A, 'a@example.com', { timestamp_opt: '' })], total_items: 4711 }, 'platform-incomplete'],
  ])('is not taken from %s', async (_, body, code) => {
    const { connector } = await served(list(body));
    await expect(connector.count?.(request)).rejects.toMatchObject({ code });
  });

  test('is asked for in whole seconds, both ends left out', async () => {
    const { connector, seen } = await served(list({ members: [], total_items: 0 }));
    expect(await connector.count?.(request)).toBe(0);
    const { query } = seen.at(-1) ?? {};
    expect([query?.get('since_timestamp_opt'), query?.get('before_timestamp_opt')]).toEqual([
      '2026-03-02T07:59:59+00:00',
      '2026-03-02T09:00:00+00:00',
    ]);
  });
});
