/**
 * Empty object types on a platform that has none of its own sandbox, made after the description in a snapshot so that
 * records can be restored into them. One at a time in one place.
 *
 * Promises of every driver: nothing that was there before is read, changed or taken away; where one of the object types
 * is there already, nothing is made. What a process that was killed has made is known again, and is taken away first.
 */
export interface Scratch {
  /** Object types that could not be made, and why. */
  readonly refused: readonly { readonly object: string; readonly why: string }[];
  /** How what was made differs from what the snapshot is of, in words. */
  readonly lacks: readonly string[];
  /** Takes away all that was made. May be called twice. */
  clear(): Promise<void>;
}
