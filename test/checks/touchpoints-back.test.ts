import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { type CheckResult, parseTest, runTouchpoints, type TouchpointTest } from '../../src/checks/index.js';
import { isRunbackError, Redactor, systemClock } from '../../src/lib/index.js';
import { parseMapping } from '../../src/mappings/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { BACK_FAULTS, type BackFault, BOTH_WAYS, carryBack } from './back-sync.js';
import { openSyncWorld, type SyncWorld } from './faulty-sync.js';

const TEST = `version: 1
id: there-and-back
title: A contact that is corrected where it was copied to
mapping: contacts
records: { count: 21 }
steps:
  - { create: crm, within: 2m, settle: 30s, moves: [createdate, crm.CreatedDate], unchanged: [hs_email_optout] }
  - { update: map, set: { company: each-edge, mobilephone: "+14155550123" }, moves: [LastModifiedDate], unchanged: [crm.LeadSource, map.lifecyclestage], within: 2m, settle: 30s }
  - { update: map, set: { jobtitle: Changed on the wrong side }, within: 2m, settle: 30s }
  - { delete: map, within: 2m, settle: 30s }
`;

let world: SyncWorld;
let dir: string;
let store: Store;

beforeEach(async () => {
  world = await openSyncWorld();
  dir = await mkdtemp(join(tmpdir(), 'runback-back-'));
  store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
});
afterEach(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

const run = async (fault: BackFault, text = TEST, mapping = BOTH_WAYS): Promise<CheckResult> => {
  carryBack(world, fault);
  const { clock, openPlatform } = world;
  const test = parseTest(text, 'tests/there-and-back.yml') as TouchpointTest;
  return await runTouchpoints(test, {
    store,
    clock,
    by: 'test',
    mapping: parseMapping(mapping, 'mappings/contacts.yml'),
    openPlatform,
    call: {},
  });
};

const wrongIn = ({ checks }: CheckResult): readonly string[] => checks.filter(({ passed }) => !passed).map(({ name, found }) => `${name}: ${found}`);

/** What each fault must be told as, and nothing else. */
const TOLD: Readonly<Record<BackFault, readonly RegExp[]>> = {
  none: [],
  'back-ignored': [
    /^update map: map\.company → crm\.Department: \d+ wrong/,
    /^update map: map\.mobilephone → crm\.MobilePhone: \d+ wrong/,
    /^update map: crm\.LastModifiedDate: 21 wrong/,
  ],
  'back-truncated': [/^update map: map\.company → crm\.Department: \d+ truncated/],
  'authority-ignored': [/^update map: crm\.Title: 21 wrong/],
  'deletion-ignored': [/^delete map: left: 21/],
  'cleared-on-the-way': [/^update map: crm\.MailingCity: \d+ wrong/],
};

it.each(['none', ...BACK_FAULTS] as const)('%s: copies are changed and deleted, and what is told is what is wrong', async (fault) => {
  const wrong = wrongIn(await run(fault));
  for (const told of TOLD[fault])
    expect(
      wrong.filter((line) => told.test(line)),
      wrong.join('\n'),
    ).not.toEqual([]);
  expect(wrong.filter((line) => !TOLD[fault].some((told) => told.test(line)))).toEqual([]);
});

it.each([
  ['a deletion of which nobody says what becomes', TEST, BOTH_WAYS.replace(', map: deleted in crm', ''), 'does not say what becomes'],
  ['a side that is none', TEST.replace('{ delete: map', '{ delete: mop'), BOTH_WAYS, 'no side of contacts'],
  ['a field that is not there', TEST.replace('{ jobtitle: ', '{ jobtitel: '), BOTH_WAYS, 'cannot change map.jobtitel'],
  ['a field by which records are known', TEST.replace('{ jobtitle: ', '{ email: '), BOTH_WAYS, 'cannot change map.email'],
  ['a field to look at that is not there', TEST.replace('crm.LeadSource', 'crm.LeadSauce'), BOTH_WAYS, 'no field crm.LeadSauce'],
])('%s is refused before anything is written', async (_, text, mapping, said) => {
  const error: unknown = await run('none', text, mapping).catch((thrown: unknown) => thrown);
  expect(isRunbackError(error, 'usage') && error.message).toContain(said);
  expect([...world.crm.truth().records('Contact')]).toEqual([]);
});
