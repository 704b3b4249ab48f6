import type { WriteSource } from './record.js';

/** What a write did to a record or a link. */
export type WriteAction = 'create' | 'update' | 'archive' | 'undelete' | 'merge' | 'gdpr-delete' | 'link' | 'unlink';

/** One write as it took place, for whoever counts them afterwards. Times are milliseconds. */
export interface WriteEntry {
  readonly action: WriteAction;
  readonly object: string;
  readonly id: string;
  readonly at: number;
  readonly source: WriteSource;
  /** Correlation id of the request; undefined for a write from inside this process. */
  readonly request: string | undefined;
  /** Properties that were sent, or `object/id/typeId` of the other end of a link. */
  readonly what: readonly string[];
  /** Whether anything differs afterwards. */
  readonly changed: boolean;
}
