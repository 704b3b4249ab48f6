import type { Platform, PlatformSchema } from '../../connectors/index.js';
import type { Fields, Link, LinkSchema } from '../../records/index.js';
import type { suspicionOf } from '../decide/attribution.js';
import type { RecordDraft } from '../decide/order.js';
import type { compileWhere } from '../decide/where.js';
import type { Recreations } from '../records/journal.js';
import type { NotCovered, PlanFilters } from '../types.js';
import type { SnapshotPair } from './differences.js';
import type { Draft } from './draft.js';

/** What the stages of planning share. */
export interface Planning {
  readonly pair: SnapshotPair;
  readonly platform: Platform;
  readonly filters: PlanFilters;
  /** Object types and links now. */
  readonly live: PlatformSchema;
  /** Object types and links when the base was made. */
  readonly before: PlatformSchema;
  /** Object types and links when the snapshot of the damage was made. */
  readonly after: PlatformSchema;
  /** What turns out not to be covered. */
  readonly notCovered: NotCovered[];
  readonly draft: Draft;
  readonly recreations: Recreations;
  /** Records that are not in base but in damaged, by object type. */
  readonly created: Map<string, Set<string>>;
  /** Records of created that are to be deleted, held back until their links are checked. */
  readonly deletes: Map<string, Map<string, RecordDraft>>;
  /** Links that the damage made on records to be deleted: unlinked with them. */
  readonly linksOfDeletes: { readonly link: LinkSchema; readonly one: Link }[];
  /** Records that were read and are there now. */
  readonly present: Map<string, Set<string>>;
  /** Changes of records that refer to a record which is not there, until it is known whether the plan brings it back. */
  readonly orphans: Held[];
  /** Records that are in base and not there now, and stay so: nothing can be linked to them. */
  readonly absent: Map<string, Set<string>>;
  /** Records that this plan brings back: their links come back with them. */
  readonly returning: Map<string, Set<string>>;
  /** Present keys of records that an earlier restore created again. */
  readonly renamed: Map<string, string>;
  /** References by fields that updates of this plan change by link and record. */
  readonly repointed: Set<string>;
  readonly where: ReturnType<typeof compileWhere>;
  readonly suspicion: ReturnType<typeof suspicionOf>;
}

/** Remembers a key under its object type. */
export function remember(map: Map<string, Set<string>>, object: string, key: string): void {
  let keys = map.get(object);
  if (keys === undefined) map.set(object, (keys = new Set()));
  keys.add(key);
}

/** A change of a record, and what the record holds now. */
export interface Held {
  readonly change: RecordDraft;
  readonly live: Fields | undefined;
}
