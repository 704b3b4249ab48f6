import { connect as connectSocket, createServer } from 'node:net';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { type Connection, connect } from '../../src/connectors/postgres/session.js';
import { readSettings } from '../../src/connectors/postgres/settings.js';
import { systemClock } from '../../src/lib/index.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** A user would lose: a transaction that is left open, with its locks, since the server said that it had failed a moment after it said why. */

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

const READY = 'Z'.charCodeAt(0);

/** A way to the server that brings what it says of a transaction some milliseconds after all before it. */
async function slowly(): Promise<number> {
  const between = createServer({ noDelay: true }, (client) => {
    const upstream = connectSocket(server.port, '127.0.0.1');
    let left = Buffer.alloc(0);
    let sent = Promise.resolve();
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data: Buffer) => {
      left = Buffer.concat([left, data]);
      while (left.length >= 5 && left.length > left.readUInt32BE(1)) {
        const message = left.subarray(0, left.readUInt32BE(1) + 1);
        left = left.subarray(message.length);
        sent = sent.then(async () => {
          if (message[0] === READY) await new Promise((resolve) => setTimeout(resolve, 5));
          client.write(message);
        });
      }
    });
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const)
      one.on('error', () => undefined).on('close', () => other.destroy());
  });
  await new Promise<void>((resolve) => void between.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void between.close());
  const address = between.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function opened(role: 'read' | 'write'): Promise<Connection> {
  const url = `postgres://postgres@127.0.0.1:${String(await slowly())}/postgres?sslmode=disable`;
  const config = { name: 'db', connector: 'postgres', environment: 'sandbox', url, credentials: {}, limits: {}, options: {} } as const;
  const connection = await connect(
    await readSettings(config, { secret: async (ref) => await Promise.resolve(ref) }),
    systemClock,
    { requests: 0, retries: 0 },
    role,
  );
  onTestFinished(async () => await connection.close());
  return connection;
}

test.each(['read', 'write'] as const)(
  'to %s: a transaction that failed is over once it is rolled back, however late the server says so',
  async (role) => {
    const connection = await opened(role);
    await expect(connection.begin({ how: 'ISOLATION LEVEL READ COMMITTED', after: ['SELECT 1/0'] })).rejects.toThrow('division by zero');
    await connection.rollBack();
    expect(await connection.query('SELECT 2')).toEqual([['2']]);
    await connection.begin({ how: 'ISOLATION LEVEL READ COMMITTED' });
    await expect(connection.query('SELECT 1/$1::int', ['0'])).rejects.toThrow('division by zero');
    await connection.rollBack();
    expect(await connection.query('SELECT $1::text', ['3'])).toEqual([['3']]);
    await connection.begin({ how: 'ISOLATION LEVEL READ COMMITTED' });
    await expect(connection.queryUpTo('SELECT 1/$1::int', ['0'], 10)).rejects.toThrow('division by zero');
    await connection.rollBack();
    expect((await connection.queryUpTo('SELECT 4', [], 10)).rows).toEqual([['4']]);
  },
);
