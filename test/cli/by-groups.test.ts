import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { integration } from '../../src/sandbox/index.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { KEY, openTerminal, type Terminal, typeConfirmation } from './support/terminal.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/**
 * A user would lose: what a repair had done when it ended on its way. Syncs that are paused and that nobody told of, values of
 * which nobody knows whether they were written, and no command to continue with.
 */

let workspace: TestWorkspace;
let before: Map<string, string | undefined>;
let terminal: Terminal;
beforeEach(async () => {
  workspace = await openWorkspace(60);
  await workspace.base();
  before = workspace.damage(30);
});
afterEach(async () => {
  await terminal.dispose();
  await workspace.close();
});

const go = (...args: string[]): ReturnType<typeof runHere> => runHere(args, { cwd: workspace.dir });
const plain = (text: string): string => text.replaceAll(/\s+(?:· )?/gu, ' ');
const repaired = (): number => [...before].filter(([id, title]) => workspace.title(id) === title).length;
const damaged = (): number => [...before.values()].filter((title) => title !== 'Intern').length;
const untouched = (): boolean => [...before.keys()].every((id) => workspace.title(id) === 'Intern');

/** Changes a part of runback.yml. */
async function edit(from: string | RegExp, to: string): Promise<void> {
  const file = join(workspace.dir, 'runback.yml');
  const text = await readFile(file, 'utf8');
  expect(text.replace(from, to)).not.toBe(text);
  await writeFile(file, text.replace(from, to));
}

/** Answers `respond` up to where the confirmation has been typed. */
async function confirmed(): Promise<void> {
  terminal = openTerminal(['respond'], { cwd: workspace.dir, columns: 120, rows: 45 });
  await terminal.waitFor('Where do you start?');
  terminal.type(KEY.enter);
  await terminal.waitFor('? Which groups are damage?');
  terminal.type(KEY.enter);
  await terminal.waitFor('? Does this look like the damage?');
  terminal.type(KEY.enter);
  await typeConfirmation(terminal);
}

/** A command that a screen names, by its beginning; without `runback`. */
function commandIn(screen: string, beginning: string): string[] {
  const found = new RegExp(`runback (${beginning} [\\w-]+)`, 'u').exec(plain(screen))?.[1];
  if (found === undefined) throw new Error(`no ${beginning} in ${screen}`);
  return found.split(' ');
}

/** Resumes the syncs with the command that a screen names, and expects that it does. */
async function resumeSyncs(screen: string): Promise<void> {
  expect(workspace.paused()).toBe(true);
  expect((await go(...commandIn(screen, 'sync resume'))).code).toBe(0);
  expect(workspace.paused()).toBe(false);
}

/** Kills the program, as a machine that loses power does. */
const kill = async (): Promise<void> => await terminal.dispose();

test('a sync that does not stop: nothing is written, the other one is told as paused, and the plan can be applied', async () => {
  const text = await readFile(join(workspace.dir, 'runback.yml'), 'utf8');
  const entry = /\n {2}market-sync:\n[^]*?(?=\nbackups:)/u.exec(text)?.[0] ?? '';
  const stubborn = entry
    .replace('market-sync:', 'stubborn-sync:')
    .replace(/writes_as: .*/u, 'writes_as: ["INTEGRATION:5"]')
    .replace(/status: .*/u, 'status: { run: ["true"], paused: exit != 0 }')
    .replace(/pause: .*/u, 'pause: { run: ["false"] }')
    .replace(/resume: .*/u, 'resume: { run: ["true"] }');
  await edit('\nbackups:', `${stubborn}\nbackups:`);
  await confirmed();
  expect(await terminal.exited).not.toBe(0);
  const screen = terminal.screen();
  expect(plain(screen)).toMatch(/Not paused: stubborn-sync/u);
  expect(plain(screen)).toMatch(/Paused: market-sync\. Once the cause is corrected:\s+runback sync resume pause-\S+/u);
  expect(untouched()).toBe(true);
  const apply = commandIn(screen, 'restore apply');
  expect((await go(...apply, '--confirm', `sandbox:${damaged()}`)).code).toBe(0);
  expect(repaired()).toBe(before.size);
  await resumeSyncs(screen);
});

test('Ctrl-C while a sync finishes its work: it is told as paused, and nothing was written', async () => {
  // Paused, and with work in flight that never ends.
  await edit(
    /status: .*/u,
    `status: { run: ${JSON.stringify(['sh', '-c', 'test -e "$1" && s=paused || s=running; printf \'{"s":"%s"}\' $s', 'sh', join(workspace.dir, 'paused')])}, paused: 'json.s == "paused"', in_flight: "1" }`,
  );
  await confirmed();
  await terminal.waitFor(/market-sync finishes its work in flight/u);
  terminal.type(KEY.ctrlC);
  expect(await terminal.exited).toBe(130);
  const screen = terminal.screen();
  expect(plain(screen)).toMatch(/Paused: market-sync\. Once the cause is corrected:\s+runback sync resume pause-\S+/u);
  expect(untouched()).toBe(true);
  expect((await go(...commandIn(screen, 'restore apply'), '--confirm', `sandbox:${damaged()}`)).code).toBe(0);
  expect(repaired()).toBe(before.size);
  await resumeSyncs(screen);
});

test('a platform that fails halfway: what was written is told, and the restore is resumed', async () => {
  workspace.sandbox.faults.add({ kind: 'unauthorized', path: '*/batch/update', after: 1, times: null });
  await confirmed();
  expect(await terminal.exited).not.toBe(0);
  const screen = terminal.screen();
  expect(plain(screen)).toMatch(/Paused: market-sync\. Once the cause is corrected:\s+runback sync resume pause-\S+/u);
  expect(plain(screen)).toMatch(/\d+ of \d+ changes are on the platform/u);
  expect(plain(screen)).not.toMatch(/restore apply plan-\S+ *$/u);
  expect(repaired()).toBeLessThan(before.size);
  workspace.sandbox.faults.clear();
  expect((await go(...commandIn(screen, 'restore resume'))).code).toBe(0);
  expect(repaired()).toBe(before.size);
  await resumeSyncs(screen);
});

test('Ctrl-C while it writes: what was written is told, and the restore is resumed', async () => {
  workspace.sandbox.faults.add({ kind: 'delay', ms: 1500, path: '*/batch/update', times: null });
  let stopped = false;
  workspace.sandbox.onRequest(({ path }) => {
    if (stopped || !path.includes('/batch/update')) return;
    stopped = true;
    terminal.type(KEY.ctrlC);
  });
  await confirmed();
  expect(await terminal.exited).toBe(130);
  const screen = terminal.screen();
  workspace.sandbox.faults.clear();
  expect(plain(screen)).toMatch(/Paused: market-sync\. Once the cause is corrected:\s+runback sync resume pause-\S+/u);
  expect((await go(...commandIn(screen, 'restore resume'))).code).toBe(0);
  expect(repaired()).toBe(before.size);
  await resumeSyncs(screen);
});

test('a comparison that finds damage again does not end with 0, and says where it is told', async () => {
  let isDone = false;
  workspace.sandbox.onRequest(({ path }) => {
    if (isDone || !path.includes('/batch/read') || repaired() < before.size) return;
    isDone = true;
    const wrong = [...before].filter(([, title]) => title !== 'Intern').slice(0, 3);
    for (const [id] of wrong) workspace.sandbox.writeAs(integration('77', 'Another tool')).update('contacts', id, { jobtitle: 'Intern' });
  });
  await confirmed();
  const code = await terminal.exited;
  const screen = terminal.screen();
  expect({ isDone, failed: code !== 0, screen: /3 of \d+ changes are not as planned/u.test(plain(screen)) || screen }).toEqual({
    isDone: true,
    failed: true,
    screen: true,
  });
  expect(plain(screen)).toMatch(/What is left, and what to do about each:\s+runback restore left plan-\S+/u);
  expect((await go(...commandIn(screen, 'restore left'))).code).toBe(0);
  await resumeSyncs(screen);
});

test('a comparison that fails: that the values were written is told, and they are compared by the next command', async () => {
  let armed = false;
  workspace.sandbox.onApplied(() => {
    if (armed || repaired() < before.size) return;
    armed = true;
    workspace.sandbox.faults.add({ kind: 'unauthorized', path: '*', times: null });
  });
  await confirmed();
  expect(await terminal.exited).not.toBe(0);
  const screen = terminal.screen();
  expect(plain(screen)).toMatch(/Paused: market-sync\. Once the cause is corrected:\s+runback sync resume pause-\S+/u);
  workspace.sandbox.faults.clear();
  expect(repaired()).toBe(before.size);
  const next = /restore verify plan/u.test(plain(screen)) ? 'restore verify' : 'restore resume';
  expect((await go(...commandIn(screen, next))).code).toBe(0);
  await resumeSyncs(screen);
});

test.each([1, 2])('kill -9 at write %i: status names restore, pause and the commands that continue', async (n) => {
  let [writes, hold] = [0, (): void => undefined];
  const killed = new Promise<void>((resolve) => (hold = resolve));
  workspace.sandbox.onRequest(({ path }) => {
    if (path.includes('/batch/update') && (writes += 1) === n) void kill().then(hold);
  });
  await confirmed();
  await killed;
  const { stdout } = await go('status');
  expect(plain(stdout)).toMatch(/market-sync/u);
  expect((await go(...commandIn(stdout, 'restore resume'))).code).toBe(0);
  expect(repaired()).toBe(before.size);
  expect((await go('restore', 'verify', 'latest')).code).toBe(0);
  await resumeSyncs(stdout);
});

test('kill -9 while the syncs are paused: status names the pause and its plan, and the plan can be applied', async () => {
  await edit(/pause: .*/u, `pause: { run: ${JSON.stringify(['sh', '-c', ': >"$1"; sleep 60', 'sh', join(workspace.dir, 'paused')])} }`);
  await confirmed();
  await expect.poll(() => workspace.paused()).toBe(true);
  await kill();
  const { stdout } = await go('status');
  expect(plain(stdout)).toContain('market-sync');
  const pauses = jsonLines((await go('sync', 'list', '--json')).stdout).at(-1);
  const plan = /plan:(plan-[\w-]+)/u.exec(JSON.stringify(pauses))?.[1] ?? '';
  expect(plain(stdout)).toContain(plan);
  expect(untouched()).toBe(true);
  expect((await go('restore', 'apply', plan, '--confirm', `sandbox:${damaged()}`)).code).toBe(0);
  expect(repaired()).toBe(before.size);
  await resumeSyncs(stdout);
});
