import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { cleanEnv, program } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { until } from './world.js';

/** What the webhook got. */
export interface Received {
  readonly id: string;
  readonly text: string;
}

/** A workspace whose only channel is a webhook of this test, and what came in there. */
export async function workspace(): Promise<{ readonly dir: string; readonly received: Received[] }> {
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

/** A daemon as a real process, once its page answers. */
export async function startDaemon(
  dir: string,
  port: number,
  more: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly child: ChildProcess; readonly said: () => string }> {
  const child = spawn(process.execPath, [program, 'daemon', '--workspace', dir, '--port', String(port), '--as', 'maya', ...more], {
    env: cleanEnv(env),
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

/** Opens an incident by a command; its id. */
export const open = async (dir: string): Promise<string> => {
  const args = ['incident', 'open', 'Wrong names', '--severity', 'sev1', '--workspace', dir, '--as', 'sam', '--json'];
  const { stdout } = await runHere(args);
  const id = /inc-\d{8}-\d{6}-[a-z0-9]{4}/u.exec(stdout)?.[0];
  if (id === undefined) throw new Error(stdout);
  return id;
};
