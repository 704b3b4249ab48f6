import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import { systemClock } from '../../src/lib/index.js';
import { MAPPING, openSyncWorld, type SyncWorld } from '../checks/faulty-sync.js';
import { runHere } from './support/here.js';

let world: SyncWorld;
let dir: string;
let working: NodeJS.Timeout;

beforeEach(async () => {
  world = await openSyncWorld(systemClock);
  working = setInterval(() => world.work(), 20);
  dir = await mkdtemp(join(tmpdir(), 'runback-touch-'));
  await mkdir(join(dir, 'tests'));
  await mkdir(join(dir, 'mappings'));
  await writeFile(join(dir, 'mappings', 'contacts.yml'), MAPPING);
  await writeFile(join(dir, 'token'), world.map.token, { mode: 0o600 });
  await writeFile(join(dir, 'id'), world.crm.connectedApp.clientId, { mode: 0o600 });
  await writeFile(join(dir, 'secret'), world.crm.connectedApp.clientSecret, { mode: 0o600 });
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
  hubspot: { connector: hubspot, environment: sandbox, account: "${world.map.account}", url: "${world.map.url}", credentials: { token: file:token }, objects: [contacts], limits: { requests_per_10s: 10000 }, options: { search_lag: 0s } }
  salesforce: { connector: salesforce, environment: sandbox, account: ${world.crm.account}, url: "${world.crm.url}", credentials: { client_id: file:id, client_secret: file:secret }, objects: [Contact] }
`,
  );
  await writeFile(
    join(dir, 'tests', 'lifecycle.yml'),
    `version: 1
id: lifecycle
title: A contact from its first to its last day
mapping: contacts
records: { count: 24 }
steps:
  - { create: crm, within: 5s, settle: 100ms }
  - { update: crm, set: { Level__c: Won }, within: 5s, settle: 100ms }
  - { delete: crm, within: 5s, settle: 100ms }
`,
  );
});
afterEach(async () => {
  clearInterval(working);
  await world.close();
  await rm(dir, { recursive: true, force: true });
});

const runback = async (...words: readonly string[]): ReturnType<typeof runHere> => await runHere([...words, '--no-input'], { cwd: dir });

it('a sync that does its work passes, one that cuts titles does not, and a clean-up leaves nothing of either', async () => {
  const passed = await runback('test', 'run', 'lifecycle');
  expect(passed.code, passed.stdout + passed.stderr).toBe(0);
  expect(passed.stdout).toContain('as wanted');
  world.fault = 'truncated';
  const failed = await runback('test', 'run', 'lifecycle');
  expect(failed.code, failed.stdout + failed.stderr).toBe(2);
  expect(failed.stdout).toMatch(/create crm: crm\.Title → map\.jobtitle: \d+ truncated/);
  expect(Math.max(...failed.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  for (const file of ['test.html', 'test.md', 'test.xml']) {
    expect((await runback('test', 'report', 'latest', '--to', file)).code).toBe(0);
    expect(await readFile(join(dir, file), 'utf8')).toContain('truncated');
  }
  expect([...world.crm.truth().records('Contact')]).toEqual([]);
  expect([...world.map.truth().records('contacts')]).toHaveLength(48);
  const cleaned = await runback('test', 'cleanup');
  expect(cleaned.code, cleaned.stdout + cleaned.stderr).toBe(0);
  expect([...world.map.truth().records('contacts')]).toEqual([]);
});

it('refuses a platform that is production, and a mapping that is not there, before anything is written', async () => {
  await writeFile(
    join(dir, 'runback.yml'),
    (await readFile(join(dir, 'runback.yml'), 'utf8')).replace('hubspot, environment: sandbox', 'hubspot, environment: production'),
  );
  // The account says of itself that it is a sandbox.
  expect([4, 6]).toContain((await runback('test', 'run', 'lifecycle')).code);
  await writeFile(
    join(dir, 'tests', 'lifecycle.yml'),
    (await readFile(join(dir, 'tests', 'lifecycle.yml'), 'utf8')).replace('mapping: contacts', 'mapping: kontacts'),
  );
  expect((await runback('test', 'run', 'lifecycle')).code).toBe(10);
  expect([...world.crm.truth().records('Contact')]).toEqual([]);
});
