import { execFileSync } from 'node:child_process';
import { chmod, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';

import { expect, onTestFinished, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openStore } from '../../src/store/index.js';
import { readStoreUrl } from '../../src/store/postgres/settings.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { temporaryFolder } from '../support/store.js';

/** A user would lose: who was told what, and the password of the state, to whoever listens on the way or poses as the server. */

async function serverWithTls(dir: string): Promise<{ readonly server: TestPostgres; readonly certificate: string }> {
  const [key, certificate] = [join(dir, 'server.key'), join(dir, 'server.crt')];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const made = [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    certificate,
  ];
  execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' });
  await chmod(key, 0o600);
  // Read by the server, which is never root.
  if (process.getuid?.() === 0) for (const path of [dir, key, certificate]) await chown(path, 65_534, 65_534);
  const server = await startPostgres({ settings: { ssl: 'on', ssl_cert_file: certificate, ssl_key_file: key } });
  onTestFinished(async () => await server.stop());
  return { server, certificate };
}

async function kindsAt(url: string): Promise<unknown> {
  const store = await openStore(url, { clock: systemClock, redactor: new Redactor() });
  try {
    return await store.kinds('documents');
  } catch (error) {
    return error;
  } finally {
    await store.close();
  }
}

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

test('beyond this machine TLS is used and the certificate checked: host and authority, or nothing is said to the server', async (context) => {
  if (!hasOpenssl()) return context.skip('openssl, which makes the certificate of the server, is not installed');
  const { server, certificate } = await serverWithTls(await temporaryFolder());
  const at = (host: string, parameters: string): string => `postgres://postgres@${host}:${String(server.port)}/postgres?schema=tls&${parameters}`;
  expect(await kindsAt(at('127.0.0.1', `sslmode=verify-full&sslrootcert=${certificate}`))).toEqual([]);
  const watching = await openStore(at('127.0.0.1', `sslmode=verify-full&sslrootcert=${certificate}`), {
    clock: systemClock,
    redactor: new Redactor(),
  });
  onTestFinished(async () => await watching.close());
  await watching.kinds('documents');
  const sessions = await server.sql(
    'postgres',
    `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'runback state'`,
  );
  expect(sessions).toEqual([{ ssl: 't' }]);
  expect(await kindsAt(at('localhost', `sslmode=verify-ca&sslrootcert=${certificate}`)), 'another name, the right authority').toEqual([]);
  for (const [host, parameters] of [
    ['127.0.0.1', 'sslmode=verify-full'],
    ['localhost', `sslmode=verify-full&sslrootcert=${certificate}`],
    ['127.0.0.1', 'sslmode=verify-ca'],
  ] as const)
    expect(await kindsAt(at(host, parameters)), `${host} ${parameters}`).toMatchObject({ code: 'auth-refused', exitCode: 4 });
  expect(await kindsAt(at('127.0.0.1', 'sslmode=require'))).toEqual([]);
});

test('without a word about TLS in the address, a server beyond this machine has to prove who it is', async () => {
  expect(await readStoreUrl('postgres://maya@db.example.com/state')).toMatchObject({
    ssl: { rejectUnauthorized: true },
    servers: [{ host: 'db.example.com', port: 5432 }],
    schema: 'runback',
  });
  expect(await readStoreUrl('postgres://maya@127.0.0.1/state')).toMatchObject({ ssl: false });
});

test.each([
  ['a "%" of a password', 'postgres://maya:hunter%2-hunter2@db.example.com/state'],
  ['a "?" of a password', 'postgres://maya:x@db.example.com/state?hunter2-hunter2=1'],
  ['a certificate that would not be looked at', 'postgres://maya:hunter2@db.example.com/state?sslmode=require&sslrootcert=/hunter2'],
])('%s in the address is refused, and nothing of the address is repeated', async (_, url) => {
  const error = await readStoreUrl(url).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'usage', message: 'The address of the state cannot be used' });
  expect(inspect(error)).not.toContain('hunter');
});

test('a server without TLS gets no password where TLS was asked for', async () => {
  const server = await startPostgres();
  onTestFinished(async () => await server.stop());
  const url = `postgres://postgres:hunter2-hunter2@127.0.0.1:${String(server.port)}/postgres?sslmode=require`;
  expect(await kindsAt(url)).toMatchObject({ code: 'auth-refused', why: expect.stringContaining('does not support SSL') as string });
});
