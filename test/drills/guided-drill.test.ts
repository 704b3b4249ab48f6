import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { runback } from '../cli/support/child.js';
import { KEY, openTerminal, type Terminal, type TerminalOptions } from '../cli/support/terminal.js';

/** A failure of four records, and a disk that is full when they are written. */
const DRILL = {
  version: 1,
  id: 'cities',
  title: 'One city on four contacts',
  where: { local: ['hubspot'], records: 100, seed: 7 },
  fault: { kind: 'overwrite', object: 'contacts', field: 'city', records: 4, value: 'Springfield' },
  runbook: 'mass-overwrite',
  disturb: [{ at: 'apply', with: 'full-disk' }],
};

let folder: string;
let temporary: string;
let open: Terminal[] = [];
const start = (args: readonly string[], options: TerminalOptions = {}): Terminal => {
  const terminal = openTerminal(args, { cwd: folder, rows: 45, columns: 100, env: { TMPDIR: temporary }, ...options });
  open.push(terminal);
  return terminal;
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-guided-drill-'));
  temporary = join(folder, 'tmp');
  await mkdir(temporary);
  await mkdir(join(folder, 'drills'));
  await writeFile(join(folder, 'runback.yml'), 'version: 1\nplatforms: {}\n');
  await writeFile(join(folder, 'drills', 'cities.yml'), JSON.stringify(DRILL));
});
afterEach(async () => {
  for (const terminal of open) await terminal.dispose();
  open = [];
  await rm(folder, { recursive: true, force: true });
});

/** Answers what `respond` asks, up to its runbook's first question. */
async function respond(terminal: Terminal): Promise<void> {
  await terminal.waitFor('Where do you start?');
  terminal.type(`${KEY.down}${KEY.enter}`);
  await terminal.waitFor('What do you see?');
  terminal.type('one value appears');
  await terminal.waitFor(/one value appears[^]*> One value appears on many records\s+Something else/u);
  terminal.type(KEY.enter);
  for (const question of ['How bad is it?', 'In one sentence', 'Where do you see it?', 'Acknowledge it', 'Which runbook?']) {
    await terminal.waitFor(question);
    terminal.type(KEY.enter);
  }
  await terminal.waitFor('Which snapshot was taken before the damage?');
}

describe('a drill with a person at a real terminal', () => {
  test('is a surprise that they find, and put right with nothing but the screen, also with Ctrl-C and a full disk on the way', async () => {
    const terminal = start(['drill', 'run', '--surprise', '--seed', '7']);
    await terminal.waitFor(/What do you want to do\?[^]*End the drill/u);
    // Neither the drill nor its failure is told.
    expect(terminal.screen()).not.toMatch(/One city|overwrite|cities/iu);
    terminal.type(KEY.enter);
    await terminal.waitFor(/→\s+Springfield[^]*What do you want to do\?/u);
    terminal.type(`${KEY.down}${KEY.enter}`);
    await respond(terminal);
    terminal.type(KEY.ctrlC);
    await terminal.waitFor(/Stopped on request[^]*What do you want to do\?[^]*End the drill/u);
    terminal.type(`${KEY.down}${KEY.enter}`);
    await terminal.waitFor('Is it one of these?');
    terminal.type(KEY.enter);
    await terminal.waitFor(/Is it one of these\?[^]*Which runbook\?/u);
    terminal.type(KEY.enter);
    await terminal.waitFor(/Stopped on request[^]*Which snapshot was taken before the damage\?/u);
    terminal.type(KEY.enter);
    await terminal.waitFor(/\? Does this look like the damage\?/u);
    terminal.type(KEY.enter);
    await terminal.waitFor('Type sandbox:4 to go ahead');
    terminal.type(`sandbox:4${KEY.enter}`);
    await terminal.waitFor(/No room left[^]*Make room on the disk/u);
    terminal.type(`${KEY.down}${KEY.enter}`);
    await terminal.waitFor(/✓ What do you want to do\? Make room on the disk\s+\? What do you want to do\?[^]*End the drill/u);
    terminal.type(KEY.enter);
    // What was confirmed is not asked again.
    await terminal.waitFor('When it is done');
    terminal.type(KEY.enter);
    await terminal.waitFor('A note for the record');
    terminal.type(KEY.enter);
    await terminal.waitFor('Files to keep as evidence');
    terminal.type(KEY.enter);
    await terminal.waitFor('The run ended: succeeded. What now?');
    terminal.type(KEY.enter);
    expect(await terminal.exited, terminal.screen()).toBe(0);
    expect(terminal.screen()).toMatch(/One city on four contacts: passed/u);
    expect(terminal.screen()).toMatch(/step\s+Put the good values back: /u);
    // The stage is gone, and the result is kept.
    expect(await readdir(temporary)).toEqual([]);
    const { stdout } = await runback(['drill', 'report', 'latest', '--json'], { cwd: folder });
    expect(stdout).toContain('"byHand"');
  });

  test('Ctrl-C in its menu ends it, and takes the stage down', async () => {
    const terminal = start(['drill', 'run', 'cities', '--guided']);
    await terminal.waitFor(/One city on four contacts[^]*End the drill/u);
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(130);
    expect(await readdir(temporary)).toEqual([]);
  });

  test.skipIf(process.platform !== 'linux')('what they work with on the stage sees no secret of the environment but those of the stage', async () => {
    const secret = 'fake-secret-of-production';
    const terminal = start(['drill', 'run', 'cities', '--guided'], { env: { TMPDIR: temporary, CRM_TOKEN: secret } });
    await terminal.waitFor(/One city on four contacts[^]*End the drill/u);
    terminal.type(`${KEY.down}${KEY.enter}`);
    await terminal.waitFor('Where do you start?');
    terminal.type(`${KEY.down}${KEY.enter}`);
    await terminal.waitFor('What do you see?');
    const own = (await processes()).filter(({ environment }) => environment.includes(`TMPDIR=${temporary} `));
    const [onStage, ...others] = own.filter(({ words }) => words.includes(temporary) && words.includes('respond'));
    const drill = own.find(({ words }) => words.includes('--guided'));
    expect([onStage?.words, others]).toEqual([expect.stringContaining('--workspace'), []]);
    expect(drill?.environment).toContain(secret);
    expect(onStage?.environment).not.toContain(secret);
    expect(onStage?.environment).toContain('TERM=');
    terminal.type(KEY.ctrlC);
    await terminal.waitFor(/What do you want to do\?[^]*End the drill/u);
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(130);
  });

  test('without a terminal it is refused before anything starts, as are two at once and a surprise with a name', async () => {
    const refused = async (...args: string[]): Promise<unknown> => (await runback(['drill', 'run', ...args, '--json'], { cwd: folder })).code;
    expect(await refused('cities', '--guided')).toBe(5);
    expect(await refused('--all', 'cities', '--guided')).toBe(64);
    expect(await refused('cities', '--surprise')).toBe(64);
    expect(await readdir(temporary)).toEqual([]);
  });
});

/** What runs on this machine that we may look at: its words, and the environment it was started with. */
async function processes(): Promise<readonly { readonly words: string; readonly environment: string }[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  const readOf = async (id: string, name: string): Promise<string> =>
    (await readFile(`/proc/${id}/${name}`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
  return await Promise.all(ids.map(async (id) => ({ words: await readOf(id, 'cmdline'), environment: await readOf(id, 'environ') })));
}
