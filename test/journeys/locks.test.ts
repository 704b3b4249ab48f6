import { readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Finished, program } from '../cli/support/child.js';
import { type CrashMark, type CrashOperation, runCrashing } from '../support/crash.js';
import { flat, openSmallRun, RESUME, type SmallRun, START } from './support/small-run.js';

let bench: SmallRun;
let operations: readonly CrashOperation[];
/** Job titles before any damage. */
let good: readonly (string | undefined)[];
beforeAll(async () => {
  bench = await openSmallRun();
  good = titles();
  await bench.newDamage();
  const whole = await crash();
  if (whole.code !== 0) throw new Error(`the undisturbed run ended with ${String(whole.code)}\n${whole.stderr}`);
  operations = whole.operations;
});
afterAll(() => bench.close());

const titles = (): (string | undefined)[] => bench.contacts.map((id) => bench.title(id));

/** Starts the run over new damage, and kills it at a place. */
function crash(mark?: CrashMark): ReturnType<typeof runCrashing> {
  const { dir } = bench;
  const args = [program, ...START, '--no-input', '--as', 'maya'];
  return runCrashing({ args, cwd: dir, which: ['fs', 'http'], within: [join(dir, '.runback')] }, mark);
}

/** Kills a run as soon as this line of its journal, or one of its restore, is on disk. Gives its id. */
async function killAfter(section: string, restoreLine?: number): Promise<string> {
  await bench.newDamage();
  const flushes = operations.filter((one) => one.section === section && one.name === 'fdatasync');
  const last = restoreLine === undefined ? flushes.at(0) : flushes.filter(({ target }) => target.includes('/restores/'))[restoreLine - 1];
  expect(last, section).toBeDefined();
  expect(await crash({ label: last?.label ?? '', when: 'after' })).toMatchObject({ killed: true });
  expect(await locks()).toHaveLength(1);
  return (await readdir(join(bench.dir, '.runback', 'runs'))).sort().at(-1) ?? '';
}

const locks = async (): Promise<string[]> => (await readdir(join(bench.dir, '.runback', 'locks'))).filter((name) => name.endsWith('.lock'));

/** Runs what a message says after `runback`, up to the first gap. */
async function say(command: string | undefined): Promise<Finished> {
  expect(command).toBeDefined();
  return await bench.go([...(command ?? '').split(' '), '--answers', 'answers.yml']);
}

/** A new run begins and ends, and leaves no lock. */
async function expectFree(): Promise<void> {
  await bench.newDamage();
  const next = await bench.go(START);
  expect(next, next.stderr).toMatchObject({ code: 0 });
  expect(titles()).toEqual(good);
  expect(await locks()).toEqual([]);
}

test.each(['step.outcome verify', 'step.outcome resume'])(
  'a run that was killed after its last write (%s) is resumed to its end, and gives the platform back (G5, G30)',
  async (section) => {
    await killAfter(section);
    await bench.expectResumed();
    expect(await locks()).toEqual([]);
  },
);

test.each(['step.outcome pause', 'step.intent apply'])(
  'a run that was killed after %s and is given up gives the platform back; its syncs are resumed by the command it names (G5, G12, G30)',
  async (section) => {
    const run = await killAfter(section);
    const aborted = await bench.go(['runbook', 'abort', run, '--reason', 'another way']);
    expect(aborted, aborted.stderr).toMatchObject({ code: 0 });
    expect(await locks()).toEqual([]);
    expect(bench.paused()).toBe(true);
    const command = /runback (sync resume \S+ --override)/u.exec(`${aborted.stdout}${aborted.stderr}`)?.[1];
    expect(await bench.go((command ?? 'sync').split(' '))).toMatchObject({ code: 0 });
    expect(bench.paused()).toBe(false);
  },
);

test('a run that was killed after it was closed, or while it was given up, leaves a lock that the next run takes over (G30)', async () => {
  await killAfter('run.closed');
  await expectFree();
  const run = await killAfter('step.outcome pause');
  const abort = [program, 'runbook', 'abort', run, '--reason', 'another way', '--as', 'maya'];
  const journal = { label: `run.closed | fs fdatasync /.runback/runs/run-#/journal.ndjson 1`, when: 'after' } as const;
  const killed = await runCrashing({ args: abort, cwd: bench.dir, which: ['fs'], within: [join(bench.dir, '.runback')] }, journal);
  expect(killed, JSON.stringify(killed.operations.map(({ label }) => label))).toMatchObject({ killed: true });
  expect(await locks()).toHaveLength(1);
  expect(flat(await bench.go(['status']))).not.toContain('Continue');
  await bench.go(['sync', 'resume', '--override']);
  await expectFree();
});

test('a killed run in the way of another is named by the refusal, by status and by doctor, with the command that helps, and it does (G5, G30)', async () => {
  const run = await killAfter('step.outcome plan');
  const answer = /Continue \S+: runback (runbook \w+ \S+)/u;
  const refused = await bench.go(START);
  expect(refused).toMatchObject({ code: 11 });
  expect(flat(refused)).toContain('has ended without releasing the lock');
  const second = (await readdir(join(bench.dir, '.runback', 'runs'))).sort().at(-1) ?? '';
  const status = await bench.go(['status']);
  const doctor = await bench.go(['doctor']);
  expect(doctor).toMatchObject({ code: 11 });
  for (const ended of [refused, status, doctor]) {
    const text = `${ended.stdout} ${ended.stderr}`.replaceAll(/\s+/gu, ' ');
    expect(answer.exec(text)?.[1]).toBe(`runbook resume ${run}`);
    expect(text).toContain('maya');
  }
  expect(await say(answer.exec(flat(refused))?.[1])).toMatchObject({ code: 0 });
  // The refusal named its own run too: it goes on once the platform is free.
  expect(flat(refused)).toContain(`When it is free: runback runbook resume ${second}`);
  await bench.newDamage();
  const finished = await bench.go(RESUME);
  expect(finished, finished.stderr).toMatchObject({ code: 0 });
  expect(await locks()).toEqual([]);
  expect(titles()).toEqual(good);
  expect(await bench.go(['doctor'])).toMatchObject({ code: 0 });
});

test('the restore inside a killed run can be gone on with by itself, and then the run goes on (G30)', async () => {
  // A base of its own: HubSpot keeps 20 versions of a value, and what lies further back is a question for a person.
  await bench.base();
  const run = await killAfter('step.intent apply', 2);
  const [restore] = (await readdir(join(bench.dir, '.runback', 'restores'))).sort().slice(-1);
  expect(await bench.go(['restore', 'resume', restore ?? ''])).toMatchObject({ code: 0 });
  expect(await locks()).toEqual([]);
  expect(await say(`runbook resume ${run}`)).toMatchObject({ code: 0 });
  expect(titles()).toEqual(good);
  expect(await locks()).toEqual([]);
});

/** Everything a command said, on one line. */
const said = ({ stdout, stderr }: Finished): string => `${stdout} ${stderr}`.replaceAll(/\s+/gu, ' ');

/**
 * Makes every lock that a killed process left one of a process that cannot be seen from here: the machine was started
 * again, or it was a container.
 */
async function unseen(run: string, lease?: number): Promise<void> {
  const state = join(bench.dir, '.runback');
  const paths = [...(await locks()).map((name) => join(state, 'locks', name)), join(state, 'runs', run, 'journal.lock')];
  for (const path of paths) {
    const record = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
    const { lease: _lease, ...rest } = record;
    await writeFile(path, JSON.stringify({ ...rest, pid: 1, boot: 'another boot', ...(lease === undefined ? {} : { lease }) }));
  }
}

test('the locks of a run that died in another container pass by resuming it, once its lease has run out (G5, G30)', async () => {
  const run = await killAfter('step.outcome plan');
  await unseen(run, 400);
  const refused = await bench.go(START);
  expect(refused).toMatchObject({ code: 11 });
  expect(said(refused)).toContain('cannot be seen from here');
  expect(said(refused)).toContain(`Continue ${run}: runback runbook resume ${run}`);
  const other = (await readdir(join(bench.dir, '.runback', 'runs'))).sort().at(-1) ?? '';
  expect(await bench.go(['runbook', 'resume', run, '--answers', 'answers.yml'])).toMatchObject({ code: 0 });
  expect(titles()).toEqual(good);
  expect(await bench.go(['runbook', 'abort', other, '--reason', 'not needed'])).toMatchObject({ code: 0 });
  expect(await locks()).toEqual([]);
});

test('a lock is taken away without resuming only by name and typed, and the journal of the run says who did it (G5)', async () => {
  const run = await killAfter('step.outcome plan');
  await unseen(run, 400);
  const [file = ''] = await locks();
  const name = file.replace(/\.lock$/u, '');
  const listed = await bench.go(['lock', 'list']);
  expect(said(listed)).toContain(join(bench.dir, '.runback', 'locks', file));
  expect(said(await bench.go(['doctor']))).toContain(join(bench.dir, '.runback', 'locks', file));
  expect(await bench.go(['lock', 'take', name])).toMatchObject({ code: 5 });
  expect(await bench.go(['lock', 'take', name, '--confirm', 'sandbox:1'])).toMatchObject({ code: 6 });
  expect(await locks()).toEqual([file]);
  const taken = await bench.go(['lock', 'take', name, '--confirm', run]);
  expect(taken, taken.stderr).toMatchObject({ code: 0 });
  expect(await locks()).toEqual([]);
  const lines = (await readFile(join(bench.dir, '.runback', 'runs', run, 'journal.ndjson'), 'utf8')).trim().split('\n');
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
    type: 'lock.taken',
    by: 'maya',
    data: { lock: name, from: { holder: run, life: 'unknown' } },
  });
  expect(await bench.go(['runbook', 'evidence', run])).toMatchObject({ code: 0 });
  // Another run has the platform now; the one whose lock was taken is still open, and ends.
  await bench.go(['sync', 'resume', '--override']);
  await expectFree();
  expect(await bench.go(['runbook', 'abort', run, '--reason', 'another one did it'])).toMatchObject({ code: 0 });
});

test('a lock of a process that is running is taken by nobody (G5)', async () => {
  const { openFileStore } = await import('../../src/store/index.js');
  const { Redactor, systemClock } = await import('../../src/lib/index.js');
  const store = openFileStore({ dir: join(bench.dir, '.runback'), clock: systemClock, redactor: new Redactor() });
  const lock = await store.lock('platform-test', { by: 'maya', holder: 'run-living', purpose: 'a test' });
  const refused = await bench.go(['lock', 'take', 'platform-test', '--confirm', 'run-living']);
  expect(refused).toMatchObject({ code: 11 });
  expect(said(refused)).toContain('still running');
  await lock.check();
  await lock.release();
});

test('a daemon whose container was killed is followed by the next one without anybody (G5)', async () => {
  const held = { by: 'maya', holder: 'daemon-1', purpose: 'the daemon of this workspace', since: '2026-11-22T16:47:33.000Z', token: 'x' };
  const process = { pid: 1, host: hostname(), boot: 'the same machine', namespace: 'pid:[1]', started: '100' };
  const path = join(bench.dir, '.runback', 'locks', 'daemon.lock');
  await writeFile(path, JSON.stringify({ ...held, ...process, lease: 400 }));
  expect(said(await bench.go(['doctor']))).toContain(path);
  const ended = await bench.go(['daemon', '--once']);
  expect(ended, ended.stderr).toMatchObject({ code: 0 });
  expect(said(ended)).toContain('Took over from a daemon');
  expect(await locks()).toEqual([]);
});
