import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { type HubSpotSandbox, person, type SalesforceSandbox, startHubSpotSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { type Operator, openOperator } from './support/operator.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/**
 * Records that one side lacks, or has too many, by the real program. A user would lose: people who were never carried over,
 * duplicates by a repair that creates what is there, or records that nobody asked to delete.
 */

const PEOPLE = 30;
const mapping = (more: string): string => `version: 1
id: contacts
between: { crm: salesforce/Contact, map: hubspot/contacts }
match: [{ crm: MapId__c, map: key }, { crm: Email, map: email, as: email }]
settle: 1s
creates: [map]
${more}
fields:
  - { crm: LastName, map: lastname, authority: crm }
  - { crm: Title, map: jobtitle, authority: crm }
  - { crm: LeadSource, map: hs_lead_status, authority: crm, values: { Web: NEW, Other: UNQUALIFIED } }
  - { crm: MailingCity, map: city, authority: map }
`;

let hubspot: HubSpotSandbox;
let salesforce: SalesforceSandbox;
let operator: Operator;
const email = (n: number): string => `p${n}@example.com`;
const inMap = (): ReturnType<HubSpotSandbox['writeAs']> => hubspot.writeAs(person(7));
const inCrm = (): ReturnType<SalesforceSandbox['writeAs']> => salesforce.writeAs({ kind: 'person', id: '7' });
const addCrm = (n: number): string =>
  inCrm().create('Contact', { LastName: `Last ${n}`, Email: email(n), Title: 'Head', LeadSource: 'Web', MailingCity: 'Bern' });
const addMap = (n: number): string =>
  inMap().create('contacts', { email: email(n), lastname: `Last ${n}`, jobtitle: 'Head', hs_lead_status: 'NEW', city: 'Bern' });
const contacts = (): readonly Readonly<Record<string, string | undefined>>[] =>
  hubspot
    .records('contacts')
    .filter(({ archived }) => !archived)
    .map(({ properties }) => properties);
const emails = (): readonly string[] =>
  contacts()
    .map(({ email: one }) => one ?? '')
    .sort();
const run = async (
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly data: Record<string, unknown>; readonly out: string }> => {
  const ended = await runHere([...args, '--json', '--no-input', '--as', 'maya'], { cwd: operator.dir });
  const last = jsonLines(ended.stdout).at(-1) ?? {};
  return { code: ended.code, data: (last['data'] ?? {}) as Record<string, unknown>, out: ended.stdout.slice(-3000) + ended.stderr };
};
interface Plan {
  readonly id: string;
  readonly platform: string;
  readonly environment: string;
  readonly counts: { readonly records: number; readonly actions: Readonly<Record<string, number>>; readonly conflicts: object };
}
const planned = async (...args: readonly string[]): Promise<{ readonly plans: readonly Plan[]; readonly left: unknown }> => {
  const { code, data, out } = await run('reconcile', 'plan', 'contacts', ...args);
  expect(code, out).toBe(0);
  return { plans: data['plans'] as readonly Plan[], left: data['left'] };
};
const applied = async ({ id, environment, counts }: Plan): Promise<string> => {
  const { code, data, out } = await run('restore', 'apply', id, '--confirm', `${environment}:${counts.records}`);
  expect(code, out).toBe(0);
  return String(data['restore'] ?? data['id']);
};
const write = async (more: string): Promise<void> => await writeFile(join(operator.dir, 'mappings', 'contacts.yml'), mapping(more));

beforeEach(async () => {
  hubspot = await startHubSpotSandbox({ seed: 5, account: { stageOfNew: null } });
  salesforce = await startSalesforceSandbox({ description: { fields: { Contact: [{ name: 'MapId__c', type: 'string' }] } } });
  for (let n = 0; n < PEOPLE; n += 1) {
    addCrm(n);
    addMap(n);
  }
  operator = await openOperator(
    `version: 1
platforms:
  hubspot: { connector: hubspot, environment: sandbox, account: "${hubspot.account}", url: "${hubspot.url}", credentials: { token: file:token }, objects: [contacts], limits: { requests_per_10s: 1000 }, options: { search_lag: 0s } }
  salesforce: { connector: salesforce, environment: sandbox, account: ${salesforce.account}, url: "${salesforce.url}", credentials: { client_id: file:id, client_secret: file:secret }, objects: [Contact] }
`,
    { token: hubspot.token, id: salesforce.connectedApp.clientId, secret: salesforce.connectedApp.clientSecret },
  );
  await mkdir(join(operator.dir, 'mappings'));
});
afterEach(async () => {
  await operator.close();
  await Promise.all([hubspot.stop(), salesforce.stop()]);
});

test('what is missing is created with its mapped values, what has no counterpart any longer becomes inactive; undo takes it back', async () => {
  await write('on_delete: { crm: inactive in map }\ninactive: { map: { hs_lead_status: UNQUALIFIED } }');
  for (let n = 100; n < 105; n += 1) addCrm(n);
  const extra = addMap(200);
  const before = emails();
  expect((await run('reconcile', 'run', 'contacts')).data['differences']).toBe(6);
  const { plans, left } = await planned();
  expect([plans.map(({ platform, counts }) => [platform, counts.actions, counts.conflicts]), left]).toEqual([
    [['hubspot', { create: 5, update: 1 }, {}]],
    {},
  ]);
  expect(emails()).toEqual(before);
  const [plan] = plans as [Plan];
  expect((await run('restore', 'apply', plan.id)).code).toBe(5);
  const restore = await applied(plan);
  expect(emails()).toEqual([...before, ...[100, 101, 102, 103, 104].map(email)].sort());
  expect(contacts().find(({ email: one }) => one === email(102))).toMatchObject({ lastname: 'Last 102', jobtitle: 'Head', hs_lead_status: 'NEW' });
  expect(hubspot.records('contacts').find(({ id }) => id === extra)?.properties['hs_lead_status']).toBe('UNQUALIFIED');
  const after = await run('reconcile', 'run', 'contacts');
  expect([after.code, after.data['differences']], after.out).toEqual([0, 0]);
  // The same plan once more creates nothing twice.
  await run('restore', 'apply', plan.id, '--confirm', `sandbox:${plan.counts.records}`);
  expect(emails()).toHaveLength(before.length + 5);
  const undone = await run('restore', 'undo', restore);
  expect(undone.code, undone.out).toBe(0);
  expect(emails()).toEqual(before);
  expect(hubspot.records('contacts').find(({ id }) => id === extra)?.properties['hs_lead_status']).toBe('NEW');
});

test('a record is deleted only where the mapping says so and a person asks for it', async () => {
  await write('on_delete: { crm: deleted in map }');
  addMap(200);
  addMap(201);
  const before = emails();
  await run('reconcile', 'run', 'contacts');
  const unasked = await planned();
  expect(unasked).toEqual({ plans: [], left: { 'not-asked': 2 } });
  const { plans } = await planned('--delete-extra');
  expect(plans.map(({ counts }) => [counts.actions, counts.conflicts])).toEqual([[{ delete: 2 }, {}]]);
  const restore = await applied(plans[0] as Plan);
  expect(emails()).toEqual(before.filter((one) => ![email(200), email(201)].includes(one)));
  expect((await run('reconcile', 'run', 'contacts')).code).toBe(0);
  const undone = await run('restore', 'undo', restore);
  expect(undone.code, undone.out).toBe(0);
  expect(emails()).toEqual(before);
});

test('what is there by now is not created, and what matches twice is listed', async () => {
  await write('');
  addCrm(100);
  addCrm(101);
  inCrm().create('Contact', { LastName: 'Twin', Email: email(3), MailingCity: 'Bern' });
  addMap(300);
  await run('reconcile', 'run', 'contacts');
  // The sync carries one of them over after all.
  addMap(100);
  const { plans, left } = await planned();
  expect([plans.map(({ counts }) => counts.actions), left]).toEqual([[{ create: 1 }], { moved: 1, record: 1, twice: 1 }]);
  const { stdout } = await runHere(['reconcile', 'plan', 'contacts', '--no-input', '--as', 'maya'], { cwd: operator.dir });
  expect(stdout).toContain('match twice: merge them');
  expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
});
