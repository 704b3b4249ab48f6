import { createServer, type Server } from 'node:http';

import { createAdaptorServer } from '@hono/node-server';

import { ackToken, announcePage } from '../../incidents/index.js';
import { cannotListen, RunbackError } from '../../lib/index.js';
import type { Pulse } from '../pulse.js';
import { Trouble } from '../trouble.js';
import type { DaemonDeps, PageOptions } from '../types.js';
import { makeApp } from './app.js';
import { Names } from './guard.js';

const LOOPBACK = '127.0.0.1';

/** A status page that answers. */
export interface OpenPage {
  readonly url: string;
  /** Cuts open connections and frees the port. */
  close(): Promise<void>;
}

/** Starts the status page, for this machine only. Throws `usage` for another host and for a port that is taken. */
export async function openPage(deps: DaemonDeps, options: PageOptions, pulse: Pulse): Promise<OpenPage> {
  const { host = LOOPBACK, publicUrl } = options;
  if (host !== LOOPBACK)
    throw new RunbackError('usage', `The status page listens on ${LOOPBACK} only, not on ${host}`, {
      why: 'It has no login: anyone who reaches it can use it.',
      state: 'Nothing was started.',
      next: 'Put a proxy in front of it that checks who may see it, and give its address with --public-url.',
    });
  let names = new Names(options.port, publicUrl);
  const app = makeApp({ deps, pulse, trouble: new Trouble(deps.clock, deps.log), token: await ackToken(deps.store), names: () => names });
  const server = createAdaptorServer({ fetch: app.fetch, hostname: host, serverOptions: { requestTimeout: 10_000 } }) as Server;
  await listen(server, options.port);
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : options.port;
  names = new Names(port, publicUrl);
  const url = `http://${host}:${port}`;
  const close = async (): Promise<void> =>
    await new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  try {
    await announcePage(deps.store, publicUrl ?? url);
    options.listening?.(url);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

/** A port of this machine that nothing listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(cannotListen('The status page', { host: LOOPBACK, port: 0 }, error, 'runback daemon --port 4863')));
    probe.listen({ port: 0, host: LOOPBACK }, resolve);
  });
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(cannotListen('The status page', { host: LOOPBACK, port }, error, 'runback daemon --port 4863'));
    });
    server.listen({ port, host: LOOPBACK, exclusive: true }, resolve);
  });
}
