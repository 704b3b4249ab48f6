import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { type HubSpotSandbox, integration, person, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { cleanEnv, jsonLines, program } from '../../cli/support/child.js';

/**
 * What is measured of what is kept here and of the tools of syncs, by the real program, hours and days apart: a user would lose the one
 * page that a backup has stopped, a field has gone, a sync is behind or two platforms drift apart; or be woken for nothing.
 */

const HOURS = 3_600_000;
const PEOPLE = 6;
const MAPPING = `version: 1
id: people
between: { crm: hubspot/contacts, shop: store/contacts }
match: [{ crm: email, shop: email, as: email }]
settle: 1s
fields:
  - { crm: city, shop: city, authority: crm }
  - { crm: hs_lead_status, shop: hs_lead_status, authority: crm }
`;
/** A tool that says when its last run ended: what \`run.json\` holds. */
const SYNC = `import { readFileSync } from 'node:fs';
process.stdout.write(readFileSync('run.json', 'utf8'));
`;

let accounts: readonly HubSpotSandbox[];
let dir: string;
/** By how much the clocks of commands are ahead. */
let aheadMs: number;

async function open(monitors: string): Promise<void> {
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
${accounts.map((account, n) => `  ${n === 0 ? 'hubspot' : 'store'}: { connector: hubspot, environment: sandbox, account: "${account.account}", url: "${account.url}", credentials: { token: file:token${String(n)} }, objects: [contacts], limits: { requests_per_10s: 1000 }, options: { search_lag: 0s, settle: 0s } }`).join('\n')}
syncs:
  feed:
    controller: command
    writes_to: [store]
    status: { run: [node, sync.mjs], paused: "false", last_run: { ended: json.ended, began: json.began, failed: json.failed, records: json.records, errors: json.errors } }
    pause: { run: [node, sync.mjs] }
    resume: { run: [node, sync.mjs] }
backups: { storage: backups, jobs: { nightly: { platforms: [hubspot], target: 26h, watch: "off" } } }
monitors: ${monitors}
`,
  );
}

beforeEach(async () => {
  aheadMs = 0;
  accounts = await Promise.all([62_515, 62_516].map(async (portalId) => await startHubSpotSandbox({ seed: 3, portalId })));
  dir = await mkdtemp(join(tmpdir(), 'runback-to-incident-'));
  for (const folder of ['mappings', 'backups']) await mkdir(join(dir, folder));
  await writeFile(join(dir, 'mappings', 'people.yml'), MAPPING);
  await writeFile(join(dir, 'sync.mjs'), SYNC);
  for (const [n, account] of accounts.entries()) {
    await writeFile(join(dir, `token${String(n)}`), account.token, { mode: 0o600 });
    for (let i = 0; i < PEOPLE; i += 1)
      account.writeAs(person(7)).create('contacts', { email: `p${String(i)}@example.com`, lastname: `Last ${String(i)}`, city: 'Bern' });
  }
});
afterEach(async () => {
  for (const account of accounts) await account.stop();
  await rm(dir, { recursive: true, force: true });
});

interface Ended {
  readonly code: number;
  readonly data: Record<string, unknown>;
  readonly out: string;
}

/** A command, by a clock that is `aheadMs` ahead. */
async function run(...args: readonly string[]): Promise<Ended> {
  const preload = new URL('../../support/clock-preload.cjs', import.meta.url).pathname;
  const words = ['--require', preload, program, ...args, '--json', '--no-input', '--as', 'maya'];
  return await new Promise((resolve) => {
    execFile(process.execPath, words, { cwd: dir, env: cleanEnv({ RUNBACK_TEST_CLOCK_MS: String(aheadMs) }) }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      resolve({ code, data: (jsonLines(stdout).at(-1)?.['data'] ?? {}) as Record<string, unknown>, out: stdout + stderr });
    });
  });
}
async function done(...args: readonly string[]): Promise<Record<string, unknown>> {
  const { code, data, out } = await run(...args);
  expect(code, out).toBe(0);
  return data;
}

interface Flow {
  readonly monitor: string;
  readonly state: string;
  readonly finding?: string;
  readonly says: string;
}

/** A round after so many hours; gives how the monitors stand, and the titles of open incidents. */
async function round(hours = 0): Promise<{ readonly flows: Readonly<Record<string, Flow>>; readonly open: readonly string[] }> {
  aheadMs += hours * HOURS;
  const { code, data, out } = await run('monitor', 'run', '--once', '--all');
  expect([0, 2], out).toContain(code);
  const flows = Object.fromEntries((data['flows'] as readonly Flow[]).map((flow) => [flow.monitor, flow]));
  const incidents = (await done('incident', 'list'))['incidents'] as readonly { readonly title: string; readonly status: string }[];
  return { flows, open: incidents.filter(({ status }) => status === 'open').map(({ title }) => title) };
}

const options = async (account: HubSpotSandbox | undefined, values: readonly string[]): Promise<void> => {
  const response = await fetch(`${account?.url ?? ''}/crm/v3/properties/contacts/hs_lead_status`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${account?.token ?? ''}`, 'content-type': 'application/json' },
    body: JSON.stringify({ options: values.map((value, displayOrder) => ({ label: value, value, displayOrder, hidden: false })) }),
  });
  expect(response.status).toBe(200);
};

test('a backup job that has stopped is an incident once its snapshot is older than its target, and the next good one ends it', async () => {
  await open('{ young: { backup: nightly } }');
  // It never ran: that cannot be measured, and is told when it stays so.
  expect((await round()).flows['young']).toMatchObject({ state: 'learning' });
  await done('backup', 'run', 'nightly');
  expect(await round(25)).toMatchObject({ flows: { young: { state: 'well' } }, open: [] });
  const late = await round(2);
  expect(late.flows['young']).toMatchObject({
    state: 'wrong',
    finding: 'too-old',
    says: 'The last good snapshot of nightly is 1d 3h old; 1d 2h is the limit.',
  });
  expect(late.open).toEqual(['nightly is too old']);
  await done('backup', 'run', 'nightly');
  expect(await round(1)).toMatchObject({ flows: { young: { state: 'well' } }, open: ['nightly is too old'] });
});

test('an option that is gone is told of the fields and of the mapping, and is well again when a person accepts it', async () => {
  await open('{ fields: { schema: hubspot/contacts, level: page }, pairs: { mapping: people, level: page } }');
  await done('mapping', 'accept');
  expect(await round()).toMatchObject({ flows: { fields: { state: 'well' }, pairs: { state: 'well' } }, open: [] });
  await options(accounts[0], ['NEW', 'OPEN']);
  const changed = await round(6);
  expect(changed.flows).toMatchObject({
    fields: { state: 'wrong', finding: 'schema-changed' },
    pairs: { state: 'wrong', finding: 'schema-changed' },
  });
  expect(changed.flows['fields']?.says).toContain('contacts.hs_lead_status has changed');
  expect(changed.open).toHaveLength(2);
  await done('monitor', 'show', 'fields', '--accept');
  await done('mapping', 'accept');
  expect((await round(6)).flows).toMatchObject({ fields: { state: 'well' }, pairs: { state: 'well' } });
});

test('a sync that is behind, slow, fails its records or shows no sign of life is an incident; one with nothing to do is none', async () => {
  await open(
    '{ behind: { lag: feed, above: 2h }, slow: { duration: feed, above: 30m, level: page }, alive: { heartbeat: feed, within: 4h }, rejected: { ratio: errors/calls, of: feed, above: 5% } }',
  );
  /** A run that has ended just now. */
  const ended = async (minutes: number, more: object = {}): Promise<void> => {
    const now = Date.now() + aheadMs;
    const run = { began: new Date(now - minutes * 60_000).toISOString(), ended: new Date(now).toISOString(), failed: false, records: 0, errors: 0 };
    await writeFile(join(dir, 'run.json'), JSON.stringify({ ...run, ...more }));
  };
  for (let hour = 0; hour < 3; hour += 1) {
    await ended(5);
    const { flows, open: incidents } = await round(1);
    expect(
      Object.values(flows)
        .map(({ state }) => state)
        .filter((state) => state === 'wrong'),
    ).toEqual([]);
    expect(incidents).toEqual([]);
  }
  await ended(50, { records: 100, errors: 40 });
  await round();
  aheadMs += HOURS;
  await ended(50, { records: 100, errors: 40 });
  const slow = await round();
  expect(slow.flows).toMatchObject({
    slow: { state: 'wrong', finding: 'slow' },
    rejected: { state: 'wrong', finding: 'errors' },
    behind: { state: 'well' },
  });
  expect(slow.open).toHaveLength(1);
  // It fails from now on: what it brought gets older, and it is alive.
  for (let hour = 0; hour < 3; hour += 1) {
    aheadMs += HOURS;
    await ended(5, { failed: true });
    await round();
  }
  const late = await round();
  expect(late.flows).toMatchObject({ behind: { state: 'wrong', finding: 'late' }, alive: { state: 'well' } });
  const silent = await round(5);
  expect(silent.flows).toMatchObject({ alive: { state: 'wrong', finding: 'silent' } });
  // One incident for all of it.
  expect(silent.open).toHaveLength(1);
});

test('records that differ are an incident after a reconciliation; one that agrees ends it, and stays good until the next one', async () => {
  await open('{ same: { differences: people, above: 2 } }');
  expect((await round()).flows['same']).toMatchObject({ says: expect.stringContaining('Not measured') as string });
  await done('reconcile', 'run', 'people');
  expect(await round(1)).toMatchObject({ flows: { same: { state: 'well' } }, open: [] });
  const shop = accounts[1]?.writeAs(integration('4471120', 'MarketSync'));
  const ids = accounts[1]?.records('contacts').map(({ id }) => id) ?? [];
  for (const id of ids.slice(0, 4)) shop?.apply({ action: 'update', object: 'contacts', id, properties: { city: 'Nowhere' } });
  expect((await run('reconcile', 'run', 'people')).code).toBe(2);
  const differs = await round(1);
  expect(differs.flows['same']).toMatchObject({ state: 'wrong', finding: 'differences', says: '4 records differ by people; 2 is the limit.' });
  expect(differs.open).toEqual(['people differs']);
  for (const id of ids.slice(0, 4)) shop?.apply({ action: 'update', object: 'contacts', id, properties: { city: 'Bern' } });
  await done('reconcile', 'run', 'people');
  // It runs once a day: nobody is told in between that nothing was measured.
  for (let look = 0; look < 5; look += 1) expect((await round(5)).flows['same']).toMatchObject({ state: 'well' });
  // Eight days without one are too long to say anything.
  for (let look = 0; look < 2; look += 1) await round(24 * 4);
  expect((await round(1)).flows['same']).toMatchObject({ state: 'unmeasured', says: expect.stringContaining('reconciled last') as string });
});
