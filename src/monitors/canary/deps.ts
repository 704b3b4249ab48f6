import type { Platform } from '../../connectors/index.js';
import type { CallOptions, Clock } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { Canary } from './canary.js';
import type { OpenRun } from './state.js';

/** What a run works with. */
export interface CanaryDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly by: string;
  /** Opens a platform, its account and environment checked first. It is closed after each step. */
  readonly openPlatform: (name: string, call: CallOptions) => Promise<Platform>;
  /** Other canaries of the same flow or record: with any, nothing is written. */
  readonly rivals: readonly string[];
  readonly call: CallOptions;
}

/** Until when it is looked for: as long again as it may take, so that what is late is told from what is lost. */
export const endOf = ({ withinMs }: Canary, { at }: OpenRun): number => Date.parse(at) + 2 * withinMs;
