import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Clock, systemClock } from '../../src/lib/index.js';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import type { RestoreTest } from '../../src/snapshots/index.js';
import { jsonLines, runback } from '../cli/support/child.js';
import { openOperator, type Operator } from '../journeys/support/operator.js';

/**
 * Backup jobs, increments, the restore test, the search for what happened and a rehearsal on Salesforce, each through a real process. A user
 * would lose the certainty that a backup can be restored, or a day of changes that no increment holds.
 */

let sandbox: SalesforceSandbox;
let ahead = -600_000;
const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + ahead) };
let operator: Operator;
const contacts: string[] = [];
const visits: string[] = [];

const FIELDS = [
  { name: 'Text__c', type: 'string' as const },
  { name: 'Code__c', type: 'string' as const, length: 40, unique: true },
  { name: 'Long__c', type: 'textarea' as const, length: 5000 },
  { name: 'Amount__c', type: 'currency' as const, precision: 16, scale: 2 },
  { name: 'Days__c', type: 'multipicklist' as const, options: ['Mon', 'Tue', 'Wed'], restricted: true },
  { name: 'Level__c', type: 'picklist' as const, options: ['New', 'Won'], restricted: true },
  { name: 'Met__c', type: 'datetime' as const },
  { name: 'Born__c', type: 'date' as const },
  { name: 'Done__c', type: 'boolean' as const },
  { name: 'Contact__c', type: 'reference' as const, to: ['Contact'], onDelete: 'clear' as const },
];

beforeAll(async () => {
  sandbox = await startSalesforceSandbox({
    clock,
    limits: { perDay: 100_000 },
    description: {
      objects: [
        { name: 'Filler__c', fields: [] },
        { name: 'Visit__c', autoNumber: true, fields: FIELDS },
        { name: 'Stop__c', fields: [{ name: 'Visit__c', type: 'reference', to: ['Visit__c'], onDelete: 'master-detail' }] },
      ],
      fields: { Contact: [{ name: 'Score__c', type: 'double', precision: 5, scale: 1 }] },
      recordTypes: [
        { object: 'Account', name: 'Partner' },
        { object: 'Account', name: 'Customer', isDefault: true },
      ],
      tracked: { Contact: ['Title', 'Email', 'AccountId'] },
    },
  });
  const person = sandbox.writeAs({ kind: 'person', id: '7' });
  const account = person.create('Account', { Name: 'Example Ltd', BillingCity: 'Bern', NumberOfEmployees: '12' });
  for (let n = 0; n < 40; n += 1)
    contacts.push(
      person.create('Contact', {
        FirstName: n % 2 === 0 ? 'Ann' : null,
        LastName: `Last ${n}`,
        Email: `p${n}@example.com`,
        Title: 'PLANTED-OK',
        Score__c: `${n}.5`,
        HasOptedOutOfEmail: n % 5 === 0 ? 'true' : 'false',
        AccountId: n < 30 ? account : null,
      }),
    );
  for (let n = 0; n < 6; n += 1) {
    const visit = person.create('Visit__c', {
      Text__c: `Visit ${n} – "é"`,
      Code__c: `C-${n}`,
      Long__c: 'x'.repeat(900),
      Amount__c: `${n * 1000}.25`,
      Days__c: n % 2 === 0 ? 'Mon;Wed' : null,
      Level__c: 'New',
      Met__c: '2026-03-01T08:00:00.000Z',
      Born__c: '1999-12-31',
      Done__c: n % 2 === 0 ? 'true' : 'false',
      Contact__c: contacts[n] ?? null,
    });
    visits.push(visit);
    person.create('Stop__c', { Name: `Stop ${n}`, Visit__c: visit });
  }
  const campaign = person.create('Campaign', { Name: 'News' });
  person.create('CampaignMember', { CampaignId: campaign, ContactId: contacts[0] ?? '', Status: 'Sent' });
  person.create('Opportunity', { Name: 'Deal', StageName: 'Prospecting', CloseDate: '2026-12-31', Amount: '100', AccountId: account });
  operator = await openOperator(
    `version: 1
platforms:
  crm:
    connector: salesforce
    environment: sandbox
    account: ${sandbox.account}
    url: ${sandbox.url}
    credentials: { client_id: file:id, client_secret: file:secret }
    objects: [Account, Contact, Opportunity, Campaign, CampaignMember, Visit__c, Stop__c]
restores: { limits: { percent: 100 } }
backups:
  storage: backups
  jobs:
    nightly: { platforms: [crm], schedule: "30 2 * * *", incremental: true, read_all_every: 7d, watch: "off", restore_within: 10m }
`,
    { id: sandbox.connectedApp.clientId, secret: sandbox.connectedApp.clientSecret },
  );
});
afterAll(async () => {
  await operator.close();
  await sandbox.stop();
});

/** A command in a process of its own, with what it answers. */
async function run(...args: string[]): Promise<{ readonly code: number | null; readonly data: Record<string, unknown>; readonly text: string }> {
  return await runWith({}, ...args);
}

async function runWith(env: Readonly<Record<string, string>>, ...args: string[]): ReturnType<typeof run> {
  const ended = await runback([...args, '--json', '--no-input', '--as', 'maya'], { cwd: operator.dir, env });
  const last = ended.stdout === '' ? {} : (jsonLines(ended.stdout).at(-1) ?? {});
  return { code: ended.code, data: (last['data'] ?? {}) as Record<string, unknown>, text: `${ended.stdout}${ended.stderr}` };
}

const NONE = { missing: 0, extra: 0, wrong: 0, 'missing-link': 0, 'extra-link': 0, unreadable: 0 };

describe('the jobs of Salesforce', () => {
  test('a backup, an increment that asks only for what has changed, and a restore test of it that asks the account nothing', async () => {
    const first = await run('backup', 'run', 'nightly');
    expect(first.code, first.text).toBe(0);
    ahead += 120_000;
    const writer = sandbox.writeAs({ kind: 'person', id: '9' });
    writer.update('Contact', contacts[1] ?? '', { Title: 'Changed' });
    writer.remove('Contact', contacts[39] ?? '');
    ahead += 120_000;
    const second = await run('backup', 'run', 'nightly');
    expect(second.code, second.text).toBe(0);
    const [job] = second.data['jobs'] as readonly { readonly snapshot: { readonly id: string; readonly bases: readonly string[] } }[];
    expect(job?.snapshot.bases).toHaveLength(1);
    expect((await run('snapshot', 'verify', job?.snapshot.id ?? '')).code).toBe(0);
    const before = sandbox.counts();
    const tested = await run('backup', 'test-restore', 'nightly');
    expect(sandbox.counts()).toEqual(before);
    const result = (tested.data['tests'] as Readonly<Record<string, RestoreTest>> | undefined)?.['crm'];
    expect([tested.code, tested.data['passed'], result?.differences], tested.text).toEqual([0, true, NONE]);
    expect(result).toMatchObject({ records: 55, withinMs: 600_000 });
    expect(result?.cells).toBeGreaterThan(1000);
    expect(result?.apart).toContainEqual({ object: 'Contact', why: 'keys, which the platform chooses itself', count: 39 });
    expect(result?.apart).toContainEqual({ object: 'Contact', field: 'CreatedDate', why: 'only the platform writes it', count: 39 });
  });

  test('what a sync did is found with its name and its time, and the plan against it is rehearsed on a copy', async () => {
    ahead += 120_000;
    const sync = sandbox.writeAs({ kind: 'integration', id: 'sync' });
    for (const key of contacts.slice(0, 25)) sync.update('Contact', key, { Title: 'Valued Customer' });
    sync.remove('Visit__c', visits[5] ?? '');
    sync.create('Contact', { LastName: 'Junk', Email: 'junk@example.com' });
    ahead += 60_000;
    sandbox.writeAs({ kind: 'person', id: '9' }).update('Contact', contacts[30] ?? '', { Department: 'Sales' });
    ahead += 60_000;
    const found = await run('investigate', '--platform', 'crm');
    // 2: a person has to say what of it was wrong.
    expect(found.code, found.text).toBe(2);
    const [worst] = found.data['groups'] as readonly Readonly<Record<string, unknown>>[];
    expect(worst).toMatchObject({ object: 'Contact', records: 25, fields: ['Title'], writer: 'integration.sync@example.com' });

    const planned = await run(
      'restore',
      'plan',
      '--platform',
      'crm',
      '--base',
      'latest-verified',
      '--suspect',
      'integration.sync@example.com',
      '--delete-created',
    );
    expect(planned.data['counts'], planned.text).toMatchObject({ actions: { update: 25, delete: 1, undelete: 2 } });
    const before = sandbox.writes().length;
    const rehearsed = await run('restore', 'rehearse', String(planned.data['id']));
    expect([rehearsed.code, sandbox.writes().length], rehearsed.text).toEqual([0, before]);
    expect(rehearsed.text).toContain('a Salesforce sandbox on this machine');
  });

  test('a drill is run on the data of a snapshot, with a field of your own and what is masked in no file of it', async () => {
    const drill = `version: 1
id: own
title: On our own data
where: { local: [salesforce], from: latest-verified, mask: [LastName, Email] }
fault: { kind: overwrite, object: Contact, field: Title, share: 0.5, value: Valued Customer }
runbook: mass-overwrite
answers: { review: "yes", allow: { choice: approve, by: lee }, left: go on, cause: { choice: done, note: mended } }
expect: { repaired: 100%, innocent_changed: 0 }
`;
    await mkdir(join(operator.dir, 'drills'));
    await operator.write('drills/own.yml', drill);
    const drilled = await run('drill', 'run', 'own');
    expect(drilled.code, drilled.text.slice(-3000)).toBe(0);
    expect(drilled.text).toContain('a Salesforce sandbox on this machine, filled from snap-');
    expect(drilled.text).not.toContain('p3@example.com');
  });

  test('a restore test fails on one wrong cell, and names it', async () => {
    const preload = fileURLToPath(new URL('restore-test-preload.cjs', import.meta.url));
    const tested = await runWith(
      { PLANT: 'Visit 3=Visit 9', NODE_OPTIONS: `--require ${JSON.stringify(preload)}` },
      'backup',
      'test-restore',
      'nightly',
    );
    const result = (tested.data['tests'] as Readonly<Record<string, RestoreTest>> | undefined)?.['crm'];
    expect([tested.code, result?.differences], tested.text).toEqual([2, { ...NONE, wrong: 1 }]);
    expect(result?.examples).toEqual([{ kind: 'wrong', object: 'Visit__c', key: visits[3], field: 'Text__c' }]);
  });
});
