import { access, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { z } from 'zod';

import { defined, fromFileSystem, named, parseDuration, readTextFile, RunbackError } from '../lib/index.js';
import { parseBucket } from './bucket.js';
import { carriedOf } from './carried.js';
import { workspaceProblems } from './checks.js';
import { monitorProblems } from './monitors/checks.js';
import { type Surroundings, watchingOf } from './monitors/parse.js';
import { monitorShape } from './monitors/schema.js';
import type { Watching } from './monitors/settings.js';
import { entriesOf, field } from './raw.js';
import { type WorkspaceFile, workspaceSchema } from './schema.js';
import type { BucketConfig, JobConfig, PlatformConfig, StoragePlace, SyncConfig, Workspace, WorkspaceConfig } from './types.js';
import { parseYaml, type PathProblem } from './yaml.js';

const FILE = 'runback.yml';
/** Larger files are not even read. */
const MAX_READ_BYTES = 32 * 1024 * 1024;
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
    next: 'Go to a workspace, name one with --workspace DIR, or try it first: runback demo',
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
  const file = parseYaml(text, FILE, workspaceSchema, (raw) => workspaceProblems(raw, folder));
  const stateDir = join(folder, '.runback');
  const { dir, bucket } = placeIn(file.value.backups, folder, join(stateDir, 'storage'));
  return {
    root: folder,
    stateDir,
    backupsDir: dir,
    ...defined({ bucket }),
    copies: Object.entries(file.value.backups.copies).map(([name, copy]) => ({
      name,
      ...placeIn(copy, folder, join(stateDir, 'copies', name)),
      required: copy.required,
      ...defined({ keep: copy.keep, verify: copy.verify }),
    })),
    runbooksDir: join(folder, 'runbooks'),
    config: toConfig(file.value),
  };
}

/**
 * The text of a YAML file, its line breaks those of Unix. Throws `file-unreadable`, and `workspace-missing` for a
 * missing runback.yml.
 */
export async function readYamlText(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_READ_BYTES)
      throw new RunbackError('file-unreadable', `${path} is too long to be a YAML file of runback (${size} bytes)`, {
        state: 'Nothing was started.',
      });
    return await readTextFile(path);
  } catch (error) {
    if (error instanceof RunbackError) throw error;
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (missing && path.endsWith(FILE))
      throw new RunbackError('workspace-missing', `There is no ${FILE} in ${dirname(path)}`, { state: 'Nothing was started.', cause: error });
    if (missing)
      throw new RunbackError('file-unreadable', `There is no file ${path}`, {
        state: 'Nothing was started.',
        next: 'Check the name and the folder, then run the same command again.',
        cause: error,
      });
    throw new RunbackError('file-unreadable', `${path} cannot be read`, {
      why: String(fromFileSystem(error, path)),
      state: 'Nothing was started.',
      cause: error,
    });
  }
}

type PlaceFile = Pick<WorkspaceFile['backups'], 'storage' | 'endpoint' | 'region' | 'credentials' | 'lock_for'>;

/** `spool`: folder of this machine for what is on its way to a bucket. */
function placeIn(place: PlaceFile, folder: string, spool: string): StoragePlace {
  const bucket = bucketIn(place);
  return { dir: bucket === undefined ? resolve(folder, place.storage) : spool, ...defined({ bucket }) };
}

function bucketIn({ storage, endpoint, region, credentials, lock_for }: PlaceFile): BucketConfig | undefined {
  const bucket = parseBucket(storage);
  if (bucket === undefined || credentials === undefined) return undefined;
  return {
    ...bucket,
    endpoint: endpoint ?? `https://s3.${region}.amazonaws.com`,
    region,
    credentials,
    ...defined({ lockForMs: lock_for === undefined ? undefined : parseDuration(lock_for) }),
  };
}

function toConfig(file: WorkspaceFile): WorkspaceConfig {
  const platforms = Object.entries(file.platforms).map(([name, entry]): [string, PlatformConfig] => [name, { name, ...entry }]);
  const syncs = Object.entries(file.syncs).map(([name, entry]): [string, SyncConfig] => {
    const { controller, title, writes_to, reacts_to, writes_as, fields, drain, carries, credentials, ...options } = entry;
    return [
      name,
      {
        name,
        controller,
        ...defined({ title }),
        writes_to,
        writes_as,
        ...defined({ reacts_to, fields, drain, carries: carries?.map(carriedOf) }),
        credentials,
        options,
      },
    ];
  });
  const jobs = Object.entries(file.backups.jobs).map(([name, entry]): [string, JobConfig] => [name, { name, ...entry }]);
  return {
    version: 1,
    platforms: named(platforms),
    syncs: named(syncs),
    backups: { ...file.backups, jobs: named(jobs) },
    restores: file.restores,
    history: file.history,
    ...defined({ store: file.store, watching: Object.keys(file.monitors).length === 0 ? undefined : watching(file) }),
  };
}

const triedSchema = z.strictObject({ version: z.literal(1).exactOptional(), ...monitorShape });

/**
 * Monitors, calendar and alerts of another file than runback.yml, about what that has: settings that are tried. What the file
 * leaves out is empty, and `alerts` absent. Throws `file-unreadable`, `file-invalid`.
 */
export async function loadWatching(
  path: string,
  { root, config }: Pick<Workspace, 'root' | 'config'>,
): Promise<Partial<Pick<Watching, 'alerts'>> & Omit<Watching, 'alerts'>> {
  const around = { platforms: config.platforms, syncs: config.syncs, backups: config.backups };
  let hasAlerts = false;
  const check = (raw: unknown): Iterable<PathProblem> => {
    hasAlerts = field(raw, 'alerts') !== undefined;
    return monitorProblems({ ...around, ...Object.fromEntries(entriesOf(raw)) }, root);
  };
  const { value } = parseYaml(await readYamlText(path), basename(path), triedSchema, check);
  const { alerts, ...found } = watchingOf(value, surroundings(config));
  return hasAlerts ? { ...found, alerts } : found;
}

function watching(file: WorkspaceFile): Watching {
  return watchingOf(file, surroundings(file));
}

function surroundings({
  platforms,
  syncs,
  backups,
}: {
  readonly platforms: Readonly<Record<string, unknown>>;
  readonly syncs: Readonly<Record<string, { readonly writes_to: readonly string[] }>>;
  readonly backups: { readonly jobs: Readonly<Record<string, { readonly platforms: readonly string[]; readonly target?: string }>> };
}): Surroundings {
  return {
    platforms: Object.keys(platforms),
    writesTo: named(Object.entries(syncs).map(([name, { writes_to }]) => [name, writes_to])),
    jobs: named(Object.entries(backups.jobs).map(([name, { platforms: of, target }]) => [name, { platforms: of, ...defined({ target }) }])),
  };
}
