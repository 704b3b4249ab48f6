import type { FaultSwitches } from '../kit/faults.js';
import type { Served } from '../kit/serve.js';
import type { Webhooks } from '../kit/webhooks/webhooks.js';
import type { Sandbox, Who } from '../sandbox.js';
import type { ConnectedApp } from './auth/oauth.js';
import type { DirectWriter } from './direct.js';
import type { Fault } from './faults.js';
import type { LimitSettings } from './limits.js';
import type { OrgDump } from './state/dump.js';
import type { Org } from './state/org.js';
import type { WriteEntry } from './state/record.js';

/** A running local Salesforce account. */
export interface SalesforceSandbox extends Sandbox, Pick<Served, 'onRequest' | 'onApplied'> {
  readonly faults: FaultSwitches<Fault>;
  readonly webhooks: Webhooks;
  /** The account's state and rules, below the API. */
  readonly org: Org;
  /** Shares records with others alone: where the user of the API lacks View All Data (`facts.seesAll`), they are not there for it. */
  unshare(...ids: readonly string[]): void;
  /** What a client signs in with. */
  readonly connectedApp: ConnectedApp;
  /** The name of the user whose sessions client credentials and the refresh token open. */
  readonly username: string;
  writeAs(who: Who): DirectWriter;
  setOptions(object: string, field: string, options: readonly string[]): void;
  /** Every write since the start or the last `resetCounts`, in order. */
  writes(): readonly WriteEntry[];
  dump(): OrgDump;
  setLimits(limits: Partial<LimitSettings>): void;
  /** Makes the session of {@link token} good again. */
  renewToken(): void;
}
