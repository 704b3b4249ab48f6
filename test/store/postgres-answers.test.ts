import dns from 'node:dns';
import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openStore, type Store } from '../../src/store/index.js';
import { all, maya } from '../contracts/store/harness.js';
import { busyMs } from '../support/busy.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { startProxy, type TcpProxy } from '../support/tcp-proxy.js';
import { freshUrl, schemaIn } from './postgres-support.js';

/** A user would lose: a line of the journal, or its truth: written twice, or said to be missing. */

let server: TestPostgres;
let database: string;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '100' } });
  database = await server.createDatabase();
});
afterAll(() => server.stop());

interface World {
  readonly proxy: TcpProxy;
  readonly store: Store;
  /** Another process's, not through the proxy. */
  readonly other: Store;
  readonly schema: string;
}

async function world(leaseMs = 15_000): Promise<World> {
  const proxy = await startProxy(server);
  const straight = freshUrl(server, database);
  const open = async (url: string): Promise<Store> => {
    const store = await openStore(url, { clock: systemClock, redactor: new Redactor(), leaseMs });
    onTestFinished(async () => await store.close());
    return store;
  };
  onTestFinished(async () => await proxy.stop());
  return {
    proxy,
    store: await open(straight.replace(`:${String(server.port)}/`, `:${String(proxy.port)}/`)),
    other: await open(straight),
    schema: schemaIn(straight),
  };
}

describe.each(['dropAnswerTo', 'dropRequest'] as const)('where a connection breaks (%s)', (how) => {
  test('an append is on record exactly once, whether its answer was lost or it never arrived', async () => {
    const { proxy, store, other } = await world();
    const writer = await store.journal('runs', 'run-1').open(maya);
    await writer.append({ by: 'maya', type: 'run.created' });
    for (let n = 1; n <= 5; n += 1) {
      proxy[how]('journal_line', 'accept');
      expect(await writer.append({ by: 'maya', type: 'step.intent', data: { n } })).toMatchObject({ seq: n + 1 });
    }
    await writer.close();
    const entries = await all(other.journal('runs', 'run-1').read({ whole: true }));
    expect(entries.map(({ data }) => data['n'])).toEqual([undefined, 1, 2, 3, 4, 5]);
  });

  test('a document is changed exactly once, others changing it at the same time', async () => {
    const { proxy, store, other } = await world();
    const mine = store.document<{ n: number }>('notes', 'a');
    const theirs = other.document<{ n: number }>('notes', 'a');
    const add = (current: { n: number } | undefined): { n: number } => ({ n: (current?.n ?? 0) + 1 });
    for (const text of ['INSERT INTO', 'UPDATE', 'UPDATE']) {
      proxy[how](text, 'accept');
      await Promise.all([mine.update(add), theirs.update(add), theirs.update(add)]);
    }
    expect(await theirs.read()).toEqual({ n: 9 });
  });

  test('a lock that was taken over says from whom, and its lease counts from when it was taken', async () => {
    const { proxy, store, other, schema } = await world();
    await other.lock('platform-crm', { ...maya, by: 'lee' });
    await server.sql(database, `UPDATE ${schema}.lease SET until = now() - interval '1 second'`);
    await store.list('notes');
    proxy[how]('lease SET token');
    setTimeout(() => proxy.heal(), 600);
    const lock = await store.lock('platform-crm', maya, { breakDead: true });
    expect(lock.assertHeld(), 'the lease, less what has passed since').toBeLessThan(15_000 - 500);
    expect(lock.broke).toMatchObject({ by: 'lee' });
    await lock.release();
    expect(await other.lockHolder('platform-crm')).toBeUndefined();
  });

  test('locks, ledgers and agendas are what they were asked to be', async () => {
    const { proxy, store, other } = await world();
    await store.list('notes');
    proxy[how]('INSERT INTO', 'accept');
    const lock = await store.lock('platform-crm', maya);
    expect(lock.broke).toBeUndefined();
    await expect(other.lock('platform-crm', maya)).rejects.toMatchObject({ code: 'locked' });
    proxy[how]('DELETE FROM', 'accept');
    await lock.release();
    expect(await other.lockHolder('platform-crm')).toBeUndefined();
    proxy[how]('ledger (kind', 'accept');
    await store.ledger('plans', 'plan-1').write(['{"n":1}']);
    expect(await all(other.ledger('plans', 'plan-1').read())).toEqual(['{"n":1}']);
    proxy[how]('agenda (kind', 'accept');
    await store.agenda('pages').add(new Date(0), 'a');
    expect(await other.agenda('pages').due(new Date())).toEqual([{ at: new Date(0), id: 'a' }]);
  });
});

const ANSWER_MS = 2000;
/** What a busy machine may add. Without limits of its own, a connection into a black hole takes a quarter of an hour to break. */
const BUSY_MS = 2000 + busyMs(28_000);

test('a black hole holds nothing up longer than the lease and one answer; the holder knows that it may have lost its lock', async () => {
  const leaseMs = 3000;
  const { proxy, store, other } = await world(leaseMs);
  const lock = await store.lock('platform-crm', maya);
  const writer = await store.journal('runs', 'run-1').open(maya);
  await writer.append({ by: 'maya', type: 'run.created' });
  proxy.blackHole();
  const began = performance.now();
  await expect(writer.append({ by: 'maya', type: 'step.intent' })).rejects.toMatchObject({ code: 'store-away' });
  const tookMs = performance.now() - began;
  expect(tookMs).toBeLessThan(leaseMs + 2 * ANSWER_MS + BUSY_MS);
  await expect(writer.append({ by: 'maya', type: 'step.intent' }), 'nobody knows whether it is there').rejects.toMatchObject({ code: 'store-away' });
  while (!lock.signal.aborted) await pause(20);
  expect(performance.now() - began, 'told at the next renewal after its lease').toBeLessThan(2 * leaseMs + 2 * ANSWER_MS + BUSY_MS);
  expect(lock.signal.reason).toMatchObject({ code: 'fenced' });
  expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: 'fenced' }));
  // This process is alive, and seen: only its lease says that it is gone.
  const next = await other.lock('platform-crm', { ...maya, by: 'lee' }, { breakDead: true });
  expect(next.broke).toMatchObject({ by: 'maya', life: 'dead' });
  proxy.heal();
  await expect(lock.check()).rejects.toMatchObject({ code: 'fenced' });
  await next.check();
  await next.release();
});

test.each(['ENOTFOUND', 'EAI_AGAIN', 'CERT_HAS_EXPIRED'])(
  'once it was reached, %s is a broken connection that heals, and no wrong address',
  async (code) => {
    const proxy = await startProxy(server);
    onTestFinished(async () => await proxy.stop());
    const url = freshUrl(server, database, proxy.port).replace('127.0.0.1', 'localhost');
    const store = await openStore(url, { clock: systemClock, redactor: new Redactor(), leaseMs: 4000 });
    onTestFinished(async () => await store.close());
    let isDown = false;
    const looking = vi.spyOn(dns, 'lookup').mockImplementation(((...given: unknown[]) => {
      const answer = given.at(-1) as (error: Error | null, address?: unknown, family?: number) => void;
      if (isDown) answer(Object.assign(new Error(`getaddrinfo ${code} localhost`), { code }));
      else if ((given[1] as { readonly all?: boolean }).all === true) answer(null, [{ address: '127.0.0.1', family: 4 }]);
      else answer(null, '127.0.0.1', 4);
    }) as typeof dns.lookup);
    onTestFinished(() => looking.mockRestore());
    await store.document('notes', 'a').update(() => ({ n: 1 }));
    expect(looking).toHaveBeenCalled();
    isDown = true;
    proxy.cutOff();
    const changed = store.document<{ n: number }>('notes', 'a').update((now) => ({ n: (now?.n ?? 0) + 1 }));
    await pause(200);
    isDown = false;
    proxy.heal();
    expect(await changed).toEqual({ n: 2 });
    isDown = true;
    proxy.cutOff();
    await expect(store.document('notes', 'a').update(() => ({ n: 3 }))).rejects.toMatchObject({
      code: 'store-away',
      state: expect.stringContaining('may or may not') as string,
    });
  },
);

test('what carries many lines may take its time over a slow line: a journal, its rewriting, a plan', async () => {
  const { proxy, store } = await world(3000);
  const writer = await store.journal('runs', 'run-1').open(maya);
  await writer.append({ by: 'maya', type: 'note', data: { n: 1 } });
  await writer.close();
  const slowMs = 2300;
  proxy.slowAnswerTo('ledger_part (tag', slowMs);
  await store.ledger('plans', 'plan-1').write(['{"n":1}']);
  proxy.slowAnswerTo('SELECT body', slowMs);
  expect(await all(store.ledger('plans', 'plan-1').read())).toEqual(['{"n":1}']);
  proxy.slowAnswerTo('SELECT seq, line', slowMs);
  expect(await all(store.journal('runs', 'run-1').read({ whole: true }))).toHaveLength(1);
  proxy.slowAnswerTo('SET hash = ', slowMs);
  expect(await store.journal('runs', 'run-1').rewrite(maya, () => ({ n: 2 }))).toMatchObject({ entries: 1 });
  expect((await all(store.journal('runs', 'run-1').read({ whole: true }))).map(({ data }) => data)).toEqual([{ n: 2 }]);
});

test('a database that was put back to an older copy is found by whoever was writing', async () => {
  const { store, schema } = await world();
  const writer = await store.journal('runs', 'run-1').open(maya);
  const lines = [];
  for (let n = 1; n <= 3; n += 1) lines.push(await writer.append({ by: 'maya', type: 'step.intent', data: { n } }));
  await server.sql(database, `DELETE FROM ${schema}.journal_line WHERE seq > 1`);
  await server.sql(database, `UPDATE ${schema}.journal_head SET seq = 1, hash = $1`, [lines[0]?.hash]);
  await expect(writer.append({ by: 'maya', type: 'step.outcome' })).rejects.toMatchObject({
    code: 'journal-regressed',
    exitCode: 65,
    data: { line: 3 },
  });
});

test('a lease that lapsed is not said to be that of a process that has ended, and a token that was given twice renews and gives back nothing of the other', async () => {
  const { store, other, schema } = await world();
  const lock = await store.lock('platform-crm', maya);
  await server.sql(database, `UPDATE ${schema}.lease SET until = now() - interval '1 second'`);
  await expect(other.lock('platform-crm', { ...maya, by: 'lee' })).rejects.toMatchObject({
    code: 'locked',
    why: expect.stringContaining('has not renewed its lease') as string,
  });
  await server.sql(database, `UPDATE ${schema}.lease SET claim = 'of another one', until = now() + interval '1 minute'`);
  await expect(lock.check()).rejects.toMatchObject({ code: 'fenced' });
  await lock.release();
  expect(await other.lockHolder('platform-crm')).toBeDefined();
});

test('tokens rise over a failover, whatever the new server remembers of them', async () => {
  const { store, schema } = await world();
  const first = await store.lock('platform-crm', maya);
  await server.sql(database, `SELECT setval('${schema}.token', 1)`);
  await server.sql(database, `UPDATE ${schema}.workspace SET timeline = '00000000'`);
  const other = await openStore(freshUrl(server, database).replace(/schema=.*/u, `schema=${schema}`), {
    clock: systemClock,
    redactor: new Redactor(),
  });
  onTestFinished(async () => await other.close());
  const second = await other.lock('platform-warehouse', maya);
  expect(BigInt(second.token)).toBeGreaterThan(BigInt(first.token));
  await second.release();
  await first.release();
});

test('clocks that differ are told, and leases do not go by them', async () => {
  const url = freshUrl(server, database);
  const told: number[] = [];
  const store = await openStore(url, {
    clock: { ...systemClock, now: () => new Date('2031-01-01') },
    redactor: new Redactor(),
    skew: (ms) => told.push(ms),
  });
  onTestFinished(async () => await store.close());
  const lock = await store.lock('platform-crm', maya);
  expect(told).toHaveLength(1);
  expect(Math.abs(told[0] ?? Number.NaN), 'by the clock of this machine, which is the one of the server').toBeLessThan(5000);
  await expect(store.lock('platform-crm', maya, { breakDead: true })).rejects.toMatchObject({ code: 'locked' });
  await lock.release();
});

test('a role of its own needs no more than rights on what is there; without them it is told', async () => {
  const { store, schema } = await world();
  await store.document('notes', 'a').update(() => ({ n: 1 }));
  await server.sql(database, `CREATE ROLE lee_${schema} LOGIN`);
  const url = `postgres://lee_${schema}@127.0.0.1:${String(server.port)}/${database}?schema=${schema}`;
  const open = async (): Promise<Store> => {
    const opened = await openStore(url, { clock: systemClock, redactor: new Redactor() });
    onTestFinished(async () => await opened.close());
    return opened;
  };
  await expect((await open()).document('notes', 'a').read()).rejects.toMatchObject({ code: 'auth-refused', exitCode: 4 });
  await server.sql(
    database,
    `GRANT USAGE ON SCHEMA ${schema} TO lee_${schema}; GRANT ALL ON ALL TABLES IN SCHEMA ${schema} TO lee_${schema}; GRANT ALL ON ALL SEQUENCES IN SCHEMA ${schema} TO lee_${schema}`,
  );
  const lee = await open();
  expect(await lee.document<{ n: number }>('notes', 'a').update((current) => ({ n: (current?.n ?? 0) + 1 }))).toEqual({ n: 2 });
  const lock = await lee.lock('platform-crm', maya);
  const writer = await lee.journal('runs', 'run-1').open(maya);
  await writer.append({ by: 'lee', type: 'note' });
  await writer.close();
  await lee.ledger('plans', 'plan-1').write(['{}']);
  await lee.agenda('pages').add(new Date(0), 'a');
  expect(await lee.agenda('pages').claim(new Date(), 1, 1000)).toHaveLength(1);
  await lock.release();
});

test('what waits for something due is woken by whoever adds it, in another process too', async () => {
  const { store, other } = await world();
  await store.list('notes');
  // Listening takes a moment the first time; looking again is the floor.
  await store.wake(new AbortController().signal, 500);
  const began = performance.now();
  const woken = store.wake(new AbortController().signal, 60_000);
  await other.agenda('pages').add(new Date(0), 'a');
  await woken;
  expect(performance.now() - began).toBeLessThan(30_000);
});

test('the address of the state is never repeated with its password', async () => {
  const url = `postgres://maya:hunter2-hunter2@127.0.0.1:${String(server.port)}/nowhere?schema=x`;
  const store = await openStore(url, { clock: systemClock, redactor: new Redactor() });
  onTestFinished(async () => await store.close());
  expect(store.location).toBe(`postgres://127.0.0.1:${String(server.port)}/nowhere?schema=x`);
  const error: unknown = await store.list('notes').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'auth-refused' });
  expect(JSON.stringify([String(error), error])).not.toContain('hunter2');
  for (const bad of ['postgres://h/x', 'postgres://maya@127.0.0.1/x?schema=A', 'postgres://maya@h/x?sslmode=prefer', 'postgres://maya@h/x?options=y'])
    await expect(openStore(bad, { clock: systemClock, redactor: new Redactor() }), bad).rejects.toMatchObject({ code: 'usage' });
});
