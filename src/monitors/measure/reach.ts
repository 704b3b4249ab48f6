import type { Platform } from '../../connectors/index.js';
import type { CallOptions, Clock } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { LastRun } from '../../syncs/index.js';
import type { Measurement } from '../types.js';

/** What measuring works with: everything outside of monitors. */
export interface Reach {
  readonly store: Store;
  readonly clock: Clock;
  readonly call: CallOptions;
  /** Opens a platform, its account and environment checked first. Closed by whoever asked for it. */
  readonly openPlatform: (name: string, call: CallOptions) => Promise<Platform>;
  /** The last run of a sync that ended; `untold` where its tool does not say. */
  readonly lastRun: (sync: string, call: CallOptions) => Promise<LastRun | 'untold' | undefined>;
  /** Names of the syncs that a pause holds now. */
  readonly paused: () => Promise<ReadonlySet<string>>;
  /** What changed of a mapping since it was accepted: why it is worth a look, or undefined where nothing is. Throws where it cannot be told. */
  readonly mappingDrift: (mapping: string, call: CallOptions) => Promise<string | undefined>;
  /** Runs a test of the integration or a canary as far as it can be run now. */
  readonly trial: (test: string, call: CallOptions) => Promise<readonly Measurement[]>;
}
