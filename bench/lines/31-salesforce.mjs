import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startSalesforceSandbox } from '../../dist/sandbox/index.js';
import { runback } from '../support.mjs';

const CONTACTS = 5000;
const DAMAGED = 2000;
const REACH = 1.02;
/** Records of a page, of a read by ids, and of a write, as the vendor has them; histories of so many records in a request. */
const [PAGE, BY_IDS, WRITE] = [2000, 2000, 200];

const pages = (records, size) => Math.ceil(records / size);

/** Requests of a snapshot, a plan, a restore and its verification on Salesforce against the least possible. */
export async function measure() {
  let ahead = -60_000;
  const clock = { now: () => new Date(Date.now() + ahead), monotonicMs: () => performance.now() };
  const sandbox = await startSalesforceSandbox({ clock, limits: { perDay: 100_000 } });
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  try {
    const person = sandbox.writeAs({ kind: 'person', id: '7' });
    const keys = Array.from({ length: CONTACTS }, (_, n) =>
      person.create('Contact', { LastName: `Last ${n}`, Email: `p${n}@example.com`, Title: 'Head' }),
    );
    await writeFile(join(folder, 'id'), sandbox.connectedApp.clientId, { mode: 0o600 });
    await writeFile(join(folder, 'secret'), sandbox.connectedApp.clientSecret, { mode: 0o600 });
    await writeFile(
      join(folder, 'runback.yml'),
      `version: 1\nplatforms:\n  crm:\n    connector: salesforce\n    environment: sandbox\n    account: ${sandbox.account}\n    url: ${sandbox.url}\n    credentials: { client_id: file:id, client_secret: file:secret }\n    objects: [Contact]\n    limits: { requests_per_10s: 1000 }\nrestores: { limits: { percent: 100 } }\n`,
    );
    ahead += 20_000;
    const counted = async (...args) => {
      sandbox.resetCounts();
      const { data } = await runback(folder, args, { expect: [0, 2] });
      const { requests, limited } = sandbox.counts();
      return { data, requests, limited };
    };
    const base = await counted('snapshot', 'create', '--platform', 'crm');
    const sync = sandbox.writeAs({ kind: 'integration', id: 'sync' });
    for (const key of keys.slice(0, DAMAGED)) sync.update('Contact', key, { Title: 'Valued Customer' });
    ahead += 20_000;
    const damaged = await counted('snapshot', 'create', '--platform', 'crm');
    const planned = await counted(
      'restore',
      'plan',
      '--platform',
      'crm',
      '--base',
      base.data.id,
      '--damaged',
      damaged.data.id,
      '--unattributed',
      'include',
    );
    const applied = await counted('restore', 'apply', planned.data.id, '--confirm', `sandbox:${DAMAGED}`);
    const verified = await counted('restore', 'verify', planned.data.id);
    // Each command needs a token, whether this is production (Organization), which user it is (to tell its own writes from others'), and
    // the fields of the object type; what is planned or snapshotted by name, the list of object types too. A restore looks before and
    // after each write, and its first batch of ten is one of its own.
    const [opening, named] = [4, 5];
    const least = {
      snapshot: 2 * (named + pages(CONTACTS, PAGE)),
      plan: named + pages(DAMAGED, BY_IDS),
      restore: opening + 3 + 3 * pages(DAMAGED - 10, WRITE),
      verification: opening + pages(DAMAGED, BY_IDS),
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
    return [
      {
        what: `requests of a Salesforce snapshot, plan, restore and verification, ${CONTACTS.toLocaleString('en')} contacts, ${DAMAGED.toLocaleString('en')} damaged`,
        ours: `${sum(made)} (${Object.entries(made)
          .map(([name, n]) => `${name} ${n}`)
          .join(', ')}), ${limited} refused by limits`,
        against: `least possible ${sum(least)} (${Object.entries(least)
          .map(([name, n]) => `${name} ${n}`)
          .join(', ')})`,
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
