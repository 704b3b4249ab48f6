import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root, run, runback } from '../support.mjs';

const COUNT = 4900;
const DAMAGED = 1960;
const REACH = 1.02;
const WALL_REACH = 1.05;
/** Records of a page, of a read by ids and of a write, as the vendor has them. */
const SIZE = 50;
/** The vendor's limit is 60 in a minute; a tenth of the wait shows the same. */
const PER_10S = 40;

const pages = (records, size) => Math.ceil(records / size);
const sum = (of) => Object.values(of).reduce((all, n) => all + n, 0);
const words = (of) =>
  Object.entries(of)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ');

/**
 * Requests of a snapshot, a plan, a restore and its verification on a platform that only a file describes (the invented e-mail
 * platform of the tests) against the least possible; and the time of a restore and its verification under a limit.
 */
export async function measure() {
  const folder = await mkdtemp(join(tmpdir(), 'runback-bench-'));
  await run(process.execPath, [join(root, 'scripts/bundle.mjs'), '--to', folder, `mailer=${join(root, 'test/mailer/sandbox.ts')}`]);
  const { startMailerSandbox } = createRequire(import.meta.url)(join(folder, 'mailer.cjs'));
  let ahead = -60_000;
  const clock = { now: () => new Date(Date.now() + ahead), monotonicMs: () => performance.now() };
  const sandbox = await startMailerSandbox({ clock, perMinute: 1_000_000, perDay: 1_000_000 });
  try {
    const person = sandbox.writeAs({ kind: 'person', id: '7' });
    const keys = Array.from({ length: COUNT }, (_, n) =>
      person.create('subscribers', { email: `p${n}@example.com`, first_name: 'Ann', city: 'Bern' }),
    );
    await writeFile(join(folder, 'token'), sandbox.token, { mode: 0o600 });
    const description = await readFile(join(root, 'test/connectors/rest/postbird.yml'), 'utf8');
    await writeFile(
      join(folder, 'runback.yml'),
      `version: 1\nplatforms:\n  mail:\n    connector: rest\n    environment: sandbox\n    account: ${JSON.stringify(sandbox.account)}\n    url: ${sandbox.url}\n    credentials: { token: file:token }\n    options: { description: postbird.yml }\nrestores: { limits: { percent: 100 } }\n`,
    );
    const limited = async (per10s) =>
      await writeFile(join(folder, 'postbird.yml'), description.replace('requests: 60, per: 1m', `requests: ${per10s}, per: 10s`));
    await limited(10_000);
    ahead += 20_000;
    let refused = 0;
    const counted = async (...args) => {
      sandbox.resetCounts();
      const { data, seconds } = await runback(folder, args, { expect: [0, 2] });
      const { requests, limited: waits, byEndpoint } = sandbox.counts();
      refused += waits;
      if (process.env.RUNBACK_BENCH_ENDPOINTS) console.log(args.slice(0, 2).join(' '), byEndpoint);
      return { data, requests, seconds };
    };
    const base = await counted('snapshot', 'create', '--platform', 'mail');
    const sync = sandbox.writeAs({ kind: 'integration', id: 'sync' });
    for (const key of keys.slice(0, DAMAGED)) sync.update('subscribers', key, { first_name: 'Valued Customer' });
    ahead += 20_000;
    const damaged = await counted('snapshot', 'create', '--platform', 'mail');
    const between = ['--base', base.data.id, '--damaged', damaged.data.id, '--unattributed', 'include'];
    const plan = async () => await counted('restore', 'plan', '--platform', 'mail', ...between);
    const planned = await plan();
    const again = await plan();
    const confirmed = ['--confirm', `sandbox:${DAMAGED}`];
    const applied = await counted('restore', 'apply', planned.data.id, ...confirmed);
    const verified = await counted('restore', 'verify', planned.data.id);
    // Each command asks whose account it is. Pages overlap by one record: by offsets there is no other way to see that they moved. A restore
    // looks before each write, whose answer tells what was written; its first batch of ten is one of its own.
    const opening = 1;
    const least = {
      snapshot: 2 * (opening + pages(COUNT - 1, SIZE - 1)),
      plan: opening + pages(DAMAGED, SIZE),
      restore: opening + 2 + 2 * pages(DAMAGED - 10, SIZE),
      verification: opening + pages(DAMAGED, SIZE),
    };
    const made = { snapshot: base.requests + damaged.requests, plan: planned.requests, restore: applied.requests, verification: verified.requests };
    const ratio = sum(made) / sum(least);
    const rows = [
      {
        what: `requests of a snapshot, plan, restore and verification of a described platform, ${COUNT.toLocaleString('en')} records, ${DAMAGED.toLocaleString('en')} damaged`,
        ours: `${sum(made)} (${words(made)}), ${refused} refused by limits`,
        against: `least possible ${sum(least)} (${words(least)})`,
        ratio: `${ratio.toFixed(2)} ×`,
        reach: `≤ ${REACH} ×`,
        verdict: ratio <= REACH && refused === 0 ? 'reached' : 'MISSED',
      },
    ];
    // The same damage once more, under a limit.
    for (const key of keys.slice(0, DAMAGED)) sync.update('subscribers', key, { first_name: 'Valued Customer' });
    await limited(PER_10S);
    const slow = await counted('restore', 'apply', again.data.id, ...confirmed);
    const floor = (slow.requests / PER_10S) * 10;
    const wall = slow.seconds / floor;
    rows.push({
      what: `wall time of a restore of ${DAMAGED.toLocaleString('en')} records of a described platform under ${PER_10S} requests in 10 s`,
      ours: `${slow.seconds.toFixed(1)} s, ${refused} refused by limits`,
      against: `${slow.requests} calls ÷ limit ${floor.toFixed(1)} s`,
      ratio: `${wall.toFixed(2)} ×`,
      reach: `≤ ${WALL_REACH} ×`,
      verdict: wall <= WALL_REACH && refused === 0 ? 'reached' : 'MISSED',
    });
    return rows;
  } finally {
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
