import { setTimeout as pause } from 'node:timers/promises';

import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';

import type { Lock, Store } from '../../src/store/index.js';
import { type CrashCommand, type CrashMark, type CrashOperation, runCrashing, runStopping } from '../support/crash.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { fullSweeps } from '../support/sweeps.js';
import { program } from './support/child.js';
import { KINDS, type StoppingKind, type StoppingWorld } from './support/stopping-worlds.js';

/** A user would lose: an account that two people test at the same time, where one of their laptops was asleep. */

const LEASE_MS = 15_000;

let server: TestPostgres;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '200' } });
});
afterAll(() => server.stop());

/** Several stand still at the same time: most of it is waiting for leases to end. */
const AT_ONCE = 3;

const kindOf = (name: string): StoppingKind => {
  const kind = KINDS[name];
  if (kind === undefined) throw new Error(`there is no ${name}`);
  return kind;
};

const commandIn = ({ dir, env, words }: StoppingWorld): CrashCommand => ({
  args: [program, ...words, '--no-input'],
  cwd: dir,
  env,
  which: ['http', 'pg'],
});

async function undisturbed({ open }: StoppingKind): Promise<readonly CrashOperation[]> {
  const whole = await runCrashing(commandIn(await open(server)));
  expect([0, 2], whole.stdout + whole.stderr).toContain(whole.code);
  return whole.operations.filter((operation) => !isRenewal(operation));
}

/** They come by the clock: the first of another run may come before there is a lock that anybody could take. */
const isRenewal = ({ kind, target }: CrashOperation): boolean => kind === 'pg' && /^UPDATE \S+lease SET until/u.test(target);

/** Everything from where the records are written down, which it is to create, to where the first of them is sent. */
function between(operations: readonly CrashOperation[]): readonly CrashMark[] {
  const note = operations.findIndex(({ kind, target }) => kind === 'pg' && /INSERT INTO \S+document/u.test(target));
  const sent = operations.findIndex(
    ({ kind, name, target }) => kind === 'http' && name === 'POST' && /composite|sobjects|batch\/create/u.test(target),
  );
  const some = operations.slice(note, sent < note ? note + 1 : sent + 1);
  const all = some.flatMap(({ label }) => (['before', 'after'] as const).map((when): CrashMark => ({ label, when })));
  return fullSweeps ? all : [all[1], all.at(-2)].filter((mark) => mark !== undefined);
}

/**
 * What comes just before each write, the last answer of a platform before it under its lock, and each moment of it; of many writes the first and the last. A
 * statement that waits for its answer meets its own limit when it wakes up, and what follows an answer of a platform does not.
 */
function around(operations: readonly CrashOperation[], { isWrite }: StoppingKind): readonly CrashMark[] {
  const writes = operations.flatMap((operation, at) => (isWrite(operation) ? [at] : []));
  const some = fullSweeps ? writes : [...new Set([writes.at(0), writes.at(-1)])].filter((at) => at !== undefined);
  const marks = some.flatMap((at): readonly CrashMark[] => {
    // Before it has its lock, nobody can take that.
    const locked = operations.findLastIndex(({ kind, target }, n) => n < at && kind === 'pg' && target.startsWith('WITH noted AS'));
    const earlier = operations.slice(locked, at);
    const before = [earlier.findLast(({ kind }) => kind === 'http'), earlier.at(-1)].filter((operation) => operation !== undefined);
    const moments = (['before', 'half', 'after'] as const).map((when) => ({ label: operations[at]?.label ?? '', when }));
    return [...before.map(({ label }) => ({ label, when: 'after' as const })), ...moments];
  });
  return [...new Map(marks.map((mark) => [`${mark.when} ${mark.label}`, mark])).values()];
}

/** Everything that whoever writes holds: the lock of a platform, or that of all syncs. */
async function takeAll(store: Store): Promise<readonly Lock[]> {
  const taken: Lock[] = [];
  for (const { name } of (await store.locks()).filter((lock) => /^(?:platform-|syncs$)/u.test(lock.name)))
    taken.push(await store.lock(name, { by: 'lee', holder: 'test-of-lee', purpose: 'another test' }, { breakDead: true }));
  return taken;
}

/** Stops a command there until its lease is over, and lets it go on when another one has its locks. False where it did not come there. */
async function stoppedAt(mark: CrashMark, kind: StoppingKind): Promise<boolean> {
  const world = await kind.open(server);
  const child = runStopping(commandIn(world), mark);
  // One that stands still would do so for ever where the test fails.
  onTestFinished(() => child.end());
  // What depends on the clock is not always met again.
  if (!(await child.stopped)) {
    await child.ended;
    return false;
  }
  await pause(LEASE_MS + 500);
  const taken = await takeAll(world.store);
  // What was on its way when it was stopped has arrived.
  const written = async (): Promise<unknown> =>
    Object.entries(await world.written()).filter(([begins]) => taken.some(({ name }) => name.startsWith(begins)));
  const before = await written();
  child.goOn();
  const { stdout, stderr } = await child.ended;
  const where = `${mark.when} ${mark.label}: ${stdout}${stderr}`;
  expect(taken.length, `nobody could have taken its place, ${where}`).toBeGreaterThan(0);
  expect(await written(), where).toEqual(before);
  for (const lock of taken) {
    await lock.check();
    await lock.release();
  }
  return true;
}

async function sweepOf(marks: readonly CrashMark[], kind: StoppingKind): Promise<number> {
  const left = [...marks];
  let stopped = 0;
  const next = async (): Promise<void> => {
    for (let mark = left.shift(); mark !== undefined; mark = left.shift()) if (await stoppedAt(mark, kind)) stopped += 1;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return stopped;
}

it.each(['test run import', 'test run signups'])(
  '%s, stopped past its lease between writing down whom it will create and doing it, sends nothing once another one has its locks',
  { timeout: 1_800_000 },
  async (name) => {
    const kind = kindOf(name);
    const marks = between(await undisturbed(kind));
    expect(marks.length).toBeGreaterThan(0);
    const stopped = await sweepOf(marks, kind);
    expect(stopped).toBeGreaterThan(0);
    console.log(`${name}: stopped past its lease at ${String(stopped)} of ${String(marks.length)} places: 0 writes after that`);
  },
);

it.each(Object.keys(KINDS).filter((name) => name !== 'test run signups'))(
  '%s, stopped past its lease around what it writes, writes nothing more once another one has its locks (G5)',
  { timeout: 3_600_000 },
  async (name) => {
    const kind = kindOf(name);
    const marks = around(await undisturbed(kind), kind);
    expect(marks.length).toBeGreaterThanOrEqual(4);
    const stopped = await sweepOf(marks, kind);
    expect(stopped).toBeGreaterThanOrEqual(fullSweeps ? Math.ceil(marks.length / 2) : 3);
    console.log(`${name}: stopped past its lease at ${String(stopped)} of ${String(marks.length)} places around its writes: 0 writes after that`);
  },
);
