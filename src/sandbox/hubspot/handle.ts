import type { FaultSwitches } from '../kit/faults.js';
import type { Served } from '../kit/serve.js';
import type { Webhooks } from '../kit/webhooks/webhooks.js';
import type { Sandbox, Who } from '../sandbox.js';
import type { AppSettings } from './apps.js';
import type { DirectWriter, TrueLink, TrueRecord } from './direct.js';
import type { Fault } from './faults.js';
import type { LimitSettings } from './limits.js';
import type { PortalDump } from './state/dump.js';
import type { Portal } from './state/portal.js';
import type { AccountSettings } from './state/reactions/account-settings.js';
import type { HistoryEntry, WriteSource } from './state/record.js';
import type { WriteEntry } from './state/write-entry.js';

/** A running local HubSpot account. */
export interface HubSpotSandbox extends Sandbox, Pick<Served, 'onRequest' | 'onApplied'> {
  readonly portalId: number;
  readonly accountType: string;
  readonly faults: FaultSwitches<Fault>;
  readonly webhooks: Webhooks;
  /** The account's state and rules, below the API. */
  readonly portal: Portal;
  /** Every record of an object type as it really is, archived ones too, by id. */
  records(object: string): readonly TrueRecord[];
  /** Every link as it really is, once. */
  links(): readonly TrueLink[];
  /** Every value of a property, newest first. */
  history(object: string, id: string, property: string): readonly HistoryEntry[];
  /** Every write since the start or the last `resetCounts`, in order. */
  writes(): readonly WriteEntry[];
  /** Writes as somebody else, without HTTP: see `person` and `integration`. */
  writeAs(who: Who | WriteSource): DirectWriter;
  setOptions(object: string, field: string, options: readonly string[]): void;
  dump(): PortalDump;
  /** Adds another app of the same account, with limits and a name in field history of its own. */
  addApp(settings: AppSettings): void;
  /** Changes every app's limits from now on. */
  setLimits(limits: Partial<LimitSettings>): void;
  /** Changes what the account does on its own from now on. */
  setAccount(settings: Partial<AccountSettings>): void;
  /**
   * Lets an owner leave: their records keep the id, and no write may name it any more. Throws HubSpot's 404 for an
   * unknown one.
   */
  ownerLeaves(id: string): void;
  /** Makes an expired token good again and gives back the scopes it started with. */
  renewToken(): void;
  /** Lets the search index learn of every write so far, whatever the lag. */
  catchUpSearch(): void;
}
