import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Client } from 'pg';

import { freePort } from './ports.js';
import type { TestPostgres } from './postgres.js';

const POOLER = process.env['RUNBACK_TEST_PGBOUNCER'] ?? 'pgbouncer';
const NOBODY = 65_534;

/** Whether there is a pooler on this machine; where there is none, whoever asks for `what` is told that it is skipped. */
export function hasPooler(what: string): boolean {
  try {
    execFileSync(POOLER, ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    process.stdout.write(`${what}: skipped, since there is no pgbouncer here (RUNBACK_TEST_PGBOUNCER names one)\n`);
    return false;
  }
}

/** A PgBouncer in front of a test server. */
export interface TestPooler {
  readonly host: string;
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Starts one that gives each transaction another connection, of three at most, and cleans none: as vendors run it.
 * `databases`: names under which it has others, as its file says them.
 */
export async function startPooler(
  server: TestPostgres,
  settings: Readonly<Record<string, string>> = {},
  databases: Readonly<Record<string, string>> = {},
): Promise<TestPooler> {
  const port = await freePort();
  const dir = await mkdtemp(join(tmpdir(), 'runback-pooler-'));
  await chmod(dir, 0o777);
  const file = join(dir, 'pgbouncer.ini');
  const all = {
    listen_addr: '127.0.0.1',
    listen_port: String(port),
    unix_socket_dir: '',
    auth_type: 'any',
    pool_mode: 'transaction',
    default_pool_size: '3',
    max_client_conn: '500',
    server_reset_query_always: '0',
    ...settings,
  };
  const places = Object.entries({ ...databases, '*': '' }).map(
    ([name, more]) => `${name} = host=127.0.0.1 port=${String(server.port)} user=postgres ${more}\n`,
  );
  const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}\n`);
  await writeFile(file, `[databases]\n${places.join('')}[pgbouncer]\n${lines.join('')}`);
  await chmod(file, 0o644);
  const asRoot = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const pooler = spawn(POOLER, ['-q', file], { stdio: ['ignore', 'inherit', 'inherit'], cwd: dir, ...asRoot });
  const ended = once(pooler, 'exit');
  const gone = ended.then(([code]) => {
    throw new Error(`the pooler ended with ${String(code)} before it answered`);
  });
  gone.catch(() => undefined);
  while (!(await Promise.race([answers(port), gone]))) await new Promise((resolve) => setTimeout(resolve, 20));
  return {
    host: '127.0.0.1',
    port,
    async stop() {
      pooler.kill('SIGKILL');
      await ended;
    },
  };
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** Clients of a pooler, each on another connection of the server, in a transaction. */
export async function onEach(port: number, database: string, connections: number): Promise<readonly Client[]> {
  const clients: Client[] = [];
  for (let n = 0; n < connections; n += 1) {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database, types: { getTypeParser: () => (text: string) => text } });
    client.on('error', () => {});
    await client.connect();
    await client.query('BEGIN');
    clients.push(client);
  }
  return clients;
}

/** Runs SQL on every connection that a pooler has to a database. What each answered, in no order of theirs. */
export async function everywhere(port: number, database: string, connections: number, sql: string): Promise<readonly unknown[]> {
  const clients = await onEach(port, database, connections);
  const answers: unknown[] = [];
  for (const client of clients) answers.push((await client.query(sql)).rows);
  for (const client of clients) {
    await client.query('COMMIT');
    await client.end();
  }
  return answers.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
