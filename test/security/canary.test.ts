import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { Open } from 'unzipper';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { runback, type Finished } from '../cli/support/child.js';
import { openWorkspace, type TestWorkspace } from '../cli/support/workspace.js';

/** A secret with characters that every encoding changes. */
const CANARY = 'Kanarienvogel/+42 "ä"?&x';
const TOKEN = 'pat-na1-kanarienvogel-0815';
const PASSWORD = 'pa:ss/w%rd#Zwitscher7';
const ADDRESS = `postgres://reporter:${encodeURIComponent(PASSWORD)}@127.0.0.1:1/warehouse`;

const NODE = JSON.stringify(process.execPath);
/** A program that tells its credentials and fails. */
const leak = (channel: string): string => {
  const body = `${channel}.write("the key is " + process.env.api_key + " and " + Buffer.from(process.env.api_key).toString("base64") + "\\n"); process.exitCode = 7`;
  return `[${NODE}, -e, ${JSON.stringify(body)}]`;
};
const sync = (name: string, channel: string): string =>
  `  ${name}: { controller: command, writes_to: [echoed], credentials: { api_key: env:CANARY }, status: { run: ${leak(channel)}, paused: "exit == 3" }, pause: { run: ${leak(channel)} }, resume: { run: ${leak(channel)} } }\n`;

const RUNBOOK = `version: 1
id: leaky
title: Programs that tell everything they know
symptoms: [Secrets in the log]
steps:
  - id: tell
    title: Tell
    command: [${NODE}, -e, "console.log(process.env.KEY, encodeURIComponent(process.env.KEY)); console.error(process.env.KEY)"]
    env: { KEY: "env:CANARY" }
    effect: read
  - id: fail
    title: Tell and fail
    command: [${NODE}, -e, "console.error(process.env.KEY); process.exit(3)"]
    env: { KEY: "env:CANARY" }
    effect: read
`;

let workspace: TestWorkspace;
const said: Finished[] = [];
// A proxy gone wrong: it answers every request with an error that holds the request, credentials and all.
const echo = createServer((request, response) => {
  const seen = String(request.headers.authorization);
  response.writeHead(403, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ status: 'error', message: `no: ${seen}`, category: seen, errors: [{ message: seen }] }));
});

beforeAll(async () => {
  workspace = await openWorkspace(20);
  await new Promise<void>((resolve) => {
    echo.listen(0, '127.0.0.1', resolve);
  });
  const url = `http://127.0.0.1:${String((echo.address() as AddressInfo).port)}`;
  await mkdir(join(workspace.dir, 'runbooks'), { recursive: true });
  await writeFile(join(workspace.dir, 'runbooks', 'leaky.yml'), RUNBOOK);
  const file = join(workspace.dir, 'runback.yml');
  const platforms = `  echoed: { connector: hubspot, environment: sandbox, url: "${url}", credentials: { token: env:CANARY_TOKEN } }
  warehouse: { connector: postgres, environment: sandbox, url: env:WAREHOUSE_URL, limits: { wait: 200ms } }
`;
  const syncs = `${sync('leaky-out', 'process.stdout')}${sync('leaky-err', 'process.stderr')}`;
  await writeFile(file, (await readFile(file, 'utf8')).replace('syncs:\n', `${platforms}syncs:\n${syncs}`));
});
afterAll(async () => {
  echo.close();
  await workspace.close();
});

async function go(...args: string[]): Promise<void> {
  said.push(await runback(args, { cwd: workspace.dir, env: { CANARY, CANARY_TOKEN: TOKEN, WAREHOUSE_URL: ADDRESS } }));
}

/** Every way in which a secret could stand in a text. */
function traces(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), bytes.toString('hex'), bytes.toString('base64').slice(0, -4)];
}

test('secrets are in no output, log, journal, state or snapshot, whatever programs and servers echo (G22), and others read nothing (G24)', async () => {
  const base = await workspace.base();
  workspace.damage(4);
  for (const flags of [[], ['--debug'], ['--json']]) {
    await go('sync', 'status', ...flags);
    await go('sync', 'pause', 'leaky-err', '--reason', 'test', ...flags);
    await go('snapshot', 'create', '--platform', 'echoed', ...flags);
    await go('snapshot', 'create', '--platform', 'warehouse', ...flags);
    await go('runbook', 'run', 'leaky', '--no-input', ...flags);
    await go('restore', 'plan', '--platform', 'hubspot', '--base', base, ...flags);
  }
  const all = said.map(({ stdout, stderr }) => stdout + stderr);
  // The attack took place: programs and servers told, and what they told was shown.
  for (const [n, what] of ['leaky-err', 'the key is', 'no: Bearer', 'warehouse', 'Tell and fail', 'plan'].entries()) {
    const shown = [0, 1, 2].map((round) => all[round * 6 + n] ?? '').join('\n');
    expect(shown).toContain(what);
  }
  expect(all.join('').match(/\[redacted\]/g)?.length).toBeGreaterThan(6);

  const secrets = [CANARY, PASSWORD, ADDRESS, TOKEN, workspace.sandbox.token].flatMap(traces);
  const clean = (text: string, where: string): void => {
    for (const secret of secrets) if (text.includes(secret)) throw new Error(`${where} holds ${secret}`);
  };
  for (const [n, text] of all.entries()) clean(text, `output ${String(n)}`);
  let searched = 0;
  for (const folder of ['.runback', 'backups']) {
    for (const entry of await readdir(join(workspace.dir, folder), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      clean(path, 'the name of a file');
      expect([path, (await stat(path)).mode & 0o077]).toEqual([path, 0]);
      if (!entry.isFile()) continue;
      clean(await readFile(path, 'utf8'), path);
      if (path.endsWith('.zip'))
        for (const part of (await Open.file(path)).files) clean((await part.buffer()).toString('utf8'), `${path}/${part.path}`);
      searched += 1;
    }
  }
  expect(searched).toBeGreaterThan(10);
});
