// The stories `checks` and `monitors` of upgrade-workspace.mjs, of two accounts with a mapping between them.
//   checks    an accepted mapping, two reconciliations, a plan of the second whose restore was killed half-way, and a test that was killed when
//             its records had reached the platform and the answer had not come back
//   monitors  hours of a series, an open incident of a monitor with its alert, what could not be measured, and two silences, one of them ended
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const PEOPLE = 12;
const DAMAGED = 6;

const config = (urls) => `version: 1
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
    limits: { requests_per_10s: 1000, monitor_calls_per_day: 200 }
    options: { search_lag: 0s, settle: 0s }
`,
  )
  .join('')}restores: { canary: 3 }
backups:
  storage: backups
  jobs:
    nightly: { platforms: [hubspot], watch: "off" }
monitors:
  people: { count: hubspot/contacts created }
  same: { differences: people, above: 0 }
  fields: { schema: hubspot/contacts }
  quota: { forecast: hubspot.daily }
  errors: { ratio: errors/calls, above: 5% }
  young: { backup: nightly, above: 26h }
alerts: { group_by: [platform], hold: 6h }
`;
const MAPPING = `version: 1
id: people
title: People of both accounts
between: { crm: hubspot/contacts, shop: store/contacts }
match: [{ crm: email, shop: email, as: email }]
settle: 1s
creates: [shop]
fields:
  - { crm: email, shop: email, authority: crm, as: email }
  - { crm: lastname, shop: lastname, authority: crm }
  - { crm: city, shop: city, authority: crm }
`;
const TEST = `version: 1
id: lifecycle
title: A contact reaches the shop
mapping: people
records: { count: 3 }
steps:
  - { create: crm, within: 5s, settle: 100ms }
`;

/** Plays both with the tools of upgrade-workspace.mjs. */
export async function checksStories({ to, stories, ...tools }) {
  if (stories.includes('checks')) await story('checks', { ...tools, to }, playChecks);
  if (stories.includes('monitors')) await story('monitors', { ...tools, to }, playMonitors);
}

async function story(name, { to, sandbox: own, gate, finish, ports, token, ...tools }, play) {
  const dir = `/tmp/runback-upgrade/${name}`;
  for (const folder of ['mappings', 'tests', 'backups']) mkdirSync(join(dir, folder), { recursive: true, mode: 0o700 });
  const accounts = await Promise.all([62515, 62516].map((portalId) => own.startHubSpotSandbox({ seed: 3, token, portalId })));
  const fronts = await Promise.all(accounts.map((account, n) => gate(account.url, ports[n])));
  try {
    const contacts = accounts.map((account) =>
      Array.from({ length: PEOPLE }, (_, n) =>
        account.writeAs(own.person(7)).create('contacts', { email: `p${n}@example.com`, lastname: `Last ${n}`, city: `City ${n}` }),
      ),
    );
    writeFileSync(join(dir, 'token'), token, { mode: 0o600 });
    const urls = fronts.map(({ url }) => url);
    writeFileSync(join(dir, 'runback.yml'), config(urls));
    writeFileSync(join(dir, 'mappings/people.yml'), MAPPING);
    writeFileSync(join(dir, 'tests/lifecycle.yml'), TEST);
    const cities = () =>
      accounts.map((account) =>
        Object.fromEntries(account.records('contacts').flatMap(({ id, archived, properties }) => (archived ? [] : [[id, properties.city ?? '']]))),
      );
    const left = await play({ dir, accounts, fronts, contacts, own, cities, ...tools });
    const folder = join(to, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    cpSync(dir, join(folder, 'workspace'), { recursive: true });
    cpSync(join(dir, '.runback'), join(folder, 'workspace/state'), { recursive: true });
    for (const gone of ['.runback', 'state/logs']) rmSync(join(folder, 'workspace', gone), { recursive: true, force: true });
    for (const [n, account] of accounts.entries())
      writeFileSync(join(folder, n === 0 ? 'dump.json.gz' : 'dump-2.json.gz'), gzipSync(JSON.stringify(account.dump()), { level: 9 }));
    const facts = { token, portalId: 62515, port: ports[0], second: { portalId: 62516, port: ports[1] }, ...left };
    writeFileSync(join(folder, 'story.json'), `${JSON.stringify(facts, null, 1)}\n`);
    finish(folder, [
      [urls[0], '__URL__'],
      [urls[1], '__URL2__'],
    ]);
  } finally {
    for (const front of fronts) front.stop();
    for (const account of accounts) await account.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Runs a command that is ended at its n-th request of a kind, before or after that was carried out. */
async function killedAt({ front, dir, runback, path, n, when }, args) {
  let child;
  let seen = 0;
  front.hold = (request) => (request.url.endsWith(path) && (seen += 1) === n ? when : undefined);
  front.held = () => child.kill('SIGKILL');
  const result = await runback(dir, args, (one) => (child = one));
  front.hold = () => undefined;
  if (result.signal !== 'SIGKILL') throw new Error(`${args.join(' ')} was not killed: ${result.code}\n${result.out}${result.err}`);
}

/** Ends with one of these codes. */
async function ends(runback, dir, codes, ...args) {
  const { code, data, out, err } = await runback(dir, args);
  if (!codes.includes(code)) throw new Error(`runback ${args.join(' ')} ended with ${code}\n${out}${err}`);
  return data;
}

async function damage({ accounts, contacts, own }) {
  const write = accounts[1].writeAs(own.integration('4471120', 'MarketSync'));
  for (const id of contacts[1].slice(0, DAMAGED)) write.apply({ action: 'update', object: 'contacts', id, properties: { city: 'Nowhere' } });
}

async function playChecks({ dir, fronts, cities, runback, must, ...rest }) {
  await must(dir, 'mapping', 'accept');
  await must(dir, 'reconcile', 'run', 'people');
  const good = cities();
  await damage(rest);
  const damaged = cities();
  await ends(runback, dir, [2], 'reconcile', 'run', 'people');
  const { plans } = await must(dir, 'reconcile', 'plan', 'people');
  const [plan] = plans;
  const at = { dir, runback };
  const apply = ['restore', 'apply', plan.id, '--confirm', `sandbox:${plan.counts.records}`];
  await killedAt({ ...at, front: fronts[1], path: '/contacts/batch/update', n: 2, when: 'before' }, apply);
  await killedAt({ ...at, front: fronts[0], path: '/contacts/batch/create', n: 1, when: 'after' }, ['test', 'run', 'lifecycle']);
  return { plan: plan.id, cities: { good, damaged, left: cities() } };
}

async function playMonitors({ dir, runback, must, accounts, contacts, own, later }) {
  await must(dir, 'mapping', 'accept');
  await damage({ accounts, contacts, own });
  await ends(runback, dir, [2], 'reconcile', 'run', 'people');
  await must(dir, 'backup', 'run', 'nightly');
  // Some hours of them, as the clock of this machine was then; the last rounds find what is wrong.
  for (const hours of [5, 4, 3, 2, 1, 0]) await later(-hours, async (run) => await ends(run, dir, [0, 2], 'monitor', 'run', '--once', '--all'));
  const silence = await must(dir, 'monitor', 'silence', 'people', '--until', '2030-01-01T00:00Z', '--reason', 'planned import');
  const ended = await must(dir, 'monitor', 'silence', '--platform', 'store', '--until', '2030-01-01T00:00Z', '--reason', 'maintenance');
  await must(dir, 'monitor', 'silence', '--end', ended.id);
  const { incidents, alerts } = await ends(runback, dir, [0, 2], 'monitor', 'status');
  return { silence: silence.id, ended: ended.id, incidents, alerts: alerts.map(({ group, number }) => ({ group, number })) };
}
