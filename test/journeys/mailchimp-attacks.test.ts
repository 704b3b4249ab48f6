import { afterEach, describe, expect, test } from 'vitest';

import { createRandom, type MailchimpSandbox, startMailchimpSandbox } from '../../src/sandbox/index.js';
import { openOperator, type Operator } from './support/operator.js';

/** A user would lose: records of Mailchimp that a bad answer, a ring of addresses or an automation leaves wrong, or makes twice. */

const LIST = '8a1f0c2d3e';
const MEMBERS = `members-${LIST}`;
const PERSON = { kind: 'person', id: '7' } as const;
const SYNC = { kind: 'integration', id: '9', label: 'Sync' } as const;
const COUNT = 30;
// Mailchimp takes no address at example.com: here neither, so that what runback makes up is looked at too.
const email = (n: number): string => `m${String(n).padStart(2, '0')}@example.org`;

interface Scene {
  readonly sandbox: MailchimpSandbox;
  readonly operator: Operator;
  readonly keys: readonly string[];
  readonly base: string;
}
let open: Scene | undefined;
afterEach(async () => {
  await open?.operator.close();
  await open?.sandbox.stop();
  open = undefined;
});

async function scene(): Promise<Scene> {
  const sandbox = await startMailchimpSandbox({
    fakeHosts: ['example.com'],
    audiences: [{ id: LIST, mergeFields: [{ tag: 'LEVEL' }, { tag: 'LTV', type: 'number' }] }],
  });
  const person = sandbox.writeAs(PERSON);
  const keys = Array.from({ length: COUNT }, (_, n) =>
    person.create(MEMBERS, {
      email_address: email(n),
      FNAME: `First ${String(n)}`,
      LEVEL: 'Open',
      LTV: `${String(n)}.5`,
      tags: n % 2 === 0 ? 'gold' : null,
    }),
  );
  const operator = await openOperator(configOf(sandbox), { token: sandbox.token });
  const base = String((await operator.done('snapshot', 'create', '--platform', 'mail'))['id']);
  open = { sandbox, operator, keys, base };
  return open;
}

const truthOf = ({ sandbox }: Scene): Readonly<Record<string, unknown>> =>
  Object.fromEntries([...sandbox.truth().records(MEMBERS)].map(({ key, values }) => [key, values]));

/** Plans with every conflict about the archive decided; gives the plan and its confirmation. */
async function planned({ operator, base }: Scene): Promise<readonly [string, string]> {
  const made = await operator.run('restore', 'plan', '--platform', 'mail', '--base', base, '--unattributed', 'include');
  const decided = await operator.run('restore', 'show', String(made.data['id']), '--choose', 'consent=restore');
  const { records } = decided.data['counts'] as { readonly records: number };
  return [String(decided.data['id']), `sandbox:${String(records)}`];
}

/** Applies, and resumes as the messages say, until it is done. Gives how often that took. */
async function applied(one: Scene): Promise<number> {
  const [plan, confirm] = await planned(one);
  let ended = await one.operator.run('restore', 'apply', plan, '--confirm', confirm);
  let times = 1;
  for (; ended.code !== 0 && times < 6; times += 1) ended = await one.operator.run('restore', 'resume', 'latest');
  expect([ended.code, ended.error.message]).toEqual([0, undefined]);
  expect((await one.operator.run('restore', 'verify', plan)).code).toBe(0);
  return times;
}

describe('a restore on Mailchimp', () => {
  const FAULTS: readonly Parameters<MailchimpSandbox['faults']['add']>[0][] = [
    { kind: 'drop-answer', method: 'POST' },
    { kind: 'drop-answer', method: 'PATCH' },
    { kind: 'drop-answer', method: 'DELETE' },
    { kind: 'half-batch', answer: 'cut' },
    { kind: 'half-batch', answer: 'error' },
    { kind: 'html-error', method: 'POST', applied: true },
    { kind: 'html-error', method: 'PATCH', status: 502, applied: true },
    { kind: 'blocked', body: 'empty' },
    { kind: 'rate-limit', body: 'html' },
  ];

  test.each([3, 17, 4242, 20_261_130])('ends right whatever answers are lost, and writes nobody twice (seed %i)', async (seed) => {
    const one = await scene();
    const { sandbox, keys } = one;
    const random = createRandom(seed);
    const good = truthOf(one);
    const sync = sandbox.writeAs(SYNC);
    for (const key of random.shuffle(keys).slice(0, 12)) sync.update(MEMBERS, key, { FNAME: 'Valued Customer', LTV: '0' });
    for (const key of random.shuffle(keys).slice(0, 4)) sync.update(MEMBERS, key, { tags: 'imported' });
    for (const key of random.shuffle(keys).slice(0, 3)) sync.remove(MEMBERS, key);
    for (let n = 0; n < 5; n += 1) sandbox.faults.add({ ...random.pick(FAULTS), after: random.integer(6) } as (typeof FAULTS)[number]);
    sandbox.resetCounts();
    await applied(one);
    expect(truthOf(one)).toEqual(good);
    expect(sandbox.counts().repeatedCreates).toEqual({});
  });

  test.each([2, 3])('gives a ring of %i addresses back', async (length) => {
    const one = await scene();
    const { sandbox, keys } = one;
    const good = truthOf(one);
    const person = sandbox.writeAs(PERSON);
    const ring = keys.slice(0, length);
    person.update(MEMBERS, ring[0] ?? '', { email_address: 'aside@example.org' });
    for (const [n, key] of ring.entries()) if (n > 0) person.update(MEMBERS, key, { email_address: email(n - 1) });
    person.update(MEMBERS, ring[0] ?? '', { email_address: email(length - 1) });
    await applied(one);
    expect(truthOf(one)).toEqual(good);
  });

  test('claims nothing of what an automation of the account makes of its writes, and the next plan shows it', async () => {
    const one = await scene();
    const { sandbox, operator, keys, base } = one;
    for (const key of keys.slice(0, 6)) sandbox.writeAs(SYNC).update(MEMBERS, key, { FNAME: 'Valued Customer' });
    sandbox.automate({
      id: 'level',
      name: 'Level of who changes',
      object: MEMBERS,
      enabled: true,
      when: { on: 'change', field: 'FNAME' },
      does: [{ do: 'set', values: { LEVEL: 'Changed' } }],
      repeats: true,
    });
    await applied(one);
    for (const [n, key] of keys.slice(0, 6).entries())
      expect(sandbox.truth().record(MEMBERS, key)).toMatchObject({ FNAME: `First ${String(n)}`, LEVEL: 'Changed' });
    const next = await operator.run('restore', 'plan', '--platform', 'mail', '--base', base, '--unattributed', 'include');
    expect(next.data['counts']).toMatchObject({ cells: 6, records: 6 });
  });

  test('begins nothing where a list of members is not whole, and says so', async () => {
    const { sandbox, operator, keys, base } = await scene();
    sandbox.writeAs(SYNC).update(MEMBERS, keys[0] ?? '', { FNAME: 'Valued Customer' });
    sandbox.faults.add({ kind: 'partial', times: 100 });
    const plan = await operator.run('restore', 'plan', '--platform', 'mail', '--base', base, '--unattributed', 'include');
    expect([plan.ok, plan.error.code]).toEqual([false, 'platform-incomplete']);
    sandbox.faults.clear();
    expect((await operator.run('restore', 'plan', '--platform', 'mail', '--base', base, '--unattributed', 'include')).ok).toBe(true);
  });
});

function configOf(sandbox: MailchimpSandbox): string {
  return `version: 1
platforms:
  mail:
    connector: mailchimp
    environment: sandbox
    account: ${JSON.stringify(sandbox.account)}
    url: ${sandbox.url}
    credentials: { token: file:token }
    objects: [${MEMBERS}]
    options: { settle: 0s }
    limits: { wait: 30s }
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`;
}
