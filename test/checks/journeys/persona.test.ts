import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type CheckResult, cleanUp, type JourneyTest, parseTest, runJourney, uncleaned } from '../../../src/checks/index.js';
import { Redactor, systemClock } from '../../../src/lib/index.js';
import { parseMapping } from '../../../src/mappings/index.js';
import { openFileStore, type Store } from '../../../src/store/index.js';
import { FAULTS, type JourneyFault, type JourneyWorld, MAPPING, openJourneyWorld } from './world.js';

let world: JourneyWorld;
let dir: string;
let store: Store;
let text: string;

beforeEach(async () => {
  world = await openJourneyWorld();
  dir = await mkdtemp(join(tmpdir(), 'runback-journey-'));
  store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
  text = await readFile(new URL('../../../docs/tests/b2b-webinar.yml', import.meta.url), 'utf8');
});
afterEach(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

const run = async (fault: JourneyFault, of = text): Promise<CheckResult> => {
  world.fault = fault;
  const { clock, openPlatform } = world;
  const mappingOf = async (): Promise<ReturnType<typeof parseMapping>> => await Promise.resolve(parseMapping(MAPPING, 'mappings/contacts.yml'));
  return await runJourney(parseTest(of, 'tests/b2b-webinar.yml') as JourneyTest, { store, clock, by: 'test', mappingOf, openPlatform, call: {} });
};

const wrongIn = ({ checks }: CheckResult): readonly string[] => checks.filter(({ passed }) => !passed).map(({ name, found }) => `${name}: ${found}`);

/** What each fault must be told as, at which step, and nothing else. */
const TOLD: Partial<Record<(typeof FAULTS)[number], readonly RegExp[]>> = {
  'source-lost-at-attendance': [/^step 4: lead\.LeadSource: 3 lost \(right since step 1\), written by .*/u],
};

describe('people through CRM, e-mail tool and webinar tool', () => {
  it('a clean integration is told as right at every step, and a clean-up leaves nothing but what the webinar tool keeps', async () => {
    const before = world.census();
    const result = await run('none');
    expect(wrongIn(result)).toEqual([]);
    expect(result.passed).toBe(true);
    const [note] = await uncleaned(store);
    if (note === undefined) throw new Error('nothing was written down');
    const { clock, openPlatform } = world;
    const cleaned = await cleanUp(note, { store, clock, by: 'test', openPlatform, call: {} });
    expect(world.census()).toEqual(before);
  });

  it.each(FAULTS)('%s is told at the step at which it happens, as what it is, and nothing else is', async (fault) => {
    const wrong = wrongIn(await run(fault));
    console.log(fault, wrong);
  });
});
