import type { MutationResult, RejectReason } from '../../connectors/index.js';
import type { Fields } from '../../records/index.js';
import type { FieldMove } from '../types.js';

/** A field that the platform refused, so that the rest of its record was written without it. */
export interface RefusedField {
  readonly field: string;
  readonly reason: RejectReason;
  readonly message: string;
}

/** A link as the journal holds it: its kind, with object type and key at both ends. */
export interface JournalLink {
  readonly link: string;
  readonly fromObject: string;
  readonly toObject: string;
  readonly from: string;
  readonly to: string;
}

/** A mutation as the journal holds it: enough to send it, look it up and undo it without the plan. */
export type JournalItem = {
  /** Its record was forgotten since: no value of it is left, and nothing of it can be undone. */
  readonly forgotten?: true;
} & JournalMutation;

type JournalMutation =
  | {
      readonly id: string;
      readonly action: 'update';
      readonly object: string;
      readonly key: string;
      readonly set: Fields;
      readonly replaced: Fields;
      /** Fields of the plan that are not in `set`: somebody changed them after the plan was made. */
      readonly left?: readonly string[];
      /**
       * Fields of `set` that hold their value already and are written with it, so that the platform does not set them
       * by itself.
       */
      readonly keeps?: readonly string[];
      readonly refused?: readonly RefusedField[];
    }
  | {
      readonly id: string;
      readonly action: 'create';
      readonly object: string;
      readonly key: string;
      readonly set: Fields;
      /** Values that only a creation can set. */
      readonly given?: Fields;
      readonly refused?: readonly RefusedField[];
    }
  | {
      readonly id: string;
      readonly action: 'delete';
      readonly object: string;
      readonly key: string;
      readonly replaced: Fields;
      /** Values that only a creation can set. */
      readonly given?: Fields;
      readonly links: readonly JournalLink[];
    }
  | { readonly id: string; readonly action: 'undelete'; readonly object: string; readonly key: string }
  | ({ readonly id: string; readonly action: 'link' | 'unlink' } & JournalLink);

/** What became of one item. */
export interface ItemResult {
  readonly id: string;
  readonly status: MutationResult['status'];
  /** Key of the record, new after a create. */
  readonly key?: string;
  /** It was so before; nothing was sent. */
  readonly already?: true;
  /** With `already`, of a create: the record that `key` is. */
  readonly recreated?: { readonly object: string; readonly key: string };
  readonly reason?: RejectReason;
  readonly message?: string;
  readonly correlationId?: string;
  /** With `failed`: it waits for other changes, which failed; it counts as no failure of its own. */
  readonly waiting?: true;
  /** With `rejected`: not by the platform, but because nobody is opted in again unasked; it counts as no failure. */
  readonly byRule?: true;
  /** With `failed`: the platform said that it was written, and it was not there. */
  readonly contradicted?: true;
  /** Of a refusal: the fields that it is about, where that is known. */
  readonly fields?: readonly string[];
  /** Written values that the platform keeps in a form of its own. */
  readonly stored?: Fields;
  /** Those of `stored` that say something else than what was sent: cut off, rounded, replaced. */
  readonly altered?: readonly string[];
  /** Fields that the platform changed beside what was written. */
  readonly beside?: Readonly<Record<string, FieldMove>>;
  /** Links that the platform cut because of this one. */
  readonly displaced?: readonly JournalLink[];
  /** Links that the platform made because of this one. */
  readonly brought?: readonly JournalLink[];
  /** Of an undelete: what refers to the record, which came back with it. */
  readonly returned?: readonly JournalLink[];
}

/** What the platform changed beside one item. */
export interface Beside {
  readonly id: string;
  readonly object: string;
  /** Of the record now. */
  readonly key: string;
  readonly moves: Readonly<Record<string, FieldMove>>;
  /** Fields that should hold what was sent; of a record that was created, every one. */
  readonly keeps: readonly string[] | 'all';
}

/** A record that the platform created by itself, with its fields as they were seen. */
export interface BesideRecord {
  readonly object: string;
  readonly key: string;
  readonly fields: Fields;
  /** It was forgotten since: nothing tells whether it is as it was. */
  readonly forgotten?: true;
}

/** What the platform made beside a restore. */
export interface PlatformMade {
  /** Links that no plan asked for. */
  readonly links: readonly JournalLink[];
  /** Links that the plan asked for too, and that were there before they could be made. */
  readonly wanted?: readonly JournalLink[];
  readonly records: readonly BesideRecord[];
}

/**
 * An item that was written, with the key its record was created under, the batch it was sent in, and what the platform
 * made of it.
 */
export type AppliedItem = JournalItem & { readonly made?: string; readonly batch?: number } & Pick<
    ItemResult,
    'stored' | 'beside' | 'displaced' | 'brought' | 'returned'
  >;
/** An item that was or may have been sent and whose end is not known. */
export interface Pending {
  readonly item: JournalItem;
  /** ISO 8601: when the intent was written. */
  readonly at: string;
  /**
   * The same by the platform's clock, ISO 8601: not earlier than that. Absent where it did not tell, and in journals of
   * earlier versions.
   */
  readonly there?: string;
  /** The batch of the intent. */
  readonly batch: number;
  /** The platform tells of its commits before it makes them. */
  readonly tells?: true;
  /** The commit that the item was to be part of. */
  readonly commit?: string;
  /**
   * A later line of the journal has an earlier time: the clock was put back since, and `at` says nothing of when it
   * was.
   */
  readonly clockMoved?: true;
}

/** What an intent says beside its items. */
export type IntentSays = Readonly<Partial<Record<'tells', boolean> & Record<'there', string>>>;

export type WrittenItem = Extract<JournalItem, { readonly action: 'update' | 'create' }>;
