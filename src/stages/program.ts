import { defined, RunbackError, runAtTerminal, runProgram, shortEnvironment, type ProgramEnd } from '../lib/index.js';
import { tellingEnvironment, waitingEnvironment } from './machine.js';

/** How runback is started on a stage: the very program that is running now, in a process of its own. */
export interface StageProgram {
  /** Program and first arguments: `node`, `dist/runback.js`. */
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** One command on a stage. */
export interface StageCommand {
  /** Folder of the workspace of the stage. */
  readonly folder: string;
  readonly args: readonly string[];
  /** Who is at the keyboard. */
  readonly as: string;
  /** What the platform of the stage and its machine need. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Called with each event of a long command, as it comes: the command goes on once that is settled. */
  readonly event?: (event: Readonly<Record<string, unknown>>) => Promise<void> | void;
  /** Called with what ends the program at once, as `kill -9` does. */
  readonly started?: (kill: () => void) => void;
  readonly timeoutMs?: number;
}

/** One command that a person works with. */
export interface WorkCommand extends Pick<StageCommand, 'folder' | 'args' | 'as' | 'variables'> {
  /** Called whenever a run comes by the beginning or end of a step, which goes on once that is settled. Must not reject. */
  readonly stepped?: () => Promise<void>;
}

/** How a command ended. */
export interface StageOutcome {
  /** Its exit status; undefined where it was killed. */
  readonly status: number | undefined;
  /** What it gave for scripts; undefined where it was killed. */
  readonly data?: unknown;
  readonly error?: { readonly code: string; readonly message: string; readonly data: Readonly<Record<string, unknown>> };
  /** The end of what it said for people. */
  readonly said: string;
}

/** Longest that one command may take. */
const TIMEOUT_MS = 15 * 60_000;
/** Results of large runs are long. */
const MAX_RESULT_BYTES = 64 * 1024 * 1024;

/**
 * Runs one command in the workspace of a stage, without a terminal, as scripts do. Throws `interrupted` where the
 * signal aborted it, and `bug` where it never started or said nothing that can be read.
 */
export async function runThere(program: StageProgram, command: StageCommand): Promise<StageOutcome> {
  const { folder, args, as, variables, event, started, timeoutMs = TIMEOUT_MS } = command;
  let last: Readonly<Record<string, unknown>> | undefined;
  const end = await runProgram([...program.command, '--workspace', folder, '--json', '--no-input', '--as', as, ...args], {
    cwd: folder,
    env: shortEnvironment(program.environment, { CI: 'true', ...variables, ...(event && waitingEnvironment) }),
    signal: program.signal,
    timeoutMs,
    maxOutputBytes: MAX_RESULT_BYTES,
    endLeftovers: true,
    started: (pid) => started?.(() => kill(pid)),
    replies: event !== undefined,
    line: async (line) => {
      const parsed = parsedLine(line);
      if (parsed === undefined) return;
      if ('exitCode' in parsed) last = parsed;
      else await event?.(parsed);
    },
  });
  return outcomeOf(end, last, args);
}

/** What a program needs to know of the terminal. */
const OF_THE_TERMINAL = ['TERM', 'COLORTERM', 'NO_COLOR'];

/**
 * Lets a person use one command in the workspace of a stage, at our terminal. Gives its exit status. As without a
 * terminal it sees no secret but those of the stage: no step of a runbook reaches production with them.
 */
export async function workThere(program: StageProgram, { folder, args, as, variables, stepped }: WorkCommand): Promise<number | undefined> {
  const { command, environment } = program;
  const terminal = Object.fromEntries(OF_THE_TERMINAL.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
  return await runAtTerminal([...command, '--workspace', folder, '--as', as, ...args], {
    cwd: folder,
    env: shortEnvironment(environment, { ...terminal, ...variables, ...(stepped && tellingEnvironment) }),
    ...defined({ told: stepped }),
  });
}

function outcomeOf(end: ProgramEnd, last: Readonly<Record<string, unknown>> | undefined, args: readonly string[]): StageOutcome {
  const what = `runback ${args.slice(0, 2).join(' ')}`;
  switch (end.state) {
    case 'not-started':
      throw new RunbackError('bug', `${what} could not be started on the stage`, { why: end.why, cause: end.cause });
    case 'aborted':
      throw new RunbackError('interrupted', 'Stopped as you asked', { state: 'The stage was taken down. Nothing else was written.' });
    case 'timed-out':
      throw new RunbackError('bug', `${what} did not end on the stage`, { why: end.stderr.slice(-2000) });
    case 'signalled':
      return { status: undefined, said: end.stderr };
    case 'exited':
      if (last === undefined) throw new RunbackError('bug', `${what} said nothing that can be read`, { why: end.stderr.slice(-2000) });
      return { status: end.status, data: last['data'], ...errorIn(last['error']), said: end.stderr };
  }
}

function errorIn(error: unknown): Pick<StageOutcome, 'error'> {
  if (!isObject(error)) return {};
  const { code, message, data } = error;
  return { error: { code: String(code), message: String(message), data: isObject(data) ? data : {} } };
}

function parsedLine(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}
