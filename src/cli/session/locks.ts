import { hostname } from 'node:os';

import { RunbackError, utcText } from '../../lib/index.js';
import type { NamedLock } from '../../store/index.js';
import { visible } from '../views/text/visible.js';
import type { Session } from './session.js';

/** A lock that is held, and what a person does about it. */
export interface LockView extends NamedLock {
  /** The command that takes the work of a process that is gone to its end; absent where nothing needs to be done. */
  readonly next?: string;
}

/** Locks that only show that a process is there: the daemon's, and those of processes that send pages. */
const PRESENCE = /^(?:daemon(?:-\d+)?|outbox-.*)$/u;

/**
 * Every lock of the workspace that says something: who works, and what a process that is gone has left. `all`: the
 * daemon's and senders' too.
 */
export async function lockViews({ store }: Session, all = false): Promise<readonly LockView[]> {
  const held = (await store.locks()).filter(({ name }) => all || !PRESENCE.test(name));
  if (held.length === 0) return [];
  const { holdersOf } = await import('../../runbooks/index.js');
  const look = holdersOf(store);
  const views: LockView[] = [];
  for (const lock of held) {
    const work = lock.life !== 'alive' && lock.name.startsWith('platform-') ? await look(lock) : undefined;
    views.push(work?.state === 'unfinished' ? { ...lock, next: work.next ?? 'runback status' } : lock);
  }
  return views;
}

/** Whether the holder lives, in words. */
export function lifeOf({ life, pid, host, next, lapsed, stopped }: LockView): string {
  const process = `process ${pid}${host === hostname() ? '' : ` on ${visible(host)}`}`;
  switch (life) {
    case 'unknown':
      return `process ${pid} on ${visible(host)}, which cannot be seen from here: whoever continues its work waits until its lease runs out`;
    case 'alive':
      return stopped === true ? `${process} was stopped (Ctrl-Z); kill -CONT ${pid} continues it` : `${process} is running`;
    case 'dead':
      return `${process} ${lapsed === true ? 'gives no sign of life' : 'is gone'}${next === undefined ? '; the next command that needs it takes it over' : ''}`;
  }
}

/** A lock in one sentence, with the file it is. */
export function lockWords(lock: LockView): string {
  return `${lock.name} held by ${visible(lock.by)} for ${visible(lock.purpose)} (${lock.holder}) since ${utcText(lock.since)}, ${lifeOf(lock)} (${lock.path})`;
}

/** For `doctor`: which locks are held. Throws `locked` for one that a process has left in the middle of its work. */
export async function checkLocks(session: Session): Promise<string> {
  const locks = await lockViews(session, true);
  const left = locks.filter((lock) => lock.life === 'dead' && lock.next !== undefined);
  if (left.length > 0)
    throw new RunbackError('locked', locks.map(lockWords).join('; '), {
      next: left.map(({ holder, next = '' }) => `Continue ${holder}: ${next}`).join('\n'),
    });
  return locks.length === 0 ? 'none is held' : locks.map(lockWords).join('; ');
}
