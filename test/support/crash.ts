import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { sliceOf } from './sweeps.js';

/** What the crash machinery counts: file operations, HTTP requests, PostgreSQL statements. */
export type CrashKind = 'fs' | 'http' | 'pg';

/**
 * Where in an operation the process ends. `before`: it has no effect. `after`: it has its effect, and the process never
 * learns of it. `half`: of a file write half of the bytes are written; a request is sent and its answer cut short.
 */
export type CrashMoment = 'before' | 'half' | 'after';

/** One counted operation of a process. */
export interface CrashOperation {
  /** From 1. */
  readonly n: number;
  readonly kind: CrashKind;
  readonly name: string;
  readonly target: string;
  /** Type and step of the line that this process wrote last to the journal of a run; empty before the first. */
  readonly section: string;
  /**
   * Section, operation, place without ids, and which one of these: the same in every process that goes through the
   * section.
   */
  readonly label: string;
}

/** A command under test, run as a real child process. */
export interface CrashCommand {
  /** Arguments of node: the script and what follows it. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Default: all kinds. */
  readonly which?: readonly CrashKind[];
  /** Count file operations only below these folders. Default: everywhere but node_modules. */
  readonly within?: readonly string[];
}

/** How a child ended. */
export interface CrashResult {
  /** It ended itself at the operation asked for. */
  readonly killed: boolean;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly operations: readonly CrashOperation[];
}

/** A place in a sweep. */
export interface CrashPoint {
  readonly n: number;
  readonly when: CrashMoment;
}

/** A place by its label, in a process that may have begun in the middle of a run. */
export interface CrashMark {
  readonly label: string;
  readonly when: CrashMoment;
}

const PRELOAD = supportScript('crash-preload.cjs');
/** A child that takes longer is ended, and the run fails. */
const PATIENCE_MS = 300_000;

/** Runs a command and ends it at a point, or lets it run to its end and only counts. */
export async function runCrashing(command: CrashCommand, point?: CrashPoint | CrashMark): Promise<CrashResult> {
  const folder = await mkdtemp(join(tmpdir(), 'runback-crash-'));
  const list = join(folder, 'operations.ndjson');
  try {
    const settings = { which: command.which, within: command.within, list, ...point };
    const child = spawn(process.execPath, ['--require', PRELOAD, ...command.args], {
      cwd: command.cwd,
      env: { ...process.env, ...command.env, RUNBACK_CRASH: JSON.stringify(settings) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended = await endOf(child);
    const lines = (await readFile(list, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
    const operations = lines.map((line) => JSON.parse(line) as CrashOperation);
    const met = point !== undefined && operations.some(({ n, label }) => ('n' in point ? n === point.n : label === point.label));
    return { ...ended, killed: ended.signal === 'SIGKILL' && met, operations };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A process that is held up at a place, as the lid of a laptop does. */
export interface HeldUp {
  /** Resolves when it stands still: true; or has ended without coming there: false. */
  readonly stopped: Promise<boolean>;
  goOn(): void;
  /** Ends it wherever it is. */
  end(): void;
  readonly ended: Promise<Ended>;
}

/** Runs a command that is held up at a place until it is told to go on. */
export function runStopping(command: CrashCommand, mark: CrashMark): HeldUp {
  const settings = { which: command.which, within: command.within, how: 'stop', ...mark };
  const child = spawn(process.execPath, ['--require', PRELOAD, ...command.args], {
    cwd: command.cwd,
    env: { ...process.env, ...command.env, RUNBACK_CRASH: JSON.stringify(settings) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = endOf(child);
  const standing = async (): Promise<boolean> => {
    while (child.exitCode === null && child.signalCode === null) {
      const stat = await readFile(`/proc/${String(child.pid)}/stat`, 'utf8').catch(() => '');
      if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return true;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return false;
  };
  return { stopped: standing(), goOn: () => void child.kill('SIGCONT'), end: () => void child.kill('SIGKILL'), ended };
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function endOf(child: ChildProcess): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`the child did not end within ${PATIENCE_MS} ms\n${stdout}\n${stderr}`));
    }, PATIENCE_MS);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
}

/** A sweep: the same command, ended once at every operation. */
export interface Sweep {
  /** Prepares the world for one point and says what to run in it. */
  readonly before: (point: CrashPoint) => Promise<CrashCommand> | CrashCommand;
  /** Looks at what the crash has left: resume, compare, assert. Told which operation it was. */
  readonly after: (point: CrashPoint & { readonly operation: CrashOperation }, result: CrashResult) => Promise<void>;
  /** Default: `before` and `after`. */
  readonly moments?: readonly CrashMoment[];
  /** Take only some operations (for sweeps that would take too long): given the undisturbed list. Default: all. */
  readonly pick?: (operations: readonly CrashOperation[]) => readonly CrashOperation[];
}

/** What a sweep covered: print it. */
export interface SweepReport {
  readonly points: number;
  readonly byName: Readonly<Record<string, number>>;
}

/**
 * Runs the command once undisturbed to count its operations, then once for every operation and moment, each in a fresh
 * world. Throws what `after` throws, with the point in front; also where a child fails instead of being ended.
 * An operation that this run does not reach (counts vary a little with timing) is passed over.
 */
export async function sweep(options: Sweep): Promise<SweepReport> {
  const undisturbed = await runCrashing(await options.before({ n: 0, when: 'before' }));
  if (undisturbed.code !== 0)
    throw new Error(`the undisturbed run ended with ${String(undisturbed.code)}\n${undisturbed.stdout}\n${undisturbed.stderr}`);
  const picked = sliceOf(options.pick?.(undisturbed.operations) ?? undisturbed.operations);
  if (picked.length === 0) throw new Error('the command under test does nothing that is counted');
  const byName: Record<string, number> = {};
  let points = 0;
  for (const planned of picked)
    for (const when of options.moments ?? ['before', 'after']) {
      // Only what takes time can be cut in the middle; for the rest that is the same as before it.
      if (when === 'half' && planned.kind === 'fs' && !planned.name.startsWith('write')) continue;
      const point = { n: planned.n, when };
      const result = await runCrashing(await options.before(point), point);
      const operation = result.operations.find(({ n }) => n === point.n) ?? planned;
      const label = `${when} ${operation.kind} ${operation.name} ${operation.target} (operation ${point.n})`;
      if (!result.killed && result.code !== 0)
        throw new Error(`${label}: the child ended with ${String(result.code)}\n${result.stdout}\n${result.stderr}`);
      try {
        await options.after({ ...point, operation }, result);
      } catch (error) {
        throw new Error(`${label}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      }
      if (!result.killed) continue;
      points += 1;
      const name = `${when} ${operation.kind} ${operation.name}`;
      byName[name] = (byName[name] ?? 0) + 1;
    }
  return { points, byName };
}

/** One line for the output of a test: how many points of which kind were tried. */
export function describeSweep(title: string, report: SweepReport): string {
  const parts = Object.entries(report.byName).map(([name, times]) => `${times} × ${name}`);
  return `${title}: killed at ${report.points} points (${parts.join(', ')})`;
}

/** URL of a built module, for scripts in child processes: `builtModule('store/index.js')`. */
export function builtModule(path: string): string {
  return new URL(`../../dist/${path}`, import.meta.url).href;
}

/** Path of a script beside the tests. */
export function supportScript(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}
