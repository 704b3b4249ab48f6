import { afterAll, beforeAll, expect, test } from 'vitest';

import { type MailchimpSandbox, startMailchimpSandbox } from '../../src/sandbox/index.js';
import { openOperator, type Operator } from './support/operator.js';

/** A user would lose: backups of Mailchimp that are not whole, or cannot be restored, found out on the day they are needed. */

const LIST = '8a1f0c2d3e';
const MEMBERS = `members-${LIST}`;
const COUNT = 300;
const PERSON = { kind: 'person', id: '7' } as const;
const SYNC = { kind: 'integration', id: '9', label: 'Sync' } as const;
const email = (n: number): string => `m${String(n).padStart(3, '0')}@example.com`;
const ADDRESS = { addr1: '1 Example Street', addr2: '', city: 'Oslo', state: 'OS', zip: '12345', country: 'NO' };

let sandbox: MailchimpSandbox;
let operator: Operator;
const person = () => sandbox.writeAs(PERSON);

beforeAll(async () => {
  sandbox = await startMailchimpSandbox({
    audiences: [
      {
        id: LIST,
        mergeFields: [
          { tag: 'LEVEL', type: 'dropdown', choices: ['New', 'Open'] },
          { tag: 'LTV', type: 'number' },
          { tag: 'JOINED', type: 'date' },
          { tag: 'BORN', type: 'birthday', dateFormat: 'DD/MM' },
        ],
        groups: [{ title: 'Topics', interests: ['News', { id: 'aaaaaaaaaa', name: 'Offers' }] }],
        permissions: [{ id: 'bbbbbbbbbb', name: 'Post' }],
      },
    ],
  });
  for (let n = 0; n < COUNT; n += 1)
    person().create(MEMBERS, {
      email_address: email(n),
      FNAME: `First ${String(n)}`,
      LEVEL: n % 2 === 0 ? 'New' : 'Open',
      LTV: String(n / 2),
      JOINED: '2025-03-04',
      BORN: '25/12',
      ADDRESS: n % 4 === 0 ? JSON.stringify(ADDRESS) : null,
      tags: n % 5 === 0 ? 'gold;vip' : null,
      interests: n % 3 === 0 ? 'aaaaaaaaaa' : null,
      marketing_permissions: n % 7 === 0 ? 'bbbbbbbbbb' : null,
      status: n % 30 === 1 ? 'unsubscribed' : n % 30 === 2 ? 'cleaned' : n % 30 === 3 ? 'transactional' : n % 30 === 4 ? 'pending' : 'subscribed',
    });
  operator = await openOperator(
    `version: 1
platforms:
  mail:
    connector: mailchimp
    environment: sandbox
    account: ${JSON.stringify(sandbox.account)}
    url: ${sandbox.url}
    credentials: { token: file:token }
    objects: [${MEMBERS}]
    options: { settle: 0s }
backups:
  storage: backups
  jobs:
    nightly: { platforms: [mail], schedule: '0 3 * * *', incremental: true, keep: { daily: 7 } }
restores: { limits: { percent: 100 } }
`,
    { token: sandbox.token },
  );
});
afterAll(async () => {
  await operator.close();
  await sandbox.stop();
});

let good = '';

test('a job takes a whole snapshot, then an increment of what changed, and both are verified', async () => {
  const whole = await operator.done('backup', 'run', 'nightly');
  expect(JSON.stringify(whole)).toMatch(/snap-/u);
  person().update(MEMBERS, email(10), { FNAME: 'Ann' });
  person().remove(MEMBERS, email(11));
  person().create(MEMBERS, { email_address: 'new@example.com', FNAME: 'New' });
  const second = await operator.done('backup', 'run', 'nightly');
  expect(JSON.stringify(second)).toMatch(/snap-/u);
  const { snapshots } = (await operator.done('snapshot', 'list')) as { readonly snapshots: readonly Record<string, unknown>[] };
  expect(snapshots.map(({ bases }) => (bases as readonly string[]).length)).toEqual([1, 0]);
  good = String(snapshots[0]?.['id']);
  for (const { id } of snapshots) expect((await operator.run('snapshot', 'verify', String(id))).code).toBe(0);
});

test('a restore test puts the whole of it into an empty sandbox, and compares every value', async () => {
  sandbox.resetCounts();
  const tested = await operator.run('backup', 'test-restore', 'nightly');
  expect([tested.code, tested.data['tests']]).toMatchObject([
    0,
    { mail: { passed: true, records: COUNT, differences: { missing: 0, extra: 0, wrong: 0, unreadable: 0 } } },
  ]);
  // Nothing of it went to the account.
  expect(sandbox.counts().requests).toBe(0);
});

test('an investigation of two snapshots finds what a bad import did', async () => {
  const sync = sandbox.writeAs(SYNC);
  for (let n = 100; n < 160; n += 1) sync.update(MEMBERS, email(n), { FNAME: 'Valued Customer' });
  const found = await operator.run('investigate', '--platform', 'mail', '--base', good);
  expect(found.code).toBe(2);
  expect(JSON.stringify(found.data)).toMatch(/FNAME/u);
});

test('a plan is rehearsed on a copy that is filled from the snapshot of the damage', async () => {
  const plan = await operator.run('restore', 'plan', '--platform', 'mail', '--base', good, '--unattributed', 'include', '--field', 'FNAME');
  sandbox.resetCounts();
  const rehearsed = await operator.run('restore', 'rehearse', String(plan.data['id']), '--latency', '100ms');
  expect([rehearsed.code, rehearsed.error]).toEqual([0, {}]);
  expect(Object.keys(sandbox.counts().writesPerRecord)).toEqual([]);
});
