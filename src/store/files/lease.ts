import { closeSync, fstatSync, futimes, openSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

import type { OpenFile } from './open-file.js';
import { systemCode } from './paths.js';

/** How long a lock is its holder's after the last renewal. */
export const LEASE_MS = 15_000;
/** Renewals in one lease: two may be late before anybody takes the holder for gone. */
const RENEWALS = 5;
const LOOKS = 30;

const stamp = promisify(futimes);

/**
 * Renews a lease as long as this process runs: stamps the very file that was made, not whatever has its name by now. A
 * holder that was stopped or has ended renews nothing, whatever its clock says. `renewed` is called after each renewal.
 */
export function renewing(file: OpenFile, leaseMs: number, renewed: () => Promise<void>): { stop(): Promise<void> } {
  let going: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    const now = new Date();
    // A stamp that could not be set is set next time; on a disk that is gone nothing else can be written either.
    going = stamp(file.descriptor, now, now).then(renewed, () => undefined);
  }, leaseMs / RENEWALS);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await going;
      file.close();
    },
  };
}

/** What changes with every renewal, and with every other holder; undefined where the file is gone. */
export function stampOf(path: string): string | undefined {
  try {
    // Opened, not only asked for: shared folders look at the server when a file is opened, and may answer from memory
    // otherwise.
    const file = openSync(path, 'r');
    try {
      const { ino, mtimeNs } = fstatSync(file, { bigint: true });
      return `${ino} ${mtimeNs}`;
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Watches a lock file for a whole lease by the clock that cannot be put back: no two clocks are compared, since that of
 * another machine, or of this one yesterday, may be wrong. What stops this process may stop the holder too (a machine
 * that is paused with all that is on it), and counts for next to nothing. True where nothing renewed it.
 */
export async function hasLapsed(path: string, leaseMs: number): Promise<boolean> {
  const first = stampOf(path);
  const stepMs = leaseMs / LOOKS;
  for (let watchedMs = 0; watchedMs < leaseMs;) {
    const began = performance.now();
    await pause(Math.max(1, Math.min(stepMs, leaseMs - watchedMs)));
    if (stampOf(path) !== first) return false;
    watchedMs += Math.min(performance.now() - began, 2 * stepMs);
  }
  return true;
}
