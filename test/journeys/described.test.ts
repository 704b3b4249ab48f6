import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { startMailerSandbox, type MailerSandbox } from '../mailer/sandbox.js';
import { openOperator, type Operator } from './support/operator.js';

/**
 * The whole way of a rollback on a platform that only a file describes: probe, snapshot, damage, plan, apply, proof, undo. A
 * user would lose what a person who unsubscribed said, or records that the damage deleted.
 */

let sandbox: MailerSandbox;
let operator: Operator;
const keys: string[] = [];
const everything = (): Readonly<Record<string, unknown>> =>
  Object.fromEntries([...sandbox.truth().records('subscribers')].map(({ key, values }) => [key, { ...values }]));

beforeAll(async () => {
  sandbox = await startMailerSandbox({ perMinute: 1_000_000, perDay: 1_000_000 });
  const person = sandbox.writeAs({ kind: 'person', id: '7' });
  for (let n = 0; n < 130; n += 1)
    keys.push(
      person.create('subscribers', {
        email: `p${String(n)}@example.com`,
        first_name: `First ${String(n)}`,
        city: n % 3 === 0 ? null : 'Bern',
        consent: 'subscribed',
      }),
    );
  operator = await openOperator(
    `version: 1
platforms:
  mail:
    connector: rest
    environment: sandbox
    account: "4711"
    url: ${sandbox.url}
    credentials: { token: file:token }
    limits: { requests_per_10s: 100000 }
    options: { description: postbird.yml }
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`,
    {
      token: sandbox.token,
      'postbird.yml': (await readFile(join(import.meta.dirname, '../connectors/rest/postbird.yml'), 'utf8')).replace(
        'requests: 60, per: 1m',
        'requests: 10000, per: 1s',
      ),
    },
  );
});
afterAll(async () => {
  await operator.close();
  await sandbox.stop();
});

test('what a file describes is probed, and what it lacks is said', async () => {
  const { checks } = (await operator.done('doctor', '--probe')) as { checks: readonly { what: string; ok: boolean; found: string }[] };
  expect(checks.map(({ what, ok }) => [what, ok])).toEqual([
    ['mail, list of subscribers', true],
    ['mail, records of subscribers by key', true],
    ['mail, subscribers as described', true],
    ['Platform mail', true],
  ]);
});

test('damage is found, put back, proved and undone, and innocent values stay', async () => {
  const base = String((await operator.done('snapshot', 'create', '--platform', 'mail'))['id']);
  const good = everything();
  const sync = sandbox.writeAs({ kind: 'integration', id: 'sync' });
  const person = sandbox.writeAs({ kind: 'person', id: '9' });
  for (const key of keys.slice(0, 100)) sync.update('subscribers', key, { first_name: 'Valued Customer' });
  const [gone = '', edited = '', left = ''] = [keys[3], keys[7], keys[120]];
  sync.remove('subscribers', gone);
  sync.update('subscribers', keys[9] ?? '', { consent: 'unsubscribed' });
  const damaged = String((await operator.done('snapshot', 'create', '--platform', 'mail'))['id']);
  // After the damage, by people.
  person.update('subscribers', edited, { first_name: 'Really Ann' });
  person.update('subscribers', left, { city: 'Basel' });
  const plan = await operator.run('restore', 'plan', '--platform', 'mail', '--base', base, '--damaged', damaged, '--unattributed', 'include');
  const counts = plan.data['counts'] as { readonly records: number };
  expect(counts.records).toBe(99);
  const applied = await operator.run('restore', 'apply', String(plan.data['id']), '--confirm', 'sandbox:99');
  expect([applied.code, applied.data['applied'], applied.data['failed'], applied.data['inDoubt']]).toEqual([0, 99, 0, 0]);
  const now = everything();
  const made = Object.keys(now).filter((key) => !Object.hasOwn(good, key));
  expect(made).toHaveLength(1);
  expect(now[made[0] ?? '']).toEqual(good[gone]);
  // Nobody is opted in again without a person who says so, and what people wrote since stays.
  const kept = { ...good, [edited]: { ...(good[edited] as object), first_name: 'Really Ann' }, [left]: { ...(good[left] as object), city: 'Basel' } };
  const expected = { ...kept, [keys[9] ?? '']: { ...(good[keys[9] ?? ''] as object), consent: 'unsubscribed' } };
  for (const key of keys.filter((each) => each !== gone)) expect(now[key], key).toEqual(expected[key]);
  expect((await operator.run('restore', 'verify', String(plan.data['id']))).code).toBe(0);
  const undone = await operator.run('restore', 'undo', String(applied.data['id']));
  expect([undone.code, undone.data['state'], undone.data['undo']]).toMatchObject([0, 'undone', { failed: 0, inDoubt: 0 }]);
  const after = everything();
  expect(Object.keys(after)).not.toContain(made[0]);
  expect((after[keys[0] ?? ''] as { readonly first_name: string }).first_name).toBe('Valued Customer');
});

test('a description that does not fit is told with its line, and nothing is kept of it', async () => {
  const text = await readFile(join(operator.dir, 'postbird.yml'), 'utf8');
  await operator.write('postbird.yml', text.replace('items: items\n      total: count', 'items: results\n      total: count'));
  const taken = await operator.run('snapshot', 'create', '--platform', 'mail');
  expect([taken.code === 0, taken.error.code]).toEqual([false, 'platform-nonsense']);
  expect(taken.error.message).toMatch(/the list of subscribers has no list at results \(postbird\.yml:\d+\)/u);
  await operator.write('postbird.yml', text.replace('{offset}', '{ofset}'));
  const misspelt = await operator.run('snapshot', 'create', '--platform', 'mail');
  expect(misspelt.error.message).toMatch(/postbird\.yml:\d+:\d+: \{ofset\} means nothing here, did you mean "offset"/iu);
  await operator.write('postbird.yml', text);
});
