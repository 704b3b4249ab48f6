import type { Document, Store } from '../../store/index.js';

/** What is kept of a copy: `document('backup-copies', name)`. Times are ISO 8601, UTC. */
export interface CopyState {
  readonly version: 1;
  /** When snapshots were to be copied there for the first time. */
  readonly firstSeen: string;
  /** When that was tried last. */
  readonly at: string;
  /** It has failed since then, and with what last. */
  readonly failing?: {
    readonly since: string;
    /** How often, one after the other; absent where an earlier version wrote it. */
    readonly tries?: number;
    /** When it is tried again by itself. */
    readonly next?: string;
    readonly code: string;
    readonly message: string;
    readonly why?: string;
  };
  /** A process began then, and has not written down how it ended. */
  readonly begun?: string;
  /** As it was when that could be seen last: the newest good snapshot there of each job. */
  readonly newest: Readonly<Record<string, { readonly snapshot: string; readonly startedAt: string }>>;
  readonly snapshots: number;
  readonly bytes: number;
}

/** What is known of a copy, without asking its storage. */
export function copyStateOf(store: Store, copy: string): Document<CopyState> {
  return store.document<CopyState>('backup-copies', copy);
}
