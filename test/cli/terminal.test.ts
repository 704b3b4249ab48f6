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
