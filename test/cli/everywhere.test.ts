import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { hasUnicode } from '../../src/cli/shell/globals.js';
import { freePort } from '../../src/daemon/index.js';
import { unfitNode } from '../../src/node-version.js';
import { hardLinkProblem } from '../../src/store/index.js';
import { main, runback } from './support/child.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback with a space '));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  ['18.20.4', false],
  ['20.18.3', false],
  ['20.19.0', true],
  ['21.7.3', false],
  ['22.12.0', false],
  ['22.13.0', true],
  ['23.11.0', false],
  ['24.0.0', true],
  ['27.1.0', true],
])('Node %s fits: %s, as package.json says', async (version, fits) => {
  expect(unfitNode(version) === undefined).toBe(fits);
  if (!fits) expect(unfitNode(version)?.split('\n')).toEqual([expect.stringContaining(version)]);
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };
  expect(engines.node).toBe('^20.19 || ^22.13 || >=24');
});

test('on a Node that is too old nothing but the one line about it is loaded', async () => {
  expect([...(await readFile(main, 'utf8')).matchAll(/^import .* from '(.*)';$/gmu)].map(([, from]) => from)).toEqual(['node:module']);
  const started = await readFile(join(dirname(main), 'chunks', 'start.cjs'), 'utf8');
  const required = [...started.matchAll(/require\((?:"|`)([^"`]+)(?:"|`)\)/gu)].map(([, from]) => from ?? '');
  expect(required.filter((from) => !from.startsWith('node:') && !/^\.\/(?:rolldown-runtime|node-version)/u.test(from))).toEqual([]);
  const [first = '', later] = (await readFile(join(dirname(main), 'chunks', 'main.cjs'), 'utf8')).split('(async()=>{');
  expect([...first.matchAll(/require\("([^"]+)"\)/gu)].filter(([, from]) => !/^\.\/(?:rolldown-runtime|node-version)/u.test(from ?? ''))).toEqual([]);
  expect(later).toMatch(/^const unfit=.*process\.exit\(1\).*require\(/su);
});

test.each([
  [{ LANG: 'C' }, false],
  [{ LANG: 'POSIX' }, false],
  [{ LANG: 'en_US.ISO-8859-1' }, false],
  [{ LANG: 'en_US.UTF-8' }, true],
  [{ LANG: 'C.UTF-8' }, true],
  [{ LANG: 'en_US.UTF-8', LC_ALL: 'C' }, false],
  [{ LANG: 'C', LC_CTYPE: 'de_DE.utf8' }, true],
  [{}, true],
  [{ TERM: 'dumb', LANG: 'en_US.UTF-8' }, false],
])('signs under %j', (env, signs) => {
  expect(hasUnicode(env)).toBe(signs);
});

test('LANG=C gets no sign that it cannot show', async () => {
  for (const words of [['runbook', 'lint'], ['--help'], ['nonsense'], ['doctor']]) {
    const { stdout, stderr } = await runback([...words, '--workspace', root], { cwd: folder, env: { LANG: 'C', LC_ALL: 'C' } });
    expect(stdout + stderr).not.toBe('');
    // eslint-disable-next-line no-control-regex
    expect(stdout + stderr).toMatch(/^[\x00-\x7F]*$/u);
  }
});

test('a folder for temporary files that is not there is named, with what to do', async () => {
  const { code, stderr } = await runback(['demo', '--no-input', '--small'], { cwd: folder, env: { TMPDIR: join(folder, 'gone') } });
  expect(code).toBe(3);
  expect(stderr.replaceAll(/\s+/gu, ' ')).toContain(join(folder, 'gone'));
  expect(stderr).toContain('TMPDIR');
});

test('a port is 0 to 65535, and 0 is a free one', async () => {
  const { code, stderr } = await runback(['sandbox', 'start', '--port', '70000'], { cwd: folder });
  expect(code).toBe(64);
  expect(stderr).toContain('0 to 65535');
  expect(await freePort()).toBeGreaterThan(0);
});

test('whether a folder can hold locks is found out, and nothing is left behind', async () => {
  expect(await hardLinkProblem(folder, 'probe')).toBeUndefined();
  expect(await readdir(folder)).toEqual([]);
  // procfs has no hard links and no new files: the creation itself is refused.
  await expect(hardLinkProblem('/proc/self', 'probe')).rejects.toThrow(/ENOENT|EACCES|EPERM/u);
});
