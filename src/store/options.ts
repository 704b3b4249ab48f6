import type { Clock, Redactor } from '../lib/index.js';
import type { ProcessIdentity } from './files/process-identity.js';

/** What every store needs. */
export interface StoreOptions {
  readonly clock: Clock;
  /** Secrets known to it are hidden in documents and journals. */
  readonly redactor: Redactor;
  /** How long a lock is its holder's after the last renewal; 15 s by default. */
  readonly leaseMs?: number;
  /** Whose process takes the locks: this one by default. */
  readonly process?: ProcessIdentity;
  /** Is told once by how many milliseconds the clock of a database is ahead of that of this machine; negative: behind. */
  readonly skew?: (aheadMs: number) => void;
}
