import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { KEY, openTerminal, type Terminal } from './support/terminal.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

let workspace: TestWorkspace;
let terminal: Terminal | undefined;
beforeEach(async () => {
  workspace = await openWorkspace(20);
});
afterEach(async () => {
  await terminal?.dispose();
  terminal = undefined;
  await workspace.close();
});

// The only dead end that a person meets on the worst day: nothing to go back to.
test('respond without any snapshot offers pausing, evidence, history and an export', async () => {
  workspace.damage(8);
  const shown = openTerminal(['respond'], { cwd: workspace.dir, columns: 110, rows: 40 });
  terminal = shown;
  for (const question of ['What do you see', 'How bad is it', 'In one sentence', 'Where do you see it', 'Acknowledge it', 'Which runbook']) {
    await shown.waitFor(`? ${question}`);
    shown.type(KEY.enter);
  }
  await shown.waitFor(/no snapshot from before[^]*\? What next\?/u);
  shown.type(KEY.enter);
  await shown.waitFor(/What next\? Stop the syncs[^]*Paused[^]*\? What next\?/u);
  expect(workspace.paused()).toBe(true);
  shown.type(`${KEY.down}${KEY.enter}`);
  // Who wrote what, how often, and that the platform still knows what stood there.
  await shown.waitFor(/INTEGRATION:4471120 +contacts jobtitle +\d+ +Intern \(\d+ times\)[^]*\? What next\?/u);
  shown.type(KEY.enter);
  await shown.waitFor(/Kept: \d+ records[^]*\? What next\?/u);
  shown.type(KEY.enter);
  await shown.waitFor(/snapshot import FILE --platform hubspot --object contacts --dry-run[^]*\? What next\?/u);
  shown.type(KEY.enter);
  expect(await shown.exited).toBe(0);
  expect((await runHere(['snapshot', 'list'], { cwd: workspace.dir })).stdout).toContain('the damage');
});

test('a run started by hand is linked to the open incident of its platform', async () => {
  await workspace.base();
  workspace.damage(5);
  const go = (...args: string[]): ReturnType<typeof runHere> => runHere(args, { cwd: workspace.dir });
  await go('incident', 'open', 'Wrong titles', '--severity', 'sev1', '--platform', 'hubspot');
  const run = await go('runbook', 'run', 'small', '--input', 'platform=hubspot', '--input', 'base=latest-verified');
  expect(run.stderr).toContain('For the open incident [sev1] Wrong titles');
  expect((await go('incident', 'show', 'latest')).stdout).toMatch(/Run\s+run-/u);
  await go('incident', 'open', 'Another one', '--severity', 'sev1', '--platform', 'hubspot');
  // Two fit: nobody is there to ask, so it is none, and that is said.
  expect((await go('runbook', 'run', 'small', '--input', 'platform=hubspot', '--input', 'base=latest-verified')).stderr).toContain(
    'For no incident: it could be inc-',
  );
});

test('init asks for platform, token, account and who writes, and looks the account up', async () => {
  const root = await mkdtemp(join(tmpdir(), 'runback-init-'));
  try {
    await writeFile(join(root, 'token'), 'none', { mode: 0o600 });
    const shown = openTerminal(['init'], { cwd: root, rows: 40 });
    terminal = shown;
    await shown.waitFor('? Where are the records?');
    shown.type(KEY.enter);
    await shown.waitFor('? Which one is it?');
    shown.type(`${KEY.down}${KEY.down}${KEY.enter}`);
    await shown.waitFor('? Where is it?');
    shown.type(`pat-na1-secret${KEY.enter}`);
    await shown.waitFor('do not type the secret itself');
    shown.type(`${'\u007F'.repeat(14)}env:NOT_SET_HERE${KEY.enter}`);
    await shown.waitFor(/did not answer yet[^]*\? Its account/u);
    shown.type(`62515${KEY.enter}`);
    await shown.waitFor('? Which integration writes to it');
    shown.type(`INTEGRATION:1${KEY.enter}`);
    expect(await shown.exited).toBe(0);
    const text = await readFile(join(root, 'runback.yml'), 'utf8');
    expect(text).toMatch(/environment: sandbox[^]*account: "62515"[^]*token: env:NOT_SET_HERE[^]*writes_as: \["INTEGRATION:1"\]/u);
    expect(text).not.toContain('pat-na1');
    const doctor = jsonLines((await runHere(['doctor', '--json'], { cwd: root })).stdout).at(-1);
    expect(JSON.stringify(doctor)).toContain('NOT_SET_HERE');
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
