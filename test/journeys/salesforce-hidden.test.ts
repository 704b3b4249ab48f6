import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Clock, systemClock } from '../../src/lib/index.js';
import { type SalesforceSandbox, startSalesforceSandbox } from '../../src/sandbox/index.js';
import { runHere } from '../cli/support/here.js';
import { openOperator, type Operator } from './support/operator.js';

/** A user would approve a plan that makes 3 records again, and learn from the restore that it makes none of them. */

let sandbox: SalesforceSandbox;
let operator: Operator;
let ahead = -120_000;
const clock: Clock = { ...systemClock, now: () => new Date(Date.now() + ahead) };
const contacts: string[] = [];

beforeAll(async () => {
  sandbox = await startSalesforceSandbox({ clock, facts: { seesAll: false }, limits: { perDay: 100_000 } });
  const person = sandbox.writeAs({ kind: 'person', id: '7' });
  for (let n = 0; n < 12; n += 1) contacts.push(person.create('Contact', { LastName: `Last ${String(n)}` }));
  operator = await openOperator(
    `version: 1
platforms:
  crm: { connector: salesforce, environment: sandbox, account: ${sandbox.account}, url: "${sandbox.url}", credentials: { token: file:session }, objects: [Contact] }
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`,
    { session: sandbox.token },
  );
});
afterAll(async () => {
  await operator.close();
  await sandbox.stop();
});

test('a plan says of records that may only be hidden that they are not made again, and promises the others', async () => {
  const base = String((await operator.done('snapshot', 'create', '--platform', 'crm'))['id']);
  ahead += 10_000;
  const person = sandbox.writeAs({ kind: 'person', id: '7' });
  for (const key of contacts.slice(0, 3)) sandbox.unshare(key);
  person.remove('Contact', contacts[4] ?? '');
  ahead += 10_000;

  const plan = await operator.run('restore', 'plan', '--platform', 'crm', '--base', base, '--unattributed', 'include');
  const { counts } = plan.data as { readonly counts: { readonly actions: unknown; readonly conflicts: unknown } };
  expect(counts.actions).toEqual({ undelete: 1 });
  expect(counts).toMatchObject({ actions: { undelete: 1 }, conflicts: { 'perhaps-hidden': 3 } });
  const screen = (await runHere(['restore', 'show', String(plan.data['id']), '--no-input'], { cwd: operator.dir })).stdout.replaceAll(/\s+/gu, ' ');
  expect(screen).toContain('3 × perhaps-hidden: may only be hidden from the user that signs in, so it is not made again');

  const before = [...sandbox.truth().records('Contact')].length;
  const applied = await operator.run('restore', 'apply', String(plan.data['id']), '--confirm', 'sandbox:1');
  expect([applied.code, applied.data['state']], JSON.stringify(applied.error)).toEqual([0, 'done']);
  expect([...sandbox.truth().records('Contact')].length).toBe(before + 1);
});
