import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { temporaryFolder } from '../support/store.js';
import { cleanEnv, jsonLines, program, runback } from './support/child.js';

/** A user would lose: what is wrong with their machine, told as a fault of runback, or not told at all. */

/** Pages nobody but a port of this machine that nothing listens on. */
const ESCALATION = `version: 1
people: { maya: { name: Maya, email: maya@example.com, contact: [email] } }
channels: { mail: { type: email, host: 127.0.0.1, port: 9, tls: none, from: rb@example.com } }
severities: { sev1: { means: bad, policy: p }, sev2: { means: bad, policy: p }, sev3: { means: bad, policy: p }, sev4: { means: bad, policy: p } }
policies: { p: { levels: [ { notify: ["person:maya"], ack_within: 5m } ] } }
`;

test.each(['', ':', 'UTC-3', 'Not/A-Zone'])('with TZ=%j, times are shown', async (zone) => {
  const folder = await temporaryFolder();
  expect((await runback(['init', folder])).code).toBe(0);
  await writeFile(join(folder, 'escalation.yml'), ESCALATION);
  const env = { TZ: zone };
  expect(await runback(['incident', 'open', 'All wrong', '--severity', 'sev3', '--no-input'], { cwd: folder, env })).toMatchObject({ code: 0 });
  const { code, stdout } = await runback(['incident', 'show', 'latest'], { cwd: folder, env });
  expect(code).toBe(0);
  expect(stdout).toMatch(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d (?:UTC|GMT)/u);
});

test('a read-only disk is told as that, whatever was to be made on it', (context) => {
  const there = (script: string, ...args: string[]): ReturnType<typeof spawnSync> & { readonly stderr: string } =>
    spawnSync('unshare', ['-rm', 'sh', '-c', script, ...args], { encoding: 'utf8', env: cleanEnv() });
  if (there('mount -t tmpfs tmpfs /mnt && mount -o remount,ro /mnt').status !== 0)
    context.skip('this system does not let us mount a file system of our own');
  const script = 'mount -t tmpfs tmpfs /mnt && "$0" "$1" init /mnt >/dev/null && mount -o remount,ro /mnt && cd /mnt && exec "$0" "$@" --no-input';
  for (const args of [
    ['init', '/mnt/new'],
    ['practice', '--contacts', '50', 'rehearsal'],
    ['incident', 'open', 'All wrong', '--severity', 'sev3'],
    ['daemon', '--once'],
  ]) {
    const { status, stderr } = there(script, process.execPath, program, ...args);
    expect([args[0], status, stderr]).toEqual([args[0], 3, expect.stringMatching(/Not allowed to write[^]*EROFS[^]*disk-denied/u)]);
  }
});

test('a port that is taken is told with one to take instead', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen({ port: 0, host: '127.0.0.1' }, resolve));
  onTestFinished(() => void other.close());
  const port = String((other.address() as { readonly port: number }).port);
  for (const [option, what] of [
    ['--port', 'The sandbox'],
    ['--sync-port', 'The sync of the sandbox'],
  ] as const) {
    const free = option === '--port' ? '--sync-port' : '--port';
    const { code, stderr } = await runback(['sandbox', 'start', '--contacts', '50', option, port, free, '0']);
    expect(code).toBe(64);
    expect(stderr.replaceAll(/\s+/gu, ' ')).toContain(`${what} cannot listen on 127.0.0.1:${port} Why Another program listens there.`);
    expect(stderr.replaceAll(/\s+/gu, ' ')).toContain(`runback sandbox start ${option}`);
  }
});

test.each([
  ['a folder', 'It is a folder, not a file.'],
  ['a pipe', 'It is a pipe, not a file.'],
])('%s where a file is meant is told, and nothing waits for it', async (kind, why) => {
  const folder = await temporaryFolder();
  expect((await runback(['init', folder])).code).toBe(0);
  const put = async (name: string): Promise<void> => {
    await rm(join(folder, name), { force: true });
    if (kind === 'a folder') await mkdir(join(folder, name));
    else expect(spawnSync('sh', ['-c', 'mkfifo "$0"', join(folder, name)]).status).toBe(0);
  };
  await put('escalation.yml');
  const lint = await runback(['escalation', 'lint', '--json'], { cwd: folder });
  expect([lint.code, JSON.stringify(jsonLines(lint.stdout))]).toEqual([65, expect.stringContaining(why)]);
  await put('runback.yml');
  const status = await runback(['status', '--json'], { cwd: folder });
  expect([status.code, JSON.stringify(jsonLines(status.stdout))]).toEqual([65, expect.stringContaining(why)]);
});
