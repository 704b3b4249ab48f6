import { expect, test } from 'vitest';

import { startIntegration } from '../../src/stages/index.js';
import { firstLineOf } from '../support/raw-http.js';
import { bench } from './support.js';

/**
 * A user would lose: the records of a practice account, and trust in it, to any web page and program on this machine.
 */

const request = (headers: Readonly<Record<string, string>>, path = '/crm/v3/objects/contacts', method = 'POST'): string =>
  `${method} ${path} HTTP/1.1\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

test('who has no token is told so before a body is read, on the API and on the control routes', async () => {
  const { sandbox } = await bench();
  const { host } = new URL(sandbox.url);
  // The body never comes: whoever waits for it never answers.
  for (const path of ['/crm/v3/objects/contacts', '/__sandbox/dump'])
    for (const more of [{}, { authorization: 'Bearer pat-na1-sandbox-0000' }])
      expect(await firstLineOf(sandbox.url, request({ host, 'content-length': '1000000000', ...more }, path))).toBe('HTTP/1.1 401 Unauthorized');
});

test('a body that is too long is answered with 413, announced or not', async () => {
  const { sandbox } = await bench();
  const { host } = new URL(sandbox.url);
  const authorization = `Bearer ${sandbox.token}`;
  expect(await firstLineOf(sandbox.url, request({ host, authorization, 'content-length': '20000000' }))).toBe('HTTP/1.1 413 Payload Too Large');
  const chunk = `100000\r\n${'x'.repeat(0x10_0000)}\r\n`;
  expect(await firstLineOf(sandbox.url, request({ host, authorization, 'transfer-encoding': 'chunked' }) + chunk.repeat(12))).toBe(
    'HTTP/1.1 413 Payload Too Large',
  );
  // It goes on with others.
  expect((await fetch(`${sandbox.url}/crm/v3/objects/contacts`, { headers: { authorization } })).status).toBe(200);
});

test('a name that was made to lead here and a page of somebody else are not let in, with the token or without', async () => {
  const { sandbox } = await bench();
  const integration = await startIntegration(() => undefined);
  try {
    const { host, port } = new URL(sandbox.url);
    const authorization = `Bearer ${sandbox.token}`;
    const get = (headers: Readonly<Record<string, string>>): Promise<string> =>
      firstLineOf(sandbox.url, request({ authorization, ...headers }, '/crm/v3/objects/contacts', 'GET'));
    for (const evil of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example', '192.168.0.7', 'localhost.evil.example', '@'])
      expect(await get({ host: evil }), evil).toBe('HTTP/1.1 403 Forbidden');
    for (const origin of ['https://evil.example', 'null', 'http://localhost:3000', `https://${host}`])
      expect(await get({ host, origin }), origin).toBe('HTTP/1.1 403 Forbidden');
    for (const own of [host, `localhost:${port}`, `[::1]:${port}`]) expect(await get({ host: own }), own).toBe('HTTP/1.1 200 OK');
    expect(await get({ host, origin: `http://${host}` })).toBe('HTTP/1.1 200 OK');
    const pause = request({ host: new URL(integration.url).host, origin: 'https://evil.example', 'content-length': '0' }, '/sync/pause');
    expect(await firstLineOf(integration.url, pause)).toBe('HTTP/1.1 403 Forbidden');
    expect(integration.paused).toBe(false);
  } finally {
    await integration.stop();
  }
});

test('no two sandboxes have the same token', async () => {
  const [a, b] = [await bench(), await bench()];
  expect(a.sandbox.token).not.toBe(b.sandbox.token);
  expect((await bench({ token: 'pat-na1-given' })).sandbox.token).toBe('pat-na1-given');
});
