import type { Fields, Link, LinkSchema } from '../../../records/index.js';
import type { LinkDraft, RecordDraft } from '../../decide/order.js';
import type { NotCovered, PlanConflict } from '../../types.js';

/** Keys by object type. */
export type Keyed = Iterable<readonly [object: string, keys: Iterable<string>]>;

/** A change of a record, and what the record holds now. */
export interface Held {
  readonly change: RecordDraft;
  readonly live: Fields | undefined;
}

/** One link of a kind. */
export interface LinkOfKind {
  readonly link: LinkSchema;
  readonly one: Link;
}

/**
 * What a stage of planning found out about a batch, each list in the order in which it was found. A stage gives facts
 * and changes nobody else's; those that were recorded are {@link Known} to the stages after it.
 */
export interface Facts {
  /** Differences that need nothing. */
  readonly nothing?: number;
  /** What a person has to decide. */
  readonly conflicts?: readonly PlanConflict[];
  /** Changes of records, at most one a record. Deletes among them wait until it is known what links to them. */
  readonly changes?: readonly RecordDraft[];
  /** Deletes that waited, and that nothing keeps back. */
  readonly deletes?: readonly RecordDraft[];
  readonly links?: readonly LinkDraft[];
  /**
   * Changes of records that refer to a record which is not there, until it is known whether the plan brings it back.
   */
  readonly waiting?: readonly Held[];
  /** Links that the damage made on records to be deleted: unlinked with them. */
  readonly linksOfDeletes?: readonly LinkOfKind[];
  /** Records that are not in base but in damaged. */
  readonly created?: Keyed;
  /** Records that were read and are there now. */
  readonly present?: Keyed;
  /** Records that are in base and not there now, and stay so: nothing can be linked to them. */
  readonly absent?: Keyed;
  /** Records that an earlier restore created again, under the key they have now. */
  readonly recreated?: readonly { readonly object: string; readonly key: string; readonly as: string }[];
  /** What turns out not to be covered. */
  readonly notCovered?: readonly NotCovered[];
}

/** What the facts that were recorded so far say. */
export interface Known {
  /** True for a record that was read and is there now, or that this plan brings back. */
  stands(object: string, key: string): boolean;
  /** True for a record that this plan brings back: its links come back with it. */
  returns(object: string, key: string): boolean;
  /** True for a record that is not there now, and stays so. */
  isAbsent(object: string, key: string): boolean;
  /** True for a record that is not in base but in damaged. */
  isCreated(object: string, key: string): boolean;
  /** The delete of a record that waits. */
  deleteOf(object: string, key: string): RecordDraft | undefined;
  /** All deletes that wait, of one object type or of all. */
  deletes(object?: string): Iterable<RecordDraft>;
  /** True where an update of this plan changes what a record refers to by this link. */
  isRepointed(link: LinkSchema, key: string): boolean;
  /** The key that a record of the base has now. */
  presentKey(object: string, key: string): string;
  readonly waiting: readonly Held[];
  readonly linksOfDeletes: readonly LinkOfKind[];
}
