import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { imitatorIn } from '../../src/connectors/postgres/imitators.js';
import { jsonLines, runback } from '../cli/support/child.js';

/** A user would be told of a missing function, and to report it; or, worse, trust a restore on a server that cannot do one. */

/** What `select version()` gives there. */
const REDSHIFT = 'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.48805';
const COCKROACH = 'CockroachDB CCL v24.3.0 (x86_64-pc-linux-gnu, built 2024/11/18 16:03:27, go1.22.8)';

let server: Server | undefined;
let dir = '';
afterEach(async () => {
  server?.close();
  await rm(dir, { recursive: true, force: true });
});

const message = (type: string, ...parts: readonly (string | Buffer)[]): Buffer => {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : part)));
  const head = Buffer.from(`${type}0000`);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const int32 = (n: number): Buffer => Buffer.from([n >>> 24, n >>> 16, n >>> 8, n].map((byte) => byte & 255));
const READY = message('Z', Buffer.from('I'));
const row = (name: string, value: string): Buffer =>
  Buffer.concat([
    message(
      'T',
      Buffer.from([0, 1]),
      name,
      Buffer.concat([int32(0), Buffer.from([0, 0]), int32(25), Buffer.from([255, 255]), int32(-1), Buffer.from([0, 0])]),
    ),
    message('D', Buffer.from([0, 1]), int32(value.length), Buffer.from(value)),
    message('C', 'SELECT 1'),
    READY,
  ]);

/** A server that takes everybody, knows `version()`, and refuses every other question as one without the function does. */
async function imitate(version: string, serverVersion: string): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const answer = (socket: Socket, type: string, body: Buffer): void => {
    const text = body.toString().replaceAll('\0', ' ').trim();
    if (type === 'Q') {
      asked.push(text);
      socket.write(row('version', version));
    } else if (type === 'P') {
      socket.write(message('E', 'SERROR', 'VERROR', 'C42883', 'Munknown function: pg_catalog.pg_postmaster_start_time()', Buffer.from([0])));
    } else if (type === 'S') socket.write(READY);
  };
  const made = createServer((socket) => {
    let held = Buffer.alloc(0);
    let begun = false;
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      held = Buffer.concat([held, data]);
      for (;;) {
        const at = begun ? 1 : 0;
        const length = held.length < at + 4 ? Infinity : held.readInt32BE(at);
        if (held.length < at + length) return;
        const [type, body] = [held.toString('latin1', 0, at), held.subarray(at + 4, at + length)];
        held = held.subarray(at + length);
        if (begun) answer(socket, type, body);
        else
          socket.write(
            Buffer.concat([message('R', int32(0)), message('S', 'server_version', serverVersion), message('K', int32(7), int32(7)), READY]),
          );
        begun = true;
      }
    });
  });
  server = made;
  await new Promise<void>((done) => made.listen(0, '127.0.0.1', done));
  return { port: (made.address() as { readonly port: number }).port, asked };
}

test.each([
  ['Amazon Redshift', REDSHIFT, '8.0.2'],
  ['CockroachDB', COCKROACH, '13.0.0'],
])('%s is told as what it is, before anything is read', async (name, version, serverVersion) => {
  const { port, asked } = await imitate(version, serverVersion);
  dir = await mkdtemp(join(tmpdir(), 'runback-imitators-'));
  await writeFile(join(dir, 'url'), `postgres://maya:secret@127.0.0.1:${String(port)}/crm?sslmode=disable`, { mode: 0o600 });
  await writeFile(
    join(dir, 'runback.yml'),
    `version: 1
platforms:
  db: { connector: postgres, environment: sandbox, url: "file:url" }
backups: { storage: backups }
`,
  );
  const ended = await runback(['snapshot', 'create', '--json', '--no-input', '--as', 'maya'], { cwd: dir });
  expect(jsonLines(ended.stdout).at(-1)?.['error']).toMatchObject({
    code: 'platform-rejected',
    message: `db is no PostgreSQL but ${name}, which is not supported`,
    why: expect.stringContaining(version) as string,
    state: 'Nothing was read or written.',
  });
  expect(asked).toEqual(['SELECT version() AS version']);
});

test('those that are PostgreSQL are none of these', () => {
  for (const version of ['PostgreSQL 17.2 on x86_64', 'PostgreSQL 14.5 (EnterpriseDB Advanced Server 14.5.0)', 'EnterpriseDB 9.6.2.7', ''])
    expect(imitatorIn(version)).toBeUndefined();
});

test('a name is found behind a bracket too', () => {
  expect(imitatorIn('(openGauss 5.0.0 build a07d57c3) compiled at 2023-03-29')).toBe('openGauss');
});
