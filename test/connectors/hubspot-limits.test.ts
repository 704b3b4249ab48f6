import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from 'vitest';

import { openPlatform } from '../../src/connectors/index.js';
import type { Reporter, RunbackError, Wait } from '../../src/lib/index.js';
import type { SecretRef } from '../../src/workspace/index.js';
import { all, type Bench, configOf, openBench, people, seed } from './hubspot-support.js';

let bench: Bench;
afterEach(() => bench.stop());

function watcher(): { readonly reporter: Reporter; readonly waits: Wait[] } {
  const waits: Wait[] = [];
  return { waits, reporter: { progress: () => undefined, note: () => undefined, waiting: (wait) => void waits.push(wait) } };
}

describe('limits', () => {
  it('uses what HubSpot allows and causes no refusal, with many calls at once', async () => {
    bench = await openBench({ limits: { per10s: 30 } }, {}, true);
    const ids = seed(bench.sandbox, 'contacts', people(100));
    const schema = await bench.schema('contacts');
    const { reporter, waits } = watcher();
    const start = bench.clock.monotonicMs();
    await Promise.all(
      Array.from({ length: 150 }, async (_, n) => await all(bench.connector.read({ schema, keys: [ids[n % 100] ?? ''] }, { reporter }))),
    );
    const took = bench.clock.monotonicMs() - start;
    expect(bench.sandbox.counts().limited).toBe(0);
    expect(took).toBeLessThanOrEqual(1.05 * (150 / 30) * 10_000);
    expect(waits.length).toBeGreaterThan(0);
    expect(waits[0]?.reason).toContain('30 requests in 10 s');
  });

  it('goes no faster than runback.yml allows, and as fast as the headers allow where nothing is set', async () => {
    bench = await openBench({ limits: { per10s: 190 } }, { limits: { requests_per_10s: 20 } });
    const ids = seed(bench.sandbox, 'contacts', people(1));
    const schema = await bench.schema('contacts');
    const start = bench.clock.monotonicMs();
    for (let n = 0; n < 59; n += 1) await all(bench.connector.read({ schema, keys: ids }));
    expect(bench.clock.monotonicMs() - start).toBeGreaterThanOrEqual(20_000);
    await bench.stop();
    bench = await openBench({ limits: { per10s: 190 } });
    const again = seed(bench.sandbox, 'contacts', people(1));
    const other = await bench.schema('contacts');
    const from = bench.clock.monotonicMs();
    for (let n = 0; n < 180; n += 1) await all(bench.connector.read({ schema: other, keys: again }));
    expect(bench.clock.monotonicMs() - from).toBe(0);
  });

  it('leaves room for another user of the same token, as the headers tell', async () => {
    bench = await openBench({ limits: { per10s: 50 } });
    const ids = seed(bench.sandbox, 'contacts', people(1));
    const schema = await bench.schema('contacts');
    for (let n = 0; n < 40; n += 1)
      await (await fetch(`${bench.sandbox.url}/account-info/v3/details`, { headers: { authorization: `Bearer ${bench.sandbox.token}` } })).text();
    bench.sandbox.resetCounts();
    for (let n = 0; n < 60; n += 1) await all(bench.connector.read({ schema, keys: ids }));
    expect(bench.sandbox.counts().limited).toBe(0);
  });

  it.each(['TEN_SECONDLY_ROLLING', 'SECONDLY'] as const)('waits out a %s refusal without a Retry-After, visibly, and writes once', async (policy) => {
    bench = await openBench();
    const [id = ''] = seed(bench.sandbox, 'contacts', people(1));
    const schema = await bench.schema('contacts');
    bench.sandbox.resetCounts();
    bench.sandbox.faults.add({ kind: 'rate-limit', policy, times: 3 });
    const { reporter, waits } = watcher();
    const results = await bench.connector.write([{ action: 'update', schema, key: id, set: { firstname: 'Late' }, expect: {} }], { reporter });
    expect(results).toEqual([{ status: 'applied', key: id }]);
    expect(bench.sandbox.counts().writesPerRecord).toEqual({ [`contacts/${id}`]: 1 });
    expect(waits.some((wait) => wait.reason.includes('rate-limiting'))).toBe(true);
    expect(bench.connector.usage().limited).toBe(3);
  });

  it('obeys a Retry-After where one comes', async () => {
    bench = await openBench();
    const schema = await bench.schema('contacts');
    const start = bench.clock.monotonicMs();
    bench.sandbox.faults.add({ kind: 'rate-limit', retryAfterSeconds: 7 });
    await all(bench.connector.read({ schema }));
    expect(bench.clock.monotonicMs() - start).toBeGreaterThanOrEqual(7000);
  });

  it('does not wait for midnight: a daily limit ends the work, and says so', async () => {
    bench = await openBench();
    const schema = await bench.schema('contacts');
    bench.sandbox.faults.add({ kind: 'rate-limit', policy: 'DAILY', times: null });
    await expect(all(bench.connector.read({ schema }))).rejects.toMatchObject({ code: 'platform-limit', exitCode: 3 });
    expect(bench.clock.slept).toBe(0);
  });

  it('stops at limits.requests_per_day, before HubSpot has to', async () => {
    bench = await openBench({}, { limits: { requests_per_day: 2 } });
    const schema = await bench.schema('contacts');
    await expect(all(bench.connector.read({ schema }))).rejects.toMatchObject({ code: 'platform-limit' });
    expect(bench.sandbox.counts().requests).toBe(2);
  });
});

describe('the day', () => {
  it('is told with what is used of it and the midnight of the account, for all its users', async () => {
    bench = await openBench({ limits: { perDay: 1000 } });
    await bench.connector.identify();
    const before = await bench.connector.dailyQuota?.();
    expect(before).toMatchObject({ limit: 1000, used: bench.sandbox.counts().requests, resets: new Date('2026-03-02T05:00:00Z') });
    bench.clock.advance(21 * 3_600_000);
    expect(await bench.connector.dailyQuota?.()).toMatchObject({ used: 1, resets: new Date('2026-03-03T05:00:00Z') });
  });

  it('is unknown for an app with OAuth, which has no limit of a day', async () => {
    bench = await openBench({ oauth: true });
    await bench.connector.identify();
    expect([await bench.connector.dailyQuota?.(), bench.connector.usage().daily]).toEqual([undefined, undefined]);
  });
});

describe('trouble', () => {
  it('says how to renew a token that expired in the middle, and writes nothing more', async () => {
    bench = await openBench();
    const [id = ''] = seed(bench.sandbox, 'contacts', people(1));
    const schema = await bench.schema('contacts');
    bench.sandbox.faults.add({ kind: 'expire-token' });
    const failure: unknown = await bench.connector
      .write([{ action: 'update', schema, key: id, set: { firstname: 'X' }, expect: {} }])
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'auth-refused', exitCode: 4, next: expect.stringContaining('env:HUBSPOT_TOKEN') as string });
    expect(JSON.stringify(failure)).not.toContain(bench.sandbox.token);
  });

  it('names the scope that is missing', async () => {
    bench = await openBench();
    const [id = ''] = seed(bench.sandbox, 'contacts', people(1));
    const schema = await bench.schema('contacts');
    bench.sandbox.faults.add({ kind: 'remove-scope', scope: 'crm.objects.contacts.write' });
    await expect(bench.connector.write([{ action: 'update', schema, key: id, set: { firstname: 'X' }, expect: {} }])).rejects.toMatchObject({
      code: 'scope-missing',
      message: expect.stringContaining('crm.objects.contacts.write') as string,
    });
  });

  it('gives up on a platform that stays down, within its limits, and on one that talks nonsense', async () => {
    bench = await openBench();
    const schema = await bench.schema('contacts');
    bench.sandbox.faults.add({ kind: 'server-error', status: 503, times: null });
    await expect(all(bench.connector.read({ schema }))).rejects.toMatchObject({ code: 'platform-unreachable', exitCode: 3 });
    expect(bench.clock.slept).toBeLessThan(120_000);
    bench.sandbox.faults.clear();
    bench.sandbox.faults.add({ kind: 'nonsense', times: null });
    await expect(all(bench.connector.read({ schema }))).rejects.toMatchObject({ code: 'platform-nonsense' });
  });

  it('stops before another request when told to', async () => {
    bench = await openBench();
    seed(bench.sandbox, 'contacts', people(300));
    const schema = await bench.schema('contacts');
    bench.sandbox.resetCounts();
    const stop = new AbortController();
    const read = async (): Promise<void> => {
      for await (const batch of bench.connector.read({ schema }, { signal: stop.signal })) if (batch.records.length > 0) stop.abort();
    };
    await expect(read()).rejects.toMatchObject({ code: 'interrupted' });
    expect(bench.sandbox.counts().requests).toBe(1);
  });

  it('refuses the wrong account and the wrong environment before it reads anything', async () => {
    bench = await openBench({ accountType: 'STANDARD' });
    const deps = { secret: async () => await Promise.resolve(bench.sandbox.token), clock: bench.clock, writes: 'private' } as const;
    await expect(openPlatform(configOf(bench.sandbox, { account: '1', environment: 'production' }), deps)).rejects.toMatchObject({
      code: 'wrong-account',
    });
    await expect(openPlatform(configOf(bench.sandbox), deps)).rejects.toMatchObject({ code: 'wrong-environment' });
    const asked = Object.keys(bench.sandbox.counts().byEndpoint);
    expect(asked).not.toEqual([]);
    expect(asked.filter((endpoint) => !/account-info|access-token-info/.test(endpoint))).toEqual([]);
  });

  it('names the program that gives a refused token, and none of its arguments', async () => {
    bench = await openBench();
    const deps = { secret: async () => await Promise.resolve('pat-wrong'), clock: bench.clock, writes: 'private' } as const;
    const config = configOf(bench.sandbox, { credentials: { token: 'command:/usr/bin/vault read --token=hunter22 crm' as SecretRef } });
    await expect(openPlatform(config, deps)).rejects.toSatisfy((error: RunbackError) => {
      expect(error).toMatchObject({ code: 'auth-refused', next: expect.stringContaining('command:/usr/bin/vault,') as string });
      return !JSON.stringify([error.message, error.why, error.next, error.data]).includes('hunter22');
    });
  });

  it('hides what a refusal repeats: its own token, and every other secret that is known', async () => {
    const server = createServer((request, response) => {
      const body = { status: 'error', message: `no: ${request.headers.authorization ?? ''} nor other-secret`, category: 'X' };
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    bench = await openBench();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const deps = {
      secret: async () => await Promise.resolve('pat-secret'),
      clock: bench.clock,
      redact: (text: string) => text.replaceAll('other-secret', '[redacted]'),
      writes: 'private',
    } as const;
    await expect(openPlatform(configOf(bench.sandbox, { url }), deps)).rejects.toSatisfy((error: RunbackError) => {
      expect(error.message + (error.why ?? '')).toContain('[redacted] nor [redacted]');
      return true;
    });
    server.closeAllConnections();
    server.close();
  });

  it('does not send a token in clear to another machine', async () => {
    bench = await openBench();
    const deps = { secret: async () => await Promise.resolve('pat-secret'), clock: bench.clock };
    await expect(openPlatform(configOf(bench.sandbox, { url: 'http://crm.example.com' }), { ...deps, writes: 'private' })).rejects.toMatchObject({
      code: 'file-invalid',
    });
  });
});
