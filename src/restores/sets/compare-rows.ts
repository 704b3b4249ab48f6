import type { Value } from '../../records/index.js';
import type { Row } from './rows.js';

/** Two sides that do not hold the same. `field`: place of the field, absent where the record itself is what differs. */
export interface RowDifference {
  readonly is: 'value' | 'missing' | 'ambiguous';
  readonly keys: readonly [string | undefined, string | undefined];
  readonly field?: number;
  readonly values?: readonly [Value | undefined, Value | undefined];
}

/** What was compared besides. */
export interface RowCounts {
  readonly records: number;
  readonly values: number;
  /** Records without a value to match by. */
  readonly unmatched: number;
}

/** Several records of the left side have this match value. */
const AMBIGUOUS = Symbol('several records');
/** A record of the right side had it already: nothing else of it is kept. */
const TAKEN = Symbol('taken');

/**
 * Finds for each record its counterpart, and tells of every value that is not the same. Holds the compared values of the
 * left side in memory. `same`: by the place of the field.
 */
export async function compareRows(
  left: AsyncIterable<Row>,
  right: AsyncIterable<Row>,
  same: (field: number, a: Value | undefined, b: Value | undefined) => boolean,
  found: (difference: RowDifference) => void,
): Promise<RowCounts> {
  let [records, values, unmatched] = [0, 0, 0];
  const byMatch = new Map<string, Row | typeof AMBIGUOUS | typeof TAKEN>();
  for await (const row of left) {
    if (row.match === undefined) {
      unmatched += 1;
      continue;
    }
    const before = byMatch.get(row.match);
    if (before !== undefined) {
      if (typeof before === 'object') found({ is: 'ambiguous', keys: [before.key, undefined] });
      found({ is: 'ambiguous', keys: [row.key, undefined] });
    }
    byMatch.set(row.match, before === undefined ? row : AMBIGUOUS);
  }
  for await (const row of right) {
    if (row.match === undefined) {
      unmatched += 1;
      continue;
    }
    const other = byMatch.get(row.match);
    if (typeof other === 'symbol') {
      found({ is: 'ambiguous', keys: [undefined, row.key] });
      continue;
    }
    byMatch.set(row.match, TAKEN);
    if (other === undefined) {
      found({ is: 'missing', keys: [undefined, row.key] });
      continue;
    }
    records += 1;
    for (const [field, a] of other.values.entries()) {
      values += 1;
      const b = row.values[field];
      if (!same(field, a, b)) found({ is: 'value', keys: [other.key, row.key], field, values: [a, b] });
    }
  }
  for (const row of byMatch.values()) if (typeof row === 'object') found({ is: 'missing', keys: [row.key, undefined] });
  return { records, values, unmatched };
}
