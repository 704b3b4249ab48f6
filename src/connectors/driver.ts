import type { CallLog, CallOptions, CallWatch, Clock } from '../lib/index.js';
import type { PlatformConfig, SecretRef } from '../workspace/index.js';
import type { Connector, PlatformSchema } from './connector.js';
import type { Scratch } from './scratch.js';

/** What a driver is given from outside. */
export interface DriverDeps {
  /** Resolves a secret reference. Throws `secret-missing`. */
  secret(ref: SecretRef): Promise<string>;
  readonly clock: Clock;
  /** The folder of runback.yml, which files of its options are looked up from. Default: the present one. */
  readonly folder?: string;
  /** Where proxies are named. Default: nowhere. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Takes the secrets of all others out of texts; a driver takes out its own in any case. */
  readonly redact?: (text: string) => string;
  /** Told of each request that is sent by HTTP; a driver that speaks something else tells nothing. */
  readonly watch?: CallWatch;
  /** Told what became of each call of the connector. */
  readonly calls?: CallLog;
}

/**
 * Makes empty object types after a description. Throws `stage-refused` where the place is not empty, `locked` while
 * another restore test works there, and what connecting throws.
 */
export type OpenScratch = (config: PlatformConfig, deps: DriverDeps, schema: PlatformSchema, options: CallOptions) => Promise<Scratch>;

/**
 * What the `index.ts` of a driver exports. Opening makes no request; throws `auth-missing`, `secret-missing` or
 * `usage`.
 */
export interface Driver {
  openConnector(config: PlatformConfig, deps: DriverDeps): Promise<Connector>;
  /** Absent where empty object types cannot be made after a description. */
  readonly openScratch?: OpenScratch;
}
