import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { describe, expect, it } from 'vitest';

import { cleanEnv, jsonLines, program, runback } from './support/child.js';
import { KEY, openTerminal, typeConfirmation } from './support/terminal.js';

describe('the demo', () => {
  it('puts a bad sync right with nobody at the keyboard, and proves it cell by cell', async () => {
    const { code, stdout } = await runback(['demo', '--small', '--no-input', '--json']);
    const last = jsonLines(stdout).at(-1) as { ok: boolean; data: { score: Record<string, number>; requests: Record<string, number> } };
    expect(last.data.score).toMatchObject({ damagedLeft: 0, innocentChanged: 0, legitimateLost: 0 });
    expect(last.data.score['damagedCells']).toBeGreaterThan(30);
    expect(last.data.score['legitimateEdits']).toBeGreaterThan(30);
    expect(last.data.requests).toMatchObject({ limited: 0 });
    expect(code).toBe(0);
  });

  it('leads a person through it: take groups, yes, the typed confirmation, see the proof', async () => {
    const terminal = openTerminal(['demo', '--small'], { columns: 100, rows: 45 });
    try {
      const screen = await terminal.waitFor(/\? Which groups are damage\?[^]*⏎ submit/);
      const offered = screen
        .slice(screen.lastIndexOf('? Which groups'))
        .split('\n')
        .filter((line) => /^[ >]+\S+ \d+ \w/.test(line));
      // Nobody has to know that these were right.
      expect(offered.find((line) => line.includes('loyalty_points'))).toMatch(/\(ordinary\)/);
      const taken = offered.map((line) => `${/were (?:cut|created) \((?:no sign|only you)/.test(line) ? ' ' : ''}${KEY.down}`);
      terminal.type(`${taken.join('')}${KEY.enter}`);
      await terminal.waitFor(/\? Does this look like the damage\?/);
      terminal.type(KEY.enter);
      await typeConfirmation(terminal);
      expect(await terminal.exited).toBe(0);
      const proof = terminal.screen();
      expect(proof).toMatch(/damaged cells left +✓ 0 of/);
      expect(proof).toMatch(/innocent cells changed +✓ 0 of/);
    } finally {
      await terminal.dispose();
    }
  });

  it('outlives a Ctrl-C: it can be continued, and a second one ends it', async () => {
    const terminal = openTerminal(['demo', '--small'], { rows: 45 });
    try {
      await terminal.waitFor(/\? Which groups are damage/);
      terminal.type(KEY.ctrlC);
      await terminal.waitFor(/you would now type:\s+runback respond[^]*\? What now\?/);
      terminal.type(KEY.enter);
      await terminal.waitFor(/What now\? Continue[^]*\? Which groups are damage/);
      terminal.type(KEY.ctrlC);
      await terminal.waitFor(/What now\? Continue[^]*\? What now\?/);
      terminal.type(KEY.ctrlC);
      expect(await terminal.exited).toBe(130);
      expect(terminal.screen()).toMatch(/Its sandbox has ended too/);
    } finally {
      await terminal.dispose();
    }
  });
});

describe('a sandbox to practise on', () => {
  it('starts, is filled further, goes wrong on demand, and ends with Ctrl-C', async () => {
    const sizes = ['--contacts', '60', '--companies', '6', '--deals', '4'];
    const child = spawn(
      process.execPath,
      [program, 'sandbox', 'start', ...sizes, '--port', '0', '--sync-port', '0', '--go-wrong', '200ms', '--json'],
      {
        env: cleanEnv(),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    try {
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const next = async (): Promise<Record<string, unknown>> => JSON.parse((await lines.next()).value as string) as Record<string, unknown>;
      const listening = await next();
      expect(listening).toMatchObject({ type: 'listening', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) as string });
      expect(await next()).toMatchObject({ type: 'went-wrong', duplicates: 2 });
      const seeded = await runback(['sandbox', 'seed', ...sizes, '--url', String(listening['url'])]);
      expect(seeded).toMatchObject({ code: 0 });
      const closed = once(child, 'close');
      child.kill('SIGINT');
      expect((await closed)[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is never seeded elsewhere than on this machine', async () => {
    const { code, stderr } = await runback(['sandbox', 'seed', '--url', 'https://api.hubspot.com']);
    expect(code).toBe(64);
    expect(stderr).toMatch(/is not this machine/);
  });
});
