// The story `backups` of upgrade-workspace.mjs: a chain of increments of which a record was forgotten, a snapshot of two accounts, an imported
// and an encrypted one, all of them in a copy too; and a set of plans whose second side was killed half-way.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const config = (urls, encryption) => `version: 1
platforms:
${['hubspot', 'store']
  .map(
    (name, n) => `  ${name}:
    connector: hubspot
    environment: sandbox
    account: "${62515 + n}"
    url: ${urls[n]}
    credentials: { token: file:token }
    objects: [contacts]
    limits: { requests_per_10s: 1000 }
    options: { search_lag: 0s }
`,
  )
  .join('')}restores: { canary: 3 }
syncs:
  market-sync:
    title: Marketing sync
    controller: command
    writes_to: [hubspot, store]
    writes_as: ["INTEGRATION:4471120"]
    status: { run: [node, sync.mjs, status], paused: "exit == 3" }
    pause: { run: [node, sync.mjs, pause] }
    resume: { run: [node, sync.mjs, resume] }
    carries:
      - between: { crm: hubspot/contacts, shop: store/contacts }
        match: [{ crm: email, shop: email, as: email }]
        fields: [{ crm: city, shop: city, authority: crm }]
backups:
  storage: backups
  copies: { disk: { storage: copies } }
${encryption}  jobs:
    nightly: { platforms: [hubspot], incremental: true, watch: "off" }
    both: { platforms: [hubspot, store], syncs: watch, watch: "off" }
`;

/** Plays it with the tools of upgrade-workspace.mjs. */
export async function backupsStory({ to, newKeyPair, sandbox: own, gate, must, killed, finish, ports, token, sync }) {
  const dir = '/tmp/runback-upgrade/backups';
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // What is seeded is older than the first snapshot, by the clock of HubSpot too.
  const clock = { aheadMs: -10_000, now: () => new Date(Date.now() + clock.aheadMs), monotonicMs: () => performance.now(), sleep: async () => {} };
  const accounts = await Promise.all([62515, 62516].map((portalId) => own.startHubSpotSandbox({ seed: 3, token, portalId, clock })));
  const fronts = await Promise.all(accounts.map((account, n) => gate(account.url, ports[n])));
  try {
    const [contacts] = accounts.map((account) => own.seedMessy(account, { contacts: 14, companies: 0, deals: 0, seed: 3 }).contacts);
    const write = (account, id, properties, who = own.person(7)) =>
      account.writeAs(who).apply({ action: 'update', object: 'contacts', id, properties });
    for (const account of accounts) for (const [n, id] of contacts.entries()) write(account, id, { email: `p${n}@example.com`, city: `City ${n}` });
    clock.aheadMs = 0;
    writeFileSync(join(dir, 'token'), token, { mode: 0o600 });
    writeFileSync(join(dir, 'sync.mjs'), sync);
    const configure = (encryption = '') =>
      writeFileSync(
        join(dir, 'runback.yml'),
        config(
          fronts.map(({ url }) => url),
          encryption,
        ),
      );
    configure();
    const run = async (job) => (await must(dir, 'backup', 'run', job)).jobs[0].snapshot.id;
    const chain = [await run('nightly')];
    for (const [n, id] of contacts.slice(0, 2).entries()) {
      write(accounts[0], id, { jobtitle: `Changed ${n}` });
      chain.push(await run('nightly'));
    }
    const forgotten = contacts[12];
    await must(dir, 'forget', '--platform', 'hubspot', '--object', 'contacts', '--key', forgotten, '--confirm', 'forget:1', '--reason', 'request 17');
    accounts[0].writeAs(own.person(7)).apply({ action: 'archive', object: 'contacts', id: forgotten });
    writeFileSync(
      join(dir, 'all.csv'),
      `Record ID,City\n${contacts
        .slice(0, 5)
        .map((id, n) => `${id},City ${n}`)
        .join('\n')}\n`,
    );
    const imported = (await must(dir, 'snapshot', 'import', 'all.csv', '--platform', 'hubspot', '--object', 'contacts', '--taken-at', '1h')).snapshot
      .id;
    const both = await run('both');
    const { identity, recipient } = await newKeyPair();
    writeFileSync(join(dir, 'backup.key'), `# Of this kept workspace, and of nothing else.\n${identity}\n`, { mode: 0o600 });
    configure(`  encrypt: { to: [${recipient}] }\n  identity: file:backup.key\n`);
    const encrypted = await run('nightly');
    for (const id of [...chain, both, encrypted]) await must(dir, 'snapshot', 'verify', id);
    const cities = () =>
      accounts.map((account) =>
        Object.fromEntries(account.records('contacts').flatMap(({ id, archived, properties }) => (archived ? [] : [[id, properties.city ?? '']]))),
      );
    const good = cities();
    for (const account of accounts)
      for (const id of contacts.slice(0, 6)) write(account, id, { city: 'Nowhere' }, own.integration('4471120', 'MarketSync'));
    const damaged = cities();
    const set = await must(dir, 'restore', 'plan', '--set', both);
    await killed(fronts[1], dir, 'before', ['restore', 'apply', set.id, '--confirm', set.confirm]);
    const folder = join(to, 'backups');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    cpSync(dir, join(folder, 'workspace'), { recursive: true });
    cpSync(join(dir, '.runback'), join(folder, 'workspace/state'), { recursive: true });
    for (const gone of ['.runback', 'state/logs']) rmSync(join(folder, 'workspace', gone), { recursive: true, force: true });
    for (const [n, account] of accounts.entries())
      writeFileSync(join(folder, n === 0 ? 'dump.json.gz' : 'dump-2.json.gz'), gzipSync(JSON.stringify(account.dump()), { level: 9 }));
    const story = {
      token,
      portalId: 62515,
      port: ports[0],
      second: { portalId: 62516, port: ports[1] },
      chain,
      both,
      imported,
      encrypted,
      forgotten,
      set: set.id,
      cities: { good, damaged },
    };
    writeFileSync(join(folder, 'story.json'), `${JSON.stringify(story, null, 1)}\n`);
    finish(folder, [
      [fronts[0].url, '__URL__'],
      [fronts[1].url, '__URL2__'],
    ]);
  } finally {
    for (const front of fronts) front.stop();
    for (const account of accounts) await account.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
