import { describe, expect, it } from 'vitest';

import { person, startHubSpotSandbox, type Fault } from '../../src/sandbox/index.js';
import { bench, standingClock } from './support.js';

const CONTACTS = '/crm/v3/objects/contacts';

describe('limits', () => {
  it('lets a hundred requests in within any ten seconds, says so in headers, and refuses the next without Retry-After', async () => {
    const clock = standingClock();
    const to = await bench({ clock, limits: {} });
    for (let count = 0; count < 99; count += 1) await to.call('GET', CONTACTS);
    clock.move(4000);
    const last = await to.call('GET', CONTACTS);
    const header = (name: string): string | null => last.headers.get(`X-HubSpot-RateLimit-${name}`);
    expect([header('Max'), header('Remaining'), header('Interval-Milliseconds'), header('Daily'), header('Daily-Remaining')]).toEqual([
      '100',
      '0',
      '10000',
      '250000',
      '249900',
    ]);
    const refused = await to.call('GET', CONTACTS);
    expect(refused).toMatchObject({
      status: 429,
      body: { category: 'RATE_LIMITS', policyName: 'TEN_SECONDLY_ROLLING', message: 'You have reached your secondly limit.' },
    });
    expect(refused.headers.get('retry-after')).toBeNull();
    clock.move(6000);
    expect((await to.call('GET', CONTACTS)).headers.get('X-HubSpot-RateLimit-Remaining')).toBe('98');
    expect(to.sandbox.counts()).toMatchObject({ requests: 102, limited: 1, byStatus: { 200: 101, 429: 1 } });
  });

  it('has a daily limit and one for searches, whose answers carry the limit of the day alone and whose refusals name no policy', async () => {
    const clock = standingClock();
    const to = await bench({ clock, limits: { perDay: 4, searchPerSecond: 2 } });
    const search = () => to.call('POST', `${CONTACTS}/search`, {});
    const first = (await search()).headers;
    expect(['Max', 'Remaining', 'Secondly', 'Daily', 'Daily-Remaining'].map((name) => first.get(`X-HubSpot-RateLimit-${name}`))).toEqual([
      null,
      null,
      null,
      '4',
      '3',
    ]);
    await search();
    const refused = await search();
    expect(refused).toMatchObject({ status: 429, body: { category: 'RATE_LIMITS', message: 'You have reached your secondly limit.' } });
    expect(Object.keys(refused.body).sort()).toEqual(['category', 'correlationId', 'message', 'status']);
    expect(refused.headers.get('X-HubSpot-RateLimit-Daily-Remaining')).toBe('2');
    await to.call('GET', CONTACTS);
    await to.call('GET', CONTACTS);
    expect(await to.call('GET', CONTACTS)).toMatchObject({ status: 429, body: { policyName: 'DAILY' } });
    clock.move(86_400_000);
    expect((await to.call('GET', CONTACTS)).status).toBe(200);
  });

  it('counts each app for itself', async () => {
    const to = await bench({ limits: { per10s: 1 } });
    to.sandbox.addApp({ token: 'other', appId: '99', name: 'MarketSync' });
    expect((await to.call('GET', CONTACTS)).status).toBe(200);
    expect((await to.call('GET', CONTACTS, undefined, 'other')).status).toBe(200);
    expect((await to.call('GET', CONTACTS)).status).toBe(429);
  });

  it('refuses an address that is too long and a body that is no JSON', async () => {
    const to = await bench();
    expect((await to.call('GET', `${CONTACTS}?properties=${'x'.repeat(17_000)}`)).status).toBe(414);
    const broken = await fetch(to.sandbox.url + CONTACTS, {
      method: 'POST',
      headers: { authorization: `Bearer ${to.sandbox.token}` },
      body: '{"a":',
    });
    expect(broken.status).toBe(400);
    expect((await to.call('GET', '/crm/v3/objects/unicorns')).status).toBe(400);
    expect((await to.call('GET', '/nothing/here')).status).toBe(404);
    expect((await to.call('GET', `${CONTACTS}/%E0%A4%A`)).status).toBe(400);
    expect((await to.call('DELETE', '/crm/v3/owners')).status).toBe(405);
  });
});

describe('who may call', () => {
  it('listens on loopback only', async () => {
    for (const host of ['0.0.0.0', '::', '192.168.0.1', 'localhost.example.com'])
      await expect(startHubSpotSandbox({ host })).rejects.toThrow(/127\.0\.0\.1/);
    const to = await bench();
    expect(new URL(to.sandbox.url).hostname).toBe('127.0.0.1');
  });

  it('tells a wrong token from an expired one', async () => {
    const to = await bench();
    expect(await to.call('GET', CONTACTS, undefined, 'wrong')).toMatchObject({ status: 401, body: { category: 'INVALID_AUTHENTICATION' } });
    to.sandbox.faults.add({ kind: 'expire-token', after: 1 });
    expect((await to.call('GET', CONTACTS)).status).toBe(200);
    expect(await to.call('GET', CONTACTS)).toMatchObject({ status: 401, body: { category: 'EXPIRED_AUTHENTICATION' } });
    expect((await to.call('GET', CONTACTS)).status).toBe(401);
    to.sandbox.renewToken();
    expect((await to.call('GET', CONTACTS)).status).toBe(200);
  });
});

describe('faults', () => {
  const create = { properties: { email: 'f@example.com' } };

  it.each<[string, Fault, number]>([
    ['drops the answer after applying', { kind: 'drop-answer' }, 1],
    ['drops the request before applying', { kind: 'drop-request' }, 0],
    ['cuts the connection in the body', { kind: 'cut-body' }, 1],
  ])('%s', async (_, fault, created) => {
    const to = await bench();
    to.sandbox.faults.add({ ...fault, method: 'POST', path: '/crm/*/contacts' });
    expect((await to.call('GET', CONTACTS)).status).toBe(200);
    await expect(to.call('POST', CONTACTS, create)).rejects.toThrow(/fetch failed|terminated/);
    expect(to.sandbox.records('contacts')).toHaveLength(created);
    expect((await to.call('POST', CONTACTS, { properties: { email: 'g@example.com' } })).status).toBe(201);
  });

  it('answers 5xx before or after applying, 429 of any policy, and nonsense', async () => {
    const to = await bench();
    to.sandbox.faults.add({ kind: 'server-error', status: 503 });
    expect((await to.call('POST', CONTACTS, create)).status).toBe(503);
    expect(to.sandbox.records('contacts')).toHaveLength(0);
    to.sandbox.faults.add({ kind: 'server-error', applied: true });
    expect((await to.call('POST', CONTACTS, create)).status).toBe(500);
    expect(to.sandbox.records('contacts')).toHaveLength(1);
    to.sandbox.faults.add({ kind: 'rate-limit', policy: 'DAILY', retryAfterSeconds: 7, times: 2 });
    const limited = await to.call('GET', CONTACTS);
    expect([limited.status, limited.headers.get('retry-after'), limited.body.policyName]).toEqual([429, '7', 'DAILY']);
    expect((await to.call('GET', CONTACTS)).status).toBe(429);
    expect((await to.call('GET', CONTACTS)).status).toBe(200);
    expect(to.sandbox.counts().limited).toBe(0);
    to.sandbox.faults.add({ kind: 'nonsense' });
    await expect(to.call('GET', CONTACTS)).rejects.toThrow(SyntaxError);
  });

  it('delays by the clock and takes a scope away', async () => {
    const slept: number[] = [];
    const clock = { ...standingClock(), sleep: (ms: number) => Promise.resolve(void slept.push(ms)) };
    const to = await bench({ clock });
    to.sandbox.faults.add({ kind: 'delay', ms: 5000 });
    await to.call('GET', CONTACTS);
    expect(slept).toEqual([5000]);
    to.sandbox.faults.add({ kind: 'remove-scope', scope: 'crm.objects.contacts.read' });
    expect((await to.call('GET', CONTACTS)).status).toBe(403);
    expect((await to.call('GET', CONTACTS)).status).toBe(403);
    expect((await to.call('GET', '/crm/v3/objects/deals')).status).toBe(200);
  });

  it('applies half a batch and then fails, or cuts the connection', async () => {
    const to = await bench();
    const inputs = ['a', 'b', 'c', 'd'].map((name) => ({ properties: { email: `${name}@example.com` } }));
    to.sandbox.faults.add({ kind: 'half-batch', path: '*/batch/create' });
    expect((await to.call('POST', `${CONTACTS}/batch/create`, { inputs })).status).toBe(500);
    expect(to.sandbox.records('contacts').map((each) => each.properties.email)).toEqual(['a@example.com', 'b@example.com']);
    to.sandbox.faults.add({ kind: 'half-batch', path: '*/batch/archive', answer: 'cut' });
    const ids = to.sandbox.records('contacts').map(({ id }) => ({ id }));
    await expect(to.call('POST', `${CONTACTS}/batch/archive`, { inputs: ids })).rejects.toThrow('fetch failed');
    expect(to.sandbox.records('contacts').map((each) => each.archived)).toEqual([true, false]);
  });

  it('tells who watches of each request, before it is handled and after it was applied', async () => {
    const to = await bench();
    const seen: string[] = [];
    to.sandbox.onRequest(({ method, path }) => void seen.push(`${method} ${path} ${to.sandbox.records('contacts').length}`));
    to.sandbox.onApplied(({ method }, status) => void seen.push(`${method} ${status} ${to.sandbox.records('contacts').length}`));
    await to.call('POST', CONTACTS, create);
    expect(seen).toEqual([`POST ${CONTACTS} 0`, 'POST 201 1']);
  });

  it('shows what was written twice', async () => {
    const to = await bench();
    to.sandbox.addApp({ token: 'other', appId: '99', name: 'MarketSync' });
    const company = { properties: { name: 'Twice' } };
    await to.call('POST', '/crm/v3/objects/companies', company);
    await to.call('POST', '/crm/v3/objects/companies', company, 'other');
    expect(to.sandbox.counts().repeatedCreates).toEqual({ 'companies/Twice': 2 });
    expect(to.sandbox.writes().map((each) => each.source.label)).toEqual(['runback', 'MarketSync']);
  });
});

describe('control from another process', () => {
  it('needs the token of the sandbox, is not counted, and works although the token expired', async () => {
    const to = await bench();
    expect((await to.call('GET', '/__sandbox/counts', undefined, 'wrong')).status).toBe(401);
    const { body } = await to.call('POST', '/__sandbox/faults', { kind: 'expire-token' });
    expect(body.id).toBe('fault-1');
    expect((await to.call('GET', CONTACTS)).status).toBe(401);
    expect((await to.call('POST', '/__sandbox/token')).status).toBe(204);
    expect((await to.call('GET', CONTACTS)).status).toBe(200);
    expect((await to.call('GET', '/__sandbox/counts')).body).toMatchObject({ requests: 2, byStatus: { 401: 1, 200: 1 } });
    expect((await to.call('DELETE', '/__sandbox/faults/fault-1')).body).toEqual({ removed: true });
    expect((await to.call('POST', '/__sandbox/faults', { kind: 'explode' })).status).toBe(400);
    expect((await to.call('GET', '/__sandbox/nothing')).status).toBe(404);
  });

  it('writes as somebody else, looks at the truth, seeds, dumps and loads', async () => {
    const to = await bench();
    const source = person(42);
    const made = await to.call('POST', '/__sandbox/mutations', {
      source,
      mutations: [
        { action: 'create', object: 'contacts', properties: { email: 'x@example.com' } },
        { action: 'create', object: 'companies', properties: { name: 'X' } },
      ],
    });
    const [contact, company] = made.body.ids as [string, string];
    await to.call('POST', '/__sandbox/mutations', {
      source,
      mutations: [{ action: 'link', fromObject: 'contacts', from: contact, toObject: 'companies', to: company, label: 'Primary' }],
    });
    expect((await to.call('GET', '/__sandbox/links')).body).toMatchObject([
      { typeId: 279, from: contact, to: company },
      { typeId: 1, label: 'Primary', from: contact, to: company },
    ]);
    expect((await to.call('GET', `/__sandbox/history/contacts/${contact}/email`)).body).toMatchObject([
      { value: 'x@example.com', source: { userId: 42 } },
    ]);
    const dump = (await to.call('GET', '/__sandbox/dump')).body;
    const seeded = await to.call('POST', '/__sandbox/seed', { contacts: 5, companies: 2, deals: 1, seed: 1 });
    expect(seeded.body.contacts).toHaveLength(5);
    expect((await to.call('GET', '/__sandbox/records/contacts')).body).toHaveLength(6);
    expect((await to.call('PUT', '/__sandbox/dump', dump)).status).toBe(204);
    expect((await to.call('GET', '/__sandbox/records/contacts')).body).toMatchObject([
      { id: contact, archived: false, properties: { email: 'x@example.com' } },
    ]);
    expect((await to.call('PUT', '/__sandbox/dump', { version: 9 })).status).toBe(400);
  });
});
