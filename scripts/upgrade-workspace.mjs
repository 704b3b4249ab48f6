// Makes the workspaces that test/upgrade keeps of a version: what people have open on the day they update. Runs that version's own build.
//   node scripts/upgrade-workspace.mjs --build <checkout with dist/> --to test/upgrade/<name> [--story <name> …] [--database]
// Stories against its HubSpot sandbox, each with a process that is ended by kill -9; the first two with an open incident:
//   run      a runbook whose restore was killed when its second batch had reached the platform and its answer had not come back
//   restore  a restore killed before its second batch reached the platform
//   found    an investigation, a plan of its group and one from history, and a restore of the first killed before its second batch
//   checks, monitors  see upgrade-checks.mjs
//   backups  what backup jobs leave (upgrade-backups.mjs), and a set of plans for two accounts killed in the middle of its second side
// Kept are the workspace (its state folder as `state`), each account as it stood (dump.json.gz), and the truth (story.json). `--database`: the
// state of the first three stories is in a PostgreSQL database, of which state.sql.gz is kept.
// Nothing of this machine stays in it: the address in runback.yml, and what locks say of the machine, are placeholders, which the test fills in.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';

import { startPostgres } from '../bench/support.mjs';
import { backupsStory } from './upgrade-backups.mjs';
import { checksStories } from './upgrade-checks.mjs';

const { values } = parseArgs({
  options: {
    build: { type: 'string' },
    to: { type: 'string' },
    story: { type: 'string', multiple: true },
    database: { type: 'boolean', default: false },
  },
});
if (values.build === undefined || values.to === undefined) throw new Error('usage: --build <checkout with dist/> --to test/upgrade/<name>');
const build = resolve(values.build);
const to = resolve(values.to);
const { startHubSpotSandbox, seedMessy, integration, person } = await import(join(build, 'dist/sandbox/index.js'));
/** Those that are played: all, or those that were named. */
const isWanted = (name) => values.story === undefined || values.story.includes(name);
const TOKEN = 'pat-na1-upgrade-0000';
const DAMAGED = 16;
/**
 * Plans are bound to the address they were made at: the test puts its sandbox there. Below the numbers that systems
 * give away by themselves.
 */
const PORT = 27_315;

const SYNC = `import { existsSync, rmSync, writeFileSync } from 'node:fs';
const [, , what] = process.argv;
if (what === 'pause') writeFileSync('paused', '');
else if (what === 'resume') rmSync('paused');
else process.exit(existsSync('paused') ? 3 : 0);
`;
const CONFIG = `version: 1
platforms:
  hubspot:
    connector: hubspot
    environment: sandbox
    account: "62515"
    url: __URL__
    credentials: { token: file:token }
    objects: [contacts, companies]
    limits: { requests_per_10s: 1000 }
    options: { search_lag: 0s }
restores: { canary: 3 }
syncs:
  market-sync:
    title: Marketing sync
    controller: command
    writes_to: [hubspot]
    writes_as: ["INTEGRATION:4471120"]
    status: { run: [node, sync.mjs, status], paused: "exit == 3" }
    pause: { run: [node, sync.mjs, pause] }
    resume: { run: [node, sync.mjs, resume] }
backups: { storage: backups }
`;
const RUNBOOK = `version: 1
id: small
title: Undo wrong job titles
symptoms: [One job title appears on many records]
inputs:
  platform: { type: platform, prompt: Which platform holds the damaged records? }
  base: { type: snapshot, prompt: Which snapshot is good?, default: latest-verified }
steps:
  - { id: pause, title: Stop the syncs, action: syncs.pause, with: { writes_to: "\${{ inputs.platform }}" } }
  - { id: evidence, title: Keep the evidence, action: snapshot.create, with: { platforms: ["\${{ inputs.platform }}"] } }
  - id: plan
    title: Work out what was damaged
    action: restore.plan
    with: { platform: "\${{ inputs.platform }}", base: "\${{ inputs.base }}", damaged: "\${{ steps.evidence.snapshot }}", unattributed: unknown }
  - id: review
    title: Does this look like the damage?
    instructions: Look at ten changes.
    decide: { "yes": continue, no: stop }
  - id: apply
    title: Put the good values back
    action: restore.apply
    with: { platform: "\${{ inputs.platform }}", plan: "\${{ steps.plan.plan }}" }
  - { id: verify, title: Prove it, action: restore.verify, with: { plan: "\${{ steps.plan.plan }}" }, verify: steps.verify.remaining == 0 }
  - { id: told, title: Tell the team, manual: The team knows. }
  - { id: resume, title: Start the syncs again, action: syncs.resume, with: { paused_by: "\${{ steps.pause.id }}" } }
`;

async function bodyOf(message) {
  const chunks = [];
  for await (const chunk of message) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/**
 * A server in front of the sandbox that can hold a request up: `hold(request)` says `before` or `after` it was carried
 * out.
 */
async function gate(target, port = PORT) {
  const own = { hold: () => undefined, held: () => {} };
  const server = http.createServer((request, response) => void pass(request, response));
  const pass = async (request, response) => {
    const sent = await bodyOf(request);
    const when = own.hold(request);
    if (when === 'before') return own.held();
    const headers = { ...request.headers, host: new URL(target).host };
    const answer = await new Promise((done, fail) =>
      http
        .request(target + request.url, { method: request.method, headers }, done)
        .on('error', fail)
        .end(sent),
    );
    const body = await bodyOf(answer);
    if (when === 'after') return own.held();
    response.writeHead(answer.statusCode, answer.headers);
    return response.end(body);
  };
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  own.url = `http://127.0.0.1:${port}`;
  own.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return own;
}

/** Runs a command of that version; `doomed`: gives the process to be killed. */
function runback(dir, args, doomed, { env = {}, before = [] } = {}) {
  const child = spawn(process.execPath, [...before, join(build, 'dist/main.js'), ...args, '--json', '--no-input', '--as', 'maya'], {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir, TZ: 'UTC', LANG: 'C.UTF-8', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  doomed?.(child);
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (err += text));
  return new Promise((done) =>
    child.on('close', (code, signal) => {
      const last = out.trim().split('\n').at(-1) ?? '';
      done({ code, signal, out, err, data: last.startsWith('{') ? JSON.parse(last).data : undefined });
    }),
  );
}

async function must(dir, ...args) {
  const result = await runback(dir, args);
  if (result.code !== 0) throw new Error(`runback ${args.join(' ')} ended with ${result.code}\n${result.out}${result.err}`);
  return result.data;
}

/** Commands by a clock that is some hours off. */
async function atAnotherTime(hours, play) {
  const env = { RUNBACK_TEST_CLOCK_MS: String(hours * 3_600_000) };
  const before = ['--require', resolve(import.meta.dirname, '../test/support/clock-preload.cjs')];
  return await play(async (dir, args, doomed) => await runback(dir, args, doomed, { env, before }));
}

/** Runs a command whose second write to contacts is held up, and ends it there. */
async function killed(front, dir, when, args) {
  let child;
  let writes = 0;
  front.hold = (request) => (request.url.endsWith('/contacts/batch/update') && (writes += 1) === 2 ? when : undefined);
  front.held = () => child.kill('SIGKILL');
  const result = await runback(dir, args, (one) => (child = one));
  front.hold = () => undefined;
  if (result.signal !== 'SIGKILL') throw new Error(`${args.join(' ')} was not killed: ${result.code}\n${result.out}${result.err}`);
}

async function story(name, play) {
  if (!isWanted(name)) return;
  // A run remembers where its runbook stood: a place that tells nothing of the machine.
  const dir = `/tmp/runback-upgrade/${name}`;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const sandbox = await startHubSpotSandbox({ seed: 3, token: TOKEN, portalId: 62515 });
  const front = await gate(sandbox.url);
  const server = values.database ? await startPostgres() : undefined;
  if (server?.missing !== undefined) throw new Error(server.missing);
  try {
    const { contacts } = seedMessy(sandbox, { contacts: 20, companies: 4, deals: 0, seed: 3 });
    for (const folder of ['runbooks', 'backups']) mkdirSync(join(dir, folder));
    writeFileSync(join(dir, 'token'), TOKEN, { mode: 0o600 });
    if (server !== undefined) writeFileSync(join(dir, 'address'), `${server.url}?schema=runback`, { mode: 0o600 });
    writeFileSync(join(dir, 'runback.yml'), `${CONFIG.replace('__URL__', front.url)}${server === undefined ? '' : 'store: file:address\n'}`);
    writeFileSync(join(dir, 'sync.mjs'), SYNC);
    writeFileSync(join(dir, 'runbooks/small.yml'), RUNBOOK);
    const titles = () => Object.fromEntries(sandbox.records('contacts').map(({ id, properties }) => [id, properties.jobtitle ?? '']));
    const base = await must(dir, 'snapshot', 'create', '--platform', 'hubspot', '--note', 'before');
    await must(dir, 'snapshot', 'verify', base.id);
    const before = titles();
    const sync = sandbox.writeAs(integration('4471120', 'MarketSync'));
    const damaged = contacts.slice(0, DAMAGED);
    for (const id of damaged) sync.apply({ action: 'update', object: 'contacts', id, properties: { jobtitle: 'Intern' } });
    const incident = await must(
      dir,
      'incident',
      'open',
      '--title',
      'Wrong job titles',
      '--severity',
      'sev2',
      '--platform',
      'hubspot',
      '--began',
      '-10m',
    );
    // A colleague mends one of the damaged records by hand: that edit stays, whatever comes.
    const edited = damaged[5];
    const edit = () =>
      sandbox.writeAs(person(7)).apply({ action: 'update', object: 'contacts', id: edited, properties: { jobtitle: 'Head of Data' } });
    /** Name of the only journal of a kind. */
    const only = async (kind) => {
      if (server === undefined) return readdirSync(join(dir, '.runback', kind))[0];
      return (await server.query(`SELECT id FROM runback.journal_head WHERE kind = '${kind}'`)).rows[0].id;
    };
    const left = await play({ dir, front, base, incident, edit, only });
    const truth = {
      restored: { ...before, [edited]: 'Head of Data' },
      untouched: { ...before, ...Object.fromEntries(damaged.map((id) => [id, 'Intern'])), [edited]: 'Head of Data' },
    };
    const folder = join(to, name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    cpSync(dir, join(folder, 'workspace'), { recursive: true });
    cpSync(join(dir, '.runback'), join(folder, 'workspace/state'), { recursive: true });
    for (const gone of ['.runback', 'state/logs']) rmSync(join(folder, 'workspace', gone), { recursive: true, force: true });
    writeFileSync(join(folder, 'dump.json.gz'), gzipSync(JSON.stringify(sandbox.dump()), { level: 9 }));
    writeFileSync(
      join(folder, 'story.json'),
      `${JSON.stringify({ token: TOKEN, portalId: 62515, port: PORT, base: base.id, incident: incident.id, ...left, truth }, null, 1)}\n`,
    );
    const urls = [[front.url, '__URL__']];
    if (server !== undefined) {
      rmSync(join(folder, 'workspace/state'), { recursive: true, force: true });
      keepDatabase(server.url, join(folder, 'state.sql.gz'), urls);
      urls.push([server.url, '__DATABASE__']);
    }
    finish(folder, urls);
  } finally {
    front.stop();
    await server?.stop();
    await sandbox.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Keeps the schema of a state as SQL that any client can run: what begins with a backslash is for psql alone. */
function keepDatabase(url, to, urls) {
  const dumped = execFileSync('pg_dump', ['--schema=runback', '--inserts', '--no-owner', '--no-privileges', url], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const text = withoutMachine(dumped.replaceAll(/^\\.*$/gmu, ''), urls);
  for (const word of machineWords()) if (text.includes(word)) throw new Error(`the state holds ${word}, which is of this machine`);
  writeFileSync(to, gzipSync(text, { level: 9 }));
}

/** Takes what is of this machine out of a workspace that is kept, and makes sure of it. */
function finish(folder, urls) {
  const workspace = join(folder, 'workspace');
  clean(workspace, urls);
  check(workspace, machineWords());
  console.log(`${size(folder)} bytes in ${folder}`);
}

/** What locks say of this machine, by placeholder. */
const ids = () => ({
  __BOOT__: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
  __MACHINE__: readFileSync('/etc/machine-id', 'utf8').trim(),
  __NAMESPACE__: readlinkSync('/proc/self/ns/pid'),
});
const files = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
const size = (folder) => files(folder).reduce((sum, path) => sum + statSync(path).size, 0);

/** Puts placeholders where a file says what is of this machine. Journals are chained by hash and must not need it. */
const withoutMachine = (text, urls) =>
  [...urls, [JSON.stringify(hostname()), '"__HOST__"'], ...Object.entries(ids()).map(([name, id]) => [id, name])].reduce(
    (all, [from, into]) => all.replaceAll(from, into),
    text,
  );
const machineWords = () => [build, JSON.stringify(hostname()), ...Object.values(ids())];

function clean(folder, urls) {
  for (const path of files(folder)) {
    if (path.endsWith('.zip') || path.endsWith('.ndjson')) continue;
    const text = readFileSync(path, 'utf8');
    const after = withoutMachine(text, urls);
    if (after !== text) writeFileSync(path, after);
  }
}

function check(folder, words) {
  for (const path of files(folder))
    for (const word of words) if (readFileSync(path).includes(word)) throw new Error(`${path} holds ${word}, which is of this machine`);
}

if (!existsSync(join(build, 'dist/main.js'))) throw new Error(`${build} is not built`);
await story('run', async ({ dir, front, incident, edit, only }) => {
  edit();
  const answers = JSON.stringify({ review: 'yes', apply: `sandbox:${DAMAGED - 1}`, told: 'done' });
  writeFileSync(join(dir, 'answers.yml'), answers);
  await killed(front, dir, 'after', ['runbook', 'run', 'small', '--input', 'platform=hubspot', '--answers', 'answers.yml']);
  const run = await only('runs');
  await must(dir, 'incident', 'link', incident.id, 'run', run);
  return { run };
});
await story('restore', async ({ dir, front, base, edit, only }) => {
  edit();
  const plan = await must(dir, 'restore', 'plan', '--platform', 'hubspot', '--base', base.id, '--unattributed', 'unknown');
  await killed(front, dir, 'before', ['restore', 'apply', plan.id, '--confirm', `sandbox:${plan.counts.records}`]);
  return { plan: plan.id, restore: await only('restores') };
});
// Earlier versions investigate nothing.
if (existsSync(join(build, 'dist/investigations')))
  await story('found', async ({ dir, front, base, edit, only }) => {
    edit();
    const damaged = await must(dir, 'snapshot', 'create', '--platform', 'hubspot', '--note', 'after');
    const between = ['--platform', 'hubspot', '--base', base.id, '--damaged', damaged.id];
    const { code, data: investigation, out } = await runback(dir, ['investigate', ...between, '--value', 'Intern']);
    if (code !== 2) throw new Error(`investigate ended with ${code}\n${out}`);
    const [n] = investigation.start.groups;
    const plan = await must(dir, 'restore', 'plan', '--investigation', investigation.id, '--group', String(n));
    const since = ['--since', base.finishedAt ?? base.startedAt];
    const history = await must(dir, 'restore', 'plan', '--platform', 'hubspot', '--from-history', ...since, '--suspect', 'INTEGRATION:4471120');
    await killed(front, dir, 'before', ['restore', 'apply', plan.id, '--confirm', `sandbox:${plan.counts.records}`]);
    const restore = await only('restores');
    return { investigation: investigation.id, group: n, plan: plan.id, history: history.id, restore };
  });
// Earlier versions have no backup jobs of this kind.
if (isWanted('backups') && existsSync(join(build, 'dist/backups/copies')))
  await backupsStory({
    to,
    newKeyPair: (await import(join(build, 'dist/snapshots/index.js'))).newKeyPair,
    sandbox: { startHubSpotSandbox, seedMessy, integration, person },
    gate,
    must,
    killed,
    finish,
    ports: [PORT, PORT + 1],
    token: TOKEN,
    sync: SYNC,
  });
// Earlier versions have neither tests over both sides of a mapping nor monitors.
if (existsSync(join(build, 'dist/monitors')))
  await checksStories({
    to,
    stories: ['checks', 'monitors'].filter(isWanted),
    sandbox: { startHubSpotSandbox, integration, person },
    gate,
    runback,
    must,
    later: atAnotherTime,
    finish,
    ports: [PORT, PORT + 1],
    token: TOKEN,
  });
