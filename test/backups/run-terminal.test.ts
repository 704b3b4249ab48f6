import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { KEY, openTerminal, REDRAW, type Terminal } from '../cli/support/terminal.js';
import { call, workspaceWith } from './support/workspace.js';

/** A user would lose: the night's snapshot, to a run of which nobody can tell whether it still works, or how it continues. */

function terminalIn(dir: string, ...args: readonly string[]): Terminal {
  const terminal = openTerminal(args, { cwd: dir });
  onTestFinished(async () => await terminal.dispose());
  return terminal;
}

test('a job in a terminal shows how far it is; Ctrl-C stops it, says how it continues, and the next run takes the snapshot', async () => {
  const opened = await workspaceWith('nightly: { platforms: [hubspot], pause_syncs: true, incremental: true }', 400);
  const { dir, sandbox } = opened;
  await call(dir, 'backup', 'run', 'nightly');
  const [first] = (await readdir(join(dir, 'backups'))).map((name) => name.replace('.zip', ''));
  // The third page of contacts does not come.
  let pages = 0;
  let goOn: () => void = () => {};
  const held = new Promise<void>((resolve) => (goOn = resolve));
  sandbox.onRequest(async ({ path }) => {
    if (path.endsWith('/objects/contacts') && (pages += 1) === 3) await held;
  });
  const terminal = terminalIn(dir, 'backup', 'run', 'nightly');
  await terminal.waitFor(/Reading contacts +200 records/u);
  expect(terminal.raw()).toMatch(REDRAW);
  expect(opened.paused()).toBe(true);
  terminal.type(KEY.ctrlC);
  expect(await terminal.exited).toBe(130);
  goOn();
  sandbox.onRequest(undefined);
  const screen = terminal.screen().replaceAll(/\s+/gu, ' ');
  expect(screen).toContain('Stopping after this batch (records 200). Press again to stop now. Resume: runback backup run nightly');
  expect(screen).toMatch(/Stopped on request .* Next runback backup run nightly/u);
  // No half of a snapshot is left, the syncs run again, and a scheduled run would still be due.
  expect(opened.paused()).toBe(false);
  expect(await readdir(join(dir, 'backups'))).toEqual([`${first}.zip`]);
  expect((await call(dir, 'backup', 'jobs')).json.data['jobs']).toMatchObject([{ last: { end: 'interrupted' }, newest: { snapshot: first } }]);

  const again = terminalIn(dir, 'backup', 'run', 'nightly');
  expect(await again.exited).toBe(0);
  expect(again.screen()).toMatch(/snap-\S+/u);
  expect(await readdir(join(dir, 'backups'))).toHaveLength(2);
});
