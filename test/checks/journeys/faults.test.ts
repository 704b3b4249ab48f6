import { afterEach, beforeEach, expect, it } from 'vitest';

import { type JourneyBench, openJourneyBench, wrongIn } from './bench.js';
import { FAULTS } from './world.js';

let bench: JourneyBench;
beforeEach(async () => {
  bench = await openJourneyBench();
});
afterEach(async () => {
  await bench.close();
});

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
  'first-touch-overwritten': ['step 4: lead.FirstTouch__c: 3 lost (right since step 1)', 'step 4: lead.FirstTouch__c never goes back: 3 shrunk'],
  'tags-replaced': ['step 4: member.tags: 3 wrong', 'step 4: member.tags never goes back: 3 shrunk'],
  'note-cleared': ['step 4: form.message: 3 lost (right since step 1), written by Hub'],
  'opt-out-not-to-lead': ['step 7: lead.HasOptedOutOfEmail (opt-out): 1 opt-out-missing'],
  'opt-out-not-to-member': ['step 7: member.status (opt-out): 2 opt-out-missing'],
  'opt-out-not-to-form': ['step 7: form.hs_email_optout (opt-out): 3 opt-out-missing'],
  'opt-out-undone': ['step 8: lead.HasOptedOutOfEmail (opt-out): 3 opt-out-undone'],
  'late-member': ['step 1: member: 3 late'],
  'attendance-ignored': [
    'step 4: form.loyalty_points: 3 wrong, written by runback',
    'step 4: lead.Webinars__c: 3 wrong',
    'step 4: member.tags: 3 wrong',
  ],
};

it.each(FAULTS)('%s is told at the step at which it happens, as what it is, and nothing else is', async (fault) => {
  expect(wrongIn(await bench.run(fault))).toEqual(TOLD[fault]);
});
