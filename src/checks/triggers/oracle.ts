import { canonicalJson } from '../../lib/index.js';
import type { Fields } from '../../records/index.js';
import type { Condition } from './condition.js';
import type { Expected, Refire } from './facts.js';

/** What a record has been through, as far as it matters. */
export interface Course {
  /** What stands there; undefined before it is created. */
  readonly values: Fields | undefined;
  readonly hasFired: boolean;
}

export const BEFORE: Course = { values: undefined, hasFired: false };

/**
 * How often a step should fire by the condition: its writes one after the other, each with all values as they stand then. A platform that
 * is given several at a time may see them all, or the last one only. Pure.
 */
export function expectedOf(course: Course, writes: readonly Fields[], condition: Condition, refire: Refire): Expected {
  const each = firings(course, writes, condition, refire);
  const last = firings(course, writes.slice(-1), condition, refire);
  return { least: Math.min(each, last), most: Math.max(each, last) };
}

/** What a record has been through after a step. `fired`: how often it was seen to. */
export function advanced(
  course: Course,
  writes: readonly Fields[],
  { expected, fired }: { readonly expected: Expected; readonly fired: number },
): Course {
  return { values: writes.at(-1) ?? course.values, hasFired: course.hasFired || expected.least > 0 || (expected.most > 0 && fired > 0) };
}

function firings({ values, hasFired }: Course, writes: readonly Fields[], condition: Condition, refire: Refire): number {
  let count = 0;
  let before = values;
  for (const after of writes) {
    if (fires(before, after, condition, refire) && !(refire === 'once' && (hasFired || count > 0))) count += 1;
    before = after;
  }
  return count;
}

function fires(before: Fields | undefined, after: Fields, condition: Condition, refire: Refire): boolean {
  if (!condition.holds(after)) return false;
  if (before === undefined) return true;
  if (refire === 'every_change') return condition.fields.some(({ name }) => !isSame(before[name], after[name]));
  return !condition.holds(before);
}

const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a === '' ? null : (a ?? null)) === canonicalJson(b === '' ? null : (b ?? null));
