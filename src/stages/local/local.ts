import type { Sandbox, Who } from '../../sandbox/index.js';

/** A platform of which there is a sandbox on this machine. */
export interface LocalPlatform {
  /** In words. */
  readonly label: string;
  /** The driver in runback.yml. */
  readonly connector: string;
  readonly objects: readonly string[];
  /** How the sandbox differs from a real account, in words. */
  readonly differs: readonly string[];
  /** The sync that writes to it, as the sandbox and as the history of the platform name it. */
  readonly syncWriter: Who;
  readonly writesAs: string;
  /** Starts it, filled with about so many records of its first object type: the same for the same seed. */
  start(options: { readonly seed: number; readonly records: number; readonly token?: string }): Promise<Sandbox>;
}
