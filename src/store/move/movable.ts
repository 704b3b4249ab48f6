import type { MoveMark, Seen } from '../moved.js';

/** One thing that moves as a whole: a document, a journal, a ledger, or all entries of one agenda. */
export interface StatePart {
  readonly what: 'document' | 'journal' | 'ledger' | 'agenda';
  readonly kind: string;
  /** `all` of an agenda. */
  readonly id: string;
}

/**
 * A place of state, as a move sees it: parts as bytes, the same in every kind of place. Of a document its text, of a
 * journal and a ledger their lines, of an agenda a line for each entry.
 */
export interface MovablePlace {
  /** For people. */
  readonly location: string;
  /** What it says of a move; undefined where it is the place of a state. `empty`: there is none yet. */
  standing(): Promise<Seen>;
  /**
   * Says it, durably. From `moving` on nobody else changes anything here: it resolves when every change that was under
   * way has ended. Undefined: it is the place of the state. Throws `store-moved`, and changes nothing, where the place no
   * longer says what was `seen`.
   */
  mark(mark: MoveMark | undefined, seen: Seen): Promise<void>;
  /** Locks that are held, living or not, and journals that somebody writes: `name (holder)` each. */
  held(): Promise<readonly string[]>;
  /** Everything, in an order of its own. */
  parts(): AsyncIterable<StatePart>;
  /** Throws `journal-damaged` or `document-damaged` where it cannot be moved as it is. */
  read(part: StatePart): Promise<Buffer>;
  /** In the place of what is there, whole or not at all. Throws `store-moved` where it is not `arriving` by this `move`. */
  write(part: StatePart, bytes: Buffer, move: string): Promise<void>;
  /** Throws as {@link write} does. */
  remove(part: StatePart, move: string): Promise<void>;
  close(): Promise<void>;
}

/** A part in one word. */
export function partName({ what, kind, id }: StatePart): string {
  return `${what}/${kind}/${id}`;
}
