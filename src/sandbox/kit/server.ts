import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

import { cannotListen, type Clock } from '../../lib/index.js';
import { readText, strangerOf, turnAway } from './gate.js';
import type { WireAnswer, WireRequest } from './wire.js';

const LOOPBACK = new Set(['127.0.0.1', '::1']);

/** What answers: gets the request, may take its time. */
export type Responder = (wire: WireRequest) => Promise<WireAnswer>;

/**
 * How many bytes of body a request may have, by its head alone; 0 where the body of it is not even read, as for one
 * that nobody knows.
 */
export type BodyLimit = (head: Omit<WireRequest, 'body'>) => number;

/**
 * Told of each request that comes, before its body is read; gives what is called in the same turn in which its answer is
 * sent, so that a client which then sends the next request is never counted twice.
 */
export type Arrival = (head: Omit<WireRequest, 'body'>) => () => void;

/** A running loopback server. */
export interface RunningServer {
  readonly url: string;
  readonly port: number;
  /** Cuts open connections and frees the port. May be called twice. */
  stop(): Promise<void>;
}

/**
 * Starts an HTTP server that only this machine reaches. Throws a RangeError for an address that is not loopback: a
 * sandbox holds no secrets, but its writes are nobody else's business (guarantee G23). Port 0 takes a free one.
 * Requests that name another host or come from a web page are answered with 403, bodies over `limitOf` with 413.
 */
export async function listen(
  options: { readonly host: string; readonly port: number; readonly clock: Clock },
  limitOf: BodyLimit,
  respond: Responder,
  arrives: Arrival = () => () => undefined,
): Promise<RunningServer> {
  if (!LOOPBACK.has(options.host)) throw new RangeError(`A sandbox listens on 127.0.0.1 or ::1 only, not on ${options.host}`);
  const stopping = new AbortController();
  const server: Server = createServer({ maxHeaderSize: 128 * 1024, keepAliveTimeout: 30_000 }, (request, response) => {
    answer(request, response, { limitOf, respond, arrives, clock: options.clock, stopping: stopping.signal }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    const refused = (error: Error): void => reject(cannotListen('The sandbox', options, error, 'runback sandbox start --port 48720'));
    server.once('error', refused);
    server.listen({ port: options.port, host: options.host, exclusive: true }, () => {
      server.off('error', refused);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('The server has no port');
  let stopped: Promise<void> | undefined;
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${address.port}`,
    port: address.port,
    stop: () =>
      (stopped ??= new Promise((resolve) => {
        stopping.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      })),
  };
}

interface Serving {
  readonly limitOf: BodyLimit;
  readonly respond: Responder;
  readonly arrives: Arrival;
  readonly clock: Clock;
  readonly stopping: AbortSignal;
}

function plainHeaders({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

async function answer(request: IncomingMessage, response: ServerResponse, serving: Serving): Promise<void> {
  const stranger = strangerOf(request);
  if (stranger !== undefined) return turnAway(request, response, 403, stranger);
  const head = {
    method: request.method ?? 'GET',
    target: request.url ?? '/',
    authorization: request.headers.authorization,
    headers: plainHeaders(request),
  };
  const leaves = serving.arrives(head);
  try {
    const limit = serving.limitOf(head);
    const body = limit === 0 ? '' : await readText(request, limit);
    if (body === undefined) return turnAway(request, response, 413, `A request body has at most ${limit} bytes`);
    const given = await serving.respond({ ...head, body });
    if (given.delayMs > 0) await serving.clock.sleep(given.delayMs, serving.stopping);
    send(request, response, given, serving.clock);
  } finally {
    leaves();
  }
}

function send(request: IncomingMessage, response: ServerResponse, given: WireAnswer, clock: Clock): void {
  if (given.cut === 'before') {
    request.socket.destroy();
    return;
  }
  const bytes = Buffer.from(given.body);
  // Of its own clock, as the answers of a platform are of the platform's.
  response.writeHead(given.status, {
    Date: clock.now().toUTCString(),
    ...given.headers,
    ...(given.status !== 204 && { 'Content-Length': String(bytes.length) }),
  });
  if (given.cut === 'in-body') {
    response.write(bytes.subarray(0, Math.max(1, Math.floor(bytes.length / 2))), () => request.socket.destroy());
    return;
  }
  response.end(given.status === 204 ? undefined : bytes);
}
