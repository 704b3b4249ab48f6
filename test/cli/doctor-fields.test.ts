import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';

import { integration, person } from '../../src/sandbox/index.js';
import { Dice } from '../investigations/support/story-world.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: a night's damage that runback itself declared to be what the sync is there for. */

const DAY = 86_400_000;
const SYNC = integration('4471120', 'MarketSync');
const LOYALTY = integration('990', 'Points & More');
const CITIES = ['Bergen', 'Lyon', 'Porto', 'Gent', 'Turku', 'Brno', 'Graz', 'Cork', 'Lund', 'Riga'];

let workspace: TestWorkspace;
const dice = new Dice(11);

/**
 * Thirty days: the sync writes phones and titles now and then, points are booked each night, somebody types job titles. On one
 * day of the middle, and in the last night, the sync writes over what it is not there for.
 */
beforeAll(async () => {
  workspace = await openWorkspace(300);
  const { sandbox, contacts } = workspace;
  sandbox.setLimits({ searchPerSecond: 1000 });
  const now = Date.now();
  const sync = sandbox.writeAs(SYNC);
  for (let day = 30; day > 0; day -= 1) {
    const start = now - day * DAY;
    const times = Array.from({ length: 16 }, () => Math.round(start + dice.next() * 0.8 * DAY)).sort((a, b) => a - b);
    for (const at of times) sync.update('contacts', dice.one(contacts), { phone: `+49 30 ${dice.int(1_000_000, 9_999_999)}` }, at);
    for (const id of dice.some(contacts, 10)) sandbox.writeAs(LOYALTY).update('contacts', id, { loyalty_points: String(dice.int(1, 9000)) }, start);
    for (const id of dice.some(contacts, 5)) sandbox.writeAs(person(7)).update('contacts', id, { jobtitle: `Head of ${id}` }, start + DAY / 2);
    if (day === 16) for (const id of contacts.slice(0, 150)) sync.update('contacts', id, { lastname: 'Valued Customer' }, start + DAY / 3);
  }
  for (const id of contacts.slice(0, 120)) sync.update('contacts', id, { jobtitle: 'Intern' }, now - DAY / 4);
  sandbox.catchUpSearch();
  await workspace.base();
});
afterAll(() => workspace.close());

const go = (...args: string[]): ReturnType<typeof runHere> => runHere(args, { cwd: workspace.dir });
const data = async <T>(...args: string[]): Promise<T> => (jsonLines((await go(...args, '--json')).stdout).at(-1) as { data: T }).data;
const cityOf = (id: string): string | undefined => workspace.sandbox.truth().record('contacts', id)?.['city'] as string | undefined;
let printed = '';
const plain = (text: string): string => text.replaceAll(/\s+/gu, ' ');
const file = (): string => join(workspace.dir, 'runback.yml');

interface Proposed {
  readonly proposals: readonly {
    readonly records: number;
    readonly requests: number;
    readonly proposals: readonly {
      readonly sync?: string;
      readonly writers: readonly string[];
      readonly label?: string;
      readonly regular: readonly { readonly field: string; readonly days: number }[];
      readonly held: readonly { readonly field: string; readonly why: string }[];
    }[];
  }[];
}

test('doctor proposes what a sync writes on most days, and neither the burst of one day nor the damage of last night', async () => {
  const before = workspace.sandbox.counts().requests;
  const { proposals } = await data<Proposed>('doctor', '--fields');
  const [found] = proposals;
  const [sync, ...others] = found?.proposals ?? [];
  expect(sync).toMatchObject({ sync: 'market-sync', writers: ['INTEGRATION:4471120'], label: 'MarketSync' });
  expect(sync?.regular.map(({ field }) => field)).toEqual(['contacts.phone']);
  expect(sync?.held).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ field: 'contacts.jobtitle', why: 'suspicious' }),
      expect.objectContaining({ field: 'contacts.lastname', why: 'irregular', days: 1 }),
    ]),
  );
  // Who matches no declared sync is named as the platform names it; people are no syncs.
  expect(others).toMatchObject([{ writers: ['INTEGRATION:990'], label: 'Points & More', regular: [{ field: 'contacts.loyalty_points' }] }]);
  expect(found?.records).toBeGreaterThan(100);
  expect(found?.requests).toBeLessThanOrEqual(30 + 12 + 5);
  expect(workspace.sandbox.counts().requests - before).toBeLessThanOrEqual(30 + 12 + 20);
});

test('what is printed can be put into runback.yml as it is, and nothing is written there', async () => {
  const before = await readFile(file(), 'utf8');
  const { stdout, code } = await go('doctor', '--fields');
  printed = stdout;
  expect(code).toBe(0);
  expect(await readFile(file(), 'utf8')).toBe(before);
  expect(stdout).toContain('Nothing was written to runback.yml.');
  expect(plain(stdout)).toContain('Not proposed: contacts.jobtitle: what was written in the last 8 days may be damage.');
  const block = /\n( {4}fields:\n(?: {6}- .*\n)+)/u.exec(stdout)?.[1] ?? '';
  const pasted = before.replace('  market-sync:\n', `  market-sync:\n${block}`);
  expect(parse(pasted)).toMatchObject({ syncs: { 'market-sync': { fields: ['contacts.phone'] } } });
  // The other writer as an entry, once the # is away.
  const entry = [...stdout.matchAll(/^# {3}(.*)$/gmu)].map(([, line]) => `  ${line ?? ''}`).join('\n');
  expect(parse(`syncs:\n${entry}`)).toMatchObject({
    syncs: { 'points-more': { writes_to: ['hubspot'], writes_as: ['INTEGRATION:990'], fields: ['contacts.loyalty_points'] } },
  });
  await writeFile(file(), pasted.replace('syncs:\n', `syncs:\n${entry}\n`));
  expect((await go('status')).code).toBe(0);
  await writeFile(file(), before);
});

test('a sync without fields is told that they can be proposed', async () => {
  const { stdout } = await go('doctor');
  expect(stdout).toContain('Sync market-sync: running; what it is there to write is not declared: runback doctor --fields proposes it');
});

test('the proposed block turns a question into a verdict', async () => {
  const { sandbox, contacts } = workspace;
  const base = await workspace.base();
  // Plausible values, where the sync hardly ever wrote: only what it is there for tells.
  for (const id of contacts.filter((one) => cityOf(one) !== undefined).slice(100, 190))
    sandbox.writeAs(SYNC).update('contacts', id, { city: dice.one(CITIES) });
  const found = async (): Promise<unknown> =>
    (await data<{ groups: readonly { verdict: string; fields: readonly string[] }[] }>('investigate', '--base', base)).groups.filter(({ fields }) =>
      fields.includes('city'),
    );
  expect(await found()).toMatchObject([{ verdict: 'ask' }]);
  const block = /\n( {4}fields:\n(?: {6}- .*\n)+)/u.exec(printed)?.[1] ?? '';
  expect(block).not.toBe('');
  await writeFile(file(), (await readFile(file(), 'utf8')).replace('  market-sync:\n', `  market-sync:\n${block}`));
  expect(await found()).toMatchObject([
    { verdict: 'damage', why: expect.arrayContaining([expect.objectContaining({ words: expect.stringContaining('is not there to write') })]) },
  ]);
});

test('where few requests are left of the day, nothing is looked at, and that is said', async () => {
  workspace.sandbox.setLimits({ perDay: workspace.sandbox.counts().requests + 2000 });
  const { stdout } = await go('doctor', '--fields');
  expect(plain(stdout)).toContain('Nothing can be proposed: looking would take more than 1 % of the requests left today.');
});
