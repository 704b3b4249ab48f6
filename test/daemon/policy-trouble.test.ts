import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { freePort } from '../support/ports.js';
import { open, startDaemon, workspace } from './workspace.js';
import { until } from './world.js';

const TYPO = (text: string): string => text.replace('type: webhook', 'type: webhok').replace('severities:', 'severitys:');

/** A dead man's switch that counts what it hears. */
async function listener(): Promise<{ readonly env: Record<string, string>; readonly heard: () => number }> {
  let heard = 0;
  const server = createServer((_, response) => {
    heard += 1;
    response.end('OK');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { env: { PING: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }, heard: () => heard };
}

describe.each([
  ['a typo in escalation.yml', async (file: string) => await writeFile(file, TYPO(await readFile(file, 'utf8')))],
  ['a vanished escalation.yml', async (file: string) => await rm(file)],
])('%s', (_, breakIt) => {
  it('stops neither status, nor incident list, ack and open, nor daemon --once: people are paged by the last one that could be used', async () => {
    const { dir, received } = await workspace();
    const { env, heard } = await listener();
    // However slow the commands are: two seconds later somebody is to be told again.
    const file = join(dir, 'escalation.yml');
    await writeFile(file, (await readFile(file, 'utf8')).replace('every: 15m', 'every: 2s'));
    const id = await open(dir);
    await until(() => received.some(({ text }) => text.includes(id)));
    await breakIt(file);
    const call = async (...args: string[]) => await runHere([...args, '--workspace', dir, '--as', 'maya'], { env });

    const status = await call('status');
    expect([status.code, status.stdout]).toEqual([0, expect.stringContaining(id)]);
    expect(status.stdout.replaceAll(/\s+/gu, ' ')).toMatch(/escalation\.yml.*paged by/u);
    const listed = await call('incident', 'list');
    expect([listed.code, listed.stdout, listed.stderr]).toEqual([0, expect.stringContaining(id), expect.stringContaining('escalation.yml')]);

    const before = received.length;
    // Its own policy goes on, over the channels that are known, two seconds later by the clock of the machine; whoever watches hears nothing, and so raises an alarm.
    await until(async () => {
      expect(await call('daemon', '--once', '--ping', 'env:PING')).toMatchObject({ code: 0 });
      return received.length > before;
    });
    expect(heard()).toBe(0);

    expect((await call('incident', 'ack', id)).code).toBe(0);
    const other = await open(dir);
    await until(() => received.some(({ text }) => text.includes(other)));
    const shown = jsonLines((await call('status', '--json')).stdout).at(-1);
    expect(shown).toMatchObject({ ok: true, data: { policyTrouble: expect.stringContaining('escalation.yml') as string } });
  });

  it('turns /healthz and withholds the ping of a daemon, which pages on; corrected, all is well', async () => {
    const { dir, received } = await workspace();
    const { env, heard } = await listener();
    const file = join(dir, 'escalation.yml');
    const good = (await readFile(file, 'utf8')).replace('every: 15m', 'every: 2s');
    await writeFile(file, good);
    const port = await freePort();
    const first = await startDaemon(dir, port, ['--ping', 'env:PING'], env);
    const health = async (): Promise<number> => (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined))?.status ?? 0;
    await until(() => heard() > 0);
    expect(await health()).toBe(200);
    await breakIt(file);
    await until(async () => (await health()) === 503);
    const id = await open(dir);
    await until(() => received.some(({ text }) => text.includes(id)));
    first.child.kill('SIGTERM');
    await once(first.child, 'exit');

    // It starts like that too.
    const [pings, pages] = [heard(), new Set(received.map((one) => one.id)).size];
    const again = await startDaemon(dir, port, ['--ping', 'env:PING'], env);
    await until(async () => (await health()) === 503);
    await until(() => new Set(received.map((one) => one.id)).size > pages);
    expect(heard()).toBe(pings);
    expect(again.said()).toContain('escalation.yml');
    await runHere(['incident', 'resolve', id, '--what', 'done', '--workspace', dir, '--as', 'maya']);
    await writeFile(file, good);
    await until(async () => (await health()) === 200);
    await until(() => heard() > pings);
    again.child.kill('SIGTERM');
    expect(await once(again.child, 'exit')).toEqual([0, null]);
  });
});

it('a workspace that never had one has no trouble, and one that shall have none is told once', async () => {
  const { dir } = await workspace();
  await open(dir);
  await rm(join(dir, 'escalation.yml'));
  const call = async (...args: string[]) => (await runHere([...args, '--workspace', dir])).stdout;
  expect(await call('status')).toContain('escalation.yml is missing');
  expect(await call('escalation', 'forget')).toContain('forgotten');
  expect(await call('status')).not.toContain('escalation.yml is missing');
});
