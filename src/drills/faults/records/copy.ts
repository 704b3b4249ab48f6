import type { TrueValues, WrittenValues } from '../../../sandbox/index.js';
import type { FaultStage } from '../fault.js';

/** What can be written of a record when it is created anew, without some fields. */
export function copyOf({ account }: FaultStage, object: string, values: TrueValues, without: readonly string[]): WrittenValues {
  const writable = new Set(account.fields(object).flatMap(({ name, readOnly, optedOut }) => (readOnly && optedOut === undefined ? [] : [name])));
  return Object.fromEntries(Object.entries(values).filter(([name]) => writable.has(name) && !without.includes(name)));
}
