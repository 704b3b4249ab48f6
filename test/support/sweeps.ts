import type { CrashOperation } from './crash.js';

/**
 * True where every sweep is to take every operation at every moment, each in a world of its own: RUNBACK_TEST_FULL=1.
 */
export const fullSweeps = process.env['RUNBACK_TEST_FULL'] === '1';

/**
 * True where every operation of a sweep is to be taken, and not some of each kind: RUNBACK_TEST_POINTS=all, which takes
 * three times as long.
 */
export const everyPoint = fullSweeps || process.env['RUNBACK_TEST_POINTS'] === 'all';

/**
 * True where sweeps are to take twice what they take in `npm test`: RUNBACK_TEST_POINTS=more, as `npm run test:wider` sets it.
 */
export const morePoints = process.env['RUNBACK_TEST_POINTS'] === 'more';

/**
 * A part of a sweep that takes hours, so that it can be run bit by bit: RUNBACK_TEST_SLICE=2/7 takes every seventh operation,
 * beginning with the second. Without it: all.
 */
export function sliceOf<T>(items: readonly T[], slice = process.env['RUNBACK_TEST_SLICE']): readonly T[] {
  if (slice === undefined) return items;
  const [part = 0, parts = 0] = slice.split('/').map(Number);
  if (!(part >= 1 && part <= parts)) throw new Error(`RUNBACK_TEST_SLICE=${slice} is no part of a whole, as 2/7 is`);
  return items.filter((_, n) => n % parts === part - 1);
}

/** How many points a sweep takes at least: `whole` of them where it takes all, `some` where it is thinned, one of a slice. */
export function leastPoints(whole: number, some: number): number {
  return process.env['RUNBACK_TEST_SLICE'] !== undefined ? 1 : everyPoint ? whole : some;
}

/** At how many points something must have been left to clean up: a slice may hold none that leaves anything. */
export const leastLeft = process.env['RUNBACK_TEST_SLICE'] === undefined ? 1 : 0;

/**
 * How often a property is tried: an eighth of `whole`. Under CI the seed is pinned, so that more tries of what passed
 * would show nothing new; whoever looks for faults takes RUNBACK_TEST_FULL=1 and fresh seeds.
 */
export function tries(whole: number): number {
  return fullSweeps ? whole : Math.ceil(whole / 8);
}

/**
 * Operations that only make durable what is there already. A process killed after one leaves what it leaves after the
 * operation before it.
 */
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

/**
 * Thins a sweep to `most` operations of each kind at each place, spread from the first to the last, so that every kind
 * of operation is hit and none only at its beginning. `placeOf` makes one place of targets that differ by their ids
 * only. Where {@link everyPoint}: all.
 */
export function thinned(
  most: number,
  placeOf: (target: string) => string = kindOfPlace,
): (all: readonly CrashOperation[]) => readonly CrashOperation[] {
  return (all) => (everyPoint ? all : ofEachKind(all, most, placeOf));
}

/** For sweeps of which all operations take hours: one of each kind at each place, also where {@link everyPoint}. With RUNBACK_TEST_FULL=1: all. */
export const oneOfEachKind = (all: readonly CrashOperation[]): readonly CrashOperation[] => (fullSweeps ? all : ofEachKind(all, 1, kindOfPlace));

function ofEachKind(all: readonly CrashOperation[], most: number, placeOf: (target: string) => string): readonly CrashOperation[] {
  const groups = new Map<string, CrashOperation[]>();
  for (const operation of all) {
    const name = `${operation.kind} ${operation.name} ${placeOf(operation.target)}`;
    groups.set(name, [...(groups.get(name) ?? []), operation]);
  }
  const picked = [...groups.values()].flatMap((group) => spread(group, most));
  console.log(`${picked.length} of ${all.length} operations, ${most} at most of each of ${groups.size} kinds (RUNBACK_TEST_POINTS=all takes all)`);
  return picked.sort((a, b) => a.n - b.n);
}

/**
 * A path or address without what differs between two runs: hexadecimal and other long ids, numbers, temporary names.
 */
function kindOfPlace(target: string): string {
  const parts = target.split('/').filter((part) => part !== '');
  return parts
    .slice(-3)
    .map((part) => part.replaceAll(/[\da-z]*\d[\da-z]*/giu, '#').replaceAll(/(#[-_.]?)+/gu, '#'))
    .join('/');
}

/**
 * Keeps every `nth` of what another choice keeps, for sweeps whose kinds are many and alike; every second of those without
 * `npm run test:wider`. Where {@link everyPoint}: all.
 */
export function everyNth(
  nth: number,
  pick: (all: readonly CrashOperation[]) => readonly CrashOperation[],
): (all: readonly CrashOperation[]) => readonly CrashOperation[] {
  return (all) => {
    const step = morePoints ? nth : 2 * nth;
    const kept = pick(all).filter((_, n) => everyPoint || n % step === 0);
    if (!everyPoint) console.log(`every ${step}th of them: ${kept.length}`);
    return kept;
  };
}

function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  const step = most === 1 ? 0 : (items.length - 1) / (most - 1);
  const indexes = new Set(Array.from({ length: most }, (_, i) => (most === 1 ? Math.floor(items.length / 2) : Math.round(i * step))));
  return items.filter((_, i) => indexes.has(i));
}
