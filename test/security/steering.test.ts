import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Finished, jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { openTerminal } from '../cli/support/terminal.js';
import { openWorkspace, type TestWorkspace } from '../cli/support/workspace.js';

/**
 * A person would lose: the screen that they decide by. Whoever can write a name must not be able to hide or forge a
 * line of it.
 */

/**
 * Clears the screen, forges a line, rings, goes back, a C1 control, turns text around, hides text, sets the title of
 * the window.
 */
const EVIL = 'evil\u001b[2J\u001b[1;1H\u001b[32mVerified\u001b[8m\u0007\rX\u009b31m\u202Egnp\u2066\u200B\u001b]0;owned\u0007\u007f';
/** Everything but line breaks and tabs that would steer a terminal. */
const STEERS = /(?![\n\t])[\p{Cc}\u200B\u200E\u200F\u202A-\u202E\u2028\u2029\u2066-\u2069\uFEFF]/u;
/** Colours that the views use. */
const COLOURS = new RegExp(`${String.fromCodePoint(27)}\\[(?:0|1|2|22|31|32|33|34|36|39)m`, 'gu');
const yaml = JSON.stringify(EVIL).replaceAll('\u007f', '\\u007f').replaceAll('\u009b', '\\u009b');

const RUNBOOK = `version: 1
id: foreign
title: ${yaml}
summary: ${yaml}
symptoms: [${yaml}]
inputs:
  name: { type: string, prompt: ${yaml}, default: ${yaml} }
steps:
  - { id: say, title: ${yaml}, command: [echo, ${yaml}], effect: read }
  - { id: fail, title: ${yaml}, instructions: ${yaml}, command: [sh, -c, "printf '\\\\033[31mred\\\\007' >&2; exit 3"], effect: read }
`;

let workspace: TestWorkspace;
let base: string;
let plan: string;
const go = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  runHere([...args, '--no-input'], { cwd: workspace.dir, env });
const data = async (...args: string[]): Promise<Record<string, unknown>> =>
  (jsonLines((await go([...args, '--json'])).stdout).at(-1) as { data: Record<string, unknown> }).data;

beforeAll(async () => {
  workspace = await openWorkspace(6);
  const [first = ''] = workspace.contacts;
  const people = workspace.sandbox.writeAs({ type: 'CRM_UI', id: 'userId:7' });
  people.apply({ action: 'update', object: 'contacts', id: first, properties: { firstname: EVIL, lastname: EVIL, jobtitle: EVIL } });
  await writeFile(join(workspace.dir, 'runbooks', 'foreign.yml'), RUNBOOK);
  const file = join(workspace.dir, 'runback.yml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('title: Marketing sync', `title: ${yaml}`));
  base = await workspace.base();
  workspace.damage(3, `Intern ${EVIL}`);
  plan = String((await data('restore', 'plan', '--platform', 'hubspot', '--base', base, '--unattributed', 'unknown'))['id']);
  await go(['incident', 'open', EVIL, '--severity', 'sev2', '--impact', EVIL, '--platform', 'hubspot', '--as', EVIL]);
  await go(['snapshot', 'create', '--platform', 'hubspot', '--note', EVIL]);
  await go(['runbook', 'run', 'foreign', '--incident', 'none']);
});
afterAll(() => workspace.close());

const SCREENS: readonly (readonly string[])[] = [
  ['status'],
  ['runbook', 'list'],
  ['runbook', 'show', 'foreign'],
  ['runbook', 'render', 'foreign'],
  ['runbook', 'runs'],
  ['runbook', 'evidence', 'latest'],
  ['runbook', 'lint', `no ${EVIL}`],
  ['snapshot', 'list'],
  ['snapshot', 'show', 'latest'],
  ['snapshot', 'export', 'BASE', 'contacts'],
  ['snapshot', 'cat', 'BASE', 'contacts', 'FIRST'],
  ['restore', 'show', 'PLAN'],
  ['restore', 'left', 'PLAN'],
  ['diff', 'BASE', 'live'],
  ['incident', 'list'],
  ['incident', 'show', 'latest'],
  ['incident', 'report', 'latest'],
  ['incident', 'report', 'latest', '--personal'],
  ['sync', 'list'],
  ['lock', 'list'],
  ['doctor'],
  [EVIL],
  ['snapshot', 'show', EVIL],
];

const filled = (args: readonly string[]): string[] =>
  args.map((word) => ({ BASE: base, PLAN: plan, FIRST: workspace.contacts[0] ?? '' })[word] ?? word);

/** The exit status: 2 where there are differences, 64 and 10 where it names what does not exist. */
function endOf(args: readonly string[]): number {
  if (args[0] === 'diff') return 2;
  if (args[0] === EVIL) return 64;
  return args.some((word) => word.includes(EVIL)) ? 10 : 0;
}

describe('nothing that comes from files or platforms steers the terminal', () => {
  test.each(SCREENS)('%s %s', async (...args) => {
    const plain = await go(filled(args));
    expect(plain.stdout.replaceAll('\r\n', '\n')).not.toMatch(STEERS);
    expect(plain.stderr).not.toMatch(STEERS);
    expect(plain.code, plain.stderr).toBe(endOf(args));
    expect(plain.code === 0 || plain.code === 2 ? plain.stdout : plain.stderr).toMatch(/\S/u);
  });

  test('nor where there are colours: only those of the views come through', async () => {
    for (const args of [
      ['runbook', 'render', 'foreign'],
      ['restore', 'show', plan],
      ['snapshot', 'export', base, 'contacts'],
    ]) {
      const coloured = await go(args, { FORCE_COLOR: '3' });
      expect(`${coloured.stdout}${coloured.stderr}`.replaceAll('\r\n', '\n').replaceAll(COLOURS, '')).not.toMatch(STEERS);
    }
  });

  test('nor on a real terminal, in what is redrawn and in the lists to choose from', async () => {
    const terminal = openTerminal(['runbook', 'run'], { cwd: workspace.dir });
    try {
      await terminal.waitFor('What happened?');
      await terminal.waitFor('evil');
      expect(terminal.raw()).not.toContain('\u001b[2J\u001b[1;1H\u001b[32mVerified');
      expect(terminal.raw()).not.toContain(']0;owned');
      expect(terminal.raw()).not.toContain('\u009b');
      terminal.type('\u0003');
      await terminal.exited;
    } finally {
      await terminal.dispose();
    }
  });

  test('what a step said when it failed stands there as signs', async () => {
    const ended = await go(['runbook', 'run', 'foreign', '--incident', 'none']);
    expect(ended.code).not.toBe(0);
    expect(`${ended.stdout}${ended.stderr}`).not.toMatch(STEERS);
    expect(`${ended.stdout}${ended.stderr}`).toContain('␛[31mred␇');
  });
});

describe('scripts get what was there', () => {
  test('JSON holds the very value, and no byte that would steer a terminal', async () => {
    const [first = ''] = workspace.contacts;
    const ended = await go(['snapshot', 'cat', base, 'contacts', first, '--json']);
    expect(ended.stdout).not.toMatch(STEERS);
    expect((jsonLines(ended.stdout).at(-1) as { data: { fields: Record<string, string> } }).data.fields['firstname']).toBe(EVIL);
  });

  test('so does a CSV that is asked for exactly; one for people shows signs', async () => {
    expect((await go(['snapshot', 'export', base, 'contacts', '--to', 'exact.csv', '--exact'])).code).toBe(0);
    expect(await readFile(join(workspace.dir, 'exact.csv'), 'utf8')).toContain(EVIL);
    expect((await go(['snapshot', 'export', base, 'contacts', '--to', 'people.csv'])).code).toBe(0);
    const people = await readFile(join(workspace.dir, 'people.csv'), 'utf8');
    expect(people.replaceAll('\r\n', '\n')).not.toMatch(STEERS);
    expect(people).toContain('evil␛[2J');
  });
});
