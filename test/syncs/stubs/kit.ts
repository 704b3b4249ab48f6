import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as a stub sees it. */
export interface Asked {
  readonly method: string;
  /** Without what is asked behind it. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed JSON, or the fields of a form. */
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

/** What goes wrong with the next change that reaches the stub. */
export type Fault = 'done, then 500' | '500, not done' | 'done, answer lost' | 'lost, not done';

/** A server on loopback that plays a vendor's API. */
export interface Stub {
  readonly url: string;
  readonly log: readonly string[];
  /** What the next request that is no GET meets. */
  fault: Fault | undefined;
  close(): Promise<void>;
}

/** Starts a server that answers by `answer`. A request that is no GET may meet a fault, before or after it is answered. */
export async function startStub(answer: (asked: Asked) => Answer): Promise<Stub> {
  const log: string[] = [];
  const stub = { fault: undefined as Fault | undefined };
  const server = createServer((request, response) => {
    void (async () => {
      const asked = await askedOf(request);
      log.push(`${asked.method} ${asked.path}`);
      const fault = asked.method === 'GET' || asked.path.endsWith('/token') ? undefined : stub.fault;
      if (fault !== undefined) stub.fault = undefined;
      const { status, body } = fault === '500, not done' || fault === 'lost, not done' ? { status: 500, body: {} } : answer(asked);
      if (fault === 'done, answer lost' || fault === 'lost, not done') return request.socket.destroy();
      if (fault !== undefined) return response.writeHead(500, { 'content-type': 'application/json' }).end('{"message":"timed out"}');
      if (body === undefined) return response.writeHead(status).end();
      return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return Object.assign(stub, {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    log,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  });
}

async function askedOf(request: IncomingMessage): Promise<Asked> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded') === true;
  return {
    method: request.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers as Readonly<Record<string, string | undefined>>,
    body: text === '' ? undefined : isForm ? Object.fromEntries(new URLSearchParams(text)) : (JSON.parse(text) as unknown),
  };
}
