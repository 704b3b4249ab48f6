import type { Setting, SettingArea } from '../../connectors/index.js';

/** Settings of one area: of an object type, or of the account. */
export interface ToldGroup {
  readonly area: SettingArea;
  /** The object type, as it is called in every account. */
  readonly of?: string;
  readonly settings: readonly Setting[];
}

/** What could not be read: an area, what it says of one object type, or one setting there; and why, in words. */
export interface Unread {
  readonly area: SettingArea;
  readonly of?: string;
  readonly name?: string;
  readonly why: string;
}

/** How an account is set up, as far as it could be read. */
export interface Setup {
  readonly told: readonly ToldGroup[];
  readonly unread: readonly Unread[];
  /** Object types that were asked for, and that it does not have. */
  readonly absent: readonly string[];
  /** Areas that a platform of this kind does not have. */
  readonly none: readonly SettingArea[];
}
