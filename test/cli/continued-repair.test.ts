import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Incident } from '../../src/incidents/index.js';
import { jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { KEY, openTerminal, type Terminal, typeConfirmation } from './support/terminal.js';
import { openWorkspace, type TestWorkspace } from './support/workspace.js';

/** A user would lose: the way back into a repair that was ended on its way, and syncs that stay paused though all was resumed. */

let workspace: TestWorkspace;
let before: Map<string, string | undefined>;
let open: Terminal[] = [];
beforeEach(async () => {
  workspace = await openWorkspace(150);
  await workspace.base();
  before = workspace.damage(130);
});
afterEach(async () => {
  for (const terminal of open) await terminal.dispose();
  open = [];
  await workspace.close();
});

const start = (): Terminal => {
  const terminal = openTerminal(['respond'], { cwd: workspace.dir, rows: 40 });
  open.push(terminal);
  return terminal;
};
const repaired = (): boolean => [...before].every(([id, title]) => workspace.title(id) === title);
const plain = (text: string): string => text.replaceAll(/\s+/gu, ' ');

/** Takes every group of job titles. */
async function takeGroups(terminal: Terminal): Promise<void> {
  const screen = await terminal.waitFor(/\? Which groups are damage\?[^]*⏎ submit/u);
  const lines = screen
    .slice(screen.lastIndexOf('Which groups are damage?'))
    .split('\n')
    .filter((line) => /[◯◉]/u.test(line));
  terminal.type(lines.map((line) => (line.includes('◯') && line.includes('jobtitle') ? ' ' : '')).join(KEY.down) + KEY.enter);
}

/** From the groups to the typed confirmation. */
async function upToConfirmed(terminal: Terminal): Promise<void> {
  await takeGroups(terminal);
  await terminal.waitFor(/\? Does this look like the damage\?/u);
  terminal.type(KEY.enter);
  await typeConfirmation(terminal);
}

/** Runs until the first batch is on the platform and its answer is not out, and ends the process there. */
async function stoppedInTheMiddle(how: 'kill -9' | 'Ctrl-C'): Promise<void> {
  const terminal = start();
  await terminal.waitFor('Where do you start?');
  terminal.type(KEY.enter);
  let batches = 0;
  const reached = new Promise<void>((resolve) =>
    workspace.sandbox.onApplied(async ({ path }) => {
      if (!path.includes('/batch/update')) return;
      batches += 1;
      if (batches !== 1) return;
      if (how === 'Ctrl-C') {
        terminal.type(KEY.ctrlC);
        await terminal.waitFor('Press again to stop now.');
      } else await terminal.dispose();
      resolve();
    }),
  );
  await upToConfirmed(terminal);
  await reached;
  if (how === 'Ctrl-C') expect(await terminal.exited).toBe(130);
  expect(repaired()).toBe(false);
  expect(workspace.paused()).toBe(true);
}

/** Types every command of the screen that resumes a sync. */
async function resumedAsTold(screen: string): Promise<void> {
  const commands = [...plain(screen.slice(screen.lastIndexOf('Paused: '))).matchAll(/runback sync resume (pause-\S+)/gu)];
  expect(commands.length).toBeGreaterThan(0);
  for (const [, pause = ''] of commands) expect(await runHere(['sync', 'resume', pause], { cwd: workspace.dir })).toMatchObject({ code: 0 });
}

test('after kill -9 in the middle of a repair, respond continues it, proves it, and names the pause that ends', async () => {
  await stoppedInTheMiddle('kill -9');
  const terminal = start();
  await terminal.waitFor('Is it one of these?');
  terminal.type(KEY.enter);
  await terminal.waitFor(/was\s+stopped\s+on\s+its\s+way:\s+\d+\s+of\s+\d+\s+changes\s+are\s+written\.\s+What\s+first\?[^]*⏎ select/u);
  expect(terminal.screen()).toContain('> Continue it');
  terminal.type(KEY.enter);
  expect(await terminal.exited).toBe(0);
  expect(repaired()).toBe(true);
  expect(terminal.screen()).toMatch(/✓ Proved: \d+ changes/u);
  const { data } = jsonLines((await runHere(['incident', 'show', 'latest', '--json'], { cwd: workspace.dir })).stdout).at(-1) as { data: Incident };
  expect(data).toMatchObject({ status: 'mitigated' });
  expect(new Set(data.links.map(({ kind }) => kind))).toEqual(new Set(['investigation', 'snapshot', 'plan', 'restore']));
  await resumedAsTold(terminal.screen());
  expect(workspace.paused()).toBe(false);
});

test('who takes the groups again instead of continuing is told of both pauses, so that the syncs run again', async () => {
  await stoppedInTheMiddle('Ctrl-C');
  const terminal = start();
  await terminal.waitFor('Is it one of these?');
  terminal.type(KEY.enter);
  await terminal.waitFor(/What\s+first\?[^]*⏎ select/u);
  terminal.type(`${KEY.down}${KEY.enter}`);
  await terminal.waitFor('Choose from the groups that were found');
  terminal.type(KEY.enter);
  await upToConfirmed(terminal);
  expect(await terminal.exited).toBe(0);
  expect(repaired()).toBe(true);
  await resumedAsTold(terminal.screen());
  expect(workspace.paused()).toBe(false);
});

test('where the rest was repaired otherwise, the syncs that are still paused and the incident are named all the same', async () => {
  await stoppedInTheMiddle('Ctrl-C');
  const sync = workspace.sandbox.writeAs({ type: 'INTEGRATION', id: '4471120' });
  for (const [id, title] of before) sync.apply({ action: 'update', object: 'contacts', id, properties: { jobtitle: title ?? '' } });
  const terminal = start();
  await terminal.waitFor('Is it one of these?');
  terminal.type(KEY.enter);
  await terminal.waitFor(/What\s+first\?[^]*⏎ select/u);
  terminal.type(`${KEY.down}${KEY.enter}`);
  await terminal.waitFor('Choose from the groups that were found');
  terminal.type(KEY.enter);
  await takeGroups(terminal);
  expect(await terminal.exited).toBe(0);
  expect(plain(terminal.screen())).toMatch(
    /Nothing to write\..* Incident inc-\S+ stays open\. Once nothing is wrong: runback incident resolve inc-/u,
  );
  await resumedAsTold(terminal.screen());
  expect(workspace.paused()).toBe(false);
});
