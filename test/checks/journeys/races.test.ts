import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type CheckResult, cleanUp, type ParallelTest, parseTest, runParallel, uncleaned } from '../../../src/checks/index.js';
import { Redactor, systemClock } from '../../../src/lib/index.js';
import { parseMapping } from '../../../src/mappings/index.js';
import { openFileStore, type Store } from '../../../src/store/index.js';
import { seedOf } from '../../support/seeds.js';
import { openRaceWorld, RACE_MAPPING, RACES, type Race, type RaceWorld } from './race-world.js';

const INTERLEAVINGS = 200;

const textOf = (seed: number): string => `version: 1
id: writers
title: A rep and a form at the same time
mapping: contacts
parallel:
  create: crm
  seed: ${seed}
  interleavings: ${INTERLEAVINGS}
  pause: 4s
  within: 20s
  settle: 30s
  writers:
    - { name: rep, on: crm, writes: [{ Title: "{token}", MailingCity: "{token}" }, { Title: "{token}", MailingCity: "{token}" }] }
    - { name: form, on: map, writes: [{ mobilephone: "{token}", city: "{token}" }, { mobilephone: "{token}" }] }
`;

let world: RaceWorld;
let dir: string;
let store: Store;
let seed: number;

beforeEach(async () => {
  seed = seedOf() % 1_000_000;
  world = await openRaceWorld(seed);
  dir = await mkdtemp(join(tmpdir(), 'runback-races-'));
  store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
});
afterEach(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

async function run(race: Race): Promise<CheckResult> {
  world.race = race;
  const { clock, openPlatform } = world;
  const mapping = parseMapping(RACE_MAPPING, 'mappings/contacts.yml');
  return await runParallel(parseTest(textOf(seed), 'tests/writers.yml') as ParallelTest, {
    store,
    clock,
    by: 'test',
    mapping,
    openPlatform,
    call: {},
  });
}

/** What each race must be told as, of every record. */
const TOLD: Readonly<Record<(typeof RACES)[number], readonly string[]>> = {
  'lost-update': ['lost', 'apart'],
  'stale-overwrite': ['lost', 'apart'],
  'written-back': ['lost', 'apart'],
  'partial-write': ['lost', 'apart'],
  'old-value-for-a-moment': ['returned'],
};

describe('several writers at the same time', () => {
  it(`accuses nobody in ${INTERLEAVINGS} interleavings with a sync that does its work, and a clean-up takes all of it away`, async () => {
    const result = await run('none');
    expect(result.parallel?.examples, `seed ${seed}`).toEqual([]);
    expect(result.parallel?.totals, `seed ${seed}`).toMatchObject({ explained: INTERLEAVINGS });
    expect(result.passed).toBe(true);
    expect(result.parallel?.writes).toEqual({ acknowledged: 4 * INTERLEAVINGS, unanswered: 0, refused: 0 });
    // HubSpot tells what stood there; Salesforce does not where a field is not tracked, and that is said.
    expect(result.parallel?.untold).toEqual(['crm.Title', 'crm.MailingCity']);
    const [note] = await uncleaned(store);
    if (note === undefined) throw new Error('nothing was written down');
    const { clock, openPlatform } = world;
    const cleaned = await cleanUp(note, { store, clock, by: 'test', openPlatform, call: {} });
    expect(cleaned.places.map(({ deleted }) => deleted)).toEqual([INTERLEAVINGS, INTERLEAVINGS]);
  });

  it.each(RACES)(`%s is found in ${INTERLEAVINGS} of ${INTERLEAVINGS} interleavings`, async (race) => {
    const result = await run(race);
    const totals = result.parallel?.totals;
    const found = Object.entries(totals ?? {}).filter(([verdict, count]) => verdict !== 'explained' && count > 0);
    expect(result.passed).toBe(false);
    expect(
      found.reduce((sum, [, count]) => sum + count, 0),
      `seed ${seed}`,
    ).toBe(INTERLEAVINGS);
    expect(found.map(([verdict]) => verdict).filter((verdict) => !TOLD[race].includes(verdict))).toEqual([]);
  });
});
