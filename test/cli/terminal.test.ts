import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { COLOUR, KEY, openTerminal, REDRAW, type Terminal, type TerminalOptions } from './support/terminal.js';

let folder: string;
let open: Terminal[] = [];
const start = (args: readonly string[], options: TerminalOptions = {}): Terminal => {
  const terminal = openTerminal(args, { cwd: folder, ...options });
  open.push(terminal);
  return terminal;
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-terminal-'));
});
afterEach(async () => {
  for (const terminal of open) await terminal.dispose();
  open = [];
  await rm(folder, { recursive: true, force: true });
});

/** The cursor, as a terminal is told. */
const SHOWN = '\u001B[?25h';
const HIDDEN = '\u001B[?25l';

describe('no command in a terminal', () => {
  test('offers first what a person in trouble wants, and Enter takes it', async () => {
    const terminal = start([]);
    const screen = await terminal.waitFor(/What do you need\?[^]*⏎ select/u);
    expect(screen.indexOf('guide me')).toBeGreaterThan(0);
    expect(screen.indexOf('guide me')).toBeLessThan(screen.indexOf('Set up this folder'));
    terminal.type(`${KEY.up}${KEY.up}${KEY.down.repeat(9)}${KEY.enter}`);
    await terminal.waitFor('Options everywhere:');
    expect(await terminal.exited).toBe(0);
  });

  test('Ctrl-C at the menu ends with 130, says so, and leaves the terminal usable', async () => {
    const terminal = start([]);
    await terminal.waitFor('What do you need?');
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(130);
    expect(terminal.screen()).toContain('Stopped on request');
    expect(terminal.raw().lastIndexOf('\u001B[?25h')).toBeGreaterThanOrEqual(terminal.raw().lastIndexOf('\u001B[?25l'));
  });

  test('with --accessible it is a numbered list without redraw', async () => {
    const terminal = start(['--accessible']);
    await terminal.waitFor(/Type a number from 1 to \d+:/u);
    expect(terminal.raw()).not.toMatch(REDRAW);
    terminal.type(`99${KEY.enter}`);
    await terminal.waitFor(/is not in the list[^]*Type a number from 1 to \d+:/u);
    const place = /^(\d+): All commands/mu.exec(terminal.screen())?.[1] ?? '';
    terminal.type(`${place}${KEY.enter}`);
    await terminal.waitFor('Options everywhere:');
    expect(await terminal.exited).toBe(0);
  });

  test('on a terminal that cannot move its cursor it is that list too', async () => {
    const terminal = start([], { env: { TERM: 'dumb' } });
    await terminal.waitFor(/Type a number from 1 to \d+:/u);
    terminal.type(`99${KEY.enter}`);
    await terminal.waitFor('is not in the list');
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(130);
    expect(terminal.raw()).not.toContain('\u001B');
    expect(terminal.screen()).not.toContain('?.');
  });

  test.each([
    [20, 6],
    [30, 8],
    [60, 12],
  ])('on %i columns and %i rows the question stays on the screen while one moves through it', async (columns, rows) => {
    const terminal = start([], { columns, rows });
    await terminal.waitFor('What do you need?');
    terminal.type(KEY.down);
    await terminal.waitFor(/> Continue what was/u);
    terminal.type(KEY.down);
    await terminal.waitFor(/> What is going on\?/u);
    // With what scrolled away above it.
    expect(terminal.screen().split('What do you need?')).toHaveLength(2);
  });

  test('after Ctrl-Z and fg the question stands there again, and is answered', async () => {
    const terminal = start([]);
    await terminal.waitFor(/What do you need\?[^]*select/u);
    terminal.type(KEY.ctrlZ);
    // The shell gets its cursor back.
    await expect.poll(() => terminal.raw().lastIndexOf(SHOWN) > terminal.raw().lastIndexOf(HIDDEN)).toBe(true);
    // There is no shell here that could stop the process; what it does is the same.
    terminal.signal('SIGCONT');
    await terminal.waitFor(/What do you need\?[^]*What do you need\?[^]*select/u);
    terminal.type(KEY.up.repeat(9) + KEY.down.repeat(9) + KEY.enter);
    await terminal.waitFor('Options everywhere:');
    expect(await terminal.exited).toBe(0);
  });

  test('SIGQUIT at a question leaves the terminal usable', async () => {
    const terminal = start([]);
    await terminal.waitFor(/What do you need\?[^]*select/u);
    terminal.signal('SIGQUIT');
    expect(await terminal.exited).toBe(130);
    expect(terminal.raw().lastIndexOf(SHOWN)).toBeGreaterThan(terminal.raw().lastIndexOf(HIDDEN));
  });

  test('Ctrl-C at an accessible question ends with 130', async () => {
    const terminal = start(['--accessible']);
    await terminal.waitFor(/Type a number from 1 to \d+:/u);
    terminal.type(KEY.ctrlC);
    expect(await terminal.exited).toBe(130);
  });

  test('CI and --no-input never ask, even in a terminal', async () => {
    for (const options of [
      { args: ['--no-input'], env: {} },
      { args: [], env: { CI: 'true' } },
    ]) {
      const terminal = start(options.args, { env: options.env });
      expect(await terminal.exited).toBe(64);
      expect(terminal.screen()).not.toContain('What do you need?');
    }
  });

  test('NO_COLOR and --no-color give a screen without colour', async () => {
    for (const options of [
      { args: [], env: { NO_COLOR: '1' } },
      { args: ['--no-color'], env: {} },
    ]) {
      const terminal = start(options.args, { env: options.env });
      await terminal.waitFor('What do you need?');
      terminal.type(KEY.ctrlC);
      await terminal.exited;
      expect(terminal.raw()).not.toMatch(COLOUR);
    }
  });
});
