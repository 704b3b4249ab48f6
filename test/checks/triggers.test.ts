import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type CheckResult, cleanUp, parseTest, runTrigger, type TriggerTest, uncleaned } from '../../src/checks/index.js';
import { Redactor, systemClock } from '../../src/lib/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { openSyncWorld, type SyncWorld } from './faulty-sync.js';
import { randomFrom } from './history.js';
import { countOn, markOn, openWorkflow, WORKFLOW_FAULTS, type WorkflowFault } from './workflow.js';

const test = (fires: string, more = ''): TriggerTest =>
  parseTest(
    `version: 1
id: hot-leads
title: A lead of more than 50 points is called
settle: 30s
trigger:
  on: hubspot/contacts
  address: email
  mark: lastname
  when: loyalty_points > 50
  fires: ${fires}
  within: 2m
${more}`,
    'tests/hot-leads.yml',
  ) as TriggerTest;

let world: SyncWorld;
let dir: string;
let store: Store;

beforeEach(async () => {
  world = await openSyncWorld();
  world.isAtWork = false;
  dir = await mkdtemp(join(tmpdir(), 'runback-trigger-'));
  store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
});
afterEach(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

const run = async (trigger: TriggerTest): Promise<CheckResult> => {
  const { clock, openPlatform } = world;
  return await runTrigger(trigger, { store, clock, by: 'test', openPlatform, call: {} });
};
const wrongIn = ({ checks }: CheckResult): readonly string[] =>
  checks.filter(({ passed }) => !passed).map(({ name, found, wanted }) => `${name}: ${found} (wanted ${wanted})`);
const census = (): readonly number[] => [
  [...world.map.truth().records('contacts')].length,
  [...world.crm.truth().records('Contact')].length,
  [...world.crm.truth().records('Task')].length,
];
/** All is gone at once; where more could have arrived, that is said, and looked for when it is over. */
const clean = async (before: readonly number[]): Promise<void> => {
  const { clock, openPlatform } = world;
  for (const note of await uncleaned(store)) {
    const deps = { store, clock, by: 'test', openPlatform, call: {} };
    const { until, done } = await cleanUp(note, deps);
    expect(census()).toEqual(before);
    expect(done).toBe(until === undefined);
    if (until === undefined) continue;
    await clock.sleep(Date.parse(until) - clock.now().getTime());
    expect(await cleanUp(note, deps)).toMatchObject({ done: true });
  }
};

/** The row that gives a fault away. */
const TOLD: Readonly<Record<(typeof WORKFLOW_FAULTS)[number], RegExp>> = {
  'at-the-boundary': /^loyalty_points: 49 → 50: 0, 1 \(false\)/,
  'not-on-recross': /^loyalty_points: 49 → 51 → 49 → 51: 0, 1, 0, 0 \(missed\)/,
  'twice-on-a-batch': /^loyalty_points: 49 → 51 and 1050: 0, 2 \(repeated\)/,
  'compares-texts': /^loyalty_points: 49 → 9: 0, 1 \(false\)/,
  'with-every-change': /^loyalty_points: 49 → 51 → 1050: 0, 1, 1 \(false\)/,
  'with-the-same-value': /^loyalty_points: 49 → 51 → 51: 0, 1, 1 \(false\)/,
  'empty-is-much': /^loyalty_points: 49 → 51 → empty → 51: .*missed/,
  'misses-jumps': /^loyalty_points: 49 → 1050: 0, 0 \(missed\)/,
  'on-the-way-down': /^loyalty_points: 49 → 51 → 49 → 51: 0, 1, 1, 1 \(false\)/,
  'first-of-a-batch-only': /missed/,
  late: /^loyalty_points: 49 → 51: 0, 1 \(late\)/,
  never: /^loyalty_points: 49 → 51: 0, 0 \(missed\)/,
};

describe('an automation that fires when a condition becomes true', () => {
  it.each(WORKFLOW_FAULTS)('%s is found', async (fault) => {
    openWorkflow(world, fault, countOn(world));
    const result = await run(test('{ counts: annualrevenue }'));
    expect(wrongIn(result)).toEqual(expect.arrayContaining([expect.stringMatching(TOLD[fault])]));
  });

  it.each([1, 2, 3])('one that does its work is never accused, however long it takes within its time (%i)', async (seed) => {
    const random = randomFrom(seed);
    const before = census();
    openWorkflow(world, 'none', countOn(world), () => random() * 100_000);
    expect(wrongIn(await run(test('{ counts: annualrevenue }')))).toEqual([]);
    await clean(before);
    expect(await uncleaned(store)).toEqual([]);
  });

  it.each([
    ['with-every-change', 'every_change'],
    ['not-on-recross', 'once'],
  ] as const)('what is wrong for one automation is right for another: %s as %s', async (way: WorkflowFault, refire) => {
    openWorkflow(world, way, countOn(world));
    expect(wrongIn(await run(test('{ counts: annualrevenue }', `  refire: ${refire}\n`)))).toEqual([]);
  });

  it('sees by a field that does not count whether it fired each time, for it is written back', async () => {
    openWorkflow(world, 'none', markOn(world));
    expect(wrongIn(await run(test('{ field: hs_lead_status, becomes: OPEN, reset: NEW }')))).toEqual([]);
    openWorkflow(world, 'not-on-recross', markOn(world));
    expect(wrongIn(await run(test('{ field: hs_lead_status, becomes: OPEN, reset: NEW }')))).toEqual(
      expect.arrayContaining([expect.stringMatching(TOLD['not-on-recross'])]),
    );
  });

  it.each(['none', 'twice-on-a-batch'] as const)('counts tasks on another platform, and takes them away: %s', async (fault) => {
    const before = census();
    openWorkflow(world, fault, (key) => {
      world.crm.writeAs({ kind: 'integration', id: '951' }).create('Task', { Subject: world.map.truth().record('contacts', key)?.['email'] ?? '' });
    });
    const wrong = wrongIn(await run(test('{ in: salesforce/Task, address: Subject }')));
    expect(wrong).toEqual(fault === 'none' ? [] : expect.arrayContaining([expect.stringMatching(TOLD[fault])]));
    expect(census()[2]).toBeGreaterThan(before[2] ?? 0);
    await clean(before);
    expect(await uncleaned(store)).toEqual([]);
  });

  it('counts the mails that the platform tells of', async () => {
    world.map.automate({
      id: 'mail',
      name: 'Mail',
      object: 'contacts',
      enabled: true,
      repeats: true,
      when: { on: 'change', field: 'annualrevenue' },
      does: [{ do: 'mail', to: 'email', subject: 'You are hot', sort: 'marketing' }],
    });
    openWorkflow(world, 'none', countOn(world));
    expect(wrongIn(await run(test('{ in: hubspot, shows: mail }')))).toEqual([]);
    openWorkflow(world, 'at-the-boundary', countOn(world));
    expect(wrongIn(await run(test('{ in: hubspot, shows: mail }')))).toEqual(
      expect.arrayContaining([expect.stringMatching(TOLD['at-the-boundary'])]),
    );
  });

  it('mails that never came are missed, since the platform tells of all mails, whatever else it does not tell', async () => {
    const result = await run(test('{ in: hubspot, shows: mail }'));
    expect(result.trigger?.totals.missed).toBeGreaterThan(5);
    expect(result.trigger?.totals.untried).toBe(0);
  });

  it('takes tasks away that only hold the key of a record, and no other ones', async () => {
    const writer = world.crm.writeAs({ kind: 'integration', id: '951' });
    const innocent = writer.create('Contact', { LastName: 'Innocent', Title: 'go' });
    writer.create('Task', { Subject: 'Call', WhoId: innocent });
    const before = census();
    const fired = new Map<string, string | undefined>();
    world.also = () => {
      for (const { key, values } of world.crm.truth().records('Contact')) {
        if (values['Title'] === 'go' && fired.get(key) !== 'go' && key !== innocent) writer.create('Task', { Subject: 'Call', WhoId: key });
        fired.set(key, values['Title']);
      }
    };
    const text = `version: 1
id: call
title: Whoever may be called is called
settle: 30s
trigger: { on: salesforce/Contact, address: Email, mark: LastName, when: Title == "go", fires: { in: salesforce/Task, about: WhoId }, within: 2m }
`;
    expect(wrongIn(await run(parseTest(text, 'tests/call.yml') as TriggerTest))).toEqual([]);
    expect(census()[2]).toBeGreaterThan(5);
    await clean(before);
    expect(await uncleaned(store)).toEqual([]);
  });
});
