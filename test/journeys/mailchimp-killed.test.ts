import { afterEach, expect, test, vi } from 'vitest';

import { type MailchimpSandbox, startMailchimpSandbox } from '../../src/sandbox/index.js';
import type { CrashMoment, CrashOperation } from '../support/crash.js';
import { everyNth, fullSweeps, morePoints, thinned } from '../support/sweeps.js';
import { type KillScene, type KillWorld, openKillWorld } from './support/kills.js';

vi.setConfig({ testTimeout: 3_600_000 });

/** A user would lose: whom a killed restore left half-way in Mailchimp, or made twice there. */

const LIST = '8a1f0c2d3e';
const MEMBERS = `members-${LIST}`;
const SYNC = { kind: 'integration', id: '9', label: 'Sync' } as const;
const email = (n: number): string => `m${String(n).padStart(2, '0')}@example.com`;

let world: KillWorld | undefined;
afterEach(async () => {
  await world?.close();
  world = undefined;
});

test('kill -9 at every write of an apply: the commands that the messages name bring it to its end, nobody twice and nobody opted in', async () => {
  world = await openKillWorld(await scene());
  const all = await world.operations('apply');
  const writes = all.filter(isWrite);
  expect(new Set(writes.map(sort))).toEqual(new Set(['batch', 'member', 'tags', 'archive']));
  // One of each sort in `npm test`, all of them in the wider and the long tests.
  const taken = morePoints ? writes : thinned(1, (target) => sort({ name: '', target }))(writes);
  const lines = all.filter(({ name, target }) => name === 'fdatasync' && target.endsWith('/journal.ndjson'));
  const moments: readonly CrashMoment[] = fullSweeps ? ['before', 'half', 'after'] : ['before', 'after'];
  const points = [
    ...taken.flatMap((operation) => moments.map((when) => ({ operation, when }))),
    ...everyNth(4, thinned(1))(lines).map((operation) => ({ operation, when: 'after' as const })),
  ];
  const problems: string[] = [];
  let kills = 0;
  for (const { operation, when } of points) {
    if (!(await world.kill('apply', operation.n, when))) continue;
    kills += 1;
    const said = await world.follow('apply').catch((error: unknown) => [`cannot be gone on with: ${String(error)}`]);
    const wrong = said.some((one) => one.startsWith('cannot')) ? [] : await world.wrong('apply');
    if (!said.at(-1)?.endsWith(': 0') || wrong.length > 0)
      problems.push(`${when} ${operation.name} ${operation.target} (${operation.n}): ${[...said, ...wrong].join('; ')}`);
  }
  console.log(`${kills} times kill -9: ${taken.length} of ${writes.length} writes to Mailchimp, ${points.length} points`);
  expect(problems).toEqual([]);
  expect(kills).toBe(points.length);
});

/** Names, tags, an address, opt-outs, the archive, and people whom the damage added: every way in which runback writes there. */
async function scene(): Promise<KillScene> {
  const sandbox = await startMailchimpSandbox();
  const person = sandbox.writeAs({ kind: 'person', id: '7' });
  const keys = Array.from({ length: 24 }, (_, n) =>
    person.create(MEMBERS, { email_address: email(n), FNAME: `First ${String(n)}`, ...(n % 3 === 0 && { tags: 'gold' }) }),
  );
  const sync = sandbox.writeAs(SYNC);
  for (const key of keys.slice(0, 3)) sync.update(MEMBERS, key, { status: 'unsubscribed' });
  return {
    platform: 'mail',
    sandbox,
    config: configOf(sandbox),
    truth: () => JSON.stringify([...sandbox.truth().records(MEMBERS)].sort((a, b) => (a.key < b.key ? -1 : 1))),
    damage: () => {
      for (const key of keys.slice(0, 3)) sync.update(MEMBERS, key, { status: 'subscribed' });
      for (const key of keys.slice(2, 9)) sync.update(MEMBERS, key, { FNAME: 'Valued Customer' });
      for (const key of keys.slice(9, 12)) sync.update(MEMBERS, key, { tags: 'imported' });
      sync.update(MEMBERS, keys[12] ?? '', { email_address: 'moved@example.com' });
      for (const key of keys.slice(13, 16)) sync.remove(MEMBERS, key);
      for (const name of ['one', 'two']) sync.create(MEMBERS, { email_address: `${name}@example.com`, FNAME: name });
    },
    // Three come back from the archive as subscribers.
    decides: ['--choose', 'consent=restore'],
    // An undo leaves the opt-outs as they are, and those whom the damage added in the archive.
    undoEnds: 3,
  };
}

const isWrite = ({ kind, name }: CrashOperation): boolean => kind === 'http' && name !== 'GET';

function sort({ name, target }: Pick<CrashOperation, 'name' | 'target'>): string {
  if (name === 'DELETE') return 'archive';
  return /\/tags/u.test(target) ? 'tags' : /\/members\//u.test(target) ? 'member' : 'batch';
}

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
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`;
}
