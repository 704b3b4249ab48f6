import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { SyncWorld } from '../checks/faulty-sync.js';
import { runHere } from './support/here.js';
import { openSyncWorkspace, type SyncWorkspace } from './support/sync-workspace.js';

let workspace: SyncWorkspace;
let world: SyncWorld;
let dir: string;

beforeEach(async () => {
  workspace = await openSyncWorkspace({ count: 2, deletes: false });
  ({ world, dir } = workspace);
  world.isAtWork = false;
});
afterEach(async () => {
  await workspace.close();
});

const runback = async (...words: readonly string[]): ReturnType<typeof runHere> => await runHere([...words, '--no-input'], { cwd: dir });
const textIn = async (file: string): Promise<string> => await readFile(join(dir, file), 'utf8');

it('writes the same records for the same seed, as NDJSON or CSV, and asks the platform for its description alone', async () => {
  for (const file of ['one.ndjson', 'two.ndjson', 'one.csv']) {
    const made = await runback('sandbox', 'data', '--platform', 'hubspot', '--seed', '7', '--to', file);
    expect(made.code, made.stdout + made.stderr).toBe(0);
    expect(made.stdout).toMatch(/\d+ records of contacts, \d+ to be refused/u);
    expect(Math.max(...made.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
  }
  expect(await textIn('one.ndjson')).toBe(await textIn('two.ndjson'));
  const records = (await textIn('one.ndjson')).trim().split('\n');
  expect(records.length).toBeGreaterThan(50);
  expect((await textIn('one.csv')).split('\r\n')[0]).toContain('email');
  expect([...world.map.truth().records('contacts')]).toEqual([]);
  expect((await runback('sandbox', 'data', '--platform', 'hubspot', '--seed', '8', '--to', 'three.ndjson')).code).toBe(0);
  expect(await textIn('three.ndjson')).not.toBe(await textIn('one.ndjson'));
});

it('fills a local sandbox, and tells what became of the records', async () => {
  const made = await runback('sandbox', 'data', '--platform', 'hubspot', '--json');
  expect(made.code, made.stdout + made.stderr).toBe(0);
  const { data } = JSON.parse(made.stdout) as { data: { objects: readonly { taken: number; refused: number; otherwise: readonly unknown[] }[] } };
  const [contacts] = data.objects;
  expect(contacts?.otherwise).toEqual([]);
  expect(contacts?.refused).toBeGreaterThan(10);
  expect([...world.map.truth().records('contacts')]).toHaveLength(contacts?.taken ?? -1);
});

it('writes to nothing that is production or on another machine', async () => {
  const file = join(dir, 'runback.yml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('hubspot, environment: sandbox', 'hubspot, environment: production'));
  expect([4, 6]).toContain((await runback('sandbox', 'data', '--platform', 'hubspot')).code);
  await writeFile(file, text.replace(world.map.url, 'https://api.hubapi.com'));
  const far = await runback('sandbox', 'data', '--platform', 'hubspot');
  expect(far.code).toBe(6);
  expect(far.stderr).toContain('no local sandbox');
  expect([...world.map.truth().records('contacts')]).toEqual([]);
  expect(world.map.counts().requests).toBeLessThan(20);
});

it('takes the shape of a snapshot, and never a value of it', async () => {
  const person = world.map.writeAs({ kind: 'person', id: '1' });
  const secrets: string[] = [];
  const secret = (kind: string, n: number, length = 12): string => {
    const text = `${kind}${(n * 7919).toString(36)}q${(n * 104_729).toString(36)}`.padEnd(length, 'zqk');
    secrets.push(text);
    return text;
  };
  for (let n = 1; n <= 60; n += 1)
    person.create('contacts', {
      email: `${secret('mail', n)}@example.org`,
      firstname: secret('first', n),
      lastname: secret('last', n),
      // In one of five records.
      ...(n % 5 === 0 && { jobtitle: secret('job', n, 37) }),
      ...(n % 2 === 0 && { phone: `+4988${String(7_000_003 * n)}` }),
      city: secret('city', n),
    });
  expect((await runback('snapshot', 'create', '--platform', 'hubspot')).code).toBe(0);
  const made = await runback('sandbox', 'data', '--platform', 'hubspot', '--like', 'latest', '--records', '500', '--taken', '--to', 'like.ndjson');
  expect(made.code, made.stdout + made.stderr).toBe(0);
  const text = await textIn('like.ndjson');
  const held = [...world.map.truth().records('contacts')].flatMap(({ values }) => Object.entries(values));
  const distinct = held.filter(([name, value]) => secrets.some((one) => value.includes(one)) || name === 'phone').map(([, value]) => value);
  expect(distinct.length).toBeGreaterThan(200);
  expect([...distinct, ...secrets].filter((value) => text.includes(value))).toEqual([]);
  const records = text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { fields: Readonly<Record<string, string | undefined>> }).fields);
  expect(records).toHaveLength(500);
  const titles = records.flatMap(({ jobtitle }) => (jobtitle === undefined ? [] : [jobtitle]));
  expect(titles.length).toBeGreaterThan(60);
  expect(titles.length).toBeLessThan(140);
  expect(new Set(titles.map((title) => title.length))).toEqual(new Set([37]));
  // Nobody has a fax number there.
  expect(records.filter(({ fax }) => fax !== undefined)).toEqual([]);
});
