import type { FieldSchema } from '../records/index.js';
import type { TrueValues, Who, WrittenValues } from '../sandbox/index.js';

/**
 * An account in which a failure may be staged: a local sandbox, or an account of a vendor or a database that is no
 * production, through its ordinary connector. What stages failures speaks to this and knows neither.
 *
 * Promises of both:
 * - what is read is what is there now, everything that somebody could have written, as text; a name that is missing has
 *   no value;
 * - a write has taken place when its promise resolves; what the platform refuses is thrown, and nothing is written then;
 * - only records of `objects` are read and written.
 */
export interface StagedAccount {
  /** Names of the object types, parents before children. */
  readonly objects: readonly string[];
  /**
   * The fields of an object type as they are now, read-only ones too. Throws `usage` for an unknown one, as the calls
   * below do.
   */
  fields(object: string): readonly FieldSchema[];
  record(object: string, key: string): Promise<TrueValues | undefined>;
  /** The live records of an object type, in an order that is the same for the same account. */
  records(object: string): Promise<readonly StagedRecord[]>;
  /** Links, each pair and kind once. */
  links(): Promise<readonly StagedLink[]>;
  /** Writes as somebody; an account that cannot tell writers apart writes as itself. */
  as(who: Who): StagedWriter;
  /** Changes the options of a choice; records keep what they hold. Absent where the stage cannot. */
  readonly setOptions?: (object: string, field: string, options: readonly string[]) => Promise<void>;
}

/** A record and what it holds. */
export interface StagedRecord {
  readonly key: string;
  readonly values: TrueValues;
}

/** A link of some kind between two records. */
export interface StagedLink {
  readonly kind: string;
  readonly fromObject: string;
  readonly from: string;
  readonly toObject: string;
  readonly to: string;
}

/** Somebody who writes to a staged account. */
export interface StagedWriter {
  /** Gives the key. */
  create(object: string, values: WrittenValues): Promise<string>;
  /** Changes the named fields only; null empties one. */
  update(object: string, key: string, values: WrittenValues): Promise<void>;
  remove(object: string, key: string): Promise<void>;
  /** Links two records in the plainest way that the platform has. */
  link(fromObject: string, from: string, toObject: string, to: string): Promise<void>;
  /** Takes away every link between two records. */
  unlink(fromObject: string, from: string, toObject: string, to: string): Promise<void>;
  /** Merges a record into another; absent where the stage cannot. */
  readonly merge?: (object: string, key: string, into: string) => Promise<void>;
}
