import { execFileSync } from 'node:child_process';
import { connect, createServer } from 'node:net';

import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

import { Redactor, systemClock } from '../../src/lib/index.js';
import { openStore } from '../../src/store/index.js';
import { busyMs } from '../support/busy.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { freshUrl } from './postgres-support.js';
import { holderIn } from './support.js';

/** A user would lose: an hour, to the lock of a laptop whose cable was pulled; or records, to that laptop when it is back. */

const LEASE_MS = 4000;
/** One statement, and one try to connect: each has two seconds. */
const LIMIT_MS = 4000;
/** What a busy machine may add. Without limits of its own, a connection takes a quarter of an hour to break. */
const BUSY_MS = busyMs(30_000);
const SPACE = `runback-${String(process.pid)}`;
const [HERE, THERE] = ['10.213.77.1', '10.213.77.2'];
const [NEAR, FAR] = [`rb${String(process.pid)}a`.slice(0, 15), `rb${String(process.pid)}b`.slice(0, 15)];

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });

/** Whether this machine lets a process have a network of its own. */
function hasSpaces(): boolean {
  try {
    ip('netns', 'add', SPACE);
    ip('netns', 'del', SPACE);
    return true;
  } catch {
    return false;
  }
}
const canCut = hasSpaces();
if (!canCut) process.stdout.write('cut cable: skipped, since ip netns cannot be used here (it needs root and iproute2)\n');

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());

/** A cable between this machine and a network of its own, and a way through it to the database. Gives the port. */
async function layCable(): Promise<number> {
  ip('netns', 'add', SPACE);
  onTestFinished(() => void ip('netns', 'del', SPACE));
  ip('link', 'add', NEAR, 'type', 'veth', 'peer', 'name', FAR);
  ip('link', 'set', FAR, 'netns', SPACE);
  ip('addr', 'add', `${HERE}/30`, 'dev', NEAR);
  ip('link', 'set', NEAR, 'up');
  ip('netns', 'exec', SPACE, 'ip', 'addr', 'add', `${THERE}/30`, 'dev', FAR);
  ip('netns', 'exec', SPACE, 'ip', 'link', 'set', FAR, 'up');
  const through = createServer((client) => {
    const upstream = connect({ host: server.host, port: server.port });
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => through.listen(0, HERE, resolve));
  onTestFinished(() => void through.close());
  const address = through.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

test.skipIf(!canCut)('a cut cable holds nothing up longer than the lease and the limits, on either side of it', async () => {
  const port = await layCable();
  const url = freshUrl(server, await server.createDatabase());
  const far = `${url.replace(`127.0.0.1:${String(server.port)}`, `${HERE}:${String(port)}`)}&sslmode=disable`;
  const store = await openStore(url, { clock: systemClock, redactor: new Redactor() });
  onTestFinished(async () => await store.close());
  const holder = await holderIn(far, 'elsewhere', ['platform-crm'], LEASE_MS, ['ip', 'netns', 'exec', SPACE]);
  expect(await holder.ask('check')).toBe('ok');
  ip('link', 'set', NEAR, 'down');
  const cut = performance.now();
  const told = holder.ask('intent').then((answer) => ({ answer, ms: performance.now() - cut }));
  const lock = await store.lock('platform-crm', { by: 'lee', holder: 'run-2', purpose: 'a test' }, { breakDead: true, lapse: true });
  const takenMs = performance.now() - cut;
  expect(lock.broke).toMatchObject({ by: 'maya' });
  expect(takenMs, 'the lock').toBeLessThan(LEASE_MS + LIMIT_MS + BUSY_MS);
  const { answer, ms } = await told;
  expect(['store-away', 'fenced']).toContain(answer);
  expect(ms, 'the intent').toBeLessThan(LEASE_MS + LIMIT_MS + BUSY_MS);
  expect(await holder.ask('held')).toBe('fenced');
  ip('link', 'set', NEAR, 'up');
  expect(await holder.ask('check')).toBe('fenced');
  await lock.check();
  await lock.release();
  process.stdout.write(
    `cut cable: the lock was free after ${String(Math.round(takenMs))} ms, the holder was told after ${String(Math.round(ms))} ms\n`,
  );
});
