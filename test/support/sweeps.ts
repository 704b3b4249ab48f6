import type { CrashOperation } from './crash.js';

/** True where every sweep is to take every operation at every moment, each in a world of its own: RUNBACK_TEST_FULL=1. */
export const fullSweeps = process.env['RUNBACK_TEST_FULL'] === '1';

/** Operations that only make durable what is there already. A process killed after one leaves what it leaves after the operation before it. */
export function isFlush({ name }: CrashOperation): boolean {
  return /^(?:fs?)?(?:data)?sync(?:Sync)?$/u.test(name);
}

/** Leaves the flushes out of a sweep, and says so. With RUNBACK_TEST_FULL=1: all operations. */
export function withoutFlushes(all: readonly CrashOperation[]): readonly CrashOperation[] {
  if (fullSweeps) return all;
  const kept = all.filter((operation) => !isFlush(operation));
  console.log(`${kept.length} of ${all.length} operations; the rest are flushes, after which kill -9 finds what it finds before them`);
  return kept;
}
