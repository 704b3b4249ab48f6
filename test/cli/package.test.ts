import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { cleanEnv } from './support/child.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let folder: string;
let packed: Packed;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runback package '));
  const { stdout, stderr } = spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' });
  const [first] = Object.values(JSON.parse(stdout) as Record<string, Packed>);
  if (first === undefined) throw new Error(stderr);
  packed = first;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('the package holds what its README and its programs point to, and runs nothing where it is installed', async () => {
  const files = new Set(packed.files.map(({ path }) => path));
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/gu)].map(([, path]) => path ?? '');
  expect(links).toContain('docs/screen.svg');
  const has = (path: string): boolean => files.has(path) || [...files].some((file) => file.startsWith(`${path.replace(/\/$/u, '')}/`));
  expect(links.filter((path) => !has(path))).toEqual([]);
  for (const path of [
    'CHANGELOG.md',
    'LICENSE',
    'THIRD-PARTY.md',
    'dist/runback.js',
    'dist/chunks/main.cjs',
    'runbooks/mass-overwrite.yml',
    'escalation.yml',
  ])
    expect(files).toContain(path);
  expect([...files].filter((path) => /^(src|test|bench|scripts|backups)\//u.test(path))).toEqual([]);
  const { scripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  expect(Object.keys(scripts).filter((name) => ['preinstall', 'install', 'postinstall'].includes(name))).toEqual([]);
});

test('the package runs in an empty folder and fetches nothing', async () => {
  const env = cleanEnv({
    HOME: folder,
    npm_config_cache: join(folder, 'cache'),
    npm_config_update_notifier: 'false',
  });
  const npx = (...args: string[]): ReturnType<typeof spawnSync> =>
    spawnSync('npx', ['--offline', '--yes', `./${packed.filename}`, ...args], { cwd: folder, encoding: 'utf8', env });
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(npx('--version')).toMatchObject({ status: 0, stdout: `runback ${version}\n` });
  // Through snapshots, archives, a run, a restore and the runbooks that are shipped.
  const demo = npx('demo', '--no-input', '--small');
  expect(demo).toMatchObject({ status: 0 });
  expect(demo.stdout).toMatch(/damaged cells left\s+✓ 0 of \d+/u);
});

test('whose work is in the bundle, and under which licence, is told; and no native binary is in it', async () => {
  const told = await readFile(join(root, 'THIRD-PARTY.md'), 'utf8');
  const names = [...told.matchAll(/^## (\S+) \d+\.\d+\.\d+\S*\n\n(.+)$/gmu)].map(([, name]) => name);
  expect(names).toEqual([...names].sort());
  for (const name of ['archiver', 'chalk', 'commander', 'inquirer', 'lowdb', 'ora', 'pg', 'undici', 'unzipper', 'yaml', 'zod'])
    expect(names).toContain(name);
  // They come with archiver, and are never loaded.
  expect(names.filter((name) => name?.startsWith('bare-'))).toEqual([]);
  expect(packed.files.filter(({ path }) => /\.(node|bare|wasm)$/u.test(path))).toEqual([]);
});
