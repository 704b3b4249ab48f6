import type { Value } from './record.js';

/**
 * Three-way merge of a set by element: `(live \ (damaged \ base)) ∪ (base \ damaged)`. What the damage added goes, what
 * it took comes back, and every other element of live stays. The result is sorted and distinct.
 */
export function mergeSet(base: readonly string[], damaged: readonly string[], live: readonly string[]): readonly string[] {
  const before = new Set(base);
  const after = new Set(damaged);
  const merged = new Set(live.filter((element) => before.has(element) || !after.has(element)));
  for (const element of base) if (!after.has(element)) merged.add(element);
  return [...merged].sort();
}

/** The elements of a set value; null and absent are the empty set. Undefined where the value is no set at all. */
export function setElements(value: Value | undefined): readonly string[] | undefined {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return undefined;
  return (value as readonly Value[]).every((element) => typeof element === 'string') ? (value as readonly string[]) : undefined;
}
