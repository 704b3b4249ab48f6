import { afterEach, beforeEach, expect, test } from 'vitest';

import { checked, type Connector, type MutationResult } from '../../src/connectors/index.js';
import { isRunbackError } from '../../src/lib/index.js';
import type { ObjectSchema } from '../../src/records/index.js';
import { SharedClock } from '../connectors/hubspot-support.js';
import { mailerConnector } from './connector.js';
import { type MailerSandbox, startMailerSandbox } from './sandbox.js';

/** What the kits give a vendor that is nothing like HubSpot: what a user would lose on such a platform without them. */

let clock: SharedClock;
let sandbox: MailerSandbox;
const opened: Connector[] = [];
beforeEach(async () => {
  clock = new SharedClock();
  sandbox = await startMailerSandbox({ clock });
});
afterEach(async () => {
  for (const connector of opened.splice(0)) await connector.close();
  await sandbox.stop();
});

/** `behindMs`: by how much the clock of this machine is behind that of the platform. */
async function open(behindMs = 0): Promise<{ readonly connector: Connector; readonly schema: ObjectSchema }> {
  const ours = {
    now: () => new Date(clock.now().getTime() - behindMs),
    monotonicMs: () => clock.monotonicMs(),
    sleep: async (ms: number, signal?: AbortSignal) => await clock.sleep(ms, signal),
  };
  const settings = { platform: 'mail', url: sandbox.url, key: sandbox.token, clock: ours, environment: {}, redact: (text: string) => text };
  const connector = checked(mailerConnector(settings));
  opened.push(connector);
  const [schema] = (await connector.describe(['subscribers'])).objects;
  if (!schema) throw new Error('no schema');
  return { connector, schema };
}

const person = () => sandbox.writeAs({ kind: 'person', id: '7' });
const seed = (count: number): string[] => Array.from({ length: count }, (_, n) => person().create('subscribers', { city: String(n) }));
const statuses = (results: readonly MutationResult[]): string[] => results.map((each) => (each.status === 'rejected' ? each.reason : each.status));

async function keysOf(connector: Connector, schema: ObjectSchema, meanwhile: (page: number) => void = () => undefined): Promise<string[]> {
  const keys: string[] = [];
  let page = 0;
  for await (const { records } of connector.read({ schema })) {
    keys.push(...records.map(({ key }) => key));
    meanwhile((page += 1));
  }
  return keys;
}

test('nobody is passed over where others are deleted while a list is read by offsets', async () => {
  const keys = seed(180);
  const { connector, schema } = await open();
  const gone = [...keys.slice(0, 30), ...keys.slice(48, 52), ...keys.slice(90, 110)];
  const read = await keysOf(connector, schema, (page) => {
    // Some that were read, the last one that was read, and some that were not.
    if (page === 1) for (const key of gone) person().remove('subscribers', key);
    // As many new ones as are gone: the count tells nothing.
    if (page === 2) for (const key of keys.slice(30, 40)) person().remove('subscribers', key);
    if (page === 2) seed(10);
  });
  expect(new Set(read).size).toBe(read.length);
  for (const key of keys) if (!gone.includes(key)) expect(read, key).toContain(key);
});

test('a list that nobody changes is read in as few requests as its pages overlap by one', async () => {
  seed(99);
  const { connector, schema } = await open();
  sandbox.resetCounts();
  expect(await keysOf(connector, schema)).toHaveLength(99);
  expect(sandbox.counts().requests).toBe(3);
});

test.each([0, 3 * 3_600_000, -3 * 3_600_000])('a wait that is told as a date is that of the platform: our clock %s ms behind', async (behindMs) => {
  const { connector } = await open(behindMs);
  sandbox.faults.add({ kind: 'rate-limit', retryAfterSeconds: 40 });
  const before = clock.slept;
  await connector.identify();
  expect(clock.slept - before).toBeGreaterThanOrEqual(40_000);
  expect(clock.slept - before).toBeLessThan(45_000);
});

test('sixty requests a minute are never exceeded, and a used quota is an error at once', async () => {
  const { connector, schema } = await open();
  for (let i = 0; i < 130; i += 1) await connector.identify();
  expect(sandbox.counts().limited).toBe(0);
  expect(connector.usage()).toMatchObject({ limited: 0, dailyLeft: 10_000 - 131 });
  const poor = await startMailerSandbox({ clock, token: sandbox.token, perDay: 1 });
  await sandbox.stop();
  sandbox = poor;
  const other = mailerConnector({ platform: 'mail', url: poor.url, key: poor.token, clock, environment: {}, redact: (text) => text });
  opened.push(other);
  await other.identify();
  const slept = clock.slept;
  const error: unknown = await keysOf(other, schema).catch((thrown: unknown) => thrown);
  expect(isRunbackError(error, 'platform-limit')).toBe(true);
  expect(clock.slept).toBe(slept);
});

test('who is left out of an answer is asked for again, and not taken for deleted', async () => {
  const keys = seed(10);
  const { connector, schema } = await open();
  sandbox.faults.add({ kind: 'partial', times: 2 });
  const found: string[] = [];
  for await (const { records } of connector.read({ schema, keys })) found.push(...records.map(({ key }) => key));
  expect(found.sort()).toEqual([...keys].sort());
  sandbox.faults.add({ kind: 'partial', times: null });
  const never = async (): Promise<void> => {
    for await (const { records } of connector.read({ schema, keys })) found.push(...records.map(({ key }) => key));
  };
  await expect(never()).rejects.toMatchObject({ code: 'platform-incomplete' });
});

test('one bad item costs itself, whichever way the platform refuses', async () => {
  person().create('subscribers', { email: 'taken@example.com' });
  const [a = '', b = '', c = ''] = seed(3);
  const { connector, schema } = await open();
  const emails = ['a@example.com', 'taken@example.com', 'b@example.com', 'c@example.com'];
  const made = await connector.write(emails.map((email) => ({ action: 'create', schema, key: '1', set: { email } })));
  expect(statuses(made)).toEqual(['applied', 'unique-taken', 'applied', 'applied']);
  const change = (key: string, set: Record<string, string>) => ({ action: 'update' as const, schema, key, set, expect: {} });
  const changed = await connector.write([change(a, { city: 'x' }), change(b, { email: 'taken@example.com' }), change(c, { consent: 'maybe' })]);
  expect(statuses(changed)).toEqual(['applied', 'unique-taken', 'rejected']);
});

test('what the platform is too busy for is sent again, and nothing is written twice', async () => {
  const keys = seed(4);
  const { connector, schema } = await open();
  sandbox.faults.add({ kind: 'busy' });
  sandbox.resetCounts();
  const results = await connector.write(keys.map((key) => ({ action: 'update', schema, key, set: { city: 'new' }, expect: {} })));
  expect(statuses(results)).toEqual(keys.map(() => 'applied'));
  expect(Object.values(sandbox.counts().writesPerRecord)).toEqual([1, 1, 1, 1]);
});

test('consent that was withdrawn is not given back', async () => {
  const key = person().create('subscribers', { email: 'p@example.com', consent: 'unsubscribed' });
  const { connector, schema } = await open();
  const give = { action: 'update', schema, key, set: { consent: 'subscribed' }, expect: { consent: 'unsubscribed' } } as const;
  expect(statuses(await connector.write([give]))).toEqual(['consent']);
  expect(sandbox.truth().record('subscribers', key)?.['consent']).toBe('unsubscribed');
});

test('trouble after a write is in doubt, and before a read it is tried again', async () => {
  const [key = ''] = seed(1);
  const { connector, schema } = await open();
  sandbox.faults.add({ kind: 'server-error', status: 503, applied: true, method: 'POST' });
  const results = await connector.write([{ action: 'update', schema, key, set: { city: 'new' }, expect: {} }]);
  expect(statuses(results)).toEqual(['in_doubt']);
  sandbox.faults.add({ kind: 'server-error', status: 503, times: 2 });
  expect(await keysOf(connector, schema)).toEqual([key]);
});
