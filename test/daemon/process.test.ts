import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { cleanEnv, jsonLines, program, runback } from '../cli/support/child.js';
import { until } from './world.js';

interface Received {
  readonly id: string;
  readonly text: string;
}

/** A workspace whose only channel is a webhook of this test, and what came in there. */
async function workspace(): Promise<{ readonly dir: string; readonly received: Received[] }> {
  const received: Received[] = [];
  const hook = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      received.push({ id: String(request.headers['webhook-id']), text });
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const dir = await mkdtemp(join(tmpdir(), 'runback-daemon-'));
  onTestFinished(async () => {
    hook.closeAllConnections();
    hook.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 5 });
  });
  await writeFile(join(dir, 'runback.yml'), 'version: 1\nplatforms: {}\n');
  await writeFile(
    join(dir, 'escalation.yml'),
    `version: 1
timezone: UTC
people:
  maya: { name: Maya Ortiz, email: maya@example.com, contact: [email] }
channels:
  mail: { type: email, url: "smtp://127.0.0.1:9", from: runback@example.com }
  hook: { type: webhook, url: "http://127.0.0.1:${(hook.address() as AddressInfo).port}/in" }
authority:
  operator: { may: [pause-syncs, snapshot, plan] }
severities:
  sev1: { means: Customer data is being corrupted or lost, policy: all, quiet_hours: ignore }
policies:
  all: { levels: [{ notify: ["channel:hook"], ack_within: 2s, grants: operator }], exhausted: { notify: ["channel:hook"], every: 15m } }
`,
  );
  return { dir, received };
}

async function freePort(): Promise<number> {
  const server = createSocket();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A daemon as a real process, once its page answers. */
async function startDaemon(dir: string, port: number): Promise<{ readonly child: ChildProcess; readonly said: () => string }> {
  const child = spawn(process.execPath, [program, 'daemon', '--workspace', dir, '--port', String(port), '--as', 'maya'], {
    env: cleanEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(() => {
    if (child.exitCode !== null) throw new Error(said);
    return said.includes('Status page:');
  });
  return { child, said: () => said };
}

const open = async (dir: string): Promise<string> => {
  const args = ['incident', 'open', 'Wrong names', '--severity', 'sev1', '--workspace', dir, '--as', 'sam', '--json'];
  const { stdout } = await runback(args);
  const id = /inc-\d{8}-\d{6}-[a-z0-9]{4}/u.exec(stdout)?.[0];
  if (id === undefined) throw new Error(stdout);
  return id;
};

describe('runback daemon, as a process', () => {
  it('pages, survives kill -9, goes on, takes an acknowledgement by link, and ends cleanly', async () => {
    const { dir, received } = await workspace();
    const port = await freePort();
    const first = await startDaemon(dir, port);
    const second = await runback(['daemon', '--workspace', dir, '--port', String(await freePort()), '--as', 'lee', '--json']);
    expect(second.code).toBe(11);
    expect(jsonLines(second.stdout).at(-1)).toMatchObject({ ok: false, error: { code: 'locked', why: expect.stringContaining('held by maya') } });

    const id = await open(dir);
    await until(() => received.some(({ text }) => text.includes(id)));
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    const again = await startDaemon(dir, port);
    expect(again.said()).toContain('Took over from a daemon that ended without a word');
    // Nobody answered: it is told again by the process that did not begin it.
    await until(() => new Set(received.filter(({ text }) => text.includes(id)).map((one) => one.id)).size > 1);

    const link = /http:\/\/127\.0\.0\.1:\d+\/ack\/[^"\s]+/u.exec(received[0]?.text ?? '')?.[0] ?? '';
    expect(new URL(link).port).toBe(String(port));
    expect((await fetch(link)).status).toBe(200);
    const show = async (): Promise<string> => (await runback(['incident', 'show', id, '--workspace', dir, '--json'])).stdout;
    expect(await show()).toContain('"status":"open"');
    expect(await (await fetch(link, { method: 'POST', body: new URLSearchParams({ person: 'maya' }) })).text()).toContain('Maya Ortiz');
    expect(await show()).toContain('"status":"acknowledged"');
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);

    again.child.kill('SIGTERM');
    expect(await once(again.child, 'exit')).toEqual([0, null]);
    expect((await runback(['daemon', '--once', '--workspace', dir])).code).toBe(0);
  });

  it('goes on with a changed escalation.yml, and with the old one while the new one cannot be read', async () => {
    const { dir, received } = await workspace();
    const other = await workspace();
    const file = join(dir, 'escalation.yml');
    const before = await readFile(file, 'utf8');
    const { child, said } = await startDaemon(dir, await freePort());
    await writeFile(file, before.replace('type: webhook', 'type: webhok'));
    await until(() => said().includes('webhok') || said().includes('escalation.yml cannot'));
    await writeFile(file, await readFile(join(other.dir, 'escalation.yml'), 'utf8'));
    await until(() => said().includes('has changed'));
    const id = await open(dir);
    await until(() => other.received.some(({ text }) => text.includes(id)));
    expect(received).toEqual([]);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  it('does with --once what cron needs, without a page', async () => {
    const { dir, received } = await workspace();
    const id = await open(dir);
    await until(() => received.some(({ text }) => text.includes(id)));
    const before = received.length;
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const { code, stdout } = await runback(['daemon', '--once', '--workspace', dir, '--json']);
    expect([code, jsonLines(stdout).at(-1)]).toMatchObject([0, { ok: true, data: { once: true } }]);
    expect(received.length).toBeGreaterThan(before);
  });

  it('prints a systemd unit that starts it as it was called', async () => {
    const { dir } = await workspace();
    const { code, stdout } = await runback(['daemon', '--print-unit', '--workspace', dir, '--port', '4999', '--ping', 'env:PING']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ExecStart=\S+ \S+main\.js daemon --workspace \S+ --port 4999 --ping env:PING$/mu);
  });

  it('refuses a ping in clear, an address that is none, and a port that is taken', async () => {
    const { dir } = await workspace();
    const call = async (...args: string[]) => (await runback(['daemon', '--workspace', dir, ...args])).code;
    expect(await call('--ping', 'https://example.com/secret', '--once')).toBe(65);
    expect(await call('--public-url', 'javascript:alert(1)')).toBe(64);
    const taken = createSocket();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    expect(await call('--port', String((taken.address() as AddressInfo).port))).toBe(64);
  });
});
