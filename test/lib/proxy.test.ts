import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';

import { HttpClient, mayCarrySecrets, proxyFor, proxySecrets, systemClock } from '../../src/lib/index.js';

const PASSWORD = 'pr:oxy p@ss';
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** A proxy that takes every host for a port of this machine. */
async function openProxy(target: number): Promise<{ url: string; heard: { line: string; headers: IncomingHttpHeaders }[]; refuse: number }> {
  const proxy = { url: '', heard: [] as { line: string; headers: IncomingHttpHeaders }[], refuse: 0 };
  const server = createServer((incoming, answer) => {
    proxy.heard.push({ line: `${incoming.method ?? ''} ${incoming.url ?? ''}`, headers: incoming.headers });
    const { pathname, search } = new URL(incoming.url ?? '');
    incoming.pipe(
      request({ port: target, host: '127.0.0.1', path: pathname + search, method: incoming.method, headers: incoming.headers }, (from) => {
        answer.writeHead(from.statusCode ?? 500, from.headers);
        from.pipe(answer);
      }),
    );
  });
  server.on('connect', (incoming, socket) => {
    proxy.heard.push({ line: `CONNECT ${incoming.url ?? ''}`, headers: incoming.headers });
    socket.on('error', () => undefined);
    if (proxy.refuse !== 0) return socket.end(`HTTP/1.1 ${proxy.refuse} No\r\n\r\n`);
    const out = connect(target, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n');
      out.pipe(socket).pipe(out);
    });
    out.on('error', () => undefined);
    return undefined;
  });
  proxy.url = `http://user:${encodeURIComponent(PASSWORD)}@127.0.0.1:${await listen(server)}`;
  return proxy;
}

const clients: HttpClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
function client(origin: string, environment: Record<string, string>): HttpClient {
  const made = new HttpClient({ origin, name: 'Acme', headers: {}, clock: systemClock, environment, maxTries: 1 });
  clients.push(made);
  return made;
}

describe('a network whose only way out is a proxy', () => {
  let proxy: Awaited<ReturnType<typeof openProxy>>;
  let reached: string[];
  let port: number;
  beforeEach(async () => {
    reached = [];
    const target = createServer((incoming, answer) => {
      reached.push(`${incoming.headers.host ?? ''}${incoming.url ?? ''} ${incoming.headers['proxy-authorization'] ?? ''}`.trim());
      answer.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
    });
    port = await listen(target);
    proxy = await openProxy(port);
  });

  it('requests to http addresses go through it, and it gets its password', async () => {
    const result = await client('http://acme.example', { HTTP_PROXY: proxy.url }).request({ method: 'GET', path: '/a?b=c', repeatable: true });
    expect(result).toMatchObject({ kind: 'answered', status: 200, body: { ok: true } });
    expect(proxy.heard[0]?.line).toBe('GET http://acme.example/a?b=c');
    expect(proxy.heard[0]?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from(`user:${PASSWORD}`).toString('base64')}`);
    expect(reached).toHaveLength(1);
  });

  it('connections to https addresses go through it, and a lie in the certificate is not believed', async () => {
    const result = await client('https://acme.example', { HTTPS_PROXY: proxy.url }).request({ method: 'POST', path: '/', repeatable: false });
    // What comes after it speaks no TLS.
    expect(result.kind).not.toBe('answered');
    expect(proxy.heard[0]?.line).toBe('CONNECT acme.example:443');
    expect(reached).toEqual([]);
  });

  it.each([407, 403, 502])(
    'one that refuses with %i: nothing was sent, and that is said with its address and without its password',
    async (status) => {
      proxy.refuse = status;
      const result = await client('https://acme.example', { https_proxy: proxy.url }).request({ method: 'POST', path: '/', repeatable: false });
      expect(result.kind).toBe('not_sent');
      const { origin } = new URL(proxy.url);
      expect('message' in result && result.message).toMatch(
        new RegExp(`^Acme cannot be reached through the proxy ${origin} \\(https_proxy\\): .*${status}`),
      );
      expect(JSON.stringify(result)).not.toMatch(/pr%3Aoxy|pr:oxy|user:/);
    },
  );

  it('one that is not there is named', async () => {
    const result = await client('https://acme.example', { HTTPS_PROXY: 'http://127.0.0.1:9' }).request({
      method: 'POST',
      path: '/',
      repeatable: false,
    });
    expect(result).toMatchObject({ kind: 'not_sent' });
    expect('message' in result && result.message).toContain('through the proxy http://127.0.0.1:9 (HTTPS_PROXY)');
  });

  it('this machine is never asked for through it', async () => {
    expect(
      await client(`http://127.0.0.1:${port}`, { HTTP_PROXY: proxy.url, NO_PROXY: '' }).request({ method: 'GET', path: '/', repeatable: true }),
    ).toMatchObject({
      status: 200,
    });
    expect(proxy.heard).toEqual([]);
  });
});

describe('which requests go through a proxy', () => {
  const through = (address: string, environment: Record<string, string>): string | undefined => proxyFor(new URL(address), environment)?.address;
  const both = { HTTPS_PROXY: 'http://secure.corp:3128', HTTP_PROXY: 'plain.corp:3128' };

  test('each scheme has its own; small letters go first; one without a scheme is http', () => {
    expect(through('https://a.example', both)).toBe('http://secure.corp:3128');
    expect(through('http://a.example', both)).toBe('http://plain.corp:3128');
    expect(through('https://a.example', { ...both, https_proxy: 'https://other.corp' })).toBe('https://other.corp');
    expect(through('https://a.example', { HTTP_PROXY: 'http://plain.corp' })).toBe(undefined);
    expect(through('https://a.example', { HTTPS_PROXY: ' ' })).toBe(undefined);
  });

  test.each([['https://localhost:8443'], ['https://127.0.0.1'], ['https://[::1]:1'], ['https://box.localhost']])('%s never does', (address) => {
    expect(through(address, both)).toBe(undefined);
  });

  test.each([
    ['a.example', 'https://a.example', false],
    ['a.example', 'https://b.a.example', false],
    ['a.example', 'https://ba.example', true],
    ['.a.example', 'https://b.a.example', false],
    ['*.a.example', 'https://b.a.example', false],
    ['x, A.Example y', 'https://a.example.', false],
    ['a.example:443', 'https://a.example', false],
    ['a.example:8443', 'https://a.example', true],
    ['a.example:8443', 'https://a.example:8443', false],
    ['*', 'https://a.example', false],
    ['10.0.0.0/8', 'https://10.2.3.4', false],
    ['10.0.0.0/8', 'https://11.2.3.4', true],
    ['10.2.3.4', 'https://10.2.3.4', false],
    ['fd00::/8', 'https://[fd12::1]', false],
    ['fd12::1', 'https://[fd12::1]', false],
    ['10.0.0.0/99,nonsense/', 'https://10.2.3.4', true],
    ['', 'https://a.example', true],
  ])('NO_PROXY=%s and %s: through it %s', (list, address, expected) => {
    expect(through(address, { ...both, NO_PROXY: list }) !== undefined).toBe(expected);
    expect(through(address, { ...both, NO_PROXY: 'x', no_proxy: list }) !== undefined).toBe(expected);
  });

  test.each(['socks5://user:hunter22@proxy:1080', 'http://', 'ht!tp://user:hunter22@x y'])(
    '%s cannot be used, and its password is not shown',
    (proxy) => {
      const refused = (): unknown => proxyFor(new URL('https://a.example'), { HTTPS_PROXY: proxy });
      expect(refused).toThrow('The proxy in HTTPS_PROXY cannot be used');
      expect(refused).not.toThrow('hunter22');
    },
  );

  test('passwords of proxies are known before anything is printed', () => {
    expect(proxySecrets({ HTTPS_PROXY: 'http://u:a%20b@p:1', http_proxy: 'u:cc@p', NO_PROXY: 'x' })).toEqual(['a%20b', 'a b', 'cc', 'cc']);
  });
});

test.each([
  ['https://a.example', true],
  ['http://a.example', false],
  ['http://10.0.0.1', false],
  ['http://127.0.0.9:80', true],
  ['http://localhost', true],
  ['http://[::1]', true],
  ['http://localhost.evil.example', false],
  ['http://127.0.0.1.evil.example', false],
])('secrets may go to %s: %s', (address, expected) => {
  expect(mayCarrySecrets(new URL(address))).toBe(expected);
});
