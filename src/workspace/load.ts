import { access, readFile, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';

import { RunbackError, didYouMean, fromFileSystem } from '../lib/index.js';
import { SECRET_REF, type WorkspaceFile, workspaceSchema } from './schema.js';
import type { PlatformConfig, SyncConfig, Workspace, WorkspaceConfig } from './types.js';
import { type PathProblem, parseYaml } from './yaml.js';

const FILE = 'runback.yml';
/** Larger files are not even read. */
const MAX_READ_BYTES = 32 * 1024 * 1024;
const SECRET_NAME = /(token|password|passwd|secret|api[-_]?key|access[-_]?key|private[-_]?key|routing[-_]?key|^authorization)$/i;
const URL_WITH_PASSWORD = /:\/\/[^/\s:@]*:[^@\s]+@/;

/** The nearest folder upwards that holds runback.yml. Throws `workspace-missing`. */
export async function findWorkspace(startDir: string): Promise<string> {
  for (let folder = resolve(startDir); ; folder = dirname(folder)) {
    const found = await access(join(folder, FILE)).then(
      () => true,
      () => false,
    );
    if (found) return folder;
    if (dirname(folder) === folder) break;
  }
  throw new RunbackError('workspace-missing', `There is no ${FILE} in ${resolve(startDir)} or above`, {
    why: `A workspace is a folder with a ${FILE} that names the platforms and syncs.`,
    state: 'Nothing was started.',
    next: 'Go to a workspace, name one with --workspace DIR, or look around first: runback demo',
  });
}

/**
 * Reads and checks the workspace in a folder. Nothing else is opened: no secret is resolved, no platform asked.
 * Throws `workspace-missing`, `file-unreadable`, `file-invalid`, `secret-literal`.
 */
export async function loadWorkspace(root: string): Promise<Workspace> {
  const folder = resolve(root);
  const path = join(folder, FILE);
  const text = await readYamlText(path);
  const file = parseYaml(text, FILE, workspaceSchema);
  const problems = [...referenceProblems(file.value), ...secretProblems(file.value), ...storageProblems(file.value)];
  if (problems.length > 0) throw file.invalid(problems);
  const { storage } = file.value.backups;
  return {
    root: folder,
    stateDir: join(folder, '.runback'),
    backupsDir: isAbsolute(storage) ? storage : resolve(folder, storage),
    runbooksDir: join(folder, 'runbooks'),
    config: toConfig(file.value),
  };
}

/** The text of a YAML file. Throws `file-unreadable`, and `workspace-missing` for a missing runback.yml. */
export async function readYamlText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_READ_BYTES)
      throw new RunbackError('file-unreadable', `${path} is too long to be a YAML file of runback (${size} bytes)`, {
        state: 'Nothing was started.',
      });
    return (await readFile(path, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    if (error instanceof RunbackError) throw error;
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && path.endsWith(FILE))
      throw new RunbackError('workspace-missing', `There is no ${FILE} in ${dirname(path)}`, { state: 'Nothing was started.', cause: error });
    throw new RunbackError('file-unreadable', `${path} cannot be read`, {
      why: String(fromFileSystem(error, path)),
      state: 'Nothing was started.',
      cause: error,
    });
  }
}

function toConfig(file: WorkspaceFile): WorkspaceConfig {
  const platforms = Object.entries(file.platforms).map(([name, entry]): [string, PlatformConfig] => [name, { name, ...entry }]);
  const syncs = Object.entries(file.syncs).map(([name, entry]): [string, SyncConfig] => {
    const { controller, title, writes_to, writes_as, drain, credentials, ...options } = entry;
    return [
      name,
      {
        name,
        controller,
        ...(title === undefined ? {} : { title }),
        writes_to,
        writes_as,
        ...(drain === undefined ? {} : { drain }),
        credentials,
        options,
      },
    ];
  });
  return {
    version: 1,
    platforms: Object.fromEntries(platforms),
    syncs: Object.fromEntries(syncs),
    backups: file.backups,
    restores: file.restores,
  };
}

function* referenceProblems(file: WorkspaceFile): Generator<PathProblem> {
  const names = Object.keys(file.platforms);
  const unknown = (path: PathProblem['path'], word: string): PathProblem => ({
    path,
    message: `there is no platform "${word}"${didYouMean(word, names)}`,
    expected: names.length === 0 ? 'a name from platforms, which is empty' : `one of ${names.join(', ')}`,
  });
  for (const [sync, { writes_to }] of Object.entries(file.syncs))
    for (const [index, word] of writes_to.entries()) if (!names.includes(word)) yield unknown(['syncs', sync, 'writes_to', index], word);
  for (const [job, { platforms }] of Object.entries(file.backups.jobs))
    for (const [index, word] of platforms.entries()) if (!names.includes(word)) yield unknown(['backups', 'jobs', job, 'platforms', index], word);
}

function* storageProblems(file: WorkspaceFile): Generator<PathProblem> {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(file.backups.storage))
    yield { path: ['backups', 'storage'], message: 'only a folder can hold snapshots so far', expected: 'a path relative to this file' };
}

function* secretProblems(file: WorkspaceFile): Generator<PathProblem> {
  for (const [name, platform] of Object.entries(file.platforms)) {
    if (platform.url !== undefined && !SECRET_REF.test(platform.url)) {
      const path = ['platforms', name, 'url'];
      if (URL_WITH_PASSWORD.test(platform.url))
        yield {
          path,
          message: 'the address holds a password, and a secret must not stand in a file',
          expected: 'a reference such as env:DATABASE_URL',
          secret: true,
        };
      else if (!URL.canParse(platform.url))
        yield { path, message: '"url" is not an address', expected: 'an address such as https://… or a secret reference such as env:DATABASE_URL' };
    }
    yield* literalsIn(platform.options, ['platforms', name, 'options']);
  }
  for (const [name, { controller: _, title: __, writes_to: ___, writes_as: ____, drain: _____, credentials: ______, ...options }] of Object.entries(
    file.syncs,
  ))
    yield* literalsIn(options, ['syncs', name]);
}

/** Texts that are secrets by their name or their form. */
function* literalsIn(value: unknown, path: PathProblem['path']): Generator<PathProblem> {
  if (typeof value === 'string') {
    const named = typeof path.at(-1) === 'string' && SECRET_NAME.test(String(path.at(-1)));
    if ((named && !SECRET_REF.test(value) && !value.includes('${{')) || URL_WITH_PASSWORD.test(value))
      yield {
        path,
        message: `"${String(path.at(-1))}" holds a secret, and a secret must not stand in a file`,
        expected: 'a reference under credentials',
        secret: true,
      };
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) yield* literalsIn(item, [...path, Array.isArray(value) ? Number(name) : name]);
  }
}
