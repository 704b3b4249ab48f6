import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type CheckResult, cleanUp, parseTest, runTouchpoints, type TouchpointTest, uncleaned } from '../../src/checks/index.js';
import { isRunbackError, Redactor, RunbackError, systemClock } from '../../src/lib/index.js';
import { parseMapping } from '../../src/mappings/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { MAPPING, openSyncWorld, type SyncWorld } from './faulty-sync.js';

const LAG_MS = 40_000;
const SYNC = { kind: 'integration', id: '900', label: 'Sync' } as const;

let world: SyncWorld;
let dir: string;
let store: Store;

beforeEach(async () => {
  world = await openSyncWorld(undefined, { formLagMs: LAG_MS });
  world.isAtWork = false;
  dir = await mkdtemp(join(tmpdir(), 'runback-events-'));
  store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
});
afterEach(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

const run = async (text: string, mapping: string, more: object = {}): Promise<CheckResult> => {
  const { clock, openPlatform } = world;
  return await runTouchpoints(parseTest(text, 'tests/events.yml') as TouchpointTest, {
    store,
    clock,
    by: 'test',
    mapping: parseMapping(mapping, 'mappings/contacts.yml'),
    openPlatform,
    secret: async (ref) => await Promise.resolve(ref),
    guardIntake: async () => await Promise.resolve(),
    call: {},
    ...more,
  });
};
const wrongIn = ({ checks }: CheckResult): readonly string[] => checks.filter(({ passed }) => !passed).map(({ name, found }) => `${name}: ${found}`);
const contacts = (): readonly string[] => [...world.map.truth().records('contacts')].map(({ key }) => key);
const leads = (): readonly string[] => [...world.crm.truth().records('Contact')].map(({ key }) => key);
const clean = async (): Promise<readonly number[]> => {
  const [note] = await uncleaned(store);
  if (note === undefined) throw new Error('nothing was written down');
  const { clock, openPlatform } = world;
  const cleaned = await cleanUp(note, { store, clock, by: 'test', openPlatform, call: {} });
  expect(cleaned.done, JSON.stringify(cleaned.places)).toBe(true);
  return cleaned.places.map(({ deleted }) => deleted);
};

describe('what is submitted to a form', () => {
  const FROM_MAP = MAPPING.replaceAll('authority: crm', 'authority: map')
    .replace('creates: [map]', 'creates: [crm]')
    .replace(/on_delete:.*\ninactive:.*\n/u, '');
  const form = (within: string, { limit = '{ count: 50, per: 10s }', count = 12 } = {}): string => `version: 1
id: form
title: A form of the marketing platform reaches the CRM
mapping: contacts
records: { count: ${count} }
steps:
  - submit: map
    to:
      url: ${world.map.url}/submissions/v3/integration/submit/62515/319478e5-e5fd-4d39-9d13-fc1f90bf46da
      environment: sandbox
      json: { fields: [{ name: email, value: "{address}" }, { name: lastname, value: "{mark}" }, { name: jobtitle, value: "Head of events and of everything else" }] }
      limit: ${limit}
    makes: { email: "{address}", lastname: "{mark}", jobtitle: Head of events and of everything else }
    unchanged: [LeadSource]
    moves: [LastModifiedDate]
    within: ${within}
    settle: 30s
  - { update: map, set: { jobtitle: Retired }, within: 2m, settle: 30s }
`;
  /** Carries new and changed contacts to the CRM, one in three of them with a fault. */
  const carry = (fault: 'none' | 'lost' | 'truncated' | 'doubled'): void => {
    const seen = new Map<string, string>();
    const numbers = new Map<string, number>();
    const made = new Map<string, string>();
    world.also = () => {
      for (const { key, values } of world.map.truth().records('contacts')) {
        const text = JSON.stringify([values['email'], values['lastname'], values['jobtitle']]);
        if (seen.get(key) === text || values['email'] === undefined) continue;
        seen.set(key, text);
        const n = numbers.get(key) ?? numbers.size;
        numbers.set(key, n);
        const isWrong = n % 3 === 0;
        if (isWrong && fault === 'lost') continue;
        const title = values['jobtitle'] ?? null;
        const set = {
          Email: values['email'],
          LastName: values['lastname'] ?? 'x',
          Title: isWrong && fault === 'truncated' ? (title?.slice(0, 7) ?? null) : title,
        };
        const known = made.get(key);
        if (known !== undefined) world.crm.writeAs(SYNC).update('Contact', known, set);
        else {
          made.set(key, world.crm.writeAs(SYNC).create('Contact', set));
          if (isWrong && fault === 'doubled') world.crm.writeAs(SYNC).create('Contact', set);
        }
      }
    };
  };

  it('is waited for, though the contact comes long after the answer, is changed afterwards, and is cleaned up on both sides', async () => {
    carry('none');
    world.map.writeAs({ kind: 'person', id: '1' }).create('contacts', { email: 'innocent@example.com', lastname: 'Innocent' });
    const result = await run(form('2m'), FROM_MAP);
    expect(wrongIn(result)).toEqual([]);
    expect(result.steps?.map(({ step, records }) => [step, records.right])).toEqual([
      ['submit map', 12],
      ['update map', 12],
    ]);
    expect(await clean()).toEqual([12, 12]);
    expect(contacts()).toHaveLength(1);
    expect(leads()).toHaveLength(1);
  });

  it.each([
    ['lost', [/^submit map: missing: 4/u, /^submit map: crm\.LastModifiedDate/u, /^update map: missing: 4/u]],
    ['truncated', [/^submit map: map\.jobtitle → crm\.Title: 4 truncated/u]],
    ['doubled', [/^submit map: doubled: 4/u, /^update map: doubled: 4/u]],
  ] as const)('a sync by which one in three is %s is told as such', async (fault, told) => {
    carry(fault);
    const wrong = wrongIn(await run(form('2m'), FROM_MAP));
    for (const one of told.filter((_, n) => n !== 1 || fault !== 'lost'))
      expect(
        wrong.filter((line) => one.test(line)),
        wrong.join('\n'),
      ).not.toEqual([]);
    expect(wrong.filter((line) => !told.some((one) => one.test(line)))).toEqual([]);
  });

  it('a form that is slower than the test allows is late, and no sync is accused of it', async () => {
    carry('none');
    const wrong = wrongIn(await run(form('20s').replace('settle: 30s', 'settle: 40s'), FROM_MAP));
    expect(wrong).toEqual(['submit map: map late: 12']);
  });

  it('what a form turns away is told as refused, and is not missing on the other side', async () => {
    carry('none');
    const result = await run(form('2m', { count: 60, limit: '{ count: 60, per: 10s }' }), FROM_MAP);
    expect(wrongIn(result)).toEqual(['submit map: refused: 10: answer 429']);
    expect(result.steps?.[0]?.records.right).toBe(50);
  });

  it('nothing is submitted where the intake may be production', async () => {
    const refuse = async (): Promise<void> => {
      throw await Promise.resolve(new RunbackError('stage-refused', 'It is production'));
    };
    const error: unknown = await run(form('2m'), FROM_MAP, { guardIntake: refuse }).catch((thrown: unknown) => thrown);
    expect(isRunbackError(error, 'stage-refused')).toBe(true);
    expect(contacts()).toEqual([]);
    expect(await uncleaned(store)).toEqual([]);
  });
});

describe('what is done about people', () => {
  const TEST = `version: 1
id: calls
title: A call of the CRM is seen on the marketing platform
mapping: contacts
records: { count: 9 }
steps:
  - { create: crm, within: 2m, settle: 30s }
  - { activity: crm, in: Task, about: WhoId, set: { Subject: "Called {mark}", Status: Completed }, shown: { in: hubspot, shows: call }, moves: [map.lastmodifieddate], unchanged: [map.lifecyclestage], within: 2m, settle: 30s }
`;
  /** Tells the marketing platform of new tasks, one in three of them with a fault. */
  const tell = (fault: 'none' | 'lost' | 'doubled' | 'stage' | 'without-time' | 'late'): void => {
    world.isAtWork = true;
    const seen = new Map<string, number>();
    world.also = () => {
      for (const { key, values } of world.crm.truth().records('Task')) {
        const since = seen.get(key) ?? world.clock.monotonicMs();
        const isNew = !seen.has(key);
        seen.set(key, isNew ? since : since);
        const isWrong = [...seen.keys()].indexOf(key) % 3 === 0;
        const waitMs = isWrong && fault === 'late' ? 130_000 : 5000;
        if (since < 0 || world.clock.monotonicMs() - since < waitMs) continue;
        seen.set(key, Number.NEGATIVE_INFINITY);
        const contact = world.copies().get(values['WhoId'] ?? '');
        if (contact === undefined || (isWrong && fault === 'lost')) continue;
        const activity = {
          type: 'calls',
          at: world.map.now().getTime(),
          subject: values['Subject'] ?? '',
          source: { type: 'INTEGRATION', id: '900' },
          contacts: [contact],
        } as const;
        world.map.portal.activities.add(activity);
        if (isWrong && fault === 'doubled') world.map.portal.activities.add(activity);
        if (!(isWrong && fault === 'without-time')) world.map.writeAs(SYNC).update('contacts', contact, { fax: `${key} called` });
        if (isWrong && fault === 'stage') world.map.writeAs(SYNC).update('contacts', contact, { lifecyclestage: 'customer' });
      }
    };
  };

  it.each([
    ['none', []],
    ['lost', [/^activity crm: missing: 3/u, /^activity crm: map\.lastmodifieddate: 3 wrong/u]],
    ['doubled', [/^activity crm: doubled: 3/u]],
    ['stage', [/^activity crm: map\.lifecyclestage: 3 wrong/u]],
    ['without-time', [/^activity crm: map\.lastmodifieddate: 3 wrong/u]],
    ['late', [/^activity crm: late: 3/u]],
  ] as const)('%s: each is seen once on the other side, or told', async (fault, told) => {
    tell(fault);
    const result = await run(TEST, MAPPING);
    const wrong = wrongIn(result);
    for (const one of told)
      expect(
        wrong.filter((line) => one.test(line)),
        wrong.join('\n'),
      ).not.toEqual([]);
    expect(wrong.filter((line) => !told.some((one) => one.test(line)))).toEqual([]);
    expect([...world.crm.truth().records('Task')]).toHaveLength(9);
  });

  it('the tasks go with their people, and a task of an innocent twin stays', async () => {
    tell('none');
    const writer = world.crm.writeAs({ kind: 'person', id: '1' });
    const innocent = writer.create('Contact', { LastName: 'Innocent', Email: 'innocent@example.com' });
    writer.create('Task', { Subject: 'Called', WhoId: innocent });
    await run(TEST, MAPPING);
    world.isAtWork = false;
    expect(await clean()).toEqual([9, 9, 9]);
    expect([...world.crm.truth().records('Task')]).toHaveLength(1);
    expect(leads()).toEqual([innocent]);
  });

  it.each([
    ['an object type that is none', TEST.replace('in: Task', 'in: Tusk'), 'object-unsupported'],
    ['a field that is none', TEST.replace('about: WhoId', 'about: WhomId'), 'usage'],
  ])('%s is refused before anything is written', async (_, text, code) => {
    const error: unknown = await run(text, MAPPING).catch((thrown: unknown) => thrown);
    expect(isRunbackError(error) && error.code).toBe(code);
    expect(leads()).toEqual([]);
  });

  it('where the platform does not tell of such things, nothing is done about anybody, and nobody is accused', async () => {
    tell('none');
    const error: unknown = await run(TEST.replace('shown: { in: hubspot, shows: call }', 'shown: { in: salesforce, shows: mail }'), MAPPING).catch(
      (thrown: unknown) => thrown,
    );
    expect(isRunbackError(error) && error.code).toBe('platform-incomplete');
    expect([...world.crm.truth().records('Task')]).toEqual([]);
  });
});
