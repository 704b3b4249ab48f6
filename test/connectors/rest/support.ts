import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach } from 'vitest';

import { checked, type Connector, type RecordBatch } from '../../../src/connectors/index.js';
import { openConnector } from '../../../src/connectors/rest/index.js';
import { type Clock, systemClock } from '../../../src/lib/index.js';
import type { ObjectSchema, PlatformRecord } from '../../../src/records/index.js';
import type { PlatformConfig, SecretRef } from '../../../src/workspace/index.js';

/** What a request was. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
  readonly text: string;
}

export interface Says {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Sent as it is, instead of a body of JSON. */
  readonly text?: string;
  /** The connection is cut instead. */
  readonly cut?: true;
}

/** A server that answers what a test says. */
export async function startServer(answer: (seen: Seen) => Says): Promise<{ readonly url: string; readonly seen: Seen[]; stop(): Promise<void> }> {
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const text = Buffer.concat(chunks).toString('utf8');
      const one = { method: request.method ?? '', path: url.pathname, query: url.searchParams, headers: request.headers, body: jsonOf(text), text };
      seen.push(one);
      const { status = 200, headers = {}, body, text: raw, cut } = answer(one);
      if (cut === true) return void request.socket.destroy();
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(raw ?? (body === undefined ? '' : JSON.stringify(body)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    seen,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function jsonOf(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/** A reference to a secret. */
export const refTo = (name: string): SecretRef => `env:${name}` as unknown as SecretRef;

const SECRETS: Readonly<Record<string, string>> = { TOKEN: 'tok+en/1', ID: 'client', SECRET: 's3cret&more', USER: 'ann', PASSWORD: 'pass:word' };

/** Waits are not waited. */
const HASTY: Clock = { now: () => systemClock.now(), monotonicMs: () => systemClock.monotonicMs(), sleep: async () => await Promise.resolve() };

/** Opens a described platform; `text`: its description, which is a file of the folder given else. */
export async function opened(url: string, folder: string, limits: PlatformConfig['limits'] = {}): Promise<Connector> {
  const connector = await openConnector(
    {
      name: 'crm',
      connector: 'rest',
      environment: 'sandbox',
      url,
      credentials: { token: refTo('TOKEN'), id: refTo('ID'), secret: refTo('SECRET'), user: refTo('USER'), password: refTo('PASSWORD') },
      limits,
      options: { description: 'd.yml' },
    },
    { secret: async (ref) => await Promise.resolve(SECRETS[String(ref).slice(4)] ?? ''), clock: HASTY, environment: {}, folder },
  );
  return checked(connector);
}

/** A description with one object type, `people`, of a key and a name; `parts`: more of it, as YAML at that depth. */
export function descriptionOf({
  auth = '{ kind: none }',
  top = '',
  list,
  read,
  more = '',
}: {
  auth?: string;
  top?: string;
  list: string;
  read?: string;
  more?: string;
}): string {
  return `version: 1
name: Example
auth: ${auth}
account: { get: /me, id: id }
${top}
objects:
  people:
    key: id
    key_type: integer
    fields:
      name: { type: string }
    list: ${list}
    read: ${read ?? '{ get: "/people/{key}" }'}
    ${more}
`;
}

export async function schemaOf(connector: Connector, object = 'people'): Promise<ObjectSchema> {
  const { objects } = await connector.describe([object]);
  const [schema] = objects;
  if (schema === undefined) throw new Error('not described');
  return schema;
}

export async function all(batches: AsyncIterable<RecordBatch>): Promise<PlatformRecord[]> {
  const records: PlatformRecord[] = [];
  for await (const batch of batches) records.push(...batch.records);
  return records;
}

/** A folder for the description of each test, and what is closed after it, the last first. */
export function useWorkspace() {
  let folder = '';
  const open: { close?(): Promise<void>; stop?(): Promise<void> }[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'runback-rest-'));
  });
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await (one.close?.() ?? one.stop?.());
    await rm(folder, { recursive: true, force: true });
  });
  return { open, folder: () => folder, write: async (description: string) => await writeFile(join(folder, 'd.yml'), description) };
}
