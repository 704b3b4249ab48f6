import type { ObjectSchema } from '../../../records/index.js';
import { timeOf } from '../wire/soql.js';

/**
 * A record is stamped when it is saved, and seen when its transaction ends: up to ten minutes later (the longest that Apex may run, by
 * the vendor's governor limits). So much earlier is asked.
 */
export const OVERLAP_MS = 10 * 60_000;

/** What says when a record was written last; undefined where the object type has nothing of the kind. */
export function stampOf(schema: Pick<ObjectSchema, 'fields'>): string | undefined {
  const names = new Set(schema.fields.map(({ name }) => name));
  return ['SystemModstamp', 'LastModifiedDate', 'CreatedDate'].find((name) => names.has(name));
}

/** Conditions for what was written since a time: none, which is everything, where that cannot be told. */
export function changedSince(schema: Pick<ObjectSchema, 'fields'>, since: Date): readonly string[] {
  const stamp = stampOf(schema);
  // What is only stamped when it is made may have been written at any time.
  if (stamp === undefined || stamp === 'CreatedDate') return [];
  return [`${stamp} >= ${timeOf(new Date(since.getTime() - OVERLAP_MS))}`];
}
