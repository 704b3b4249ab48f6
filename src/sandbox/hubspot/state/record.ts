import type { Cause } from '../../automation.js';
import type { PropertyValues } from './values.js';

/** Who or what writes, as field history tells it. */
export interface WriteSource {
  /** `INTEGRATION`, `CRM_UI`, `IMPORT`, `AUTOMATION_PLATFORM`, `CONTACTS` … */
  readonly type: string;
  /** The app's id, or `userId:…` for a person in the web interface. */
  readonly id: string;
  readonly label?: string;
  readonly userId?: number;
}

/** One change of one property. `value` is `''` where it was cleared. Times are milliseconds. */
export interface HistoryEntry {
  readonly property: string;
  readonly value: string;
  readonly at: number;
  readonly source: WriteSource;
}

/**
 * A record as the sandbox holds it. `values` is replaced, never changed in place, so that a search index may keep an
 * older one.
 */
export interface StoredRecord {
  readonly id: string;
  readonly createdAt: number;
  readonly createdBy: WriteSource;
  /** The values it was created with: the beginning of its history. */
  readonly createdWith: PropertyValues;
  /** Those of them that the account added itself, and as what. */
  readonly filled: Readonly<Record<string, WriteSource>>;
  values: PropertyValues;
  updatedAt: number;
  updatedBy: WriteSource;
  archivedAt: number | undefined;
  /** Changes after the creation, oldest first. */
  readonly changes: HistoryEntry[];
  /** Ids that were merged into this record. */
  readonly mergedIds: string[];
}

/**
 * The properties that held a value once and hold none now: answers give `''` for these, and null for what was never
 * set.
 */
export function clearedIn(record: StoredRecord): ReadonlySet<string> {
  const cleared = new Set<string>();
  for (const { property, value } of record.changes) if (value === '' && record.values[property] === undefined) cleared.add(property);
  return cleared;
}

/** Everything that was ever written to a record, its creation included. */
export function pastOf(record: StoredRecord): readonly HistoryEntry[] {
  return [...Object.keys(record.createdWith).flatMap((property) => firstOf(record, property)), ...record.changes];
}

/** The history of one property, newest first, the creation included. */
export function historyOf(record: StoredRecord, property: string): readonly HistoryEntry[] {
  const entries = firstOf(record, property);
  for (const change of record.changes) if (change.property === property) entries.push(change);
  // What came with a merged record may be older than this one.
  return (record.mergedIds.length === 0 ? entries : entries.sort((a, b) => a.at - b.at)).reverse();
}

function firstOf(record: StoredRecord, property: string): HistoryEntry[] {
  const value = record.createdWith[property];
  return value === undefined ? [] : [{ property, value, at: record.createdAt, source: record.filled[property] ?? record.createdBy }];
}

/** Who writes, and for which request. */
export interface Writer {
  readonly source: WriteSource;
  readonly request?: string;
  /** Who set it off, where the account writes by itself. */
  readonly because?: Cause;
}

/** As what workflows write. */
export const WORKFLOW = 'AUTOMATION_PLATFORM';

/** Who set a write off, in the words of the seam. */
export function causeOf({ source, request, because }: Writer): Cause {
  if (because) return because;
  if (source.type === 'FORM') return { by: 'form', id: source.id };
  if (request !== undefined) return { by: 'api', app: source.id };
  return source.type === 'CRM_UI' ? { by: 'person', id: String(source.userId ?? source.id) } : { by: 'integration', id: source.id };
}
