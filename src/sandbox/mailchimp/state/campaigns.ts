import { type Account, membersOf } from './account.js';
import { keyOf } from './members.js';
import type { Campaign } from './model.js';

/** What a campaign is set up with, past the API. */
export interface CampaignDescription {
  readonly listId: string;
  readonly subject: string;
  readonly title?: string;
  /** Default `regular`. */
  readonly type?: 'regular' | 'plaintext' | 'rss' | 'variate';
  /** Default `save`: a draft. */
  readonly status?: 'save' | 'paused' | 'schedule' | 'sending' | 'sent';
  /** When it goes out, in milliseconds since 1970; for those that are scheduled. */
  readonly sendAt?: number;
}

export function addCampaign(account: Account, given: CampaignDescription): Campaign {
  const { listId, subject, title = subject, type = 'regular', status = 'save', sendAt } = given;
  account.audience(listId);
  const made: Campaign = {
    id: account.ids.short(),
    webId: account.ids.number(),
    type,
    status,
    listId,
    title,
    subject,
    createdAt: account.now(),
    ...(sendAt !== undefined && { sendAt }),
    sent: 0,
  };
  account.campaigns.set(made.id, made);
  return made;
}

/** Sends what is due: a mail in the outbox for everybody who is subscribed then. */
export function settleCampaigns(account: Account): void {
  for (const campaign of account.campaigns.values())
    if (campaign.status === 'schedule' && campaign.sendAt !== undefined && campaign.sendAt <= account.clockNow())
      sendCampaign(account, campaign, campaign.sendAt);
}

export function sendCampaign(account: Account, campaign: Campaign, at: number): void {
  const audience = account.audience(campaign.listId);
  const to = [...audience.members.values()].filter(({ status, email }) => status === 'subscribed' && email !== undefined);
  for (const member of to) {
    account.automations.tell({
      kind: 'mail',
      automation: `campaign-${campaign.id}`,
      object: membersOf(audience),
      key: keyOf(member),
      at,
      because: { by: 'person', id: 'campaign' },
      to: member.email ?? null,
      subject: campaign.subject,
      sort: 'marketing',
    });
  }
  account.campaigns.set(campaign.id, { ...campaign, status: 'sent', sendAt: at, sent: to.length });
}
