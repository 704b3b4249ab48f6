import { randomBytes } from 'node:crypto';
import { fstatSync, linkSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

import { type Clock, formatDuration, fromFileSystem, RunbackError } from '../../lib/index.js';
import { HeldLease, momentNow } from '../held-lease.js';
import type { Lock, LockInfo, LockOwner, LockTaking } from '../store.js';
import { hasLapsed, LEASE_MS, renewing, stampOf } from './lease.js';
import { OpenFile } from './open-file.js';
import { openNew, syncFolder, systemCode, toDisk } from './paths.js';
import { isStopped, lifeOf, type ProcessIdentity, thisProcess } from './process-identity.js';
import { sureDisk } from './sure-disk.js';
import { removeIfThere, writeAtNow } from './whole-file.js';

/** How long the guard of a dead lock may be held. */
const GUARD_MS = 5000;

/** What a lock file holds. */
interface LockRecord extends LockOwner, ProcessIdentity {
  readonly since: string;
  /** Tells this taking of the lock from every other. */
  readonly token: string;
  /**
   * Milliseconds after which a holder that has not renewed it is gone. Absent in locks of earlier versions, which
   * nobody renews.
   */
  readonly lease?: number;
}

/** A lock file that this process holds. */
export type HeldLock = Omit<Lock, 'name'>;

/** What all locks of one store have in common. */
export interface LockContext {
  readonly leaseMs?: number;
  /**
   * Processes, by {@link processKey}, that were seen to renew nothing for a whole lease: the rest of their locks need
   * not be watched.
   */
  readonly lapsed: Set<string>;
  /** Whose process this is; another one where a test stands for another machine. */
  readonly here?: ProcessIdentity;
}

/** How a lock file is taken. */
export interface LockFileTaking extends LockTaking, LockContext {
  /** Sync it, so that after a power cut the lock still says who had it. */
  readonly durable: boolean;
  /** Renew it as long as it is held. Without, it has to be given back well within a lease. */
  readonly renew: boolean;
}

/** Outcome of one attempt: the lock, or who has it. */
export type LockAttempt = { readonly held: HeldLock } | { readonly by: LockInfo };

/**
 * Tries once to take a lock file. The file appears with its whole content or not at all (a hard link), so no holder is
 * ever unknown. The lock of a holder that is dead, or unknown and has renewed nothing for a whole lease, is taken over
 * only where `breakDead` allows it, by one process at a time. Waits for a lease at most, and only for an unknown
 * holder.
 */
export async function tryLock(path: string, owner: LockOwner, clock: Clock, taking: LockFileTaking): Promise<LockAttempt> {
  try {
    const first = await create(path, owner, clock, taking);
    if (first !== undefined) return { held: first };
    const stamp = stampOf(path);
    const holder = readRecord(path);
    if (holder === undefined) return await tryLock(path, owner, clock, taking);
    const info = toInfo(holder, path, taking.here);
    if (info.life === 'alive' || !(await mayBreak(taking, info))) return { by: info };
    if (info.life === 'unknown' && !(await isGone(path, holder, taking))) {
      const now = readRecord(path);
      if (now?.token !== holder.token) return await tryLock(path, owner, clock, taking);
      return { by: { ...info, ...(taking.lapse !== true || holder.lease === undefined ? {} : { renewed: true }) } };
    }
    await removeDead(path, holder.token, info.life === 'unknown' && holder.lease !== undefined ? stamp : undefined, taking);
    const second = await create(path, owner, clock, taking);
    if (second !== undefined) return { held: { ...second, broke: info } };
    return await tryLock(path, owner, clock, taking);
  } catch (error) {
    throw fromFileSystem(error, path);
  }
}

/**
 * Whether a holder of which nothing is known from here is gone: its lease ran out, or a person says so of one that has
 * no lease.
 */
async function isGone(path: string, holder: LockRecord, { lapsed, lapse, endedBySay, here = thisProcess() }: LockFileTaking): Promise<boolean> {
  if (lapse !== true) return false;
  // Nobody renews a lock of an earlier version. Those called a holder on this host before its last start dead, and so
  // do we.
  if (holder.lease === undefined) return endedBySay === true || holder.host === here.host;
  if (lapsed.has(processKey(holder))) return true;
  if (!(await hasLapsed(path, holder.lease))) return false;
  lapsed.add(processKey(holder));
  return true;
}

function processKey({ host, machine, boot, namespace, pid, started }: ProcessIdentity): string {
  return JSON.stringify([host, machine, boot, namespace, pid, started]);
}

/** Who holds a lock file, or undefined. */
export function holderOf(path: string, here?: ProcessIdentity): LockInfo | undefined {
  const record = readRecord(path);
  return record === undefined ? undefined : toInfo(record, path, here);
}

async function mayBreak({ breakDead = false }: LockTaking, dead: LockInfo): Promise<boolean> {
  return typeof breakDead === 'boolean' ? breakDead : await breakDead(dead);
}

async function create(path: string, owner: LockOwner, clock: Clock, taking: LockFileTaking): Promise<HeldLock | undefined> {
  const { durable, renew, leaseMs = LEASE_MS, here = thisProcess() } = taking;
  const token = randomBytes(12).toString('hex');
  const record: LockRecord = {
    by: owner.by,
    holder: owner.holder,
    purpose: owner.purpose,
    since: clock.now().toISOString(),
    ...here,
    token,
    lease: leaseMs,
  };
  const draft = `${path}.${token}`;
  const held = new HeldLease(`${owner.purpose} (${owner.holder}): its lock ${path}`, leaseMs, momentNow());
  let file: OpenFile | undefined;
  let renewal: ReturnType<typeof renewing> | undefined;
  let isOurs = (): boolean => false;
  const check = async (): Promise<void> => {
    if (held.over !== undefined) throw held.over;
    const now = momentNow();
    if (!isOurs()) {
      const other = readRecord(path);
      if (other?.token !== token) held.lose(lostLock(path, owner, leaseMs, other));
    }
    if (held.over !== undefined) throw held.over;
    held.confirm(now);
  };
  try {
    file = new OpenFile(await openNew(draft));
    writeAtNow(file.descriptor, Buffer.from(JSON.stringify(record), 'utf8'), 0);
    if (durable) await toDisk(file.descriptor);
    linkSync(draft, path);
    if (renew) {
      isOurs = sameFile(file, path);
      renewal = renewing(file, leaseMs, async () => await check().catch(() => undefined));
    }
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return undefined;
    throw noLinks(error, path);
  } finally {
    if (renewal === undefined) file?.close();
    removeIfThere(draft);
  }
  if (durable) await syncFolder(dirname(path));
  return {
    token,
    expires: false,
    signal: held.signal,
    assertHeld: () => held.assertHeld(),
    check,
    release: async () => {
      await renewal?.stop();
      isOurs = () => false;
      if (readRecord(path)?.token === token) unlinkSync(path);
      held.end(lostLock(path, owner, leaseMs, undefined));
    },
  };
}

/** `now`: who has the lock that this process lost; undefined where nobody has. */
function lostLock(path: string, { holder, purpose }: LockOwner, leaseMs: number, now: LockRecord | undefined): RunbackError {
  return new RunbackError('fenced', `${purpose} (${holder}) has lost its lock ${path}`, {
    why: `This process was stopped for longer than its lease of ${formatDuration(leaseMs)}${now === undefined ? ', or someone took the lock away' : `, and ${now.by} continued ${now.purpose} (${now.holder})`}.`,
    state: 'Nothing more is done by this process. What it did is in its journal.',
    next: 'See the current state: runback status',
    data: { holder, path, ...(now === undefined ? {} : { by: now.by }) },
  });
}

/**
 * A question that is asked before every line of a journal, and costs next to nothing: whether a path still leads to the
 * very file that is open. As long as it is open no other file has its number, and locks are never written over: taking
 * one away takes its file away. False where it cannot be told like that, and the content has to say.
 */
function sameFile(file: OpenFile, path: string): () => boolean {
  if (sureDisk(dirname(path)) === undefined) return () => false;
  const { dev, ino } = fstatSync(file.descriptor, { bigint: true });
  return () => {
    try {
      const now = statSync(path, { bigint: true, throwIfNoEntry: false });
      return now?.ino === ino && now.dev === dev;
    } catch {
      return false;
    }
  };
}

/** Hard links that a folder cannot hold are no missing right: say so. Everything else is passed on. */
function noLinks(error: unknown, path: string): unknown {
  const code = systemCode(error);
  const isLink = error instanceof Error && 'syscall' in error && error.syscall === 'link';
  if (!isLink || code === undefined || !['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'].includes(code)) return error;
  return new RunbackError('disk-denied', `${dirname(path)} cannot hold hard links`, {
    why: `Locks need them, so nothing can be run or restored here. The system answered ${code}.`,
    state: 'Nothing was changed.',
    next: 'Put the workspace on a disk of this machine, or on a shared folder that can hold hard links. runback doctor tells you whether a folder can.',
    cause: error,
  });
}

/**
 * Removes a dead holder's lock file. Two processes may see the same dead holder; without the guard the second would
 * remove the lock that the first has just taken.
 */
async function removeDead(path: string, token: string, stamp: string | undefined, { leaseMs = LEASE_MS }: LockContext): Promise<void> {
  const guard = `${path}.breaking`;
  await removeDeadGuard(guard, Math.min(GUARD_MS, leaseMs));
  const { lock } = await import('proper-lockfile').then((module) => module.default);
  let isLost = false;
  const release = await lock(path, {
    realpath: false,
    lockfilePath: guard,
    stale: GUARD_MS,
    retries: { retries: 400, minTimeout: 5, maxTimeout: 50 },
    // This process was stopped for longer than the guard counts: it removes nothing, and whoever asked looks again.
    onCompromised: () => {
      isLost = true;
    },
  });
  try {
    // `stamp`: what stood there when the holder was last seen; a renewal since then is a sign of life.
    if (!isLost && readRecord(path)?.token === token && (stamp === undefined || stampOf(path) === stamp)) unlinkSync(path);
  } finally {
    // A guard that was lost is no longer there to be given back.
    await release().catch((error: unknown) => {
      if (!isLost) throw error;
    });
  }
}

/**
 * A guard goes by its time: one that a process left which was killed, before the clock was put back, would hold
 * everybody up until that time has come again. Its holder has it for milliseconds, so that nobody has one that lies
 * ahead and stays as it is for all of its time.
 */
async function removeDeadGuard(guard: string, watchMs: number): Promise<void> {
  const at = await stat(guard).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  );
  if (at === undefined || at <= Date.now() + GUARD_MS || !(await hasLapsed(guard, watchMs))) return;
  await rmdir(guard).catch(() => undefined);
}

/**
 * The content of a lock file; undefined where there is none. Garbage can only come from a power cut: its holder is
 * dead.
 */
function readRecord(path: string): LockRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
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

function toInfo(record: LockRecord, path: string, here?: ProcessIdentity): LockInfo {
  const { by, holder, purpose, since, pid, host } = record;
  const life = lifeOf(record, here);
  return {
    by,
    holder,
    purpose,
    since,
    pid,
    host,
    path,
    life,
    alive: life !== 'dead',
    ...(life === 'unknown' ? { elsewhere: true } : {}),
    ...(life === 'alive' && isStopped(pid) ? { stopped: true } : {}),
  };
}
