import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** What tells one process from every other, also after its number was given to another one. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly host: string;
  /** Id of the machine's installation; a clone may have the same. */
  readonly machine?: string;
  /** Start of the process: clock ticks since boot, or the date that `ps` gives where the system has no /proc. */
  readonly started?: string;
  /** Id of the boot of the machine: the one thing that a clone does not share. */
  readonly boot?: string;
  /** Process number space (containers have their own). */
  readonly namespace?: string;
}

/**
 * Whether a process is there. `unknown`: it cannot be seen from here, or nothing tells it from another one with its
 * number.
 */
export type Life = 'alive' | 'dead' | 'unknown';

/** What can be asked of this machine about a process. */
export interface ProcessLook {
  /** True where a process has this number now. */
  exists(pid: number): boolean;
  /** Its start as in {@link ProcessIdentity}; `ended` for a zombie; undefined where the system does not tell. */
  startOf(pid: number): string | undefined;
}

let mine: ProcessIdentity | undefined;

/** This process. */
export function thisProcess(): ProcessIdentity {
  mine ??= {
    pid: process.pid,
    host: hostname(),
    ...optional('machine', attempt(() => text('/etc/machine-id')) ?? attempt(() => text('/var/lib/dbus/machine-id'))),
    ...optional('started', systemLook.startOf(process.pid)),
    ...optional('boot', attempt(() => text('/proc/sys/kernel/random/boot_id')) ?? attempt(bootBySysctl)),
    ...optional(
      'namespace',
      attempt(() => readlinkSync('/proc/self/ns/pid')),
    ),
  };
  return mine;
}

/**
 * What is known of a process from here. Only where it surely ran on this boot of this machine, in this space of
 * numbers, is its absence death: the same host name on another machine, a clone, a container or the machine before it
 * was started again are `unknown`. A number that is in use proves life only together with the start of its process.
 */
export function lifeOf(holder: ProcessIdentity, here: ProcessIdentity = thisProcess(), look: ProcessLook = systemLook): Life {
  // Left by a power cut in the middle of a write: nobody.
  if (holder.pid <= 0) return 'dead';
  if (holder.host !== here.host) return 'unknown';
  for (const name of ['machine', 'boot', 'namespace'] as const) {
    const [then, now] = [holder[name], here[name]];
    if (then !== undefined && now !== undefined && then !== now) return 'unknown';
  }
  if (!look.exists(holder.pid)) return 'dead';
  const started = look.startOf(holder.pid);
  if (started === 'ended') return 'dead';
  if (holder.started === undefined || started === undefined) return 'unknown';
  return started === holder.started ? 'alive' : 'dead';
}

const systemLook: ProcessLook = {
  exists(pid) {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'EPERM';
    }
  },
  startOf: (pid) => attempt(() => startByProc(pid)) ?? attempt(() => startByPs(pid)),
};

/**
 * Field 22 of /proc/PID/stat. The second field is the program's name in brackets and may hold anything. A zombie has
 * ended.
 */
function startByProc(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : fields[19];
}

/** Whether a process of this machine was stopped (Ctrl-Z) and not continued yet; false where the system does not tell. */
export function isStopped(pid: number): boolean {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? '';
  return /^[Tt]$/u.test(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0] ?? '');
}

/** The start of a process by `ps`, to the second, for macOS and the BSDs: `Fri Nov 27 04:12:01 2026`. */
export function startByPs(pid: number): string | undefined {
  if (process.platform === 'win32') return undefined;
  const answer = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5000,
  });
  const [state = '', ...start] = answer.trim().split(/\s+/u);
  if (start.length === 0) return undefined;
  return state.startsWith('Z') ? 'ended' : start.join(' ');
}

/** macOS gives every boot an id. */
function bootBySysctl(): string | undefined {
  if (process.platform !== 'darwin') return undefined;
  const answer = execFileSync('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 5000,
  });
  return answer.trim();
}

function text(path: string): string | undefined {
  const found = readFileSync(path, 'utf8').trim();
  return found === '' ? undefined : found;
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
