import { describe, expect, test } from 'vitest';

import { control } from '../../contracts/sandbox/platform.js';
import { bench, hash, LIST, MEMBERS, PERSON, refusal } from './support.js';

const A = 'a@example.com';
const basic = (key: string): Readonly<Record<string, string>> => ({ authorization: `Basic ${Buffer.from(`anything:${key}`).toString('base64')}` });

/** What a user would lose: a connector that stops at answers that the platform gives on an ordinary day. */
describe('the key', () => {
  test('is shown as the password of any user, as a bearer, or as the vendor once wanted it', async () => {
    const { call, client, sandbox } = await bench();
    expect(sandbox.token).toMatch(/^[0-9a-f]{32}-us21$/);
    for (const authorization of [basic(sandbox.token)['authorization'] ?? '', `Bearer ${sandbox.token}`, `apikey ${sandbox.token}`])
      expect((await call('GET', '/ping', undefined, { authorization })).status).toBe(200);
    client.setConfig({ accessToken: sandbox.token, server: 'us21' });
    expect(await client.ping.get()).toMatchObject({ health_status: "Everything's Chimpy!" });
  });

  test('one that is not known is 401, none at all too, and one of another data center 403', async () => {
    const { call, sandbox } = await bench();
    const answer = async (headers: Readonly<Record<string, string>>): Promise<unknown> => {
      const { status, body } = await call('GET', '/ping', undefined, headers);
      return [status, body.title];
    };
    expect(await answer(basic('0123456789abcdef-us21'))).toEqual([401, 'API Key Invalid']);
    expect(await answer({ authorization: 'Basic' })).toEqual([401, 'API Key Missing']);
    expect(await answer(basic(sandbox.token.replace('us21', 'us6')))).toEqual([403, 'Wrong Datacenter']);
  });

  test('problems are documents with an id that the header has too', async () => {
    const { call } = await bench();
    const { status, headers, body } = await call('GET', `/lists/${LIST}/members/${hash(A)}`);
    expect([status, headers.get('content-type')]).toEqual([404, 'application/problem+json; charset=utf-8']);
    expect(body).toEqual({
      type: 'https://mailchimp.com/developer/marketing/docs/errors/',
      title: 'Resource Not Found',
      status: 404,
      detail: 'The requested resource could not be found.',
      instance: headers.get('x-request-id'),
    });
    const wrong = await call('PUT', `/lists/${LIST}/members`, {});
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, POST']);
    expect((await call('GET', '/nothing')).status).toBe(404);
  });

  test('a body that is no JSON is refused as that', async () => {
    const { sandbox } = await bench();
    const response = await fetch(`${sandbox.url}/3.0/lists/${LIST}/members`, { method: 'POST', headers: basic(sandbox.token), body: '{"email' });
    expect([response.status, ((await response.json()) as { title: string }).title]).toEqual([400, 'JSON Parse Error']);
  });
});

describe('limits', () => {
  test('ten requests at a time, and the eleventh is 429 without a word about when', async () => {
    const { call, sandbox } = await bench();
    let [here, release, arrived]: [number, () => void, () => void] = [0, () => undefined, () => undefined];
    const gate = new Promise<void>((resolve) => (release = resolve));
    const tenAreHere = new Promise<void>((resolve) => (arrived = resolve));
    sandbox.onRequest(async () => {
      here += 1;
      if (here === 10) arrived();
      if (here <= 10) await gate;
    });
    const ten = Array.from({ length: 10 }, async () => await call('GET', '/ping'));
    await tenAreHere;
    const { status, headers, body } = await call('GET', '/ping');
    expect([status, body.title, body.detail]).toEqual([429, 'Too Many Requests', 'You have exceeded the limit of 10 simultaneous connections.']);
    expect(headers.get('retry-after')).toBeNull();
    expect([...headers.keys()].filter((name) => /limit/.test(name))).toEqual([]);
    release();
    expect((await Promise.all(ten)).map((each) => each.status)).toEqual(Array(10).fill(200));
    expect(sandbox.counts().limited).toBe(1);
  });

  test('a client that keeps ten going is never refused', async () => {
    const { call, sandbox } = await bench();
    const statuses = new Set<number>();
    const worker = async (): Promise<void> => {
      for (let n = 0; n < 25; n += 1) statuses.add((await call('GET', '/ping')).status);
    };
    await Promise.all(Array.from({ length: 10 }, worker));
    expect([[...statuses], sandbox.counts().requests]).toEqual([[200], 250]);
  });
});

describe('faults of Mailchimp', () => {
  test('a refusal as too fast, or by what stands before the API, may have a page or nothing instead of JSON', async () => {
    const { call, sandbox } = await bench();
    const kinds = [
      [{ kind: 'rate-limit', body: 'html' }, 429, 'text/html'],
      [{ kind: 'rate-limit', body: 'empty' }, 429, null],
      [{ kind: 'blocked' }, 403, 'text/html'],
      [{ kind: 'blocked', body: 'empty' }, 403, null],
      [{ kind: 'html-error' }, 503, 'text/html'],
    ] as const;
    for (const [fault, status, type] of kinds) {
      sandbox.faults.add(fault);
      const answer = await call('POST', `/lists/${LIST}/members`, { email_address: A, status: 'subscribed' });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, type]);
      expect(typeof answer.body).toBe('string');
    }
    expect([...sandbox.truth().records(MEMBERS)]).toEqual([]);
    sandbox.faults.add({ kind: 'html-error', status: 504, applied: true });
    expect((await call('POST', `/lists/${LIST}/members`, { email_address: A, status: 'subscribed' })).status).toBe(504);
    expect([...sandbox.truth().records(MEMBERS)]).toHaveLength(1);
  });

  test('half of a batch can be written before it fails, or before the connection is cut', async () => {
    const { call, sandbox } = await bench();
    const send = async (from: number) =>
      await call('POST', `/lists/${LIST}`, { members: [0, 1, 2].map((n) => ({ email_address: `m${from + n}@example.com`, status: 'subscribed' })) });
    sandbox.faults.add({ kind: 'half-batch' });
    // Other requests are no match.
    await call('POST', `/lists/${LIST}/members`, { email_address: A, status: 'subscribed' });
    expect((await send(0)).status).toBe(500);
    expect([...sandbox.truth().records(MEMBERS)]).toHaveLength(3);
    sandbox.faults.add({ kind: 'half-batch', answer: 'cut' });
    await expect(send(10)).rejects.toThrow(Error);
    expect([...sandbox.truth().records(MEMBERS)]).toHaveLength(5);
  });

  test('a lost answer of a create leaves a member that its hash finds, and no second one', async () => {
    const { client, sandbox } = await bench();
    sandbox.faults.add({ kind: 'drop-answer', method: 'PUT' });
    const put = async (): Promise<unknown> =>
      (await client.lists.setListMember(LIST, hash(A), { email_address: A, status_if_new: 'subscribed' })) as unknown;
    await expect(put()).rejects.toThrow(Error);
    expect(await put()).toMatchObject({ id: hash(A) });
    expect([...sandbox.truth().records(MEMBERS)]).toHaveLength(1);
    expect(sandbox.counts().repeatedCreates).toEqual({});
  });

  test('a page can lack members while the total is right', async () => {
    const { call, sandbox } = await bench();
    for (const n of [1, 2, 3]) sandbox.writeAs(PERSON).create(MEMBERS, { email_address: `m${n}@example.com` });
    sandbox.faults.add({ kind: 'partial' });
    const { body } = await call('GET', `/lists/${LIST}/members`);
    expect([body.members.length, body.total_items]).toEqual([1, 3]);
  });

  test('who signed up to many lists is taken by none for now', async () => {
    const { client, sandbox } = await bench();
    sandbox.faults.add({ kind: 'too-many-signups', addresses: [A], times: null });
    expect((await refusal(client.lists.addListMember(LIST, { email_address: A, status: 'subscribed' }))).body).toMatchObject({
      title: 'Invalid Resource',
      detail: `${A} has signed up to a lot of lists very recently; we're not allowing more signups for now`,
    });
    expect(await client.lists.addListMember(LIST, { email_address: 'b@example.com', status: 'subscribed' })).toMatchObject({ status: 'subscribed' });
  });

  test('another process sets faults, limits, audiences and campaigns', async () => {
    const { sandbox, call } = await bench();
    expect((await control(sandbox, 'POST', 'faults', { kind: 'blocked', body: 'empty' })).status).toBe(200);
    expect((await call('GET', '/ping')).status).toBe(403);
    expect((await control(sandbox, 'POST', 'faults', { kind: 'blocked', body: 'xml' })).status).toBe(400);
    await control(sandbox, 'PATCH', 'limits', { connections: 0 });
    expect((await call('GET', '/ping')).status).toBe(429);
    await control(sandbox, 'PATCH', 'limits', { connections: 10 });
    const { body } = await control(sandbox, 'POST', 'audiences', { name: 'Second', mergeFields: [{ tag: 'X' }] });
    expect((await control(sandbox, 'GET', '')).body).toMatchObject({ audiences: [LIST, (body as { id: string }).id] });
    expect((await control(sandbox, 'POST', 'campaigns', { listId: LIST, subject: 'Hi' })).status).toBe(200);
    expect((await control(sandbox, 'POST', 'audiences', { mergeFields: [{ tag: 'too long for it' }] })).status).toBe(400);
    const id = sandbox.writeAs(PERSON).create(MEMBERS, { email_address: A, tags: 'x' });
    expect((await control(sandbox, 'GET', `records/${MEMBERS}`)).body).toHaveLength(1);
    expect((await control(sandbox, 'GET', 'links')).body).toHaveLength(1);
    expect((await control(sandbox, 'GET', 'writes')).body).toMatchObject([{ action: 'create', object: MEMBERS, id }]);
  });
});
