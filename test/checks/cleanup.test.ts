import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { type Cleaned, cleanUp, parseTest, runTouchpoints, type TouchpointTest, uncleaned } from '../../src/checks/index.js';
import type { Platform } from '../../src/connectors/index.js';
import { Redactor, RunbackError, systemClock } from '../../src/lib/index.js';
import { parseMapping } from '../../src/mappings/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { MAPPING, openSyncWorld, type SyncWorld } from './faulty-sync.js';

/** What happens to the records of a test before somebody cleans up. A user would lose a real record, or be left with invented ones. */

const COUNT = 8;
const TEST = `version: 1
id: lifecycle
title: A contact from its first to its last day
mapping: contacts
records: { count: ${String(COUNT)} }
steps:
  - { create: crm, within: 2m, settle: 30s }
`;
const PERSON = { kind: 'person', id: '7' } as const;

let world: SyncWorld;
let dir: string;
let store: Store;

beforeEach(async () => {
  world = await openSyncWorld();
  dir = await mkdtemp(join(tmpdir(), 'runback-clean-'));
  store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
});
afterEach(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

const run = async (signal?: AbortSignal): Promise<unknown> =>
  await runTouchpoints(parseTest(TEST, 'tests/lifecycle.yml') as TouchpointTest, {
    store,
    clock: world.clock,
    by: 'test',
    mapping: parseMapping(MAPPING, 'mappings/contacts.yml'),
    openPlatform: world.openPlatform,
    call: { ...(signal && { signal }) },
  });
const clean = async (openPlatform: (name: string) => Promise<Platform> = world.openPlatform): Promise<Cleaned> => {
  const [note] = await uncleaned(store);
  if (note === undefined) throw new Error('nothing was written down');
  return await cleanUp(note, { store, clock: world.clock, by: 'test', openPlatform, call: {} });
};
const contacts = (): readonly string[] => [...world.crm.truth().records('Contact')].map(({ key }) => key);
const copies = (): readonly string[] => [...world.map.truth().records('contacts')].map(({ key }) => key);
const whyKept = ({ places }: Cleaned): readonly (readonly [string, string | undefined, string])[] =>
  places.flatMap(({ place, kept }) => kept.map(({ key, because }) => [place, key, because] as const));
const first = (keys: readonly string[]): string => keys[0] ?? '';

it('keeps what a person wrote to, also where the platform tells neither persons nor that field', async () => {
  await run();
  const [edited, copy] = [first(contacts()), first(copies())];
  world.crm.writeAs(PERSON).update('Contact', edited, { Department: 'Mine' });
  world.map.writeAs(PERSON).update('contacts', copy, { city: 'Lyon' });
  const cleaned = await clean();
  expect(whyKept(cleaned)).toEqual([
    ['salesforce/Contact', edited, 'touched'],
    ['hubspot/contacts', copy, 'touched'],
  ]);
  expect(cleaned.places[0]?.kept[0]?.why).toMatch(/Person 7/u);
  expect(cleaned.done).toBe(true);
  expect([contacts(), copies()]).toEqual([[edited], [copy]]);
});

it('is not held up by a sync that wrote to many of its records', async () => {
  await run();
  const sync = world.crm.writeAs({ kind: 'integration', id: '900' });
  for (const key of contacts().slice(0, 4)) sync.update('Contact', key, { Department: 'Synced' });
  expect(await clean()).toMatchObject({ done: true, places: [{ deleted: COUNT }, { deleted: COUNT }] });
});

it('keeps what somebody linked a record of theirs to: the platform would delete that too', async () => {
  await run();
  const [called, sold] = [first(contacts()), first(copies())];
  const task = world.crm.writeAs(PERSON).create('Task', { Subject: 'Call back', WhoId: called });
  const deal = world.map.writeAs(PERSON).create('deals', { dealname: 'A real one' });
  world.map.writeAs(PERSON).link('contacts', sold, 'deals', deal);
  const cleaned = await clean();
  expect(whyKept(cleaned)).toEqual([
    ['salesforce/Contact', called, 'attached'],
    ['hubspot/contacts', sold, 'attached'],
  ]);
  expect([...world.crm.truth().records('Task')].map(({ key }) => key)).toEqual([task]);
  expect([...world.map.truth().records('deals')].map(({ key }) => key)).toEqual([deal]);
  expect([contacts(), copies()]).toEqual([[called], [sold]]);
});

it('is not held up by what an automation hung on many of its records, or made about one', async () => {
  const company = world.map.writeAs(PERSON).create('companies', { name: 'Example', domain: 'example.com' });
  await run();
  const automation = world.map.writeAs({ kind: 'integration', id: '950' });
  for (const key of copies()) automation.link('contacts', key, 'companies', company);
  const deal = automation.create('deals', { dealname: 'Made by a program' });
  automation.link('contacts', first(copies()), 'deals', deal);
  expect(await clean()).toMatchObject({ done: true, places: [{ deleted: COUNT }, { deleted: COUNT }] });
  expect(world.map.truth().record('companies', company)).toBeDefined();
});

it('keeps what a real record was merged into, and a real one that a record of the test was merged into', async () => {
  const real = world.map.writeAs(PERSON).create('contacts', { email: 'ada@example.org', lastname: 'Lovelace' });
  const other = world.map.writeAs(PERSON).create('contacts', { email: 'grace@example.org', lastname: 'Hopper' });
  await run();
  const [into, lost] = copies().filter((key) => key !== real && key !== other);
  if (into === undefined || lost === undefined) throw new Error('no copies');
  world.map.writeAs(PERSON).merge('contacts', real, into);
  world.map.writeAs(PERSON).merge('contacts', lost, other);
  const cleaned = await clean();
  expect(whyKept(cleaned)).toContainEqual(['hubspot/contacts', into, 'merged']);
  expect(copies()).toEqual(expect.arrayContaining([into, other]));
  expect(copies()).toHaveLength(2);
});

it('knows what people merged on Salesforce and on HubSpot, in either direction, keeps it and names it', async () => {
  const person = world.crm.writeAs(PERSON);
  const [real, other] = [person.create('Contact', { LastName: 'Lovelace' }), person.create('Contact', { LastName: 'Hopper' })];
  const host = world.map.writeAs(PERSON).create('contacts', { email: 'grace@example.org', lastname: 'Hopper' });
  world.work();
  await run();
  const [into, lost] = contacts().filter((key) => key !== real && key !== other);
  const [gone] = copies().filter((key) => key !== host && world.map.truth().record('contacts', key)?.['lastname']?.startsWith('rb') === true);
  if (into === undefined || lost === undefined || gone === undefined) throw new Error('no records');
  person.merge('Contact', real, into);
  // Twice in a row: what it was merged into became a part of another one.
  const third = person.create('Contact', { LastName: 'Third' });
  person.merge('Contact', lost, third);
  person.merge('Contact', third, other);
  world.map.writeAs(PERSON).merge('contacts', gone, host);
  const cleaned = await clean();
  const kept = cleaned.places.flatMap(({ kept: all }) => all);
  expect(kept.filter(({ because }) => because === 'merged').map(({ key }) => key)).toEqual(expect.arrayContaining([into, other, host]));
  expect(kept.find(({ key }) => key === into)?.why).toBe('another record was merged into it');
  for (const key of [other, host]) expect(kept.find((one) => one.key === key)?.why).toBe('a record of the test was merged into it');
  expect(cleaned.done).toBe(true);
  expect([...contacts()].sort()).toEqual([into, other].sort());
  expect(copies()).toContain(host);
});

it('is not troubled by merges that have nothing to do with it', async () => {
  const person = world.crm.writeAs(PERSON);
  const [one, two] = [person.create('Contact', { LastName: 'Lovelace' }), person.create('Contact', { LastName: 'Hopper' })];
  await run();
  person.merge('Contact', one, two);
  const cleaned = await clean();
  expect(cleaned).toMatchObject({
    done: true,
    places: [
      { deleted: COUNT, kept: [] },
      { deleted: COUNT, kept: [] },
    ],
  });
  expect(contacts()).toEqual([two]);
});

it('tells who only looks like one of its records, and leaves them', async () => {
  await run();
  const one = world.crm.truth().record('Contact', first(contacts()));
  const twin = world.map.writeAs(PERSON).create('contacts', { email: 'twin@example.org', lastname: one?.['LastName'] ?? '' });
  const cleaned = await clean();
  expect(whyKept(cleaned)).toEqual([['hubspot/contacts', twin, 'half-marked']]);
  expect(copies()).toEqual([twin]);
});

it('waits out a platform that is too fast for it', async () => {
  await run();
  world.map.faults.add({ kind: 'rate-limit', policy: 'TEN_SECONDLY_ROLLING', times: 3, path: '*batch/archive*' });
  world.crm.faults.add({ kind: 'server-error', times: 2, path: '*composite*' });
  expect(await clean()).toMatchObject({ done: true });
  expect([contacts(), copies()]).toEqual([[], []]);
});

it('tells how far it came when its credentials are taken away, and completes it later', async () => {
  await run();
  world.map.faults.add({ kind: 'unauthorized', times: null, path: '*batch/archive*', name: 'revoked' });
  const error: unknown = await clean().catch((thrown: unknown) => thrown);
  if (error instanceof RunbackError) {
    expect(error.code).toBe('auth-refused');
    expect(error.state).toContain(`${String(COUNT)} records of the test lifecycle were deleted`);
  } else expect(whyKept(error as Cleaned)).toHaveLength(COUNT);
  expect([contacts().length, copies().length]).toEqual([0, COUNT]);
  world.map.faults.remove('revoked');
  expect(await clean()).toMatchObject({ done: true });
  expect(copies()).toEqual([]);
});

it('of a test that was stopped says until when more may arrive, and takes that away too', async () => {
  const stop = new AbortController();
  // The sync stands still until the test is gone.
  world.isAtWork = false;
  world.also = () => stop.abort();
  await expect(run(stop.signal)).rejects.toMatchObject({ message: expect.any(String) });
  expect(contacts()).toHaveLength(COUNT);
  // It has read what there was, and has not written it yet.
  const read = [...world.crm.truth().records('Contact')].map(({ values }) => values);
  const cleaned = await clean();
  expect(cleaned).toMatchObject({ done: false, until: expect.any(String) });
  expect([contacts(), copies()]).toEqual([[], []]);
  const sync = world.map.writeAs({ kind: 'integration', id: '900' });
  for (const { Email, LastName } of read) sync.create('contacts', { email: Email ?? null, lastname: LastName ?? null });
  await world.clock.sleep(Date.parse(cleaned.until ?? '') - world.clock.now().getTime());
  expect(await clean()).toMatchObject({ done: true, places: [{ deleted: 0 }, { deleted: COUNT }] });
  expect(copies()).toEqual([]);
});

it('finds what a list leaves out while its pages shift', async () => {
  await run();
  let reads = 0;
  const shifting = async (name: string): Promise<Platform> => {
    const platform = await world.openPlatform(name);
    const read: Platform['connector']['read'] = async function* (request, options) {
      const isList = request.keys === undefined;
      if (isList) reads += 1;
      const skips = isList && reads % 2 === 1;
      for await (const batch of platform.connector.read(request, options))
        yield skips ? { ...batch, records: batch.records.filter((_, n) => n !== 3) } : batch;
    };
    return { ...platform, connector: new Proxy(platform.connector, { get: (of, key) => (key === 'read' ? read : Reflect.get(of, key, of)) }) };
  };
  expect(await clean(shifting)).toMatchObject({ done: true, places: [{ deleted: COUNT }, { deleted: COUNT }] });
  expect([contacts(), copies()]).toEqual([[], []]);
});
