import type { Clock } from '../lib/index.js';
import type { PlatformConfig, SecretRef } from '../workspace/index.js';
import type { Connector } from './connector.js';

/** What a driver is given from outside. */
export interface DriverDeps {
  /** Resolves a secret reference. Throws `secret-missing`. */
  secret(ref: SecretRef): Promise<string>;
  readonly clock: Clock;
  /** Where proxies are named. Default: nowhere. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Takes the secrets of all others out of texts; a driver takes out its own in any case. */
  readonly redact?: (text: string) => string;
}

/**
 * What the `index.ts` of a driver exports. Opening makes no request; throws `auth-missing`, `secret-missing` or
 * `usage`.
 */
export interface Driver {
  openConnector(config: PlatformConfig, deps: DriverDeps): Promise<Connector>;
}
