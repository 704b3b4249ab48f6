import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells one process from every other, also after its number was given to another one. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Start of the process in clock ticks since boot; absent where the system has no /proc. */
  readonly started?: string;
  /** Id of the boot of the machine. */
  readonly boot?: string;
  /** Process number space (containers have their own). */
  readonly namespace?: string;
}

let mine: ProcessIdentity | undefined;

/** This process. */
export function thisProcess(): ProcessIdentity {
  mine ??= {
    pid: process.pid,
    host: hostname(),
    ...optional('started', startOf(process.pid)),
    ...optional(
      'boot',
      attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    ),
    ...optional(
      'namespace',
      attempt(() => readlinkSync('/proc/self/ns/pid')),
    ),
  };
  return mine;
}

/**
 * False where the process is known to be gone. True where it lives, and also where that cannot be known from here
 * (another machine, another container): such a holder is never called dead.
 */
export function isAlive(holder: ProcessIdentity): boolean {
  if (holder.pid <= 0) return false;
  if (isElsewhere(holder)) return true;
  const here = thisProcess();
  if (holder.boot !== undefined && here.boot !== undefined && holder.boot !== here.boot) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const started = startOf(holder.pid);
  return holder.started === undefined || started === undefined || started === holder.started;
}

/** True where it cannot be seen from here whether a process lives: it is on another machine or in another container. */
export function isElsewhere(holder: ProcessIdentity): boolean {
  if (holder.pid <= 0) return false;
  const here = thisProcess();
  if (holder.host !== here.host) return true;
  const restarted = holder.boot !== undefined && here.boot !== undefined && holder.boot !== here.boot;
  return !restarted && holder.namespace !== undefined && here.namespace !== undefined && holder.namespace !== here.namespace;
}

/** Field 22 of /proc/PID/stat. The second field is the program's name in brackets and may hold anything. A zombie has ended. */
function startOf(pid: number): string | undefined {
  return attempt(() => {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : fields[19];
  });
}

function attempt(read: () => string | undefined): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function optional<K extends string>(name: K, value: string | undefined): { [P in K]?: string } {
  return (value === undefined ? {} : { [name]: value }) as { [P in K]?: string };
}
