import type { AppSettings } from './apps.js';
import type { SandboxCounts } from './counts.js';
import type { DirectWriter, TrueLink, TrueRecord } from './direct.js';
import type { RequestSeen } from './dispatch.js';
import type { FaultSwitches } from './faults.js';
import type { LimitSettings } from './limits.js';
import type { AccountSettings } from './state/account-settings.js';
import type { PortalDump } from './state/dump.js';
import type { Portal, WriteEntry } from './state/portal.js';
import type { HistoryEntry, WriteSource } from './state/record.js';

/** A running local HubSpot account. */
export interface HubSpotSandbox {
  /** Base address without a slash at the end. */
  readonly url: string;
  readonly token: string;
  readonly portalId: number;
  readonly accountType: string;
  readonly faults: FaultSwitches;
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
  writeAs(source: WriteSource): DirectWriter;
  /** The whole account as JSON, and back. Loading replaces everything. */
  dump(): PortalDump;
  load(dump: unknown): void;
  counts(): SandboxCounts;
  /** Forgets the counts so far. */
  resetCounts(): void;
  /** Adds another app of the same account, with limits and a name in field history of its own. */
  addApp(settings: AppSettings): void;
  /** Changes every app's limits from now on. */
  setLimits(limits: Partial<LimitSettings>): void;
  /** Changes what the account does on its own from now on. */
  setAccount(settings: Partial<AccountSettings>): void;
  /** Lets an owner leave: their records keep the id, and no write may name it any more. Throws HubSpot's 404 for an unknown one. */
  ownerLeaves(id: string): void;
  /** Makes an expired token good again and gives back the scopes it started with. */
  renewToken(): void;
  /** Lets the search index learn of every write so far, whatever the lag. */
  catchUpSearch(): void;
  /** Awaited before each API request is handled; one listener at a time, undefined removes it. */
  onRequest(listener: ((seen: RequestSeen) => void | Promise<void>) | undefined): void;
  /** Awaited after each API request was applied and before it is answered; one listener at a time, undefined removes it. */
  onApplied(listener: ((seen: RequestSeen, status: number) => void | Promise<void>) | undefined): void;
  stop(): Promise<void>;
}
