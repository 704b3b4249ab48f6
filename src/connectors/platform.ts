import type { Environment } from '../workspace/index.js';
import type { Connector, Identity } from './connector.js';

/** A platform whose account and environment have been checked against what was declared (guarantee G23). */
export interface Platform {
  /** Name in runback.yml. */
  readonly name: string;
  readonly connector: Connector;
  readonly identity: Identity;
  readonly environment: Environment;
  /** Declared object types; undefined means all the credentials see. */
  readonly objects: readonly string[] | undefined;
  close(): Promise<void>;
}
