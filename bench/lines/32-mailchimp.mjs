import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startMailchimpSandbox } from '../../dist/sandbox/index.js';
import { runback } from '../support.mjs';

const LIST = '8a1f0c2d3e';
const MEMBERS = `members-${LIST}`;
// No multiple of a page: its last page is asked for either way.
const COUNT = 4900;
const DAMAGED = 1960;
/** So many of so many are damaged. */
const [DAMAGED_OF, COUNT_OF] = [2, 5];
const REACH = 1.02;
/** Members of a page, and of a batch, as the vendor has them. There is no read by ids but one by one. */
const [PAGE, BATCH] = [1000, 500];

const pages = (records, size) => Math.ceil(records / size);

/** Requests of a snapshot, a plan, a restore and its verification on Mailchimp against the least possible. */
export async function measure() {
  let ahead = -60_000;
  const clock = { now: () => new Date(Date.now() + ahead), monotonicMs: () => performance.now() };
  const sandbox = await startMailchimpSandbox({ clock });
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  try {
    const person = sandbox.writeAs({ kind: 'person', id: '7' });
    const keys = Array.from({ length: COUNT }, (_, n) => person.create(MEMBERS, { email_address: `p${n}@example.com`, FNAME: 'Ann', tags: 'gold' }));
    await writeFile(join(folder, 'token'), sandbox.token, { mode: 0o600 });
    await writeFile(
      join(folder, 'runback.yml'),
      `version: 1\nplatforms:\n  mail:\n    connector: mailchimp\n    environment: sandbox\n    account: ${JSON.stringify(sandbox.account)}\n    url: ${sandbox.url}\n    credentials: { token: file:token }\n    objects: [${MEMBERS}]\nrestores: { limits: { percent: 100 } }\n`,
    );
    ahead += 20_000;
    const counted = async (...args) => {
      sandbox.resetCounts();
      const { data } = await runback(folder, args, { expect: [0, 2] });
      const { requests, limited, byEndpoint } = sandbox.counts();
      if (process.env.RUNBACK_BENCH_ENDPOINTS) console.log(args.slice(0, 2).join(' '), byEndpoint);
      return { data, requests, limited };
    };
    const base = await counted('snapshot', 'create', '--platform', 'mail');
    const sync = sandbox.writeAs({ kind: 'integration', id: 'sync' });
    // Among all of them, so that no list may be left off early.
    for (const key of keys.filter((_, n) => n % COUNT_OF < DAMAGED_OF)) sync.update(MEMBERS, key, { FNAME: 'Valued Customer' });
    ahead += 20_000;
    const damaged = await counted('snapshot', 'create', '--platform', 'mail');
    const between = ['--base', base.data.id, '--damaged', damaged.data.id, '--unattributed', 'include'];
    const planned = await counted('restore', 'plan', '--platform', 'mail', ...between);
    const applied = await counted('restore', 'apply', planned.data.id, '--confirm', `sandbox:${DAMAGED}`);
    const verified = await counted('restore', 'verify', planned.data.id);
    // Each command asks whose account it is; what is read by name also for the audiences, and the merge fields and groups of this one.
    const [opening, named] = [1, 4];
    // A restore looks before each write, and its first batch of ten, read one by one, is one of its own; what it wrote is in the answer.
    const least = {
      snapshot: 2 * (named + pages(COUNT, PAGE)),
      plan: named + pages(COUNT, PAGE),
      restore: opening + 10 + 1 + pages(DAMAGED - 10, BATCH) * (pages(COUNT, PAGE) + 1),
      verification: opening + pages(COUNT, PAGE),
    };
    const made = {
      snapshot: base.requests + damaged.requests,
      plan: planned.requests,
      restore: applied.requests,
      verification: verified.requests,
    };
    const sum = (of) => Object.values(of).reduce((all, n) => all + n, 0);
    const limited = [base, damaged, planned, applied, verified].reduce((all, one) => all + one.limited, 0);
    const ratio = sum(made) / sum(least);
    const words = (of) =>
      Object.entries(of)
        .map(([name, n]) => `${name} ${n}`)
        .join(', ');
    return [
      {
        what: `requests of a Mailchimp snapshot, plan, restore and verification, ${COUNT.toLocaleString('en')} members, ${DAMAGED.toLocaleString('en')} damaged`,
        ours: `${sum(made)} (${words(made)}), ${limited} refused by limits`,
        against: `least possible ${sum(least)} (${words(least)})`,
        ratio: `${ratio.toFixed(2)} ×`,
        reach: `≤ ${REACH} ×`,
        verdict: ratio <= REACH && limited === 0 ? 'reached' : 'MISSED',
      },
    ];
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
