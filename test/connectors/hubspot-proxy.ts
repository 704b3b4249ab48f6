import { createServer, type IncomingMessage } from 'node:http';

import { request } from 'undici';

import { openConnector } from '../../src/connectors/hubspot/index.js';
import type { Connector } from '../../src/connectors/index.js';
import type { Wait } from '../../src/lib/index.js';
import type { HubSpotSandboxOptions } from '../../src/sandbox/index.js';
import { type Bench, configOf, openBench } from './hubspot-support.js';

/** One request on its way through the proxy. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  /** The body as sent; undefined where there is none. */
  readonly body: Body | undefined;
}
export interface Body {
  readonly inputs?: readonly { readonly id: string; readonly properties?: Readonly<Record<string, string>>; readonly objectWriteTraceId?: string }[];
}

/** An answer of the proxy's own: JSON, or a page. */
export interface Instead {
  readonly status: number;
  readonly body?: unknown;
  readonly page?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
/** A batch or list answer of the sandbox. */
export interface Answer {
  results: Record<string, unknown>[];
  errors?: unknown[];
  numErrors?: number;
  [other: string]: unknown;
}

/** What stands between a connector and the sandbox. */
export interface Meddler {
  /** Answers in place of the sandbox, which then never sees the request. */
  instead?(passing: Passing): Instead | undefined;
  /** Changes what is sent on. */
  rewrite?(passing: Passing): unknown;
  /** Changes an answer that is a list; what it returns goes back, with this status. */
  after?(passing: Passing, answer: Answer, status: number): { readonly status: number; readonly body: unknown } | undefined;
}

export interface ProxyBench extends Bench {
  /** Every request that came to the proxy. */
  readonly asked: readonly Passing[];
  /** What the person was told of waiting. */
  readonly waits: readonly Wait[];
  readonly call: NonNullable<Parameters<Connector['write']>[1]>;
  meddle(meddler: Meddler): void;
}

/** A sandbox and a connector to it, through a proxy that answers as platforms do on bad days. */
export async function openProxyBench(options: HubSpotSandboxOptions = {}): Promise<ProxyBench> {
  const bench = await openBench(options);
  await bench.connector.close();
  const asked: Passing[] = [];
  const waits: Wait[] = [];
  let meddler: Meddler = {};
  const server = createServer((incoming, response) => {
    void (async () => {
      const text = await bodyOf(incoming);
      const passing: Passing = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        body: text === '' ? undefined : (JSON.parse(text) as Body),
      };
      asked.push(passing);
      const own = meddler.instead?.(passing);
      if (own) {
        response.writeHead(own.status, { 'content-type': own.page === undefined ? 'application/json' : 'text/html', ...own.headers });
        response.end(own.page ?? (own.body === undefined ? undefined : JSON.stringify(own.body)));
        return;
      }
      const sent = meddler.rewrite?.(passing);
      const answer = await request(`${bench.sandbox.url}${passing.path}`, {
        method: passing.method as 'GET',
        headers: { authorization: incoming.headers.authorization ?? '', ...(text === '' ? {} : { 'content-type': 'application/json' }) },
        body: text === '' ? null : sent === undefined ? text : JSON.stringify(sent),
      });
      const came = await answer.body.text();
      const json = came === '' ? undefined : (JSON.parse(came) as Answer);
      const changed = json && Array.isArray(json.results) ? meddler.after?.(passing, json, answer.statusCode) : undefined;
      const date = String(answer.headers.date ?? '');
      response.writeHead(changed?.status ?? answer.statusCode, { 'content-type': 'application/json', ...(date === '' ? {} : { date }) });
      response.end(changed ? JSON.stringify(changed.body) : came);
    })().catch(() => incoming.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
  const secret = async (): Promise<string> => await Promise.resolve(bench.sandbox.token);
  const connector = await openConnector(configOf(bench.sandbox, { url }), { secret, clock: bench.clock });
  return {
    ...bench,
    connector,
    schema: async (object) => {
      const [schema] = (await connector.describe([object])).objects;
      if (!schema) throw new Error(`no schema of ${object}`);
      return schema;
    },
    link: async (from, to, kind) => {
      const link = (await connector.describe([from, to])).links.find((one) => one.from === from && one.to === to && one.kind === kind);
      if (!link) throw new Error(`no link ${kind}`);
      return link;
    },
    asked,
    waits,
    call: { reporter: { progress: () => undefined, note: () => undefined, waiting: (wait) => void waits.push(wait) } },
    meddle: (next) => {
      meddler = next;
      asked.length = 0;
      waits.length = 0;
    },
    stop: async () => {
      await connector.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await bench.sandbox.stop();
    },
  };
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
