import { readFileSync } from 'node:fs';

/** Whether a process is at work still. Where nobody waits for it, one that has ended keeps its number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) Z /u.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
