import { sha256 } from '../lib/index.js';
import type { Environment } from '../workspace/index.js';
import type { Connector, Identity } from './connector.js';

/** A platform whose account and environment have been checked against what was declared (guarantee G23). */
export interface Platform {
  /** Name in runback.yml. */
  readonly name: string;
  readonly connector: Connector;
  readonly identity: Identity;
  readonly environment: Environment;
  /** Neither runback.yml names its account, nor does it say its environment itself: it is read, and not written to. */
  readonly unnamed?: true;
  /** Declared object types; undefined means all the credentials see. */
  readonly objects: readonly string[] | undefined;
  /** Fields by object type that must never be stored: its connector does not describe them. */
  readonly neverStore?: Readonly<Record<string, readonly string[]>>;
  close(): Promise<void>;
}

/**
 * Name of the lock that every writer to a platform holds (guarantee G5). It follows the account, not the name in
 * runback.yml, so that two names for one account share one lock.
 */
export function platformLock(platform: Platform): string {
  const { account } = platform.identity;
  const readable = account
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
  return `platform-${platform.connector.kind}-${readable}-${sha256(account).slice(0, 8)}`;
}
