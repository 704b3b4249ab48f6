import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer as createSocket } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it, onTestFinished } from 'vitest';

import { jsonLines, runback } from '../cli/support/child.js';
import { freePort } from '../support/ports.js';
import { open, startDaemon, workspace } from './workspace.js';
import { until } from './world.js';

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
    expect(again.said()).toContain('Took over from a daemon that ended without giving up its lock');
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
    // The second is due after two seconds, by the clock of the machine; where it is slow, the command that opened the incident has sent it already.
    await until(async () => {
      const { code, stdout } = await runback(['daemon', '--once', '--workspace', dir, '--json']);
      expect([code, jsonLines(stdout).at(-1)]).toMatchObject([0, { ok: true, data: { once: true } }]);
      return received.length > 1;
    });
  });

  it('prints a systemd unit that starts it as it was called', async () => {
    const { dir } = await workspace();
    const { code, stdout } = await runback(['daemon', '--print-unit', '--workspace', dir, '--port', '4999', '--ping', 'env:PING']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ExecStart=(?:\S+|"[^"]+") (?:\S+runback\.c?js|"[^"]+runback\.c?js") daemon --workspace \S+ --port 4999 --ping env:PING$/mu,
    );
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
