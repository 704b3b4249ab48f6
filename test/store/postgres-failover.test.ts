import { execFile, spawn } from 'node:child_process';
import { appendFileSync, chownSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { moveState, openPlace, openStore, type Store } from '../../src/store/index.js';
import type { MovablePlace } from '../../src/store/move/movable.js';
import { installedPostgres, startPostgres } from '../support/postgres.js';
import { temporaryFolder } from '../support/store.js';
import { freshUrl, schemaIn } from './postgres-support.js';

/** A user would lose: the record of what was written, where a standby took over that had not received everything, and nobody is told. */

const run = promisify(execFile);
const [bin] = [...installedPostgres().values()];
const uid = process.getuid?.() === 0 ? 65_534 : undefined;
const owner = uid === undefined ? {} : { uid, gid: uid };
const maya = { by: 'maya', holder: 'run-1', purpose: 'a run' };

interface Server {
  readonly port: number;
  readonly data: string;
  sql(text: string): Promise<Record<string, string>[]>;
  kill(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'runback-failover-'));
  if (uid !== undefined) chownSync(dir, uid, uid);
  return dir;
}

async function start(data: string): Promise<Server> {
  const port = await freePort();
  const words = ['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'];
  const child = spawn(join(bin ?? '', 'postgres'), words, { ...owner, cwd: data, stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const kill = async (): Promise<void> => {
    // At once, as with a machine that is gone: its children end when it does.
    child.kill('SIGQUIT');
    await ended;
  };
  onTestFinished(kill);
  const sql = async (text: string): Promise<Record<string, string>[]> => {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Record<string, string>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  for (let tries = 0; ; tries += 1) {
    try {
      await sql('SELECT 1');
      return { port, data, sql, kill };
    } catch (error) {
      if (tries > 300) throw error;
      await pause(100);
    }
  }
}

/** A primary and a standby that follows it asynchronously. */
async function pair(): Promise<{ readonly primary: Server; readonly standby: Server }> {
  const first = join(folder(), 'data');
  await run(join(bin ?? '', 'initdb'), ['-D', first, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], {
    ...owner,
    cwd: tmpdir(),
  });
  appendFileSync(join(first, 'postgresql.conf'), 'wal_level = replica\nmax_wal_senders = 4\nhot_standby = on\n');
  const primary = await start(first);
  const second = join(folder(), 'data');
  await run(
    join(bin ?? '', 'pg_basebackup'),
    ['-h', '127.0.0.1', '-p', String(primary.port), '-U', 'postgres', '-D', second, '-R', '-c', 'fast', '--no-sync'],
    {
      ...owner,
      cwd: tmpdir(),
    },
  );
  return { primary, standby: await start(second) };
}

const promote = async ({ sql }: Server): Promise<void> => {
  expect(await sql('SELECT pg_promote(true, 60)::text AS done')).toEqual([{ done: 'true' }]);
};

/** Everything up to now has arrived there. */
async function caughtUp(primary: Server, standby: Server): Promise<void> {
  const [at] = await primary.sql('SELECT pg_current_wal_lsn()::text AS lsn');
  for (;;) {
    const [row] = await standby.sql(`SELECT (pg_last_wal_replay_lsn() >= '${at?.['lsn'] ?? ''}')::text AS there`);
    if (row?.['there'] === 'true') return;
    await pause(20);
  }
}

/** Nothing that is written on the primary arrives on the standby from now on. */
async function cutOff(primary: Server, standby: Server): Promise<void> {
  await standby.sql('SELECT pg_wal_replay_pause()');
  while ((await standby.sql('SELECT pg_get_wal_replay_pause_state() AS state'))[0]?.['state'] !== 'paused') await pause(20);
  await primary.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_replication');
  while ((await standby.sql('SELECT pid::text FROM pg_stat_wal_receiver')).length > 0) await pause(20);
}

function addressOf(...servers: readonly Server[]): string {
  const hosts = servers.map(({ port }) => `127.0.0.1:${String(port)}`).join(',');
  return `postgres://postgres@${hosts}/postgres?target_session_attrs=read-write`;
}

async function open(...servers: readonly Server[]): Promise<Store> {
  const store = await openStore(addressOf(...servers), { clock: systemClock, redactor: new Redactor() });
  onTestFinished(async () => await store.close());
  return store;
}

const title = bin === undefined ? ' (skipped: PostgreSQL is not installed in /usr/lib/postgresql)' : '';

it.skipIf(bin === undefined)(
  `an address with two servers finds the one that takes writes, in either order, and moves on with it${title}`,
  async () => {
    const { primary, standby } = await pair();
    const store = await open(standby, primary);
    const writer = await store.journal('runs', 'run-1').open(maya);
    await writer.append({ by: 'maya', type: 'one' });
    await caughtUp(primary, standby);
    const [before] = await primary.sql('SELECT epoch::text, timeline FROM runback.workspace');
    await primary.kill();
    const promoting = promote(standby);
    // Waits for the promotion, and is recorded on the server that took over: nothing was lost here.
    await writer.append({ by: 'maya', type: 'two' });
    await promoting;
    const [after] = await standby.sql('SELECT epoch::text, timeline FROM runback.workspace');
    expect(Number(after?.['epoch'])).toBeGreaterThan(Number(before?.['epoch']));
    expect(after?.['timeline']).not.toBe(before?.['timeline']);
    const types: string[] = [];
    for await (const { type } of store.journal('runs', 'run-1').read({ whole: true })) types.push(type);
    expect(types).toEqual(['one', 'two']);
    await writer.close();
    // Whoever opens it next finds on record that lines may be missing: nobody can know that none is.
    const lee = await open(standby);
    await (await lee.journal('runs', 'run-1').open({ ...maya, by: 'lee' })).close();
    const found: string[] = [];
    for await (const { type } of lee.journal('runs', 'run-1').read({ whole: true })) found.push(type);
    expect(found).toEqual(['one', 'two', 'journal.repaired']);
  },
);

it.skipIf(bin === undefined)(
  `a standby that had not received everything: whoever goes on is told so, and no token is given twice${title}`,
  async () => {
    const { primary, standby } = await pair();
    const store = await open(primary, standby);
    const held = await store.lock('platform-crm', maya);
    const writer = await store.journal('runs', 'run-1').open(maya);
    await writer.append({ by: 'maya', type: 'one' });
    await caughtUp(primary, standby);
    await cutOff(primary, standby);
    await writer.append({ by: 'maya', type: 'acknowledged and lost' });
    const lost = await store.lock('platform-mail', { ...maya, holder: 'run-2' });
    await primary.kill();
    await standby.sql('SELECT pg_wal_replay_resume()');
    await promote(standby);
    const lee = await open(standby, primary);
    const taken = await lee.lock('platform-mail', { by: 'lee', holder: 'run-3', purpose: 'a run' });
    expect(BigInt(taken.token) > BigInt(lost.token), `${taken.token} after ${lost.token}`).toBe(true);
    // The one that knows better.
    await expect(writer.append({ by: 'maya', type: 'three' })).rejects.toMatchObject({ code: 'journal-regressed' });
    await expect(lost.check()).rejects.toMatchObject({ code: 'fenced' });
    await held.release();
    await writer.close();
    // And one that does not: it is on record that lines may be missing.
    const continued = await lee.journal('runs', 'run-1').open({ by: 'lee', holder: 'run-1', purpose: 'a run' });
    const lines: { readonly type: string; readonly data: unknown }[] = [];
    for await (const { type, data } of lee.journal('runs', 'run-1').read()) lines.push({ type, data });
    expect(lines).toMatchObject([
      { type: 'one' },
      { type: 'journal.repaired', data: { why: expect.stringContaining('another server took over') as string } },
    ]);
    await continued.close();
  },
);

it('another server that took over behind a pooler, where no connection breaks: the next lock and the next journal know of it', async () => {
  const server = await startPostgres();
  onTestFinished(async () => await server.stop());
  const database = await server.createDatabase();
  const url = freshUrl(server, database);
  const store = await openStore(url, { clock: systemClock, redactor: new Redactor() });
  onTestFinished(async () => await store.close());
  const before = await store.lock('platform-mail', maya);
  const writer = await store.journal('runs', 'run-1').open(maya);
  await writer.append({ by: 'maya', type: 'one' });
  await writer.close();
  await before.release();
  // As a server finds it that was promoted, and remembers none of the tokens.
  await server.sql(database, `UPDATE ${schemaIn(url)}.workspace SET timeline = '0000000F'`);
  await server.sql(database, `ALTER SEQUENCE ${schemaIn(url)}.token RESTART`);
  const locks = await Promise.all(['platform-mail', 'platform-crm', 'platform-shop'].map(async (name) => await store.lock(name, maya)));
  for (const { token } of locks) expect(BigInt(token) > BigInt(before.token), `${token} after ${before.token}`).toBe(true);
  const [row] = await server.sql(database, `SELECT epoch::text, timeline FROM ${schemaIn(url)}.workspace`);
  expect(row).toEqual({ epoch: '2', timeline: '00000001' });
  await (await store.journal('runs', 'run-1').open(maya)).close();
  const found: string[] = [];
  for await (const { type } of store.journal('runs', 'run-1').read({ whole: true })) found.push(type);
  expect(found).toEqual(['one', 'journal.repaired']);
  for (const lock of locks) await lock.release();
});

/** A state in a folder, and the folder. */
async function folderState(): Promise<string> {
  const dir = join(await temporaryFolder(), '.runback');
  const store = await openStore(dir, { clock: systemClock, redactor: new Redactor() });
  for (let n = 0; n < 40; n += 1) await store.document('notes', `n${String(n)}`).update(() => ({ n }));
  const writer = await store.journal('runs', 'run-1').open(maya);
  for (let n = 0; n < 20; n += 1) await writer.append({ by: 'maya', type: 'note', data: { n } });
  await writer.close();
  await store.close();
  return dir;
}

/** Moves it; `around` may stand in front of the new place. */
async function moved(from: string, to: string, around = (place: MovablePlace): MovablePlace => place): ReturnType<typeof moveState> {
  const [old, now] = [await openPlace(from, systemClock), await openPlace(to, systemClock)];
  try {
    return await moveState(old, around(now));
  } finally {
    await old.close();
    await now.close();
  }
}

it.skipIf(bin === undefined)(
  `state move to an address of several servers goes to the one that takes writes, there and back, and is continued on the one that took over${title}`,
  async () => {
    const { primary, standby } = await pair();
    const dir = await folderState();
    const address = addressOf(standby, primary);
    const there = await moved(dir, address);
    const back = await moved(address, dir);
    expect([there.digest, there.parts]).toEqual([back.digest, back.parts]);
    await caughtUp(primary, standby);
    // In the middle of the next one, the primary is gone.
    let written = 0;
    const fresh = `${address}&schema=next`;
    const interrupted = moved(dir, fresh, (place) => ({
      ...bound(place),
      write: async (...given) => {
        written += 1;
        if (written === 10) await primary.kill();
        await place.write(...given);
      },
    }));
    await expect(interrupted).rejects.toMatchObject({ code: 'store-away' });
    await promote(standby);
    const again = await moved(dir, fresh);
    expect([again.digest, again.parts]).toEqual([there.digest, there.parts]);
    const store = await openStore(fresh, { clock: systemClock, redactor: new Redactor() });
    onTestFinished(async () => await store.close());
    expect(await store.document('notes', 'n7').read()).toEqual({ n: 7 });
    await expect((await openStore(dir, { clock: systemClock, redactor: new Redactor() })).list('notes')).rejects.toMatchObject({
      code: 'store-moved',
    });
  },
);

it.skipIf(bin === undefined)(`a standby that had not received the end of a move: the same command ends it, and nothing is lost${title}`, async () => {
  const { primary, standby } = await pair();
  const dir = await folderState();
  const address = addressOf(primary, standby);
  const first = await moved(dir, address, (place) => ({
    ...bound(place),
    mark: async (mark, seen) => {
      if (mark === undefined) {
        await caughtUp(primary, standby);
        await cutOff(primary, standby);
      }
      await place.mark(mark, seen);
    },
  }));
  await primary.kill();
  await standby.sql('SELECT pg_wal_replay_resume()');
  await promote(standby);
  await expect((await open(standby)).list('notes')).rejects.toMatchObject({ code: 'store-moved' });
  const again = await moved(dir, address);
  expect([again.digest, again.parts]).toEqual([first.digest, first.parts]);
  expect(await (await open(standby)).document('notes', 'n7').read()).toEqual({ n: 7 });
  await expect(moved(dir, address)).rejects.toMatchObject({ code: 'store-moved' });
});

/** Its methods, so that one of them can be replaced. */
function bound(place: MovablePlace): MovablePlace {
  return {
    location: place.location,
    standing: async () => await place.standing(),
    mark: async (...given) => await place.mark(...given),
    held: async () => await place.held(),
    parts: () => place.parts(),
    read: async (...given) => await place.read(...given),
    write: async (...given) => await place.write(...given),
    remove: async (...given) => await place.remove(...given),
    close: async () => await place.close(),
  };
}
