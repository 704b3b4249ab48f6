import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type CheckResult, cleanUp, parseTest, runTouchpoints, type TouchpointTest, uncleaned } from '../../src/checks/index.js';
import type { Platform } from '../../src/connectors/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { parseMapping } from '../../src/mappings/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { seedOf } from '../support/seeds.js';
import { fullSweeps } from '../support/sweeps.js';
import { FAULTS, MAPPING, openSyncWorld, type SyncFault, type SyncWorld } from './faulty-sync.js';

const TEST = `version: 1
id: lifecycle
title: A contact from its first to its last day
mapping: contacts
records: { count: 30 }
steps:
  - { create: crm, within: 2m, settle: 30s }
  - { update: crm, set: { Level__c: each-option, Title: each-edge, Interests__c: [Events, News] }, unchanged: [lifecyclestage], moves: [lastmodifieddate], within: 2m, settle: 30s }
  - { delete: crm, within: 2m, settle: 30s }
`;

const CLEAN_RUNS = fullSweeps ? 100 : 6;

let world: SyncWorld;
let dir: string;
let store: Store;

beforeEach(async () => {
  world = await openSyncWorld();
  dir = await mkdtemp(join(tmpdir(), 'runback-touch-'));
  store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
});
afterEach(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

const run = async (fault: SyncFault, text = TEST): Promise<CheckResult> => {
  world.fault = fault;
  const test = parseTest(text, 'tests/lifecycle.yml');
  const { clock, openPlatform } = world;
  return await runTouchpoints(test as TouchpointTest, {
    store,
    clock,
    by: 'test',
    mapping: parseMapping(MAPPING, 'mappings/contacts.yml'),
    openPlatform,
    call: {},
  });
};

const wrongIn = ({ checks }: CheckResult): readonly string[] => checks.filter(({ passed }) => !passed).map(({ name, found }) => `${name}: ${found}`);

/** What each fault must be told as, and nothing else. */
const TOLD: Readonly<Record<(typeof FAULTS)[number], readonly RegExp[]>> = {
  'value-swapped': [/FirstName → map.firstname: .*wrong/, /LastName → map.lastname: .*wrong/],
  truncated: [/Title → map.jobtitle: \d+ truncated/],
  'option-dropped': [/Level__c → map.hs_lead_status: \d+ option-lost/],
  'one-of-several-lost': [/Interests__c → map.interests: \d+ option-lost/],
  doubled: [/create crm: doubled: 10/, /update crm: doubled: 10/, /delete crm: doubled: 10/],
  missing: [/create crm: missing: 10/, /update crm: missing: 10/, /delete crm: missing: 10/],
  late: [/create crm: late: 10/, /update crm: crm\.\w+ → map\.\w+: \d+ late/],
  'phone-as-number': [/Phone → map.phone: \d+ wrong/],
  'deletion-not-carried': [/delete crm: map.hs_lead_status: 10 wrong/],
  'written-back': [/crm.Title: \d+ wrong/],
  'other-field-touched': [/update crm: map.lifecyclestage: 10 wrong/],
  'update-ignored': [/update crm: .*(Title|Level__c|Interests__c)/, /update crm: map.lastmodifieddate: 10 wrong/],
  'case-of-address': [],
};

describe('one step after the other over two platforms', () => {
  it('finds a sync that writes back faster than anybody reads', async () => {
    const writer = world.crm.writeAs({ kind: 'integration', id: '901' });
    const hasty = async (name: string): Promise<Platform> => {
      const platform = await world.openPlatform(name);
      const write: Platform['connector']['write'] = async (batch, options) => {
        const results = await platform.connector.write(batch, options);
        for (const result of results)
          if (name === 'salesforce' && result.status === 'applied') writer.update('Contact', result.key, { Title: 'Written back' });
        return results;
      };
      return { ...platform, connector: new Proxy(platform.connector, { get: (of, key) => (key === 'write' ? write : Reflect.get(of, key, of)) }) };
    };
    const test = parseTest(TEST.replace(/ {2}- \{ update[^]*$/u, ''), 'tests/lifecycle.yml') as TouchpointTest;
    const mapping = parseMapping(MAPPING, 'mappings/contacts.yml');
    const result = await runTouchpoints(test, { store, clock: world.clock, by: 'test', mapping, openPlatform: hasty, call: {} });
    expect(wrongIn(result)).toEqual([expect.stringMatching(/^create crm: crm\.Title: \d+ wrong$/u)]);
  });

  it('finds nothing wrong with a sync that does its work, and cleans up whole', async () => {
    const before = [[...world.crm.truth().records('Contact')].length, [...world.map.truth().records('contacts')].length];
    const result = await run('none', TEST.replace(/ {2}- \{ delete.*\n/u, ''));
    expect(wrongIn(result)).toEqual([]);
    expect(result.passed).toBe(true);
    expect(result.steps?.map(({ records }) => records.right)).toEqual([30, 30]);
    const [note] = await uncleaned(store);
    if (note === undefined) throw new Error('nothing was written down');
    const { clock, openPlatform } = world;
    const cleaned = await cleanUp(note, { store, clock, by: 'test', openPlatform, call: {} });
    expect(cleaned.places.map(({ deleted }) => deleted)).toEqual([30, 30]);
    expect([[...world.crm.truth().records('Contact')].length, [...world.map.truth().records('contacts')].length]).toEqual(before);
  });

  it(`accuses nobody in ${CLEAN_RUNS} clean runs, however long the sync takes within its time`, async () => {
    const first = seedOf();
    const { clock, openPlatform } = world;
    for (let seed = first; seed < first + CLEAN_RUNS; seed += 1) {
      world.lagFrom(seed);
      expect(wrongIn(await run('none', TEST.replace('count: 30', 'count: 14'))), `seed ${seed}`).toEqual([]);
      // What is left would be read by all that come after.
      for (const note of await uncleaned(store)) await cleanUp(note, { store, clock, by: 'test', openPlatform, call: {} });
    }
  }, 900_000);

  it.each([
    [420_000, -420_000],
    [-3_600_000, 600_000],
    [700, -700],
  ] as const)('accuses nobody where the clocks of the platforms are %i and %i ms ahead, and cleans up whole', async (crm, map) => {
    await world.close();
    world = await openSyncWorld(undefined, { aheadMs: [crm, map] });
    world.lagFrom(seedOf());
    expect(wrongIn(await run('none', TEST.replace('count: 30', 'count: 8')))).toEqual([]);
    const { clock, openPlatform } = world;
    for (const note of await uncleaned(store)) await cleanUp(note, { store, clock, by: 'test', openPlatform, call: {} });
    expect([[...world.crm.truth().records('Contact')].length, [...world.map.truth().records('contacts')].length]).toEqual([0, 0]);
  });

  it.each(FAULTS)('%s is told as what it is, and nothing else is', async (fault) => {
    const wrong = wrongIn(await run(fault));
    for (const told of TOLD[fault])
      expect(
        wrong.filter((line) => told.test(line)),
        wrong.join('\n'),
      ).not.toEqual([]);
    const others = wrong.filter((line) => !TOLD[fault].some((told) => told.test(line)));
    expect(others).toEqual([]);
  });
});
