import type { Clock } from '../../lib/index.js';
import type { Sandbox, Who } from '../../sandbox/index.js';
import type { StageContents } from './contents.js';

/** A platform of which there is a sandbox on this machine. */
export interface LocalPlatform {
  /** In words. */
  readonly label: string;
  /** The driver in runback.yml. */
  readonly connector: string;
  readonly objects: readonly string[];
  /** How the sandbox differs from a real account, in words: always, where it is filled with inventions, and where from a snapshot. */
  readonly differs: readonly string[];
  readonly differsInvented: readonly string[];
  readonly differsFilled: readonly string[];
  /** The sync that writes to it, as the sandbox and as the history of the platform name it. */
  readonly syncWriter: Who;
  readonly writesAs: string;
  /** What nobody can know of the real account by trying it there, in words: ends of "it cannot know …". */
  readonly cannotKnow: readonly string[];
  /** Options in runback.yml that decide how long its calls take. */
  readonly pace: readonly string[];
  /** Options in runback.yml that its sandbox is reached with: it need not be waited for as long as a real account. */
  readonly options?: Readonly<Record<string, string>>;
  /** Fields that hold the key of a record of another object type, which has to be there. */
  readonly references: readonly { readonly object: string; readonly field: string; readonly to: string }[];
  /** Whether records of an object type of a snapshot can be put on it. */
  readonly knows: (object: string) => boolean;
  /** Further fields that cannot be written there, by what a snapshot holds. */
  leftOut?(contents: StageContents): readonly LeftOutField[];
  /**
   * Starts it, filled with about so many records of its first object type, the same for the same seed; or with the
   * contents of a snapshot.
   */
  start(options: LocalStart): Promise<Sandbox>;
}

/** A field that nothing can be written into on a stage. */
export interface LeftOutField {
  readonly object: string;
  readonly field: string;
  /** In words. */
  readonly why: string;
}

/** How a sandbox on this machine starts. */
export interface LocalStart {
  readonly seed: number;
  readonly fill: { readonly records: number } | StageContents;
  readonly token?: string;
  /** By default that of the machine. */
  readonly clock?: Clock;
  /** It refuses no request for coming too fast or too often. */
  readonly unlimited?: boolean;
}
