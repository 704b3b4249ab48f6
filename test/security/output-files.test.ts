import { chmod, link, lstat, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Finished, jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { openTerminal } from '../cli/support/terminal.js';
import { openWorkspace, type TestWorkspace } from '../cli/support/workspace.js';

/** A person would lose: a file that they did not name, or records in the eyes of everybody on the machine. */

let workspace: TestWorkspace;
/** Every command that writes a file for a person, without `--to`. */
const WRITERS: Record<string, readonly string[]> = {
  report: ['incident', 'report', 'latest'],
  render: ['runbook', 'render', 'small'],
  export: ['snapshot', 'export', 'latest', 'contacts'],
  left: ['restore', 'left', 'latest'],
  lost: ['restore', 'lost', 'latest'],
};
const NAMES = Object.keys(WRITERS);
const at = (name: string): string => join(workspace.dir, name);
const write = (writer: string, to: string, ...more: string[]): Promise<Finished> =>
  runHere([...(WRITERS[writer] ?? []), '--to', to, ...more, '--no-input', '--json'], { cwd: workspace.dir });
const error = (ended: Finished): { readonly code: string; readonly message: string; readonly next?: string } =>
  (jsonLines(ended.stdout).at(-1) as { error: { code: string; message: string } }).error;

beforeAll(async () => {
  workspace = await openWorkspace(3);
  const base = await workspace.base();
  workspace.damage(2);
  const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input'], { cwd: workspace.dir });
  await go('restore', 'plan', '--platform', 'hubspot', '--base', base, '--unattributed', 'unknown');
  await go('incident', 'open', 'Wrong titles', '--severity', 'sev2', '--platform', 'hubspot');
});
afterAll(() => workspace.close());

describe.each(NAMES)('%s', (writer) => {
  test('makes a file that only its owner can read, and leaves nothing beside it', async () => {
    expect((await write(writer, `${writer}.out`)).code).toBe(0);
    const made = await stat(at(`${writer}.out`));
    expect(made.mode & 0o777).toBe(0o600);
    expect(made.size).toBeGreaterThan(0);
    expect((await readdir(workspace.dir)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('replaces a file only on --overwrite, and then keeps neither its mode nor what else it is linked to', async () => {
    const old = at(`${writer}-old`);
    await writeFile(old, 'mine');
    await chmod(old, 0o666);
    await link(old, `${old}-too`);
    const refused = await write(writer, old);
    expect(refused.code).toBe(64);
    expect(error(refused)).toMatchObject({ code: 'usage', next: expect.stringContaining('--overwrite') });
    expect(await readFile(old, 'utf8')).toBe('mine');
    expect((await write(writer, old, '--overwrite')).code).toBe(0);
    expect((await stat(old)).mode & 0o777).toBe(0o600);
    expect(await readFile(old, 'utf8')).not.toBe('mine');
    expect(await readFile(`${old}-too`, 'utf8')).toBe('mine');
  });

  test('follows no link, whether it leads somewhere or not, also not with --overwrite', async () => {
    await writeFile(at(`${writer}-target`), 'mine');
    await symlink(at(`${writer}-target`), at(`${writer}-link`));
    await symlink(at(`${writer}-nowhere`), at(`${writer}-dangling`));
    for (const name of ['link', 'dangling'])
      for (const more of [[], ['--overwrite']]) {
        const refused = await write(writer, `${writer}-${name}`, ...more);
        expect(refused.code).toBe(64);
        expect(error(refused).message).toContain('is a link');
      }
    expect(await readFile(at(`${writer}-target`), 'utf8')).toBe('mine');
    await expect(lstat(at(`${writer}-nowhere`))).rejects.toThrow('ENOENT');
  });

  test('says what is wrong with a folder, a missing folder, a file as folder, a device', async () => {
    await mkdir(at(`${writer}-folder`));
    for (const [to, words] of [
      [`${writer}-folder`, 'is a folder'],
      ['no/such/file', 'There is no folder'],
      ['runback.yml/file', 'is not a folder'],
      ['/dev/null', 'is not a regular file'],
      ['x'.repeat(300), 'too long'],
    ] as const) {
      const refused = await write(writer, to, '--overwrite');
      expect(refused.code, to).toBe(64);
      expect(error(refused).message).toContain(words);
    }
  });
});

test.skipIf(process.getuid?.() === 0)('a folder that may not be written to is named, and nothing is left in it', async () => {
  await mkdir(at('closed'), { mode: 0o500 });
  const refused = await write('export', 'closed/file.csv');
  expect(error(refused)).toMatchObject({ code: 'disk-denied', next: expect.stringContaining('another file') });
});

test('at a terminal a person is asked, and the careful answer stands first', async () => {
  await writeFile(at('asked.md'), 'mine');
  for (const [keys, replaced] of [
    ['\r', false],
    ['y\r', true],
  ] as const) {
    const terminal = openTerminal([...(WRITERS['report'] ?? []), '--to', 'asked.md'], { cwd: workspace.dir });
    try {
      await terminal.waitFor('Replace asked.md');
      terminal.type(keys);
      expect(await terminal.exited).toBe(replaced ? 0 : 64);
      expect((await readFile(at('asked.md'), 'utf8')) === 'mine').toBe(!replaced);
    } finally {
      await terminal.dispose();
    }
  }
});
