import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

import { systemClock } from '../../src/lib/index.js';
import { type HubSpotSandbox, startHubSpotSandbox } from '../../src/sandbox/index.js';
import { thisProcess } from '../../src/store/files/process-identity.js';
import { type Finished, jsonLines, runback } from '../cli/support/child.js';
import { runHere } from '../cli/support/here.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';

/** What `scripts/upgrade-workspace.mjs` wrote down of a story. */
interface Story {
  readonly token: string;
  readonly portalId: number;
  /** Where the account was reached, if its plans are bound to that. */
  readonly port?: number;
  readonly base: string;
  readonly incident: string;
  readonly run?: string;
  readonly plan?: string;
  readonly restore?: string;
  /** An investigation with the number of its group that the plan is of, and a plan from the platform's own history. */
  readonly investigation?: string;
  readonly group?: number;
  readonly history?: string;
  /** Job titles by contact: once the damage is undone, and once the restore is undone too. */
  readonly truth: Readonly<Record<'restored' | 'untouched', Readonly<Record<string, string>>>>;
}

/** What `scripts/upgrade-backups.mjs` wrote down of its story, of two accounts. */
export interface BackupsStory {
  readonly token: string;
  readonly portalId: number;
  readonly port: number;
  readonly second: { readonly portalId: number; readonly port: number };
  /** Ids of snapshots: a chain of a job, one of both accounts, one made from a file, an encrypted one. */
  readonly chain: readonly string[];
  readonly both: string;
  readonly imported: string;
  readonly encrypted: string;
  /** Key of a contact that was forgotten. */
  readonly forgotten: string;
  /** A set of plans of which the second side was killed half-way. */
  readonly set: string;
  /** Cities by contact in each account: once the damage is undone, and once that is undone too. */
  readonly cities: Readonly<Record<'good' | 'damaged', readonly Readonly<Record<string, string>>[]>>;
}

/** Two accounts, as the stories of `scripts/upgrade-checks.mjs` have them. */
type TwoAccounts = Pick<BackupsStory, 'token' | 'portalId' | 'port' | 'second'>;

/** What was open of tests, mappings and reconciliations. */
export interface ChecksStory extends TwoAccounts {
  readonly plan: string;
  /** Cities by contact in each account: before the damage, with it, and as they were left. */
  readonly cities: Readonly<Record<'good' | 'damaged' | 'left', readonly Readonly<Record<string, string>>[]>>;
}

/** What was open of monitors. */
export interface MonitorsStory extends TwoAccounts {
  readonly silence: string;
  readonly ended: string;
  /** By group. */
  readonly incidents: Readonly<Record<string, { readonly number: number; readonly incident: string }>>;
  readonly alerts: readonly { readonly group: string; readonly number: number }[];
}

/** A workspace that an earlier version left, on this machine, with the accounts it worked on. */
export interface Kept<S = Story> {
  readonly dir: string;
  readonly story: S;
  /** Runs this build's program in it, as maya. */
  go(...args: string[]): Promise<Finished>;
  /** The same; gives the `data` of its JSON. */
  json(...args: string[]): Promise<{ readonly code: number | null; readonly data: Record<string, unknown> }>;
  /** Job titles on the platform now, by contact. */
  titles(): Readonly<Record<string, string>>;
  /** Cities of the contacts that are there, in each account. */
  cities(): readonly Readonly<Record<string, string>>[];
  close(): Promise<void>;
}

/** Where the workspaces of earlier versions lie. */
export const folder = import.meta.dirname;
const CLOCK = fileURLToPath(new URL('../support/clock-preload.cjs', import.meta.url));

/** Names of the versions of which workspaces are kept; `story`: of those of which this one is. */
export async function versions(story = 'run'): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() && existsSync(join(folder, entry.name, story)) ? [entry.name] : [])).sort();
}

const BUSY_MS = 500_000;

/**
 * Today's sandbox at the address of the story; where the tests of another checkout stand there just now, once they are
 * gone.
 */
async function startAt({ token, portalId, port }: Pick<Story, 'token' | 'portalId' | 'port'>, aheadMs: number): Promise<HubSpotSandbox> {
  const clock = { ...systemClock, now: () => new Date(Date.now() + aheadMs) };
  const started = performance.now();
  for (;;)
    try {
      return await startHubSpotSandbox({ clock, token, portalId, seed: 4, ...(port === undefined ? {} : { port }) });
    } catch (error) {
      if (((error as Error).cause as NodeJS.ErrnoException | undefined)?.code !== 'EADDRINUSE' || performance.now() - started > BUSY_MS) throw error;
      await sleep(200);
    }
}

/** A few minutes after what has an id like `plan-20261130-090744-u9wg` was made. */
export function soonAfter(id: string): Date {
  const [, ...digits] = /^[a-z]+-(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)/u.exec(id) ?? [];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = digits.map(Number);
  return new Date(Date.UTC(year, month - 1, day, hour, minute + 5, second));
}

/** Gives the address of a database that holds what this SQL makes. */
async function loaded(server: TestPostgres, sql: string): Promise<string> {
  const database = await server.createDatabase();
  const client = await server.connect(database);
  await client.query(sql);
  await client.end();
  return server.url(database);
}

/**
 * Sets one up: a copy of the workspace, and a sandbox of today with each account as it stood. `moment`: when its commands are given, where
 * what they say depends on how long ago the story was; each is a process of its own then.
 */
export async function openKept<S extends Story | TwoAccounts = Story>(version: string, name: string, moment?: (story: S) => Date): Promise<Kept<S>> {
  const from = join(folder, version, name);
  const story = JSON.parse(await readFile(join(from, 'story.json'), 'utf8')) as S;
  const aheadMs = moment === undefined ? 0 : moment(story).getTime() - Date.now();
  const accounts = 'second' in story ? [story, { ...story.second, token: story.token }] : [story];
  const sandboxes: HubSpotSandbox[] = [];
  for (const [n, account] of accounts.entries()) {
    const sandbox = await startAt(account, aheadMs);
    sandboxes.push(sandbox);
    sandbox.load(JSON.parse(gunzipSync(await readFile(join(from, n === 0 ? 'dump.json.gz' : 'dump-2.json.gz'))).toString('utf8')));
  }
  const [sandbox] = sandboxes;
  if (sandbox === undefined) throw new Error('no account');
  const dir = await mkdtemp(join(tmpdir(), 'runback-kept-'));
  await cp(join(from, 'workspace'), dir, { recursive: true });
  const { machine = '', boot = '', namespace = '' } = thisProcess();
  const facts: Record<string, string> = {
    __URL__: sandbox.url,
    __URL2__: sandboxes[1]?.url ?? '',
    __HOST__: hostname(),
    __MACHINE__: machine,
    __BOOT__: boot,
    __NAMESPACE__: namespace,
  };
  const filled = (text: string): string => Object.entries(facts).reduce((all, [name, fact]) => all.replaceAll(name, fact), text);
  const state = join(from, 'state.sql.gz');
  const server = existsSync(state) ? await startPostgres() : undefined;
  if (server === undefined) await rename(join(dir, 'state'), join(dir, '.runback'));
  else facts['__DATABASE__'] = await loaded(server, filled(gunzipSync(await readFile(state)).toString('utf8')));
  for (const path of await readdir(dir, { recursive: true })) {
    const whole = join(dir, path);
    const isFile = (await stat(whole)).isFile();
    // Git keeps no modes: what runback wrote was its owner's alone.
    await chmod(whole, isFile ? 0o600 : 0o700);
    if (isFile && (path.endsWith('.lock') || ['address', 'runback.yml'].includes(path)))
      await writeFile(whole, filled(await readFile(whole, 'utf8')));
  }
  const env = { NODE_OPTIONS: `--require ${JSON.stringify(CLOCK)}`, RUNBACK_TEST_CLOCK_MS: String(aheadMs) };
  const go: Kept<S>['go'] = (...args) => {
    const words = [...args, '--no-input', '--as', 'maya'];
    return moment === undefined ? runHere(words, { cwd: dir }) : runback(words, { cwd: dir, env });
  };
  return {
    dir,
    story,
    go,
    json: async (...args) => {
      const { code, stdout } = await go(...args, '--json');
      return { code, data: (jsonLines(stdout).at(-1)?.['data'] ?? {}) as Record<string, unknown> };
    },
    titles: () => Object.fromEntries(sandbox.records('contacts').map(({ id, properties }) => [id, properties['jobtitle'] ?? ''])),
    cities: () =>
      sandboxes.map((one) =>
        Object.fromEntries(one.records('contacts').flatMap(({ id, archived, properties }) => (archived ? [] : [[id, properties['city'] ?? '']]))),
      ),
    close: async () => {
      for (const one of sandboxes) await one.stop();
      await server?.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
