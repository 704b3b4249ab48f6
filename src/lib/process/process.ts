import { ChildProcess, spawn } from 'node:child_process';
import { Writable } from 'node:stream';

import { defined } from '../defined.js';
import { messageOf } from '../errors.js';
import { HeadOfOutput, passLines, TailOfOutput } from './output.js';
import { endTree, endTreesNow, membersOf, type ProcessTree } from './tree.js';

/** Most of what a program prints on its output that is kept: 1 MiB. */
export const MAX_OUTPUT_BYTES = 1024 * 1024;
/** How long the output of a program that has ended is waited for, where something it started still holds it. */
const PIPE_GRACE_MS = 500;

/**
 * What of our own environment a program sees: enough to find programs and to write in the right language, no secrets.
 */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TMPDIR', 'TZ', 'SystemRoot', 'USERPROFILE', 'TEMP', 'ComSpec'];

/** A program to run. */
export interface ProgramOptions {
  readonly cwd: string;
  /** Its whole environment; see {@link shortEnvironment}. */
  readonly env: Readonly<Record<string, string>>;
  /** What it reads on its standard input. Absent: nothing. */
  readonly input?: string;
  /** After so long it and everything it started is ended. Absent: no limit. */
  readonly timeoutMs?: number;
  /** Aborting ends it and everything it started. */
  readonly signal?: AbortSignal | undefined;
  /** Most of its output that is kept, bytes. Default {@link MAX_OUTPUT_BYTES}; what comes after is read and dropped. */
  readonly maxOutputBytes?: number;
  /** See {@link ProcessTree.mark}. */
  readonly mark?: string;
  /** Called with its id once it runs. */
  readonly started?: (pid: number) => void;
  /** Called with each whole line of its output as it comes, without the newline; it must not throw, or reject. */
  readonly line?: (line: string) => Promise<void> | void;
  /**
   * Whether it waits after each line for what `line` does: it is told by one byte on its descriptor 3, whose end tells
   * it that we are gone.
   */
  readonly replies?: boolean;
  /** Whether what it leaves at work after status 0 is ended too. Default: it is left alone. */
  readonly endLeftovers?: boolean;
  /**
   * It may talk to the person at the terminal, so it stays in our process group; its errors go to the terminal if
   * `errors`.
   */
  readonly terminal?: { readonly errors: boolean };
}

interface Said {
  readonly stdout: string;
  /** The last of what it said on its error output, whole lines. */
  readonly stderr: string;
}

/** How a program ended. */
export type ProgramEnd =
  /** It never ran: no such program, not allowed, arguments that the system does not take. */
  | { readonly state: 'not-started'; readonly why: string; readonly cause: unknown }
  /** Of itself. `outputCut`: it printed more than was kept. `running`: how many processes it left at work. */
  | (Said & { readonly state: 'exited'; readonly status: number; readonly outputCut: boolean; readonly running: number })
  /** By a signal that was not ours. What it had started was ended. */
  | (Said & { readonly state: 'signalled'; readonly signal: string })
  /** By us, with everything it had started; `running`: how many processes could not be ended. */
  | (Said & { readonly state: 'timed-out' | 'aborted'; readonly running: number });

/** Programs at work, for when this process ends before them. */
const atWork = new Set<ProcessTree>();
let watching = false;

/** The part of an environment that any program may see, and what is added for this one. */
export function shortEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  own: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const short: Record<string, string> = {};
  for (const name of PASSED_ON) {
    const value = environment[name];
    if (value !== undefined) short[name] = value;
  }
  return { ...short, ...own };
}

/**
 * Runs a program with its list of arguments, never through a shell. The one way to do so: process group and session of
 * its own (so Ctrl-C at our terminal reaches us alone), and everything it started is ended with it where the time is
 * over, `signal` aborts, it fails, or this process ends. Settles when the program itself has ended and nothing of its
 * output was left unread; what it leaves at work after status 0 is left alone and counted. Never rejects.
 */
export async function runProgram(argv: readonly string[], options: ProgramOptions): Promise<ProgramEnd> {
  if (options.signal?.aborted === true) return { state: 'aborted', stdout: '', stderr: '', running: 0 };
  const child = start(argv, options);
  if (!(child instanceof ChildProcess)) return child;
  const { pid } = child;
  if (pid === undefined) return await notStarted(child);

  if (options.line !== undefined) passLines(child.stdout, replying(child, options.line));
  options.started?.(pid);
  const output = new HeadOfOutput(child.stdout, options.maxOutputBytes ?? MAX_OUTPUT_BYTES);
  const errors = new TailOfOutput(child.stderr);
  const said = (): Said => ({ stdout: output.text(), stderr: errors.text() });
  const tree: ProcessTree = { root: pid, ...defined({ mark: options.mark }) };
  const alone = options.terminal === undefined;
  remember(tree);
  try {
    const how = await firstOf(child, options);
    if (typeof how === 'string') {
      if (!alone) child.kill('SIGTERM');
      const left = alone ? await endTree(tree) : [];
      await drained(child, [output, errors]);
      return { state: how, ...said(), running: left.length };
    }
    await drained(child, [output, errors]);
    const kept = how.status === 0 && options.endLeftovers !== true;
    const left = !alone ? [] : kept ? membersOf(tree) : await endTree(tree);
    if (how.status === null) return { state: 'signalled', signal: how.signal ?? 'a signal', ...said() };
    return { state: 'exited', status: how.status, ...said(), outputCut: output.cut, running: left.length };
  } finally {
    atWork.delete(tree);
  }
}

function start([program = '', ...args]: readonly string[], options: ProgramOptions): ChildProcess | (ProgramEnd & { state: 'not-started' }) {
  const { cwd, env, input, terminal, replies } = options;
  try {
    const child = spawn(program, args, {
      cwd,
      env: { ...env },
      shell: false,
      // On Windows a group of its own would open a window.
      detached: terminal === undefined && process.platform !== 'win32',
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', terminal?.errors === true ? 'inherit' : 'pipe', replies === true ? 'pipe' : 'ignore'],
      windowsHide: true,
    });
    // A program need not read its input.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    return child;
  } catch (error) {
    return { state: 'not-started', why: messageOf(error), cause: error };
  }
}

/** The same, with a byte to the program once a line was dealt with, where it waits for that. */
function replying(child: ChildProcess, line: NonNullable<ProgramOptions['line']>): (line: string) => void {
  const channel = child.stdio[3];
  if (!(channel instanceof Writable)) return (text) => void line(text);
  // It may be over already.
  channel.on('error', () => undefined);
  return (text) => void Promise.resolve(line(text)).then(() => channel.write('\n'));
}

function notStarted(child: ChildProcess): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ state: 'not-started', why: messageOf(error), cause: error }));
  });
}

interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * What comes first: the end of the program, of its time, or of our patience. An end that is already there goes before
 * the others.
 */
function firstOf(child: ChildProcess, { timeoutMs, signal }: ProgramOptions): Promise<Exit | 'timed-out' | 'aborted'> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    let settled = false;
    const settle = (how: Exit | 'timed-out' | 'aborted'): void => {
      settled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      resolve(how);
    };
    // A busy machine tells us late that it has ended: two turns of the event loop bring what is there.
    const afterNews = (how: 'timed-out' | 'aborted') => (): unknown => setImmediate(() => setImmediate(() => settled || settle(how)));
    const onAbort = afterNews('aborted');
    if (timeoutMs !== undefined) timer = setTimeout(afterNews('timed-out'), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    child.on('error', () => undefined);
    child.once('exit', (status, by) => settle({ status, signal: by }));
  });
}

/**
 * Reads what a program that has ended left in its pipes; gives up on pipes that something else keeps open, and closes
 * them.
 */
async function drained(child: ChildProcess, outputs: readonly { readonly bytes: number }[]): Promise<void> {
  await new Promise<void>((resolve) => {
    if (closed(child)) return resolve();
    const timer = setTimeout(resolve, PIPE_GRACE_MS);
    child.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  // What arrived while nobody looked is read before the pipes are closed.
  const bytes = (): number => outputs.reduce((sum, output) => sum + output.bytes, 0);
  for (let before = -1, turns = 0; !closed(child) && before !== bytes() && turns < 1000; turns += 1) {
    before = bytes();
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  }
  for (const stream of child.stdio) stream?.destroy();
  child.unref();
}

function closed({ stdout, stderr }: ChildProcess): boolean {
  return [stdout, stderr].every((stream) => stream === null || stream.closed);
}

function remember(tree: ProcessTree): void {
  atWork.add(tree);
  if (watching) return;
  watching = true;
  process.on('exit', () => endTreesNow([...atWork]));
}
