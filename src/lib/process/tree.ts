import { readdirSync, readFileSync } from 'node:fs';

/** The processes that one program started, as far as they can be found. */
export interface ProcessTree {
  /** Id of the program itself: leader of a process group and a session of its own. Absent: only `mark` finds them. */
  readonly root?: number;
  /**
   * `NAME=value` in the environment that the program was started with and hands on. On Linux it also finds what has
   * left the group, the session and its parents (a daemon).
   */
  readonly mark?: string;
}

/** How long a tree may take after SIGTERM, and then after SIGKILL, milliseconds. */
export const TERM_MS = 3000;
export const KILL_MS = 3000;
const POLL_MS = 25;

/**
 * Process ids that are at work in a tree now, without this process; negative: a whole process group, where single
 * processes cannot be listed. Linux looks at group, session, parents and mark; other systems ask whether the group has
 * anybody in it.
 */
export function membersOf(tree: ProcessTree): number[] {
  if (process.platform === 'win32') return [];
  if (process.platform === 'linux') return membersInProc(tree);
  return tree.root !== undefined && signal(-tree.root, 0) ? [-tree.root] : [];
}

/**
 * Ends everything in a tree: SIGTERM, after {@link TERM_MS} SIGKILL. Resolves when nothing is left of it, at the latest
 * {@link KILL_MS} later, to the ids that are still there (processes in an uninterruptible call of the system).
 */
export async function endTree(tree: ProcessTree): Promise<readonly number[]> {
  // There are no groups on Windows: the program itself is all that can be reached.
  if (process.platform === 'win32' && tree.root !== undefined) signal(tree.root, 'SIGTERM');
  for (const [name, ms] of [
    ['SIGTERM', TERM_MS],
    ['SIGKILL', KILL_MS],
  ] as const) {
    const told = new Set<number>();
    for (const until = performance.now() + ms; ; await pause(POLL_MS)) {
      const members = membersOf(tree);
      if (members.length === 0) return [];
      // Whoever came since is told too; nobody is told SIGTERM twice, which some programs take for "at once".
      for (const member of members) if (name === 'SIGKILL' || !told.has(member)) signal(member, name);
      for (const member of members) told.add(member);
      if (performance.now() >= until) break;
    }
  }
  return membersOf(tree);
}

/** The same when this process itself is about to end and cannot wait: SIGTERM, and SIGKILL a moment later. */
export function endTreesNow(trees: readonly ProcessTree[], waitMs = 300): void {
  for (const tree of trees) for (const member of membersOf(tree)) signal(member, 'SIGTERM');
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < waitMs && trees.some((tree) => membersOf(tree).length > 0); waited += POLL_MS) Atomics.wait(sleeper, 0, 0, POLL_MS);
  for (const tree of trees) for (const member of membersOf(tree)) signal(member, 'SIGKILL');
}

interface ProcessLine {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
}

function membersInProc({ root, mark }: ProcessTree): number[] {
  const alive = processLines();
  const found = new Set<number>();
  const add = (pid: number): void => {
    if (pid !== process.pid) found.add(pid);
  };
  for (const { pid, group, session } of alive) if (root !== undefined && (pid === root || group === root || session === root)) add(pid);
  if (mark !== undefined) for (const { pid } of alive) if (!found.has(pid) && environmentOf(pid).includes(`\0${mark}\0`)) add(pid);
  for (let before = -1; before !== found.size;) {
    before = found.size;
    for (const { pid, parent } of alive) if (found.has(parent)) add(pid);
  }
  return [...found];
}

/** Every living process; those that have ended and wait for their parent to notice are not at work. */
function processLines(): ProcessLine[] {
  const lines: ProcessLine[] = [];
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const text = read(`/proc/${pid}/stat`);
    // proc(5): the name in brackets may hold anything; state, parent, group and session follow its last bracket.
    const [state, parent, group, session] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    if (state === undefined || state === '' || state === 'Z' || state === 'X') continue;
    lines.push({ pid, parent: Number(parent), group: Number(group), session: Number(session) });
  }
  return lines;
}

function environmentOf(pid: number): string {
  return `\0${read(`/proc/${pid}/environ`)}\0`;
}

/** Empty where the process has gone or belongs to somebody else. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Whether there was somebody to take the signal. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    // EPERM: it is there, and is somebody else's now.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
