import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { freePort } from '../support/ports.js';

/** Folder with an installed Node-RED; `npm run test:engines -- node-red` makes one. */
export const NODE_RED = process.env['RUNBACK_TEST_NODE_RED'];

export interface NodeRed {
  readonly url: string;
  /** Of a user who may write flows. */
  readonly token: string;
  /** Writes that its flow "Leads" has made so far, and its flow "Others". */
  readonly writes: { leads: number; others: number };
  /** The whole of its flows. */
  flows(): Promise<unknown>;
  /** It says itself that its flow "Leads" runs. */
  saysRunning(): Promise<boolean>;
  stop(): Promise<void>;
}

const PASSWORD = 'a-password-for-a-test';

/** A flow that writes ten times a second. */
function flow(id: string, label: string, to: string): readonly object[] {
  return [
    { id, type: 'tab', label, disabled: false, info: 'About it.', env: [{ name: 'KEEP', value: 'me', type: 'str' }] },
    {
      id: `${id}a`,
      type: 'inject',
      z: id,
      props: [{ p: 'payload' }],
      repeat: '0.1',
      once: true,
      onceDelay: 0.1,
      payload: '',
      payloadType: 'date',
      x: 1,
      y: 1,
      wires: [[`${id}b`]],
    },
    { id: `${id}b`, type: 'http request', z: id, method: 'GET', ret: 'txt', url: to, x: 2, y: 1, wires: [[]] },
  ];
}

/** A Node-RED of this machine with adminAuth and two flows that write. `runtimeState`: as its settings say. */
export async function startNodeRed(folder: string, runtimeState = true): Promise<NodeRed> {
  const data = mkdtempSync(join(tmpdir(), 'runback-node-red-'));
  const writes = { leads: 0, others: 0 };
  const target = await startTarget(writes);
  const address = `http://127.0.0.1:${String((target.address() as AddressInfo).port)}`;
  const port = await freePort();
  const settings = `
    const { hashSync } = require(${JSON.stringify(join(folder, 'node_modules/bcryptjs'))});
    module.exports = {
      uiPort: ${String(port)}, uiHost: '127.0.0.1', flowFile: 'flows.json', credentialSecret: false,
      runtimeState: { enabled: ${String(runtimeState)}, ui: false },
      adminAuth: { type: 'credentials', users: [{ username: 'admin', password: hashSync('${PASSWORD}', 4), permissions: '*' }] },
      telemetry: { enabled: false }, logging: { console: { level: 'off' } },
    };`;
  writeFileSync(join(data, 'settings.js'), settings);
  writeFileSync(
    join(data, 'flows.json'),
    JSON.stringify([...flow('leads', 'Leads', `${address}/leads`), ...flow('others', 'Others', `${address}/others`)]),
  );
  const red = join(folder, 'node_modules/node-red/red.js');
  const server = spawn(process.execPath, [red, '--userDir', data, '--settings', join(data, 'settings.js')], {
    cwd: data,
    env: { PATH: process.env['PATH'], HOME: data },
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => server.once('close', resolve));
  const url = `http://127.0.0.1:${String(port)}`;
  let isEnded = false;
  void ended.then(() => (isEnded = true));
  const token = await signIn(url, () => isEnded);
  const ask = async (path: string): Promise<unknown> =>
    await (await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })).json();
  return {
    url,
    token,
    writes,
    flows: async () => await ask('/flows'),
    saysRunning: async () => {
      const { state } = (await ask('/flows/state')) as { readonly state: string };
      const { disabled } = (await ask('/flow/leads')) as { readonly disabled?: boolean };
      return state === 'start' && disabled !== true;
    },
    stop: async () => {
      server.kill('SIGTERM');
      await ended;
      target.closeAllConnections();
      await new Promise((resolve) => target.close(resolve));
      rmSync(data, { recursive: true, force: true });
    },
  };
}

async function startTarget(writes: NodeRed['writes']): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/leads') writes.leads += 1;
    else writes.others += 1;
    response.end('done');
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return server;
}

/** A token, as soon as it is up, however long a busy machine takes for that; throws what it answered last where its process has ended. */
async function signIn(url: string, isEnded: () => boolean): Promise<string> {
  for (;;) {
    try {
      const body = new URLSearchParams({ client_id: 'node-red-admin', grant_type: 'password', scope: '*', username: 'admin', password: PASSWORD });
      const answer = await fetch(`${url}/auth/token`, { method: 'POST', body });
      if (!answer.ok) throw new Error(`status ${String(answer.status)}`);
      return ((await answer.json()) as { readonly access_token: string }).access_token;
    } catch (error) {
      if (isEnded()) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
