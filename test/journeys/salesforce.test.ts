import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Clock, systemClock } from '../../src/lib/index.js';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { openOperator, type Operator } from './support/operator.js';

/**
 * The whole way of a rollback on Salesforce: a snapshot, damage by a sync, a plan, its proof, and the way back. A user would lose the
 * ids of what was deleted, what referred to it, or what people wrote since.
 */

let sandbox: SalesforceSandbox;
/** Salesforce tells times in whole seconds: what happens one after the other here happens some seconds apart there. */
let ahead = 0;
const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + ahead) };
let operator: Operator;
const contacts: string[] = [];
const visits: string[] = [];
const reports: string[] = [];
let account = '';
let lost = '';

type Values = Readonly<Record<string, unknown>>;
const everything = (object: string): Readonly<Record<string, Values>> =>
  Object.fromEntries([...sandbox.truth().records(object)].map(({ key, values }) => [key, { ...values }]));
const of = (object: string, key: string): Values | undefined => sandbox.truth().record(object, key);

beforeAll(async () => {
  sandbox = await startSalesforceSandbox({
    clock,
    limits: { perDay: 100_000 },
    description: {
      tracked: { Contact: ['Title', 'Email', 'AccountId'] },
      objects: [
        {
          name: 'Visit__c',
          autoNumber: true,
          fields: [
            { name: 'Text__c', type: 'string' },
            { name: 'Contact__c', type: 'reference', to: ['Contact'], onDelete: 'clear' },
          ],
        },
        {
          name: 'Report__c',
          autoNumber: true,
          fields: [
            { name: 'Text__c', type: 'string' },
            { name: 'Visit__c', type: 'reference', to: ['Visit__c'], onDelete: 'clear' },
          ],
        },
      ],
    },
  });
  const person = sandbox.writeAs({ kind: 'person', id: '7' });
  account = person.create('Account', { Name: 'Example Ltd' });
  lost = person.create('Account', { Name: 'Gone Ltd', BillingCity: 'Bern' });
  for (let n = 0; n < 60; n += 1)
    contacts.push(
      person.create('Contact', {
        LastName: `Last ${String(n)}`,
        Email: `p${String(n)}@example.com`,
        Title: n % 3 === 0 ? null : 'Head',
        AccountId: n < 50 ? account : lost,
      }),
    );
  for (let n = 0; n < 5; n += 1) visits.push(person.create('Visit__c', { Text__c: `Visit ${String(n)}`, Contact__c: contacts[n] ?? null }));
  for (let n = 0; n < 5; n += 1) reports.push(person.create('Report__c', { Text__c: `Report ${String(n)}`, Visit__c: visits[n] ?? null }));
  const campaign = person.create('Campaign', { Name: 'News' });
  for (const contact of [contacts[43], contacts[44], contacts[55]])
    person.create('CampaignMember', { CampaignId: campaign, ContactId: contact ?? '', Status: 'Sent' });
  operator = await openOperator(
    `version: 1
platforms:
  crm:
    connector: salesforce
    environment: sandbox
    account: ${sandbox.account}
    url: ${sandbox.url}
    credentials: { client_id: file:id, client_secret: file:secret }
    objects: [Account, Contact, Campaign, CampaignMember, Visit__c, Report__c]
restores: { limits: { percent: 100 } }
backups:
  storage: backups
  jobs:
    nightly: { platforms: [crm], schedule: "30 2 * * *", incremental: true, read_all_every: 7d, watch: "off" }
`,
    { id: sandbox.connectedApp.clientId, secret: sandbox.connectedApp.clientSecret },
  );
});
afterAll(async () => {
  await operator.close();
  await sandbox.stop();
});

test('damage is found, put back, proved and undone, with ids and references, and innocent values stay', async () => {
  const base = String((await operator.done('snapshot', 'create', '--platform', 'crm'))['id']);
  const good = Object.fromEntries(['Account', 'Contact', 'Campaign', 'Visit__c', 'Report__c'].map((object) => [object, everything(object)]));
  ahead += 5000;
  const sync = sandbox.writeAs({ kind: 'integration', id: 'sync' });
  const person = sandbox.writeAs({ kind: 'person', id: '9' });
  for (const key of contacts.slice(0, 40)) sync.update('Contact', key, { Title: 'Valued Customer' });
  const junk = sync.create('Visit__c', { Text__c: 'junk' });
  // Into the recycle bin, with the contacts of the second account.
  sync.remove('Account', lost);
  sync.remove('Visit__c', visits[0] ?? '');
  // Out of it: only a new record can take its place.
  sync.remove('Visit__c', visits[1] ?? '');
  sandbox.writeAs({ kind: 'person', id: '9' }).purge(visits[1] ?? '');
  ahead += 5000;
  // A contact that is gone for ever, and was on a campaign.
  sync.remove('Contact', contacts[44] ?? '');
  sandbox.writeAs({ kind: 'person', id: '9' }).purge(contacts[44] ?? '');
  const members = (): readonly unknown[] =>
    Object.values(everything('CampaignMember'))
      .map(({ ContactId: id }) => of('Contact', String(id))?.['LastName'])
      .sort();
  expect(members()).toEqual(['Last 43']);
  const damaged = String((await operator.done('snapshot', 'create', '--platform', 'crm'))['id']);
  const found = await operator.run('investigate', '--platform', 'crm', '--base', base, '--damaged', damaged);
  const [worst] = found.data['groups'] as readonly Readonly<Record<string, unknown>>[];
  expect(worst).toMatchObject({ object: 'Contact', records: 40, fields: ['Title'], writer: 'integration.sync@example.com' });
  ahead += 5000;
  const [edited = '', left = ''] = [contacts[7], contacts[45]];
  person.update('Contact', edited, { Title: 'Really Head' });
  person.update('Contact', left, { Department: 'Sales' });

  const plan = await operator.run(
    'restore',
    'plan',
    '--platform',
    'crm',
    '--base',
    base,
    '--damaged',
    damaged,
    '--delete-created',
    '--unattributed',
    'include',
  );
  const counts = plan.data['counts'] as { readonly records: number; readonly actions: Readonly<Record<string, number>> };
  const applied = await operator.run('restore', 'apply', String(plan.data['id']), '--confirm', `sandbox:${String(counts.records)}`);
  expect([applied.code, applied.data['failed'], applied.data['inDoubt']], JSON.stringify([applied.data, applied.error])).toEqual([0, 0, 0]);

  for (const [object, records] of Object.entries(good))
    for (const [key, values] of Object.entries(records)) {
      if ([visits[1], reports[1], contacts[44]].includes(key)) continue;
      const kept = { [edited]: { Title: 'Really Head' }, [left]: { Department: 'Sales' } }[key] ?? {};
      expect(of(object, key), `${object} ${key}`).toEqual({ ...values, ...kept });
    }
  expect(of('Visit__c', junk)).toBeUndefined();
  const made = Object.keys(everything('Visit__c')).filter((key) => !visits.includes(key));
  expect(made).toHaveLength(1);
  expect(of('Visit__c', made[0] ?? '')).toMatchObject({ Text__c: 'Visit 1', Contact__c: contacts[1] });
  expect(of('Report__c', reports[1] ?? '')).toMatchObject({ Text__c: 'Report 1', Visit__c: made[0] });
  expect(members()).toEqual(['Last 43', 'Last 44', 'Last 55']);
  const verified = await operator.run('restore', 'verify', String(plan.data['id']));
  expect(verified.code, JSON.stringify([verified.data, verified.error])).toBe(0);

  const undone = await operator.run('restore', 'undo', String(applied.data['id']));
  expect([undone.code, undone.data['state'], undone.data['undo']], JSON.stringify(undone.error)).toMatchObject([
    0,
    'undone',
    { failed: 0, inDoubt: 0 },
  ]);
  expect(of('Contact', contacts[0] ?? '')).toMatchObject({ Title: 'Valued Customer' });
  expect(of('Account', lost)).toBeUndefined();
  expect(of('Visit__c', made[0] ?? '')).toBeUndefined();
  // What the restore deleted is back under its own id.
  expect(of('Visit__c', junk)).toMatchObject({ Text__c: 'junk' });
});

test('a record that cannot be brought back is made once, however the restore is interrupted', async () => {
  const base = String((await operator.done('snapshot', 'create', '--platform', 'crm'))['id']);
  ahead += 5000;
  const writer = sandbox.writeAs({ kind: 'person', id: '9' });
  const [first = '', second = ''] = [visits[2], visits[3]];
  for (const key of [first, second]) {
    writer.remove('Visit__c', key);
    writer.purge(key);
  }
  ahead += 5000;
  const damaged = String((await operator.done('snapshot', 'create', '--platform', 'crm'))['id']);
  const plan = await operator.run('restore', 'plan', '--platform', 'crm', '--base', base, '--damaged', damaged, '--unattributed', 'include');
  const { records } = plan.data['counts'] as { readonly records: number };
  const before = Object.keys(everything('Visit__c'));
  // It may read, and no longer make records; then the answer to what it makes is lost.
  sandbox.faults.add({ kind: 'forbidden', method: 'POST', path: '*/composite/sobjects', times: null });
  const stopped = await operator.run('restore', 'apply', String(plan.data['id']), '--confirm', `sandbox:${String(records)}`);
  expect([stopped.code, Object.keys(everything('Visit__c'))]).toEqual([4, before]);
  sandbox.faults.clear();
  sandbox.faults.add({ kind: 'drop-answer', method: 'POST', path: '*/composite/sobjects' });
  const id = String((stopped.error.data as { readonly restore?: string } | undefined)?.restore);
  const resumed = await operator.run('restore', 'resume', id);
  expect([resumed.code, resumed.data['failed'], resumed.data['inDoubt']], JSON.stringify(resumed.error)).toEqual([0, 0, 0]);
  const made = Object.keys(everything('Visit__c')).filter((key) => !before.includes(key));
  expect(made.map((key) => of('Visit__c', key)?.['Text__c']).sort()).toEqual(['Visit 2', 'Visit 3']);
  const keyMap = (resumed.data['keyMap'] as Readonly<Record<string, Readonly<Record<string, string>>>>)['Visit__c'] ?? {};
  expect(Object.keys(keyMap).sort()).toEqual([first, second]);
  expect([of('Report__c', reports[2] ?? '')?.['Visit__c'], of('Report__c', reports[3] ?? '')?.['Visit__c']]).toEqual([keyMap[first], keyMap[second]]);
  expect((await operator.run('restore', 'verify', String(plan.data['id']))).code).toBe(0);
});

test('doctor says which account it is', async () => {
  const { checks } = (await operator.done('doctor')) as { checks: readonly { what: string; ok: boolean; found: string }[] };
  expect(checks.at(-1)).toEqual({
    what: 'Platform crm',
    ok: true,
    found: `Example Ltd (Enterprise Edition, CS42) (account ${sandbox.account}, sandbox); 6 object types usable`,
  });
});

test('a backup asks only for what has changed, and holds the same as a whole one', async () => {
  ahead += 3_600_000;
  await operator.done('backup', 'run', 'nightly');
  ahead += 3_600_000;
  const writer = sandbox.writeAs({ kind: 'person', id: '9' });
  writer.update('Contact', contacts[1] ?? '', { Title: 'Changed' });
  writer.remove('Report__c', reports[4] ?? '');
  writer.create('Account', { Name: 'New Ltd' });
  ahead += 3_600_000;
  const { jobs } = (await operator.done('backup', 'run', 'nightly')) as {
    readonly jobs: readonly {
      readonly snapshot: {
        readonly id: string;
        readonly bases: readonly string[];
        readonly objects: readonly { readonly object: string; readonly askedSince?: unknown }[];
      };
    }[];
  };
  const [snapshot] = jobs.map((job) => job.snapshot);
  expect(snapshot?.bases).toHaveLength(1);
  const whole = await operator.done('snapshot', 'create', '--platform', 'crm');
  const diff = await operator.run('diff', snapshot?.id ?? '', String(whole['id']));
  expect([diff.code, diff.data['total'], diff.data['notCompared']]).toEqual([0, 0, []]);
});
