import type { Automation, CommonFault, Counts, Faults, Who } from '../sandbox/index.js';
import type { StagedAccount } from './account.js';
import type { Integration } from './integration.js';

/** Where a failure is staged: an account that is no production, and a workspace that knows it. */
export interface Stage {
  /** In words: `a HubSpot sandbox on this machine`. */
  readonly label: string;
  /** Its workspace: runback.yml, runbooks, escalation.yml, and what runback leaves there. */
  readonly folder: string;
  /** Name of its platform there. */
  readonly platform: string;
  readonly environment: 'sandbox' | 'staging';
  readonly account: StagedAccount;
  /** The same, but for reading the records that may be damaged: of an account that others use too, those of the drill. */
  readonly victims: StagedAccount;
  /** Nothing in it is real: its values may stand in reports. */
  readonly invented: boolean;
  /** How it differs from what it stands for, in words. */
  readonly differs: readonly string[];
  /** Takes everything down that was started, and away what was written beside the folder. May be called twice. */
  stop(): Promise<void>;
  /** What only a sandbox on this machine has. */
  readonly local?: LocalStage;
  /** Variables that programs on the stage need, with the secrets in them. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** A stage whose platform runs in this process. */
export interface LocalStage {
  readonly faults: Faults<CommonFault>;
  counts(): Counts;
  resetCounts(): void;
  /** Sets the account to do something by itself; see the seam of sandboxes. */
  automate(automation: Automation): void;
  /** Switches everything that it does by itself off, or on again. */
  switchAutomations(on: boolean): void;
  /** Adds the options again that choices have lost; gives the names of the fields. */
  putOptionsBack(): readonly string[];
  /** What writes through the API have set off so far, chains too, in words: automations begun and mails that went out. */
  sideEffects(): readonly string[];
  /** The sync that writes to it, and its name in runback.yml. */
  readonly integration: Integration;
  readonly sync: string;
  readonly syncWriter: Who;
  /** What the sync writes rightly, each time it is at work; nothing at first. */
  setRightfulWrite(write: (() => void) | undefined): void;
}
