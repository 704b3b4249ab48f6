import type { Platform } from '../../connectors/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { MonitorSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { Measurement, SeriesName } from '../types.js';
import type { Reach } from './reach.js';

/** What one look is given. */
export interface Look {
  readonly now: Date;
  /** What is known of the series so far. */
  readonly known: SeriesHistory | undefined;
  readonly reach: Reach;
}

/** The same, with a platform that is open. */
export interface PlatformLook extends Look {
  readonly platform: Platform;
  readonly schemaOf: (object: string) => Promise<ObjectSchema>;
  /** Calls that are left of the day, and how many the day has. */
  readonly left: number;
  readonly limit: number;
  /** Whether the look has taken so long that what can wait is left for the next one. */
  readonly isLong: () => boolean;
}

/** Where the measurements of one series come from. */
export interface Source {
  readonly series: SeriesName;
  readonly settings: MonitorSettings;
  /**
   * Through a platform, whose calls are counted. `cost`: how many calls a look needs at least; without so many left, nothing is
   * asked and nothing is known.
   */
  readonly through?: { readonly platform: string; readonly cost: number; readonly measure: (look: PlatformLook) => Promise<readonly Measurement[]> };
  /** Without a platform: from what is kept here, or from the tool of a sync. */
  readonly measure?: (look: Look) => Promise<readonly Measurement[]>;
}
