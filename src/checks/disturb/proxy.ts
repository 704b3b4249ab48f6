import { createServer, type IncomingMessage, request as httpRequest, type Server, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';

import { messageOf, RunbackError } from '../../lib/index.js';
import type { DisturbanceKind } from './schema.js';

/** Passes on to one target what is asked on this machine; disturbed from `disturb` to the end that it gives. */
export interface DisturbingProxy {
  disturb(what: DisturbanceKind, byMs: number): () => void;
  /** Cuts what is open and frees the port. */
  close(): Promise<void>;
}

interface Disturbed {
  readonly what: DisturbanceKind;
  readonly byMs: number;
}

/** Headers that belong to one connection, and are not passed on. */
const OF_CONNECTION = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer', 'upgrade']);

/** Listens on loopback. Throws `fault-impossible` where the port is taken. */
export async function startProxy(listen: string, to: URL): Promise<DisturbingProxy> {
  const now = new Set<Disturbed>();
  const server = createServer((asked, answer) => {
    const is = (what: DisturbanceKind): Disturbed | undefined => [...now].find((one) => one.what === what);
    if (is('outage') !== undefined) return void asked.socket.destroy();
    const late = is('delay')?.byMs ?? 0;
    const act = (): void => {
      if (is('revoke-token') !== undefined) return refuse(answer, 401, 'The token is not valid');
      if (is('rate-limit') !== undefined) return refuse(answer, 429, 'Too many requests', { 'retry-after': '1' });
      if (is('errors') !== undefined) return refuse(answer, 503, 'Service unavailable');
      pass(asked, answer, to);
    };
    if (late === 0) act();
    else setTimeout(act, late);
  });
  const at = new URL(`http://${listen}`);
  await listening(server, Number(at.port), at.hostname.replaceAll(/^\[|\]$/gu, ''));
  return {
    disturb(what, byMs) {
      const one = { what, byMs };
      now.add(one);
      // An outage cuts what is under way, too.
      if (what === 'outage') server.closeAllConnections();
      return () => void now.delete(one);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listening(server: Server, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new RunbackError('fault-impossible', `The proxy cannot listen on ${host}:${port}`, {
          why: messageOf(error),
          state: 'Nothing was submitted.',
          next: 'Choose another port in proxy: { listen: … } of the test.',
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
}

function refuse(answer: ServerResponse, status: number, message: string, headers: Readonly<Record<string, string>> = {}): void {
  answer.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ message }));
}

function pass(asked: IncomingMessage, answer: ServerResponse, to: URL): void {
  const own = Object.entries(asked.headers).filter(([name]) => !OF_CONNECTION.has(name) && name !== 'host');
  const target = new URL(asked.url ?? '/', 'http://x.invalid');
  const url = new URL(`${to.pathname.replace(/\/$/u, '')}${target.pathname}${target.search}`, to);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const on = send(url, { method: asked.method, headers: Object.fromEntries(own) }, (got) => {
    answer.writeHead(got.statusCode ?? 502, Object.fromEntries(Object.entries(got.headers).filter(([name]) => !OF_CONNECTION.has(name))));
    got.pipe(answer);
    // Half an answer is passed on as half an answer.
    got.once('error', () => answer.destroy());
  });
  on.once('error', () => (answer.headersSent ? answer.destroy() : refuse(answer, 502, 'The target does not answer')));
  asked.once('error', () => on.destroy());
  answer.once('close', () => on.destroy());
  asked.pipe(on);
}
