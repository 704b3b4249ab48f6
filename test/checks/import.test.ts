import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type CheckResult, parseTest, runTouchpoints, type TouchpointTest } from '../../src/checks/index.js';
import type { Platform } from '../../src/connectors/index.js';
import { isRunbackError, Redactor, systemClock } from '../../src/lib/index.js';
import { parseMapping } from '../../src/mappings/index.js';
import { openFileStore, type Store } from '../../src/store/index.js';
import { MAPPING, openSyncWorld, type SyncWorld } from './faulty-sync.js';

let world: SyncWorld;
let dir: string;
let store: Store;

beforeEach(async () => {
  world = await openSyncWorld();
  dir = await mkdtemp(join(tmpdir(), 'runback-import-'));
  await mkdir(join(dir, 'tests'));
  store = openFileStore({ dir, clock: systemClock, redactor: new Redactor() });
});
afterEach(async () => {
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

const test = (count: number, from = ''): TouchpointTest =>
  parseTest(
    `version: 1
id: import
title: Many at once
mapping: contacts
records: { count: ${count} }
steps:
  - { import: crm, within: 5m, settle: 10s${from} }
`,
    join(dir, 'tests', 'import.yml'),
  ) as TouchpointTest;

/** What both platforms were asked for by now. */
const requests = (): number => world.crm.counts().requests + world.map.counts().requests;

const run = async (of: TouchpointTest, opened?: () => void): Promise<CheckResult> => {
  const { clock } = world;
  let calls = 0;
  const openPlatform = async (name: string): Promise<Platform> => {
    const platform = await world.openPlatform(name);
    const describe_: Platform['connector']['describe'] = async (...given) => {
      const described = await platform.connector.describe(...given);
      // Both are open and described.
      if ((calls += 1) === 2) opened?.();
      return described;
    };
    return {
      ...platform,
      connector: new Proxy(platform.connector, { get: (at, key) => (key === 'describe' ? describe_ : Reflect.get(at, key, at)) }),
    };
  };
  return await runTouchpoints(of, { store, clock, by: 'test', mapping: parseMapping(MAPPING, 'mappings/contacts.yml'), openPlatform, call: {} });
};
const wrongIn = ({ checks }: CheckResult): readonly string[] => checks.filter(({ passed }) => !passed).map(({ name, found }) => `${name}: ${found}`);

describe('an import', () => {
  // 200 creates and 2,000 rows in one answer there; here 100 records in one, and 200 of a search. Each record is written once and read once.
  it.each([
    ['alone', 0, 1000 / 200 + 1 + 1000 / 100],
    ['among 3,000 others', 3000, 1000 / 200 + 1 + 1000 / 200 + 1000 / 100],
  ])('of 1,000 records %s takes hardly more calls than nobody could do without', async (_, others, needed) => {
    const writer = world.map.writeAs({ kind: 'person', id: '1' });
    for (let n = 0; n < others; n += 1) writer.create('contacts', { email: `other-${n}@example.com` }, world.clock.now().getTime() - 86_400_000);
    let setUp = 0;
    const result = await run(test(1000), () => (setUp = requests()));
    expect(wrongIn(result)).toEqual([]);
    expect(result.steps?.[0]?.records.right).toBe(1000);
    const [taken, least] = [requests(), setUp + needed];
    console.log(
      `import of 1,000 records: ${taken} calls, least ${least} (${setUp} of them to open and describe), ${(taken / least).toFixed(2)} times`,
    );
    expect(taken / least).toBeLessThanOrEqual(1.1);
  });

  it.each([
    ['truncated', /^import crm: crm\.Title → map\.jobtitle: \d+ truncated/],
    ['missing', /^import crm: missing: 50/],
    ['doubled', /^import crm: doubled: 50/],
    ['late', /^import crm: late: 50/],
    ['phone-as-number', /^import crm: crm\.Phone → map\.phone: \d+ wrong/],
  ] as const)('judges many as it judges few: %s', async (fault, told) => {
    world.fault = fault;
    const of = test(150);
    const [step] = of.document.steps;
    if (step === undefined || !('import' in step)) throw new Error('no import');
    Object.assign(step, { edge: true, within: '2m', settle: '30s' });
    const wrong = wrongIn(await run(of));
    expect(
      wrong.filter((line) => told.test(line)),
      wrong.join('\n'),
    ).not.toEqual([]);
    expect(wrong.filter((line) => !told.test(line))).toEqual([]);
  });

  it('takes what a file of the workspace says, and refuses one that does not fit before anything is written', async () => {
    await writeFile(join(dir, 'people.csv'), 'FirstName,Title,Interests__c\nAnn,"Head, of Mail",Webinars;News\nBo,,\n');
    const result = await run(test(1, ', from: people.csv'));
    expect(wrongIn(result)).toEqual([]);
    expect(result.steps?.[0]?.records.right).toBe(2);
    const made = [...world.crm.truth().records('Contact')].map(({ values }) => [values['FirstName'], values['Title'], values['Interests__c']]);
    expect(made).toEqual([
      ['Ann', 'Head, of Mail', expect.stringMatching(/^(News;Webinars|Webinars;News)$/u)],
      ['Bo', undefined, undefined],
    ]);
    await writeFile(join(dir, 'people.csv'), 'FirstName,Level__c\nAnn,Nowhere\n');
    for (const [from, said] of [
      ['people.csv', 'people.csv:2 has a value for Level__c'],
      ['../people.csv', 'not in the workspace'],
    ]) {
      const error: unknown = await run(test(1, `, from: ${from}`)).catch((thrown: unknown) => thrown);
      expect(isRunbackError(error) && error.message).toContain(said);
    }
    expect([...world.crm.truth().records('Contact')]).toHaveLength(2);
  });
});
