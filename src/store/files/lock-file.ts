import { randomBytes } from 'node:crypto';
import { link, readFile, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import { type Clock, RunbackError, formatDuration, fromFileSystem } from '../../lib/index.js';
import type { BreakDead, LockInfo, LockOwner } from '../store.js';
import { openNew, syncFolder, systemCode } from './paths.js';
import { type ProcessIdentity, isAlive, isElsewhere, thisProcess } from './process-identity.js';

/** What a lock file holds. */
interface LockRecord extends LockOwner, ProcessIdentity {
  readonly since: string;
  /** Tells this taking of the lock from every other. */
  readonly token: string;
}

/** A lock file that this process holds. */
export interface HeldLock {
  /** The dead holder it was taken from. */
  readonly broke?: LockInfo;
  release(): Promise<void>;
}

/** Outcome of one attempt: the lock, or who has it. */
export type LockAttempt = { readonly held: HeldLock } | { readonly by: LockInfo };

/**
 * Tries once to take a lock file. The file appears with its whole content or not at all (a hard link), so no holder is
 * ever unknown. A dead holder's lock is taken over only where `breakDead` allows it, by one process at a time. `durable` syncs it,
 * so that after a power cut the lock still says who had it.
 */
export async function tryLock(
  path: string,
  owner: LockOwner,
  clock: Clock,
  options: { readonly breakDead: BreakDead; readonly durable: boolean },
): Promise<LockAttempt> {
  try {
    const first = await create(path, owner, clock, options.durable);
    if (first !== undefined) return { held: first };
    const holder = await readRecord(path);
    if (holder === undefined) return await tryLock(path, owner, clock, options);
    const info = toInfo(holder);
    if (info.alive || !(await mayBreak(options.breakDead, info))) return { by: info };
    await removeDead(path, holder.token);
    const second = await create(path, owner, clock, options.durable);
    if (second !== undefined) return { held: { ...second, broke: info } };
    return await tryLock(path, owner, clock, options);
  } catch (error) {
    throw fromFileSystem(error, path);
  }
}

/** Who holds a lock file, or undefined. */
export async function holderOf(path: string): Promise<LockInfo | undefined> {
  const record = await readRecord(path);
  return record === undefined ? undefined : toInfo(record);
}

/** The error for a lock that somebody else has. `what` names the locked thing: `The journal of run-…`; `path` is where it is. */
export function lockedError(what: string, info: LockInfo, clock: Clock, path: string): RunbackError {
  const ago = clock.now().getTime() - Date.parse(info.since);
  const since = `${info.since.slice(0, 19).replace('T', ' ')} UTC (${ago < 0 ? 'the clock has gone back since' : `${formatDuration(ago)} ago`})`;
  const next = nextAfter(info, path);
  return new RunbackError('locked', `${what} is held by ${info.by} for ${info.purpose} (${info.holder}) since ${since}`, {
    why: whyHeld(info),
    state: 'Nothing was changed.',
    ...(next === undefined ? {} : { next }),
    data: { holder: info.holder, by: info.by, since: info.since, pid: info.pid, host: info.host, purpose: info.purpose, alive: info.alive },
  });
}

function whyHeld({ pid, host, alive, elsewhere }: LockInfo): string {
  if (elsewhere === true) return `Whether process ${pid} on ${host} is still at work cannot be seen from here: it is another machine or container.`;
  if (alive) return `Process ${pid} on ${host} is still at work.`;
  return `Process ${pid} on ${host} has ended without giving it back, so its work may be half done.`;
}

function nextAfter({ holder, by, alive, elsewhere }: LockInfo, path: string): string | undefined {
  const wait = `Wait until ${holder} ends, or ask ${by} to stop it.`;
  if (elsewhere === true) return `${wait} If you know that this process has ended, remove ${path} and run the same command again.`;
  return alive ? wait : undefined;
}

async function mayBreak(breakDead: BreakDead, dead: LockInfo): Promise<boolean> {
  return typeof breakDead === 'boolean' ? breakDead : await breakDead(dead);
}

async function create(path: string, owner: LockOwner, clock: Clock, durable: boolean): Promise<HeldLock | undefined> {
  const token = randomBytes(12).toString('hex');
  const record: LockRecord = {
    by: owner.by,
    holder: owner.holder,
    purpose: owner.purpose,
    since: clock.now().toISOString(),
    ...thisProcess(),
    token,
  };
  const draft = `${path}.${token}`;
  try {
    const handle = await openNew(draft);
    try {
      await handle.writeFile(JSON.stringify(record));
      if (durable) await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, path);
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return undefined;
    throw error;
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  if (durable) await syncFolder(dirname(path));
  return {
    release: async () => {
      if ((await readRecord(path))?.token === token) await unlink(path);
    },
  };
}

/**
 * Removes a dead holder's lock file. Two processes may see the same dead holder; without the guard the second would
 * remove the lock that the first has just taken.
 */
async function removeDead(path: string, token: string): Promise<void> {
  const { lock } = await import('proper-lockfile').then((module) => module.default);
  const release = await lock(path, {
    realpath: false,
    lockfilePath: `${path}.breaking`,
    stale: 5000,
    retries: { retries: 400, minTimeout: 5, maxTimeout: 50 },
  });
  try {
    if ((await readRecord(path))?.token === token) await unlink(path);
  } finally {
    await release();
  }
}

/** The content of a lock file; undefined where there is none. Garbage can only come from a power cut: its holder is dead. */
async function readRecord(path: string): Promise<LockRecord | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fromFileSystem(error, path);
  }
  try {
    const record = JSON.parse(text) as LockRecord;
    if (typeof record.token === 'string' && typeof record.pid === 'number' && typeof record.since === 'string') return record;
  } catch {
    // Not JSON: falls through to the unknown holder.
  }
  return {
    by: 'unknown',
    holder: 'unknown',
    purpose: 'unknown work',
    since: new Date(0).toISOString(),
    pid: 0,
    host: thisProcess().host,
    boot: 'before',
    token: '',
  };
}

function toInfo(record: LockRecord): LockInfo {
  const { by, holder, purpose, since, pid, host } = record;
  return { by, holder, purpose, since, pid, host, alive: isAlive(record), ...(isElsewhere(record) ? { elsewhere: true } : {}) };
}
