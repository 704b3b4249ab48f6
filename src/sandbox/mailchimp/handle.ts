import type { FaultSwitches } from '../kit/faults.js';
import type { Served } from '../kit/serve.js';
import type { Webhooks } from '../kit/webhooks/webhooks.js';
import type { Sandbox, Who } from '../sandbox.js';
import type { DirectWriter } from './direct.js';
import type { Fault } from './faults.js';
import type { LimitSettings } from './limits.js';
import type { CampaignDescription } from './state/campaigns.js';
import type { AudienceDescription } from './state/description.js';
import type { AccountDump } from './state/dump.js';
import type { ImportedMember } from './state/imported.js';
import type { Member, WriteEntry } from './state/model.js';

/** A running local Mailchimp account. */
export interface MailchimpSandbox extends Sandbox, Pick<Served, 'onRequest' | 'onApplied'> {
  readonly faults: FaultSwitches<Fault>;
  readonly webhooks: Webhooks;
  /** The ids of its audiences, in the order in which they were made. */
  readonly audiences: readonly string[];
  writeAs(who: Who): DirectWriter;
  setOptions(object: string, field: string, options: readonly string[]): void;
  /** Adds an audience; gives its id. */
  addAudience(description: AudienceDescription): string;
  /** Puts members of another account there as they are; see {@link ImportedMember}. */
  importMembers(audience: string, members: Iterable<ImportedMember>): void;
  /** Adds a campaign; gives its id. */
  addCampaign(description: CampaignDescription): string;
  /** Somebody of an audience, also if archived, by the hash of the address, the address or the contact id. */
  member(audience: string, name: string): Member | undefined;
  /** Every write since the start or the last `resetCounts`, in order. */
  writes(): readonly WriteEntry[];
  dump(): AccountDump;
  setLimits(limits: Partial<LimitSettings>): void;
}
