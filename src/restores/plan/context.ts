import type { Platform, PlatformSchema } from '../../connectors/index.js';
import type { ObjectSchema } from '../../records/index.js';
import type { ImportedFrom } from '../../snapshots/index.js';
import type { suspicionOf } from '../decide/attribution.js';
import type { compileWhere } from '../decide/where.js';
import type { Recreations } from '../records/journal.js';
import type { ChosenCells, PlanFilters } from '../types.js';
import type { SnapshotPair } from './objects/differences.js';

/** What records are decided by, wherever their base comes from. */
export interface DecidingContext {
  readonly platform: Platform;
  readonly filters: PlanFilters;
  /** Object types and links now. */
  readonly live: PlatformSchema;
  readonly recreations: Recreations;
  readonly where: ReturnType<typeof compileWhere>;
  readonly suspicion: ReturnType<typeof suspicionOf>;
  /** What the base was imported from. */
  readonly imported?: ImportedFrom;
  /** Nothing but this is planned. */
  readonly chosen?: ChosenCells;
  /** See `PlanRequest`. */
  readonly emptyPlace?: true;
}

/** What a plan is made from: it stands before the first stage and stays as it is. */
export interface PlanContext extends DecidingContext {
  readonly pair: SnapshotPair;
  /** See `PlanRequest`. */
  readonly extra?: ReadonlySet<string>;
  /** Object types and links when the base was made. */
  readonly before: PlatformSchema;
  /** Object types and links when the snapshot of the damage was made. */
  readonly after: PlatformSchema;
}

/** One object type, then and now. */
export interface ObjectThenAndNow {
  /** When the base snapshot was made. */
  readonly base: ObjectSchema;
  readonly live: ObjectSchema;
}
