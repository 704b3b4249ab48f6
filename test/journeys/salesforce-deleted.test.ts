import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Clock, systemClock } from '../../src/lib/index.js';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { openOperator, type Operator } from './support/operator.js';

/** Salesforce tells who deleted a record: a user would lose what a sync deleted, or get back what a colleague had deleted for a reason. */

let sandbox: SalesforceSandbox;
let ahead = -120_000;
const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + ahead) };
let operator: Operator;
const contacts: string[] = [];

beforeAll(async () => {
  sandbox = await startSalesforceSandbox({ clock, limits: { perDay: 100_000 }, description: { tracked: { Contact: ['Title', 'Email'] } } });
  const person = sandbox.writeAs({ kind: 'person', id: '7' });
  for (let n = 0; n < 12; n += 1)
    contacts.push(person.create('Contact', { LastName: `Last ${String(n)}`, Email: `p${String(n)}@example.com`, Title: 'Head' }));
  operator = await openOperator(
    `version: 1
platforms:
  crm:
    connector: salesforce
    environment: sandbox
    account: ${sandbox.account}
    url: ${sandbox.url}
    credentials: { client_id: file:id, client_secret: file:secret }
    objects: [Contact]
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`,
    { id: sandbox.connectedApp.clientId, secret: sandbox.connectedApp.clientSecret },
  );
});
afterAll(async () => {
  await operator.close();
  await sandbox.stop();
});

test('what the suspect deleted comes back, by a snapshot and without one; what a colleague deleted stays deleted', async () => {
  const base = String((await operator.done('snapshot', 'create', '--platform', 'crm'))['id']);
  ahead += 10_000;
  const since = clock.now().toISOString();
  ahead += 10_000;
  const sync = sandbox.writeAs({ kind: 'integration', id: 'sync' });
  for (const key of contacts.slice(0, 4)) sync.remove('Contact', key);
  sandbox.writeAs({ kind: 'person', id: '9' }).remove('Contact', contacts[5] ?? '');
  ahead += 10_000;
  const suspect = ['--suspect', 'integration.sync@example.com'];

  const found = await operator.run('investigate', '--platform', 'crm', '--base', base);
  const groups = (found.data['groups'] as readonly Record<string, unknown>[]).filter(({ label }) => label === 'deleted');
  expect(groups.map(({ writer, cells, exact }) => ({ writer, cells, exact }))).toEqual([
    { writer: 'integration.sync@example.com', cells: 4, exact: true },
    { writer: expect.stringContaining('9') as unknown, cells: 1, exact: true },
  ]);

  const asked = await operator.run('restore', 'plan', '--platform', 'crm', '--from-history', '--since', since);
  expect(asked.error).toMatchObject({ code: 'usage', why: expect.stringContaining('integration.sync@example.com deleted 4 Contact') as unknown });
  const told = await operator.run('restore', 'plan', '--platform', 'crm', '--from-history', '--since', since, ...suspect);
  expect(told.data).toMatchObject({
    counts: { actions: { undelete: 4 } },
    notCovered: expect.arrayContaining([expect.objectContaining({ extent: 'deleted', records: 1 })]) as unknown,
  });

  const plan = await operator.run('restore', 'plan', '--platform', 'crm', '--base', base, ...suspect);
  expect(plan.data).toMatchObject({ counts: { actions: { undelete: 4 }, conflicts: { unattributed: 1 } } });
  const applied = await operator.run('restore', 'apply', String(told.data['id']), '--confirm', 'sandbox:4');
  expect([applied.code, applied.data['state']], JSON.stringify(applied.error)).toEqual([0, 'done']);
  for (const [n, key] of contacts.slice(0, 4).entries())
    expect(sandbox.truth().record('Contact', key)).toMatchObject({ LastName: `Last ${String(n)}`, Title: 'Head' });
  expect(sandbox.truth().record('Contact', contacts[5] ?? '')).toBeUndefined();
  expect((await operator.run('restore', 'verify', String(told.data['id']))).code).toBe(0);
});
