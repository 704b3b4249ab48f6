import { describe, expect, it } from 'vitest';

import { isRunbackError } from '../../../src/lib/index.js';
import { all, descriptionOf, opened, type Says, schemaOf, type Seen, startServer, useWorkspace } from './support.js';

/** A user would lose: a secret in a message, or a restore that stops where a token expires. */

const { folder, open, write } = useWorkspace();

const LIST = '{ get: /people, items: data, pages: { by: none } }';

async function platform(auth: string, answer: (seen: Seen) => Says) {
  const server = await startServer(answer);
  open.push(server);
  await write(descriptionOf({ auth, list: LIST, top: 'errors: { message: message }' }));
  const connector = await opened(server.url, folder());
  open.push(connector);
  return { connector, seen: server.seen };
}

describe('credentials', () => {
  it.each([
    ['{ kind: bearer }', (seen: Seen) => seen.headers.authorization, 'Bearer tok+en/1'],
    ['{ kind: header, header: X-Api-Key }', (seen: Seen) => seen.headers['x-api-key'], 'tok+en/1'],
    ['{ kind: header, header: Authorization, before: "Token " }', (seen: Seen) => seen.headers.authorization, 'Token tok+en/1'],
    ['{ kind: query, parameter: api_key }', (seen: Seen) => seen.query.get('api_key') ?? undefined, 'tok+en/1'],
    ['{ kind: basic }', (seen: Seen) => seen.headers.authorization, `Basic ${Buffer.from('ann:pass:word').toString('base64')}`],
  ])('are sent as %s says, and shown nowhere', async (auth, part, expected) => {
    const { connector, seen } = await platform(auth, (one) => ({
      status: 401,
      body: { message: `no ${one.query.toString()} ${one.headers.authorization ?? ''}` },
    }));
    const error: unknown = await connector.identify().catch((thrown: unknown) => thrown);
    expect(seen.map(part)).toEqual([expected]);
    if (!isRunbackError(error, 'auth-refused')) throw new Error(String(error));
    for (const secret of ['tok+en/1', 'tok%2Ben%2F1', 'pass:word', Buffer.from('ann:pass:word').toString('base64')])
      expect(JSON.stringify([error.message, error.why, error.next, error.data])).not.toContain(secret);
  });
});

it('a key that a platform repeats in the address of the next page is not shown', async () => {
  const server = await startServer(() => ({
    body: { data: [{ id: 1, name: 'a' }] },
    headers: { link: '</people?api_key=tok%2Ben%2F1>; rel="next"' },
  }));
  open.push(server);
  const list = '{ get: /people, items: data, pages: { by: link } }';
  await write(descriptionOf({ auth: '{ kind: query, parameter: api_key }', list }));
  const connector = await opened(server.url, folder());
  open.push(connector);
  const error: unknown = await all(connector.read({ schema: await schemaOf(connector) })).catch((thrown: unknown) => thrown);
  if (!isRunbackError(error, 'platform-nonsense')) throw new Error(String(error));
  expect(JSON.stringify([error.message, error.why, error.next, error.data])).not.toMatch(/tok(%2B|\+)en/u);
});

describe('both limits', () => {
  it.each([
    [60, '1m', 100, { limit: 10, intervalMs: 10_000 }],
    [60, '1m', 5, { limit: 5, intervalMs: 10_000 }],
    [4, '1s', 100, { limit: 4, intervalMs: 1000 }],
    [4, '1s', 20, { limit: 2, intervalMs: 1000 }],
    [3, '1m', 10, { limit: 1, intervalMs: 20_000 }],
    [4, '1s', 2, { limit: 1, intervalMs: 5000 }],
  ])('%i in %s and %i in 10 s hold', async (requests, per, own, expected) => {
    const server = await startServer(() => ({}));
    open.push(server);
    await write(descriptionOf({ list: LIST, top: `limits: { requests: ${String(requests)}, per: ${per} }` }));
    const connector = await opened(server.url, folder(), { requests_per_10s: own });
    open.push(connector);
    expect(connector.pace?.().all).toEqual(expected);
  });
});

describe('tokens that expire', () => {
  const AUTH = '{ kind: client-credentials, token: /oauth/token, scope: read }';
  /** Gives tokens that are good for `uses` requests. */
  const tokens = (uses: number) => {
    let [given, left] = [0, 0];
    return (seen: Seen): Says => {
      if (seen.path === '/oauth/token') {
        [given, left] = [given + 1, uses];
        return { body: { access_token: `t-${String(given)}`, expires_in: 3600 } };
      }
      if (seen.headers.authorization !== `Bearer t-${String(given)}` || (left -= 1) < 0)
        return { status: 401, body: { message: `${seen.headers.authorization ?? ''} is expired` } };
      return seen.path === '/me' ? { body: { id: 1 } } : { body: { data: [{ id: 1, name: 'a' }] } };
    };
  };

  it('are fetched once, and again when they are refused', async () => {
    const { connector, seen } = await platform(AUTH, tokens(2));
    const { account, within, address } = await connector.identify();
    expect([account, within], 'other services have an account 1 too').toEqual(['1', address]);
    const schema = await schemaOf(connector);
    for (let n = 0; n < 3; n += 1) expect(await all(connector.read({ schema }))).toHaveLength(1);
    const fetches = seen.filter(({ path }) => path === '/oauth/token');
    expect(fetches).toHaveLength(2);
    expect(fetches[0]?.text).toBe('grant_type=client_credentials&scope=read');
    expect(fetches[0]?.headers.authorization).toBe(`Basic ${Buffer.from('client:s3cret%26more').toString('base64')}`);
  });

  it('are fetched once where several requests are refused at a time', async () => {
    let given = 0;
    let isOld = false;
    const { connector, seen } = await platform(AUTH, (one) => {
      if (one.path === '/oauth/token') {
        given += 1;
        return { body: { access_token: `t-${String(given)}` } };
      }
      if (isOld && one.headers.authorization === 'Bearer t-1') return { status: 401, body: {} };
      return one.path === '/me' ? { body: { id: 1 } } : { body: { id: Number(one.path.slice(8)), name: 'a' } };
    });
    await connector.identify();
    isOld = true;
    const keys = ['1', '2', '3', '4', '5', '6'];
    expect(await all(connector.read({ schema: await schemaOf(connector), keys }))).toHaveLength(6);
    expect(seen.filter(({ path }) => path === '/oauth/token')).toHaveLength(2);
  });

  it('are no way around a refusal: one other token is tried, and no token is shown', async () => {
    const { connector, seen } = await platform(AUTH, tokens(0));
    const error: unknown = await connector.identify().catch((thrown: unknown) => thrown);
    if (!isRunbackError(error, 'auth-refused')) throw new Error(String(error));
    expect(error.why).not.toMatch(/t-\d/u);
    expect(seen.filter(({ path }) => path === '/me')).toHaveLength(2);
  });

  it('that are not given are an error that says so, without the secret', async () => {
    const { connector } = await platform(AUTH, () => ({ status: 400, body: { error: 'invalid_client', secret: 's3cret&more' } }));
    const error: unknown = await connector.identify().catch((thrown: unknown) => thrown);
    expect(isRunbackError(error, 'auth-refused')).toBe(true);
    expect(String(error)).not.toContain('s3cret');
  });
});
