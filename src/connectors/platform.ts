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
 * Name of the lock that every writer to a platform holds (guarantee G5): restores, tests, drills. It follows the account, not the name in
 * runback.yml, so that two names for one account share one lock. Two services with an account of the same number share one too: that makes
 * one of them wait, and every version has the same name for it.
 */
export function platformLock(platform: Platform): string {
  const { account } = platform.identity;
  const readable = account
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 40);
  return `platform-${platform.connector.kind}-${readable}-${sha256(account).slice(0, 8)}`;
}

/** What a note says of the account that it is about. */
export interface NotedAccount {
  readonly account: string;
  /** Kind of its connector; absent in notes of earlier versions. */
  readonly connector?: string;
  /** As {@link Identity.within}; absent in notes of earlier versions too. */
  readonly within?: string;
}

/** The account of a platform, to be noted. */
export function accountOf({ identity, connector }: Pick<Platform, 'identity' | 'connector'>): NotedAccount {
  return { account: identity.account, connector: connector.kind, ...(identity.within === undefined ? {} : { within: identity.within }) };
}

/** Whether a note is about the account of this platform. Where it does not say what that account is unique in: not known, so no. */
export function isAbout({ account, connector, within }: NotedAccount, platform: Pick<Platform, 'identity' | 'connector'>): boolean {
  const { identity } = platform;
  return account === identity.account && (connector ?? platform.connector.kind) === platform.connector.kind && within === identity.within;
}
