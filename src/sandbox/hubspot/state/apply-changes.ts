import type { Fill } from './reactions/server-fills.js';
import type { RecordTable } from './record-table.js';
import type { StoredRecord } from './record.js';

/** Puts values into a record and its history; true if anything differs afterwards. */
export function applyChanges(table: RecordTable, record: StoredRecord, changes: readonly Fill[], at: number): boolean {
  const values: Record<string, string> = { ...record.values };
  let changed = false;
  for (const { property, value, source } of changes) {
    if ((values[property] ?? '') === value) continue;
    if (value === '') delete values[property];
    else values[property] = value;
    record.changes.push({ property, value, at, source });
    changed = true;
  }
  if (changed) table.replaceValues(record, values);
  return changed;
}
