import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { type Finished, jsonLines } from './support/child.js';
import { runHere } from './support/here.js';
import { KEY, openTerminal } from './support/terminal.js';
import { openWorkspace } from './support/workspace.js';

/** A user would lose: the only copy there is, or the knowledge of what it cannot give back. */

test('a file becomes a base: shown, timed, marked, and a plan from it says what it does not hold', async () => {
  const workspace = await openWorkspace(6);
  try {
    const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input'], { cwd: workspace.dir });
    const json = async (...args: string[]): Promise<{ readonly code: number | null; readonly data?: unknown; readonly error?: unknown }> => {
      const { code, stdout } = await go(...args, '--json');
      return { ...(jsonLines(stdout).at(-1) as object), code };
    };
    const flat = ({ stdout, stderr }: Finished): string => `${stderr}${stdout}`.replaceAll(/\s+/gu, ' ');
    const titles = workspace.contacts.map((id) => [id, workspace.title(id) ?? ''] as const);
    const rows = titles.map(([id, title]) => `${id},"${title.replaceAll('"', '""')}",Lee`);
    await writeFile(join(workspace.dir, 'all.csv'), `\uFEFFRecord ID,Job Title,Contact owner\r\n${rows.join('\r\n')}\r\n`);
    const command = ['snapshot', 'import', 'all.csv', '--platform', 'hubspot', '--object', 'contacts'];

    const shown = flat(await go(...command, '--dry-run'));
    expect(shown).toContain(`Records ${titles.length} rows of contacts`);
    expect(shown).toMatch(/Record ID the key .*Job Title jobtitle string/u);
    expect(shown).toContain('Not imported: Contact owner');
    expect(await json(...command)).toMatchObject({ code: 5, error: { code: 'person-needed' } });
    expect(await json(...command, '--taken-at', 'in 2h')).toMatchObject({ error: { code: 'usage', data: { limit: 'taken-at' } } });
    expect(flat(await go('snapshot', 'list'))).toContain('No snapshot yet');

    const made = await json(...command, '--taken-at', '2h', '--note', 'of this morning');
    expect(made).toMatchObject({
      code: 0,
      data: { snapshot: { imported: { file: 'all.csv', fields: ['jobtitle'] } }, file: { columns: { key: ['Record ID'] } } },
    });
    const { id } = (made.data as { readonly snapshot: { readonly id: string } }).snapshot;
    expect(flat(await go('snapshot', 'list'))).toContain('imported from all.csv (1 of');
    expect(flat(await go('snapshot', 'show', id))).toMatch(/Imported from all\.csv .* Exported .* Fields 1 of \d+: jobtitle/u);
    expect(await json('restore', 'plan', '--platform', 'hubspot', '--base', 'latest')).toMatchObject({
      error: { code: 'not-found', next: expect.stringContaining(id) as unknown },
    });
    expect(await json('backup', 'test-restore', id)).toMatchObject({
      error: { code: 'usage', message: `${id} cannot be restored into an empty place` },
    });

    workspace.damage(3);
    const planned = flat(await go('restore', 'plan', '--platform', 'hubspot', '--base', id, '--unattributed', 'include', '--delete-created'));
    expect(planned).toContain('The base was imported from all.csv, which holds 1 of');
    expect(planned).toContain('Writes 1 record of 6');
  } finally {
    await workspace.close();
  }
});

test('at a terminal it shows what it understood, asks for the time until it is one, and makes nothing after a no', async () => {
  const workspace = await openWorkspace(6);
  const [id] = workspace.contacts;
  await writeFile(join(workspace.dir, 'one.csv'), `Record ID;Job Title\n${id};Chef\n`);
  const command = ['snapshot', 'import', 'one.csv', '--platform', 'hubspot', '--object', 'contacts'];
  const run = async (answer: string): Promise<number> => {
    const terminal = openTerminal(command, { cwd: workspace.dir });
    try {
      await terminal.waitFor('When was this file exported?');
      expect(terminal.screen()).toContain('parted by semicolons');
      terminal.type(`whenever${KEY.enter}`);
      await terminal.waitFor('Not valid');
      terminal.type(`${'\u007F'.repeat(8)}2h${KEY.enter}`);
      await terminal.waitFor('Import it like this?');
      terminal.type(`${answer}${KEY.enter}`);
      return await terminal.exited;
    } finally {
      await terminal.dispose();
    }
  };
  const listed = async (): Promise<string> => (await runHere(['snapshot', 'list', '--no-input'], { cwd: workspace.dir })).stdout;
  try {
    expect(await run('n')).toBe(5);
    expect(await listed()).toContain('No snapshot yet');
    expect(await run('y')).toBe(0);
    expect(await listed()).toContain('imported from one.csv');
  } finally {
    await workspace.close();
  }
});
