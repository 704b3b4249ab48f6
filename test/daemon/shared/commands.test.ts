import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

import { Redactor, systemClock } from '../../../src/lib/index.js';
import { seedMessy, startHubSpotSandbox } from '../../../src/sandbox/index.js';
import { openStore } from '../../../src/store/index.js';
import { cleanEnv, jsonLines, program, runback } from '../../cli/support/child.js';
import { freshUrl } from '../../store/postgres-support.js';
import { startPostgres, type TestPostgres } from '../../support/postgres.js';
import { temporaryFolder } from '../../support/store.js';

/** A user would lose: a backup that two daemons each left to the other, or one that both took. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '100' } });
});
afterAll(() => server.stop());

it('two daemons of a shared state run side by side, and what is due is done by one of them, once', async () => {
  const sandbox = await startHubSpotSandbox({ seed: 3, limits: { per10s: 100_000, searchPerSecond: 10_000 } });
  onTestFinished(async () => await sandbox.stop());
  seedMessy(sandbox, { contacts: 5, companies: 0, deals: 0, seed: 3 });
  const dir = join(await temporaryFolder(), 'workspace');
  await mkdir(dir);
  await writeFile(join(dir, 'token'), sandbox.token, { mode: 0o600 });
  const jobs = ['a', 'b', 'c'];
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
store: env:RUNBACK_STORE_URL
platforms:
  hubspot: { connector: hubspot, environment: sandbox, url: "${sandbox.url}", credentials: { token: "file:token" }, objects: [contacts] }
backups:
  prune: { schedule: "0 2 * * *" }
  jobs:
${jobs.map((name) => `    ${name}: { platforms: [hubspot], schedule: "0 2 * * *", timezone: UTC, watch: "off" }`).join('\n')}
`,
  );
  const url = freshUrl(server, await server.createDatabase());
  const store = await openStore(url, { clock: systemClock, redactor: new Redactor() });
  onTestFinished(async () => await store.close());
  const ago = new Date(Date.now() - 2 * 86_400_000).toISOString();
  const state = (name: string) => store.document<Record<string, unknown>>('backup-jobs', name);
  for (const name of jobs) await state(name).update(() => ({ version: 1, firstSeen: ago, handled: ago, schedule: '0 2 * * * UTC' }));
  const pruning = store.document<Record<string, unknown>>('backup-prunings', 'snapshots');
  await pruning.update(() => ({ version: 1, firstSeen: ago, handled: ago, schedule: '0 2 * * * UTC' }));
  const env = { RUNBACK_STORE_URL: url, RUNBACK_AS: 'maya' };
  const said: string[] = [];
  const children = [1, 2].map((): ChildProcess => {
    const child = spawn(process.execPath, [program, 'daemon', '--port', '0', '--no-input'], { cwd: dir, env: cleanEnv(env) });
    onTestFinished(() => void child.kill('SIGKILL'));
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => void said.push(text));
    return child;
  });
  const isDone = async (): Promise<boolean> => {
    for (const name of jobs) if ((await state(name).read())?.['whole'] === undefined) return false;
    return (await pruning.read())?.['last'] !== undefined;
  };
  while (!(await isDone())) {
    expect(
      children.map(({ exitCode }) => exitCode),
      said.join(''),
    ).toEqual([null, null]);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  expect((await store.locks()).map(({ name }) => name).filter((name) => name.startsWith('daemon'))).toEqual(['daemon', 'daemon-2']);
  const status = await runback(['status', '--json', '--no-input'], { cwd: dir, env });
  expect(jsonLines(status.stdout).at(-1)?.['data']).toMatchObject({ daemon: { life: 'alive' } });
  await Promise.all(
    children.map(async (child) => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await closed;
    }),
  );
  expect((await readdir(join(dir, 'backups'))).filter((name) => name.endsWith('.zip'))).toHaveLength(jobs.length);
  expect(said.join('').match(/: taken \(status 0\)/gu), said.join('')).toHaveLength(jobs.length);
  expect((await pruning.read())?.['last']).toMatchObject({ end: 'done' });
  // It is told when its process has ended, which may be after the daemon was.
  expect((said.join('').match(/Pruning of snapshots: ended/gu) ?? []).length, said.join('')).toBeLessThanOrEqual(1);
  expect(said.join('')).not.toContain('not shared');
  expect((await store.locks()).filter(({ name }) => name.startsWith('daemon'))).toEqual([]);
});
