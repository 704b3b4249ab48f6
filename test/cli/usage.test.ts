import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { completionWords } from '../../src/cli/shell/completion.js';
import { readGlobals } from '../../src/cli/shell/globals.js';
import { topLevelHelp } from '../../src/cli/shell/help.js';
import { loadCommands } from '../../src/cli/shell/loaders.js';
import { NOUNS } from '../../src/cli/shell/nouns.js';
import { parseCommandLine } from '../../src/cli/shell/parse.js';
import { jsonLines, runback } from './support/child.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback-usage-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the table of nouns', () => {
  test.each(NOUNS.map((noun) => [noun.name, noun] as const))('%s offers exactly the verbs its commands have', async (name, noun) => {
    const commands = await loadCommands(name);
    const verbs = commands.flatMap((command) => (command.verb === undefined ? [] : [command.verb]));
    expect(verbs).toEqual(noun.verbs);
    expect(commands.length).toBeGreaterThan(0);
  });

  test('fits 80 columns', () => {
    for (const line of topLevelHelp().split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });
});

describe('wrong usage', () => {
  const verbs = NOUNS.flatMap((noun) => noun.verbs.map((verb) => [noun.name, verb, '--nonsense']));
  test.each(verbs.map((words) => [words.join(' '), words] as const))('%s is refused with the help to read', async (_line, words) => {
    await expect(parseCommandLine(words, 80)).rejects.toMatchObject({
      code: 'usage',
      next: `runback ${words.slice(0, -1).join(' ')} --help`,
    });
  });

  test.each([
    ['restore rename', 'runback restore --help'],
    ['nonsense --bad', 'runback --help'],
    ['--bad restore plan', 'runback restore --help'],
    ['restore left', 'runback restore left --help'],
    ['restore plan --only nothing', 'runback restore plan --help'],
    ['restore plan --unattributed nothing', 'runback restore plan --help'],
    ['init a b c', 'runback init --help'],
    ['--workspace . restore plan --base', 'runback restore plan --help'],
  ])('%s: what to read is "%s"', async (line, next) => {
    await expect(parseCommandLine(line.split(' '), 80)).rejects.toMatchObject({ code: 'usage', next });
  });

  // As a process: once for each noun.
  const cases = NOUNS.map((noun) => [noun.name, ...noun.verbs.slice(0, 1), '--nonsense']);
  test.each(cases.map((words) => [words.join(' '), words] as const))('%s ends with 64 and says which help to read', async (_line, words) => {
    const result = await runback(words, { cwd: folder });
    expect(result.code).toBe(64);
    expect(result.stdout).toBe('');
    expect(result.stderr).toMatch(/usage \(exit 64/u);
    expect(result.stderr.replaceAll(/\s+/gu, ' ')).toContain(`runback ${words.slice(0, -1).join(' ')} --help`);
  });

  test('a close miss of a noun and of a verb gets the right word', async () => {
    const noun = await runback(['complet'], { cwd: folder });
    expect(noun.stderr).toContain('Did you mean completion?');
    expect(noun.code).toBe(64);
  });

  test('no command without a terminal is wrong usage, not a hanging prompt', async () => {
    expect(await runback([], { cwd: folder })).toMatchObject({ code: 64, stdout: '' });
  });

  test('in JSON mode the error is one object on stdout and nothing else', async () => {
    const result = await runback(['--json', 'init', '--nonsense'], { cwd: folder });
    expect(result.code).toBe(64);
    expect(jsonLines(result.stdout)).toMatchObject([{ schemaVersion: 1, command: 'init', ok: false, exitCode: 64, error: { code: 'usage' } }]);
    expect(result.stderr).toBe('');
  });
});

describe('help', () => {
  test.each([[['--help']], [['help']], [['-h']]])('%j lists every noun and exits 0', async (words) => {
    const result = await runback(words, { cwd: folder });
    expect(result.code).toBe(0);
    for (const noun of NOUNS) expect(result.stdout).toContain(`  ${noun.name} `);
    expect(result.stderr).toBe('');
  });

  const all = NOUNS.flatMap((noun) => (noun.verbs.length === 0 ? [[noun.name]] : noun.verbs.map((verb) => [noun.name, verb])));
  test.each(all.map((words) => [words.join(' '), words] as const))('%s --help fits 80 columns', async (_line, words) => {
    const parsed = await parseCommandLine([...words, '--help'], 80);
    if (parsed.kind !== 'help') throw new Error(`it is ${parsed.kind}`);
    expect(parsed.text).toContain(`Usage: runback ${words.join(' ')}`);
    expect(parsed.text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('of a command is printed by the program, which exits 0', async () => {
    const { text } = (await parseCommandLine(['snapshot', 'create', '--help'], 80)) as { readonly text: string };
    expect(await runback(['snapshot', 'create', '--help'], { cwd: folder })).toEqual({
      code: 0,
      stderr: '',
      stdout: expect.stringContaining(text.trim()),
    });
  });
});

describe('global flags', () => {
  test('are read from anywhere before --, and from the environment', () => {
    expect(readGlobals(['snapshot', 'list', '--json', '--workspace', 'x'], {})).toMatchObject({ json: true, workspace: 'x', input: true });
    expect(readGlobals(['snapshot', '--', '--json'], {}).json).toBe(false);
    expect(readGlobals(['--workspace=y'], { RUNBACK_WORKSPACE: 'z' }).workspace).toBe('y');
    expect(readGlobals([], { RUNBACK_NO_INPUT: '1', RUNBACK_AS: 'maya', RUNBACK_JSON: '0' })).toMatchObject({
      input: false,
      as: 'maya',
      json: false,
    });
    expect(readGlobals([], { CI: 'true' }).input).toBe(false);
  });
});

describe('completion', () => {
  test('knows nouns, flags and fixed choices', async () => {
    expect(await completionWords('ini', loadCommands)).toEqual(['init']);
    expect(await completionWords('completion ', loadCommands)).toEqual(['bash', 'zsh', 'fish']);
    expect(await completionWords('init --j', loadCommands)).toEqual(['--json']);
  });

  test('the bash script completes in a real bash', async () => {
    const { stdout } = await runback(['completion', 'bash'], { cwd: folder });
    const { spawnSync } = await import('node:child_process');
    const { program, cleanEnv } = await import('./support/child.js');
    const script = `runback() { "${process.execPath}" "${program}" "$@"; }\n${stdout}\nCOMP_LINE='runback completion f'; COMP_POINT=\${#COMP_LINE}; COMP_WORDS=(runback completion f); COMP_CWORD=2; _runback; echo "\${COMPREPLY[@]}"`;
    expect(spawnSync('bash', ['-c', script], { env: cleanEnv(), encoding: 'utf8' }).stdout.trim()).toBe('fish');
  });
});
