import type { Document, Store } from '../../store/index.js';
import type { Finding, Levels, Measure, WatchHistory } from './types.js';

/** A snapshot that is suspect, and what accepting it would teach. */
export interface SuspectRun {
  readonly snapshot: string;
  /** ISO 8601, UTC: when reading began. */
  readonly at: string;
  readonly gapMs: number;
  readonly measures: readonly Measure[];
  readonly levels: Levels;
  readonly findings: readonly Finding[];
}

/** What the watch of a job knows. Derived: without it, the next snapshot begins a new history. */
export interface WatchRecord {
  readonly version: 1;
  /** Accounts that it is about. */
  readonly place: string;
  /** The last snapshot that is as it should be. */
  readonly good: { readonly snapshot: string; readonly at: string; readonly levels: Levels };
  readonly history: WatchHistory;
  /** The last suspect snapshots since, oldest first. */
  readonly suspects: readonly SuspectRun[];
}

/** What the watch of a job knows: `document('backup-watches', name)`. */
export function watchOf(store: Store, job: string): Document<WatchRecord> {
  return store.document<WatchRecord>('backup-watches', job);
}
