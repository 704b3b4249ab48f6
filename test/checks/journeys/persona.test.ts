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

/** What each fault must be told as, at which step; nothing else may be told. */
const TOLD: Readonly<Record<(typeof FAULTS)[number], readonly string[]>> = {
  'source-lost-at-attendance': ['step 4: lead.LeadSource: 3 lost (right since step 1)'],
  'lead-missing': [
    'step 1: lead: 3 missing',
    'step 6: refused: 3: there is no record of this person in lead',
    'step 7: refused: 2: there is no record of this person in lead',
  ],
  'lead-doubled': ['step 1: lead: 3 doubled'],
  'city-truncated': ['step 1: lead.MailingCity by the mapping: 3 truncated'],
  'interest-dropped': ['step 1: lead.Interests__c by the mapping: 3 option-lost'],
  'points-reset': ['step 4: form.loyalty_points: 3 wrong, written by Hub', 'step 4: form.loyalty_points never goes back: 3 shrunk, written by Hub'],
  'first-touch-overwritten': [
    'step 4: lead.FirstTouch__c: 3 lost (right since step 1)',
    'step 4: lead.FirstTouch__c never goes back: 3 shrunk',
  ],
  'tags-replaced': ['step 4: member.tags: 3 wrong', 'step 4: member.tags never goes back: 3 shrunk'],
  'note-cleared': ['step 4: form.message: 3 lost (right since step 1), written by Hub'],
  'opt-out-not-to-lead': ['step 7: lead.HasOptedOutOfEmail (opt-out): 1 opt-out-missing'],
  'opt-out-not-to-member': ['step 7: member.status (opt-out): 2 opt-out-missing'],
  'opt-out-not-to-form': ['step 7: form.hs_email_optout (opt-out): 3 opt-out-missing'],
  'opt-out-undone': ['step 8: lead.HasOptedOutOfEmail (opt-out): 3 opt-out-undone'],
  'late-member': ['step 1: member: 3 late'],
  'attendance-ignored': ['step 4: form.loyalty_points: 3 wrong, written by runback', 'step 4: lead.Webinars__c: 3 wrong', 'step 4: member.tags: 3 wrong'],
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
    expect(wrongIn(await run(fault))).toEqual(TOLD[fault]);
  });
});
