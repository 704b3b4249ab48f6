import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, expect, test } from 'vitest';

import { openPlatform } from '../../src/connectors/index.js';
import { HttpClient, RunbackError, type SendGuard, systemClock } from '../../src/lib/index.js';
import { person, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { startPostgres } from '../support/postgres.js';
import { configOf } from './hubspot-support.js';

/** A user would lose: records, to a process that has lost its lock and sends all the same. */

const lost = new RunbackError('fenced', 'the lock is lost');
const lostGuard: SendGuard = {
  expires: true,
  confirm: async () => {},
  left: () => {
    throw lost;
  },
};

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** A server that counts requests and answers none. */
async function silentServer(): Promise<{ readonly client: HttpClient; readonly seen: string[] }> {
  const seen: string[] = [];
  server = createServer((request) => void seen.push(request.url ?? ''));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return { client: new HttpClient({ origin, name: 'it', headers: {}, clock: systemClock, environment: {} }), seen };
}

test('a request whose guard does not hold when the connection stands is not sent, and that is told as it is', async () => {
  const { client, seen } = await silentServer();
  const asked: string[] = [];
  const guard: SendGuard = {
    ...lostGuard,
    confirm: async () => void asked.push('confirm'),
    left: () => {
      asked.push('left');
      throw lost;
    },
  };
  await expect(client.request({ method: 'POST', path: '/x', body: {}, repeatable: false }, { guard })).rejects.toBe(lost);
  expect(asked, 'once before, and once when it is about to be written').toEqual(['confirm', 'left']);
  expect(seen).toEqual([]);
  await client.close();
});

test('a request that cannot be confirmed is not even begun', async () => {
  const { client, seen } = await silentServer();
  await expect(
    client.request({ method: 'POST', path: '/x', repeatable: false }, { guard: { ...lostGuard, confirm: async () => await Promise.reject(lost) } }),
  ).rejects.toBe(lost);
  expect(seen).toEqual([]);
  await client.close();
});

test('what is under way ends with the guard where that expires, and its outcome is in doubt; it lasts as long as the guard is renewed', async () => {
  const { client, seen } = await silentServer();
  let renewals = 3;
  const guard: SendGuard = {
    expires: true,
    confirm: async () => {},
    left: () => {
      renewals -= 1;
      if (renewals < 0) throw lost;
      return 20;
    },
  };
  const result = await client.request({ method: 'POST', path: '/x', body: {}, repeatable: false }, { guard });
  expect(result).toMatchObject({ kind: 'lost' });
  expect(seen).toEqual(['/x']);
  expect(renewals).toBe(-1);
  await client.close();
});

test('HubSpot gets nothing of a write whose guard does not hold', async () => {
  const sandbox = await startHubSpotSandbox({});
  const platform = await openPlatform(configOf(sandbox), { secret: async () => sandbox.token, clock: systemClock, writes: 'private' });
  const key = sandbox.writeAs(person(1)).create('contacts', { firstname: 'Maya' });
  const { objects } = await platform.connector.describe(['contacts']);
  const [schema] = objects;
  if (schema === undefined) throw new Error('no contacts');
  sandbox.resetCounts();
  await expect(
    platform.connector.write([{ action: 'update', schema, key, expect: { firstname: 'Maya' }, set: { firstname: 'x' } }], { guard: lostGuard }),
  ).rejects.toMatchObject({ code: 'fenced' });
  expect(sandbox.counts()).toMatchObject({ writesPerRecord: {} });
  await platform.close();
  await sandbox.stop();
});

test('PostgreSQL commits nothing of a write whose guard does not hold', async () => {
  const postgres = await startPostgres();
  const database = await postgres.createDatabase(`CREATE TABLE people (id int PRIMARY KEY, city text); INSERT INTO people VALUES (1, 'Lyon')`);
  const config = {
    name: 'warehouse',
    connector: 'postgres',
    environment: 'sandbox',
    url: postgres.url(database),
    credentials: {},
    limits: {},
    options: {},
  } as const;
  const platform = await openPlatform(config, { secret: async () => '', clock: systemClock, writes: 'private' });
  const { objects } = await platform.connector.describe(['public.people']);
  const [schema] = objects;
  if (schema === undefined) throw new Error('no people');
  const write = async (guard: SendGuard): Promise<unknown> =>
    await platform.connector.write([{ action: 'update', schema, key: '1', expect: { city: 'Lyon' }, set: { city: 'x' } }], { guard });
  expect(await write(lostGuard)).toMatchObject([{ status: 'failed' }]);
  expect(await postgres.sql(database, 'SELECT city FROM people')).toEqual([{ city: 'Lyon' }]);
  expect(await write({ ...lostGuard, left: () => 1000 })).toMatchObject([{ status: 'applied' }]);
  await platform.close();
  await postgres.stop();
});
