import { RunbackError } from '../lib/index.js';
import type { NamedLock } from '../store/index.js';
import type { Session } from './session.js';
import { visible } from './views/visible.js';

/** A lock that is held, and what a person does about it. */
export interface LockView extends NamedLock {
  /** The command that takes the work of a process that is gone to its end; absent where nothing needs to be done. */
  readonly next?: string;
}

/** Locks that only show that a process is there: the daemon's, and those of processes that send pages. */
const PRESENCE = /^(?:daemon|outbox-.*)$/u;

/** Every lock of the workspace that says something: who works, and what a process that is gone has left. */
export async function lockViews({ store }: Session): Promise<readonly LockView[]> {
  const held = (await store.locks()).filter(({ name }) => !PRESENCE.test(name));
  if (held.length === 0) return [];
  const { holdersOf } = await import('../runbooks/index.js');
  const look = holdersOf(store);
  const views: LockView[] = [];
  for (const lock of held) {
    const work = !lock.alive && lock.name.startsWith('platform-') ? await look(lock) : undefined;
    views.push(work?.state === 'unfinished' ? { ...lock, next: work.next ?? 'runback status' } : lock);
  }
  return views;
}

/** Whether the holder lives, in words. */
export function lifeOf({ alive, elsewhere, pid, host, next }: LockView): string {
  if (elsewhere === true) return `process ${pid} on ${visible(host)}, which cannot be seen from here`;
  if (alive) return `process ${pid} is at work`;
  return `process ${pid} is gone${next === undefined ? '; whatever needs it next takes it over' : ''}`;
}

/** For `doctor`: which locks are held. Throws `locked` for one that a process has left in the middle of its work. */
export async function checkLocks(session: Session): Promise<string> {
  const locks = await lockViews(session);
  const words = (lock: LockView): string =>
    `${lock.name} held by ${lock.by} for ${lock.purpose} (${lock.holder}) since ${lock.since.slice(0, 19).replace('T', ' ')} UTC, ${lifeOf(lock)}`;
  const left = locks.filter((lock) => lock.next !== undefined);
  if (left.length > 0)
    throw new RunbackError('locked', left.map(words).join('; '), {
      next: left.map(({ holder, next = '' }) => `Continue ${holder}: ${next}`).join('\n'),
    });
  return locks.length === 0 ? 'none is held' : locks.map(words).join('; ');
}
