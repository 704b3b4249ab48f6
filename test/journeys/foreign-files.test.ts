import { existsSync } from 'node:fs';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { type Finished, jsonLines } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { openWorkspace, type TestWorkspace } from '../cli/support/workspace.js';

const SHIPPED = fileURLToPath(new URL('../../', import.meta.url));
const WRONG = 'Written over';
const EXPECTED = '# who is told\n0s channel:terminal\n';

let workspace: TestWorkspace;
let ran: Finished;
const at = (...parts: string[]): string => join(workspace.dir, ...parts);
const go = (...args: string[]): Promise<Finished> => runHere([...args, '--no-input', '--json'], { cwd: workspace.dir });
const answerOf = ({ stdout }: Finished): Record<string, unknown> => jsonLines(stdout).at(-1) ?? {};

/** As Notepad saves it: a byte order mark, CRLF. */
const asOnWindows = (text: string): string => `\uFEFF${text.replaceAll(/\r?\n/g, '\r\n')}`;
async function onWindows(path: string): Promise<void> {
  await writeFile(path, asOnWindows(await readFile(path, 'utf8')));
}

/** Every file of the state that is text: journals, plans, documents. */
async function stateFiles(): Promise<readonly string[]> {
  const found = await readdir(at('.runback'), { recursive: true });
  return found.filter((name) => /\.(ndjson|json)$/.test(name) && !name.startsWith('logs')).map((name) => at('.runback', name));
}

beforeAll(async () => {
  workspace = await openWorkspace(12);
  await cp(join(SHIPPED, 'escalation.yml'), at('escalation.yml'));
  await cp(join(SHIPPED, 'runbooks'), at('runbooks'), { recursive: true });
  const written = [at('runback.yml'), at('escalation.yml'), at('token'), ...(await readdir(at('runbooks'))).map((name) => at('runbooks', name))];
  for (const path of written) await onWindows(path);
  await workspace.base();
  const damaged = workspace.damage(3, WRONG).size;
  await writeFile(at('answers.yml'), asOnWindows(`review: "yes"\napply: sandbox:${String(damaged)}\ntold: done\n`));
  ran = await go('runbook', 'run', 'small', '--input', 'platform=hubspot', '--answers', 'answers.yml');
});
afterAll(() => workspace.close());

describe('files that were written on Windows read as they do on Unix', () => {
  test('a runbook runs to its end: workspace, secret, runbook and answers all have CRLF and a byte order mark', () => {
    expect({ code: ran.code, error: answerOf(ran)['error'], state: (answerOf(ran) as { data?: { state?: string } }).data?.state }).toEqual({
      code: 0,
      error: undefined,
      state: 'succeeded',
    });
  });

  test('the shipped samples are in order', async () => {
    expect((await go('runbook', 'lint')).code).toBe(0);
    expect((await go('escalation', 'lint')).code).toBe(0);
  });

  test('what was found in a file stands at the line that an editor shows', async () => {
    const whole = await readFile(at('runback.yml'), 'utf8');
    await writeFile(at('runback.yml'), whole.replace('objects:', 'objetcs:'));
    const ended = await go('runbook', 'list');
    await writeFile(at('runback.yml'), whole);
    expect(ended.code).toBe(65);
    expect(ended.stdout).toMatch(/runback\.yml:9:5: unknown key/);
  });

  test('a list of expected messages', async () => {
    await writeFile(at('expected.txt'), asOnWindows(EXPECTED));
    await writeFile(at('plain.txt'), EXPECTED);
    const simulate = (file: string): Promise<Finished> =>
      go('escalation', 'simulate', '--severity', 'sev1', '--at', '2026-11-02T10:00', '--expect', file);
    const [windows, unix] = [await simulate('expected.txt'), await simulate('plain.txt')];
    expect(windows.code).toBe(unix.code);
    expect(answerOf(windows)['data']).toEqual(answerOf(unix)['data']);
  });

  test('state that was copied through another system: the chain of a journal holds, a plan is the same plan', async () => {
    const files = await stateFiles();
    expect(files.length).toBeGreaterThan(3);
    const before = await Promise.all([go('runbook', 'evidence', 'latest'), go('restore', 'show', 'latest'), go('status')]);
    const kept = await Promise.all(files.map((path) => readFile(path)));
    for (const path of files) await onWindows(path);
    const after = await Promise.all([go('runbook', 'evidence', 'latest'), go('restore', 'show', 'latest'), go('status')]);
    await Promise.all(files.map(async (path, index) => writeFile(path, kept[index] ?? '')));
    expect(after.map(({ code }) => code)).toEqual(before.map(({ code }) => code));
    expect(answerOf(after[0])['ok']).toBe(true);
    expect(answerOf(after[1])['data']).toEqual(answerOf(before[1])['data']);
  });
});

test.each(['runback.yml', 'escalation.yml', 'runbooks/small.yml', 'answers.yml', 'token'])(
  '%s in UTF-16 is refused by its name, with how to mend it, and nothing runs',
  async (file) => {
    const whole = await readFile(at(file), 'utf8');
    await writeFile(at(file), Buffer.from(`\uFEFF${whole.replace('\uFEFF', '')}`, 'utf16le'));
    const ended =
      file === 'escalation.yml'
        ? await go('escalation', 'lint')
        : await go('runbook', 'run', 'small', '--input', 'platform=hubspot', '--answers', 'answers.yml');
    await writeFile(at(file), whole);
    expect([65, 4]).toContain(ended.code);
    expect(ended.stdout).toContain(file.split('/').at(-1));
    expect(ended.stdout).toMatch(/UTF-16/);
    expect(ended.stdout).toMatch(/UTF-8/);
    expect(existsSync(at('paused'))).toBe(false);
  },
);
