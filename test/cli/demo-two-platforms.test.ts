import { describe, expect, it } from 'vitest';

import { jsonLines, runback } from './support/child.js';
import { KEY, openTerminal, typeConfirmation } from './support/terminal.js';

/** A user would lose: the agreement of two systems, of which each was put back for itself. */

describe('the demo of two platforms', () => {
  it('puts back what a loop did to both sides, with nobody at the keyboard: records, links, new ids, newer values', async () => {
    const { code, stdout } = await runback(['demo', '--story', 'two-platforms', '--small', '--no-input', '--json']);
    const last = jsonLines(stdout).at(-1) as { readonly ok: boolean; readonly data: { readonly score: Readonly<Record<string, number>> } };
    expect(last.data.score).toMatchObject({ damagedLeft: 0, innocentChanged: 0, legitimateLost: 0 });
    expect(last.data.score['damagedCells']).toBeGreaterThan(100);
    expect(last.data.score['legitimateEdits']).toBeGreaterThanOrEqual(18);
    expect([code, last.ok]).toEqual([0, true]);
  });

  it('leads a person through it, who types what is typed on the day, on a screen of 80 columns', async () => {
    const terminal = openTerminal(['demo', '--story', 'two-platforms', '--small'], { columns: 80, rows: 45 });
    /** Waits for the open question below these words, and says yes. */
    const accept = async (words: string): Promise<void> => {
      await terminal.waitFor(new RegExp(`${words}[^]*\\? Run it\\? \\(Y/n\\)\\s*$`, 'u'));
      terminal.type(KEY.enter);
    };
    const confirm = async (words: string): Promise<void> => {
      await accept(words);
      await typeConfirmation(terminal, new RegExp(`${words}[^]*\\? Type \\S+\\s+to\\s+go[^]*$`, 'u'));
    };
    try {
      for (const words of ['First the evidence', 'What happened on the one side', 'And on the other', 'The same sync damaged both'])
        await accept(words);
      await confirm('Nothing is written before this');
      await accept('HubSpot keeps no history of links');
      await confirm('And these, too');
      await accept('Prove it');
      await accept('start it again');
      await accept('still held by another pause');
      expect(await terminal.exited).toBe(0);
      const proof = terminal.screen();
      expect(proof).toMatch(/damaged cells left +✓ 0 of/);
      expect(proof).toMatch(/innocent cells changed +✓ 0 of/);
      expect(proof).toMatch(/0 differences between the systems/);
    } finally {
      await terminal.dispose();
    }
  });

  it('stopped in the middle, it says that nothing outside was written', async () => {
    const terminal = openTerminal(['demo', '--story', 'two-platforms', '--small'], { columns: 80, rows: 45 });
    try {
      await terminal.waitFor(/\? Run it\? \(Y\/n\)/);
      terminal.type(KEY.ctrlC);
      expect(await terminal.exited).toBe(130);
      expect(terminal.screen()).toMatch(/Nothing but a temporary folder was written/);
    } finally {
      await terminal.dispose();
    }
  });
});
