import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect } from 'vitest';

import { jsonLines, program } from '../../cli/support/child.js';
import {
  type CrashCommand,
  type CrashKind,
  type CrashMark,
  type CrashMoment,
  type CrashOperation,
  type CrashPoint,
  type CrashResult,
  runCrashing,
  type SweepReport,
} from '../../support/crash.js';
import { openOperator } from './operator.js';
import type { SweptAccount, SweptPlatform } from './swept-platform.js';
import { startSyncApi, type SyncApi } from './sync-api.js';

const RESUME = ['resume', 'latest'];
const ANSWERED = { review: ['yes'], allow: ['approve'], review_created: ['delete'], allow_created: ['approve'], cause: ['done'] };

/** What a run must leave, however often it was killed on the way. */
interface Outcome {
  readonly state: unknown;
  readonly writes: Readonly<Record<string, number>>;
}

/**
 * A workspace and a damaged account of its own, in which the same run is started, killed and resumed again and again.
 */
export interface World {
  /** Everything as it was before the run. */
  reset(): Promise<void>;
  /**
   * Starts the run, or resumes the one there is. It is killed at the point, or goes on to its end. Throws where it ends
   * in any other way.
   */
  go(which: readonly CrashKind[], point?: CrashPoint | CrashMark): Promise<CrashResult>;
  outcome(): Promise<Outcome>;
}

/** Some equal worlds, so that several points can be tried at once. */
export interface Worlds {
  readonly all: readonly World[];
  /** What an undisturbed run does, in order; and what it leaves. */
  readonly operations: readonly CrashOperation[];
  readonly wanted: Outcome;
  close(): Promise<void>;
}

/**
 * Damages an account of which there is a good snapshot, copies it `lanes` times, and runs the runbook of the platform once
 * undisturbed.
 */
export async function openWorlds(platform: SweptPlatform, lanes: number): Promise<Worlds> {
  const root = await mkdtemp(join(tmpdir(), 'runback-sweep-'));
  const staged = await stage(platform);
  const all = await Promise.all(Array.from({ length: lanes }, (_, lane) => openWorld(platform, staged, join(root, `${lane}`))));
  const [first] = all;
  if (!first) throw new Error('at least one lane');
  await first.reset();
  const { operations } = await first.go(['fs', 'http']);
  return {
    all,
    operations,
    wanted: await first.outcome(),
    close: async () => {
      await Promise.all(all.map((world) => world.stop()));
      await rm(root, { recursive: true, force: true });
      await rm(staged.dir, { recursive: true, force: true });
    },
  };
}

interface Staged {
  readonly dir: string;
  readonly dump: unknown;
}

/** A damaged account, and a workspace with a good snapshot of it. */
async function stage(platform: SweptPlatform): Promise<Staged> {
  const account = await platform.start();
  account.fill();
  const answers = { ...ANSWERED, ...platform.answers };
  const files = { ...account.files, 'answers.yml': JSON.stringify(answers) };
  const operator = await openOperator(configOf(platform, account, 'http://127.0.0.1:9'), files);
  const made = await operator.done('snapshot', 'create', '--platform', platform.name);
  await operator.done('snapshot', 'verify', String(made['id']));
  account.damage();
  const dump = account.sandbox.dump();
  await account.sandbox.stop();
  return { dir: operator.dir, dump };
}

/**
 * Of the two syncs one runs and has an API; the other was paused before, and small programs read and write its state.
 */
function configOf({ name, writesAs }: SweptPlatform, { config }: SweptAccount, syncUrl: string): string {
  const shell = (script: string): string => JSON.stringify(['sh', '-c', script]);
  const writes = `writes_to: [${name}], writes_as: [${JSON.stringify(writesAs)}]`;
  return `version: 1
platforms:
  ${name}: ${config}
syncs:
  feed: { ${writes}, controller: http, url: "${syncUrl}", status: { path: /feed, paused: 'body.state == "paused"' }, pause: { path: /feed/pause }, resume: { path: /feed/resume } }
  archive:
    controller: command
    writes_to: [${name}]
    writes_as: [${JSON.stringify(writesAs)}]
    status: { run: ${shell(`printf '{"state":"%s"}' "$(cat sync-archive)"`)}, paused: json.state == "paused" }
    pause: { run: ${shell('printf paused >sync-archive')} }
    resume: { run: ${shell('printf running >sync-archive')} }
restores: { limits: { percent: 100 } }
backups: { storage: backups }
`;
}

async function openWorld(platform: SweptPlatform, staged: Staged, dir: string): Promise<World & { stop(): Promise<void> }> {
  const account = await platform.start();
  const { sandbox } = account;
  const start = ['run', platform.runbook, '--input', `platform=${platform.name}`];
  const sync = await startSyncApi();
  const command = (verb: readonly string[], which: readonly CrashKind[]): CrashCommand => ({
    args: [program, 'runbook', ...verb, '--answers', 'answers.yml', '--json', '--no-input', '--as', 'maya'],
    cwd: dir,
    which,
    within: [join(dir, '.runback'), join(dir, 'backups')],
  });
  const runs = join(dir, '.runback', 'runs');
  return {
    reset: async () => {
      await rm(dir, { recursive: true, force: true });
      await cp(staged.dir, dir, { recursive: true });
      await writeFile(join(dir, 'runback.yml'), configOf(platform, account, sync.url));
      sandbox.load(staged.dump);
      sandbox.resetCounts();
      sync.reset();
    },
    go: async (which, point) => {
      for (let tries = 0; tries < 2; tries += 1) {
        const verb = (await readdir(runs).catch(() => [])).length > 0 ? RESUME : start;
        const ended = await runCrashing(command(verb, which), point);
        if (ended.killed || ended.code === 0) return ended;
        const { code, message } = (jsonLines(ended.stdout).at(-1)?.['error'] ?? {}) as { readonly code?: string; readonly message?: string };
        // Killed after its last line was on disk: it is done.
        if (code === 'usage' && message?.endsWith('is closed: succeeded') === true) return ended;
        if (code !== 'not-found' || verb === start)
          throw new Error(`${verb.join(' ')} ended with ${String(ended.code)}: ${ended.stdout.slice(-1500)}\n${ended.stderr.slice(-500)}`);
        // Killed before its first line was on disk: there is no run, and nothing has been done.
        await rm(runs, { recursive: true });
      }
      throw new Error('there is no run to resume, again');
    },
    outcome: async () => ({ state: await stateOf(account, sync, dir), writes: sandbox.counts().writesPerRecord }),
    stop: async () => {
      await sandbox.stop();
      await sync.stop();
    },
  };
}

/** What the account and the syncs are, apart from times. */
async function stateOf(account: SweptAccount, sync: SyncApi, dir: string): Promise<unknown> {
  return {
    account: account.state(),
    repeatedCreates: account.sandbox.counts().repeatedCreates,
    syncs: { feed: sync.state, archive: await readFile(join(dir, 'sync-archive'), 'utf8') },
  };
}

/** An operation of the undisturbed run, and where in it the process is to end. */
export interface PlannedCrash {
  readonly operation: CrashOperation;
  readonly when: CrashMoment;
}

/** Every operation at each of its moments. */
export function plan(operations: readonly CrashOperation[], moments: (operation: CrashOperation) => readonly CrashMoment[]): PlannedCrash[] {
  return operations.flatMap((operation) => moments(operation).map((when) => ({ operation, when })));
}

interface RunSweepReport extends SweepReport {
  /** Runs that were started, each killed at least once. */
  readonly runs: number;
  /** Crashes beyond those planned: in the work that a resumption does before it goes on. */
  readonly more: number;
  /** Planned, and not reached twice. */
  readonly missed: readonly string[];
}

/**
 * Kills runs at every planned place and resumes them, until the account and the syncs are what an undisturbed run
 * leaves; nothing may have been written twice. Every crash is a process ended by SIGKILL. The first crash of a run is
 * in a run that nothing has disturbed.
 *
 * `chained`: the resumption is killed at the next planned place in a later section of the run, its resumption again,
 * and so on: fewer runs for as many crashes. A place that a resumption does not pass is given to another run. Otherwise
 * each run is killed at one planned place, and every second one once more, in what a resumption does first.
 */
export async function sweepRun(
  { all, operations, wanted }: Worlds,
  planned: readonly PlannedCrash[],
  { chained }: { readonly chained: boolean },
): Promise<RunSweepReport> {
  const sections = [...new Set(operations.map(({ section }) => section))];
  const sectionOf = ({ operation }: PlannedCrash): number => sections.indexOf(operation.section);
  const left = [...planned].sort((a, b) => sectionOf(a) - sectionOf(b) || a.operation.n - b.operation.n);
  const again = new Set<PlannedCrash>();
  const report = { points: 0, byName: {} as Record<string, number>, runs: 0, more: 0, missed: [] as string[] };

  const hit = ({ operation: { kind, name }, when }: PlannedCrash): void => {
    report.points += 1;
    const title = `${when} ${kind} ${name}`;
    report.byName[title] = (report.byName[title] ?? 0) + 1;
  };
  const nextAfter = (last: PlannedCrash): PlannedCrash | undefined => {
    const index = chained ? left.findIndex((point) => sectionOf(point) > sectionOf(last)) : -1;
    return index === -1 ? undefined : left.splice(index, 1)[0];
  };
  const oneRun = async (world: World, first: PlannedCrash, number: number): Promise<string[]> => {
    const path: string[] = [];
    const crashAt = async (point: PlannedCrash): Promise<CrashResult> => {
      const killed = await world.go(['fs', 'http'], { label: point.operation.label, when: point.when });
      path.push(`${point.when} ${point.operation.label}${killed.killed ? '' : ' (not reached)'}`);
      if (killed.killed) hit(point);
      return killed;
    };
    await world.reset();
    if (!(await crashAt(first)).killed) {
      // Timing decides a little of what a run does: once more.
      if (again.has(first)) report.missed.push(first.operation.label);
      else left.unshift(first);
      again.add(first);
      return path;
    }
    if (!chained && number % 2 === 1) {
      const [which, n]: [CrashKind, number] = number % 4 === 1 ? ['http', 4] : ['fs', (number % 60) + 1];
      if ((await world.go([which], { n, when: 'after' })).killed) report.more += 1;
      path.push(`after ${which} ${n} of the resumption`);
    }
    for (let next = nextAfter(first); next; next = nextAfter(next)) {
      if ((await crashAt(next)).killed) continue;
      // The run has come to its end without it: it begins another one.
      left.push(next);
      return path;
    }
    await world.go([]);
    return path;
  };
  const lane = async (world: World): Promise<void> => {
    for (;;) {
      const first = left.shift();
      if (!first) return;
      report.runs += 1;
      let path: string[] = [first.operation.label];
      try {
        path = await oneRun(world, first, report.runs);
        expect(await world.outcome()).toEqual(wanted);
      } catch (error) {
        throw new Error(`${path.join(', then ')}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
    }
  };
  await Promise.all(all.map(lane));
  return report;
}
