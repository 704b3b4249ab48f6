import { type Clock, defined, formatDuration, RunbackError, utcText } from '../lib/index.js';
import type { LockInfo } from './store.js';

/**
 * The error for a lock that somebody else has. `what` names the locked thing: `The journal of run-…`; `path` is where
 * it is.
 */
export function lockedError(what: string, info: LockInfo, clock: Clock, path: string): RunbackError {
  const ago = clock.now().getTime() - Date.parse(info.since);
  const since = `${utcText(info.since)} (${ago < 0 ? 'the clock has gone back since' : `${formatDuration(ago)} ago`})`;
  const next = nextAfter(info);
  const { holder, by, pid, host, purpose, alive, life } = info;
  return new RunbackError('locked', `${what} is held by ${by} for ${purpose} (${holder}) since ${since}`, {
    why: `${whyHeld(info)} The lock is ${path}.`,
    state: 'Nothing was changed.',
    ...defined({ next }),
    data: { holder, by, since: info.since, pid, host, purpose, alive, life, path },
  });
}

function whyHeld({ pid, host, life, renewed, lapsed, stopped }: LockInfo): string {
  if (stopped === true) return `Process ${pid} on ${host} was stopped (Ctrl-Z) and does nothing until it is continued.`;
  if (renewed === true) return `Process ${pid} on ${host} cannot be seen from here, and still renews its lease: it is running.`;
  if (lapsed === true) return `Process ${pid} on ${host} has not renewed its lease, so its work may be half done.`;
  if (life === 'unknown')
    return `Whether process ${pid} on ${host} is still running cannot be seen from here: it is on another machine, in another container, or from before this machine was started.`;
  if (life === 'alive') return `Process ${pid} on ${host} is still running.`;
  return `Process ${pid} on ${host} has ended without releasing the lock, so its work may be half done.`;
}

function nextAfter({ holder, by, life, renewed, path, pid, stopped }: LockInfo): string | undefined {
  if (stopped === true) return `Continue it: fg in its terminal, or: kill -CONT ${pid}`;
  const wait = `Wait until ${holder} ends, or ask ${by} to stop it.`;
  if (life === 'dead') return undefined;
  if (life === 'alive' || renewed === true) return wait;
  return `${wait} If you know that this process has ended, take its lock away by name (runback lock list shows it), or, if runback cannot run, remove ${path} and run the same command again.`;
}
