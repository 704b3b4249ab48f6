import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { integration, seedMessy, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { freshUrl } from '../store/postgres-support.js';
import { busyMs } from '../support/busy.js';
import { runCrashing } from '../support/crash.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { temporaryFolder } from '../support/store.js';
import { fullSweeps } from '../support/sweeps.js';
import { cleanEnv, type Finished, jsonLines, program, runback } from './support/child.js';

/** A user would lose: the work of a colleague, where that colleague's laptop is gone; or an hour, not knowing who has it. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '100' } });
});
afterAll(() => server.stop());

const data = ({ stdout }: Finished): Record<string, unknown> => jsonLines(stdout).at(-1)?.['data'] as Record<string, unknown>;

interface Laptop {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  go(...args: readonly string[]): Promise<Finished>;
  done(...args: readonly string[]): Promise<Record<string, unknown>>;
}

/** A folder of its own, with the files that a team shares. */
async function laptop(as: string, env: Readonly<Record<string, string>>, files: Readonly<Record<string, string>>): Promise<Laptop> {
  const dir = join(await temporaryFolder(), 'workspace');
  await mkdir(join(dir, 'runbooks'), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text, { mode: 0o600 });
  const all = { ...env, RUNBACK_AS: as };
  const go = async (...args: readonly string[]): Promise<Finished> => await runback([...args, '--no-input'], { cwd: dir, env: all });
  return {
    dir,
    env: all,
    go,
    done: async (...args) => {
      const ended = await go(...args, '--json');
      expect(ended, `${args.join(' ')}: ${ended.stdout}${ended.stderr}`).toMatchObject({ code: 0 });
      return data(ended);
    },
  };
}

/** Two seconds, and what a busy machine adds to them: whoever looked once a minute would be far beyond it. */
const SEEN_MS = 2000 + busyMs(20_000);

test('two terminals on one incident: one acknowledges, and the other sees it within two seconds', async () => {
  const env = { RUNBACK_STORE_URL: freshUrl(server, await server.createDatabase()) };
  const files = { 'runback.yml': 'version: 1\nstore: env:RUNBACK_STORE_URL\nplatforms: {}\n' };
  const [maya, lee] = [await laptop('maya', env, files), await laptop('lee', env, files)];
  const opened = await maya.done('incident', 'open', 'Wrong job titles', '--severity', 'sev3');
  const id = String(opened['id']);
  const watching = spawn(process.execPath, [program, 'incident', 'show', id, '--follow', '--no-input'], { cwd: lee.dir, env: cleanEnv(lee.env) });
  onTestFinished(() => void watching.kill('SIGKILL'));
  let said = '';
  const seen = async (text: string): Promise<number> => {
    while (!said.includes(text)) await new Promise((resolve) => setTimeout(resolve, 10));
    return performance.now();
  };
  watching.stdout.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  watching.stderr.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
  await seen('Timeline');
  const acknowledged = seen('maya: Acknowledged');
  expect(await maya.go('incident', 'ack', id)).toMatchObject({ code: 0 });
  const ended = performance.now();
  const afterMs = (await acknowledged) - ended;
  expect(afterMs, said).toBeLessThan(SEEN_MS);
  const closed = new Promise((resolve) => watching.once('close', resolve));
  watching.kill('SIGINT');
  await closed;
  expect(watching.exitCode, said).toBe(0);
  process.stdout.write(`seen ${String(Math.round(afterMs))} ms after the acknowledging command had ended\n`);
});

const RUNBOOK = `version: 1
id: by-hand
title: Check by hand
severities: [sev3]
symptoms: [A value looks wrong]
inputs: {}
steps:
  - id: look
    title: Look at ten records
    manual: Open ten records and look at them.
  - id: tell
    title: Tell the team
    manual: Say what you found.
`;

test('a run that began on one laptop is continued on another, and the other sees who works on it', async () => {
  const env = { RUNBACK_STORE_URL: freshUrl(server, await server.createDatabase()) };
  const files = {
    'runback.yml': 'version: 1\nstore: env:RUNBACK_STORE_URL\nplatforms: {}\n',
    'runbooks/by-hand.yml': RUNBOOK,
    'answers.yml': 'look: done\ntell: done\n',
  };
  const [maya, lee] = [await laptop('maya', env, files), await laptop('lee', env, files)];
  const waiting = await maya.go('runbook', 'run', 'by-hand', '--incident', 'none');
  expect(waiting, waiting.stderr).toMatchObject({ code: 5 });
  const open = await lee.done('status');
  expect(open['runs']).toMatchObject([{ by: 'maya', state: 'waiting' }]);
  expect(open['atWork']).toEqual([]);
  const continued = await lee.go('runbook', 'resume', 'latest', '--answers', 'answers.yml');
  expect(continued, continued.stderr).toMatchObject({ code: 0 });
  expect((await maya.done('status'))['runs']).toEqual([]);
  expect((await maya.done('runbook', 'runs'))['runs']).toMatchObject([{ state: 'succeeded', by: 'lee' }]);
});

test('one laptop is gone in the middle of a restore: the other takes over, ends it, and the records are what they were', async () => {
  const sandbox = await startHubSpotSandbox({ seed: 7, limits: { per10s: 100_000, searchPerSecond: 10_000 } });
  onTestFinished(async () => await sandbox.stop());
  const { contacts } = seedMessy(sandbox, { contacts: 24, companies: 0, deals: 0, seed: 7 });
  const truth = (): string =>
    JSON.stringify(
      sandbox
        .records('contacts')
        .filter(({ archived }) => !archived)
        .map(({ id, properties }) => [id, properties['jobtitle'], properties['email']]),
    );
  const good = truth();
  const env = { RUNBACK_STORE_URL: freshUrl(server, await server.createDatabase()) };
  const backups = await temporaryFolder();
  const files = {
    token: sandbox.token,
    'runback.yml': `version: 1
store: env:RUNBACK_STORE_URL
platforms:
  hubspot:
    { connector: hubspot, environment: sandbox, url: "${sandbox.url}", credentials: { token: "file:token" }, objects: [contacts], limits: { requests_per_10s: 100000 } }
backups: { storage: "${backups}" }
`,
  };
  const [maya, lee] = [await laptop('maya', env, files), await laptop('lee', env, files)];
  const base = String((await maya.done('snapshot', 'create', '--platform', 'hubspot'))['id']);
  const feed = sandbox.writeAs(integration('48621', 'Feed'));
  const damage = (): void => {
    for (const id of contacts.slice(0, 12)) feed.update('contacts', id, { jobtitle: 'Valued Customer' });
  };
  damage();
  const dump = sandbox.dump();
  const planned = async (): Promise<readonly string[]> => {
    const plan = await maya.done('restore', 'plan', '--platform', 'hubspot', '--base', base, '--unattributed', 'include');
    return ['restore', 'apply', String(plan['id']), '--confirm', `sandbox:${String((plan['counts'] as { records: number }).records)}`];
  };
  const applying = async (point?: Parameters<typeof runCrashing>[1]) =>
    await runCrashing({ args: [program, ...(await planned()), '--no-input'], cwd: maya.dir, env: maya.env, which: ['http', 'pg'] }, point);
  const undisturbed = await applying();
  expect(undisturbed, undisturbed.stderr).toMatchObject({ code: 0 });
  expect(truth()).toBe(good);
  const writes = undisturbed.operations.filter(({ kind, target }) => kind === 'http' && /batch\/update/u.test(target));
  const points = (fullSweeps ? (['before', 'half', 'after'] as const) : (['half'] as const)).flatMap((when) =>
    (fullSweeps ? writes : writes.slice(-1)).map(({ label }) => ({ label, when })),
  );
  for (const point of points) {
    sandbox.load(dump);
    const killed = await applying(point);
    expect(killed.killed, `${point.when} ${point.label}: ${killed.stderr}`).toBe(true);
    const status = await lee.go('status');
    const next = /runback restore resume (\S+)/u.exec(`${status.stdout}${status.stderr}`)?.[1] ?? '';
    const taken = await lee.go('restore', 'resume', next);
    expect(taken, `${status.stdout}\n${taken.stdout}${taken.stderr}`).toMatchObject({ code: 0 });
    expect(truth(), `${point.when} ${point.label}`).toBe(good);
    expect(Object.values(sandbox.counts().writesPerRecord).reduce((sum, n) => sum + n, 0)).toBeGreaterThan(0);
  }
  process.stdout.write(`${String(points.length)} kills in apply on one laptop, each ended from another one with the truth as it was\n`);
});

test('while the database is away, the runbooks and the policy can be read, and the one thing to do by hand is said', async () => {
  const files = {
    'runback.yml': 'version: 1\nstore: env:RUNBACK_STORE_URL\nplatforms: {}\n',
    'runbooks/by-hand.yml': RUNBOOK,
  };
  const lee = await laptop('lee', { RUNBACK_STORE_URL: 'postgres://lee@127.0.0.1:1/state' }, files);
  expect((await lee.go('runbook', 'show', 'by-hand')).stdout).toContain('Look at ten records');
  expect((await lee.go('runbook', 'render', 'by-hand')).stdout).toContain('Open ten records and look at them.');
  expect(await lee.go('runbook', 'lint')).toMatchObject({ code: 0 });
  for (const words of [
    ['incident', 'list'],
    ['runbook', 'run', 'by-hand', '--incident', 'none'],
  ]) {
    const ended = await lee.go(...words);
    expect(ended, words.join(' ')).toMatchObject({ code: 3, stderr: expect.stringContaining('The database of the state does not answer') as string });
    expect(ended.stderr.replaceAll(/\s+/gu, ' '), words.join(' ')).toContain('runback runbook render');
  }
});
