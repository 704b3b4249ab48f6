import type { ApiAnswer } from '../../kit/route.js';
import { badRequest, invalidFields, notFound } from '../failure.js';
import { addCampaign, type CampaignDescription, sendCampaign } from '../state/campaigns.js';
import type { Campaign } from '../state/model.js';
import { msOf, timeOf } from '../state/times.js';
import { type Body, checkedBody, textIn } from './body.js';
import { self } from './present.js';
import { type ApiContext, collection, done, type MailchimpRoute, ok, on, timeIn } from './route.js';

const CAMPAIGN = '/campaigns/([^/]+)';
const QUARTER_MS = 15 * 60_000;

/** Campaigns, as far as a sync that freezes sends has to know them. */
export function campaignRoutes(context: ApiContext): readonly MailchimpRoute[] {
  const { account } = context;
  const told = (each: Campaign): unknown => present(context, each);
  return [
    on('GET', '/campaigns', ({ query }) => {
      const [since, before] = [timeIn(query, 'since_create_time'), timeIn(query, 'before_create_time')];
      const found = [...account.campaigns.values()].filter(
        (each) =>
          [null, '', each.status].includes(query.get('status')) &&
          [null, '', each.type].includes(query.get('type')) &&
          [null, '', each.listId].includes(query.get('list_id')) &&
          (since === undefined || each.createdAt > since) &&
          (before === undefined || each.createdAt < before),
      );
      return collection('campaigns', found, query, {}, told);
    }),
    on('POST', '/campaigns', ({ body }) => {
      const given = checkedBody(body, { type: ['regular', 'plaintext', 'rss', 'variate'], recipients: 'object', settings: 'object' }, ['type']);
      const [recipients, settings] = [(given['recipients'] ?? {}) as Body, (given['settings'] ?? {}) as Body];
      const listId = textIn(recipients, 'list_id');
      if (!account.audiences.has(listId)) throw invalidFields([{ field: 'recipients.list_id', message: 'The list is invalid' }]);
      const subject = textIn(settings, 'subject_line');
      return ok(
        told(
          addCampaign(account, {
            listId,
            subject,
            title: textIn(settings, 'title') || subject,
            type: given['type'] as NonNullable<CampaignDescription['type']>,
          }),
        ),
      );
    }),
    on('GET', CAMPAIGN, (_, id = '') => ok(told(held(account, id)))),
    on('DELETE', CAMPAIGN, (_, id = '') => {
      account.campaigns.delete(held(account, id).id);
      return done;
    }),
    ...actions(context),
  ];
}

function held({ campaigns }: ApiContext['account'], id: string): Campaign {
  const found = campaigns.get(id);
  if (!found) throw notFound();
  return found;
}

function actions({ account }: ApiContext): readonly MailchimpRoute[] {
  const action = (name: string, act: (campaign: Campaign, body: unknown) => void): MailchimpRoute =>
    on('POST', `${CAMPAIGN}/actions/${name}`, ({ body }, id = ''): ApiAnswer => {
      act(held(account, id), body);
      return done;
    });
  const become = (campaign: Campaign, from: readonly string[], status: string, fits = true): void => {
    if (!from.includes(campaign.status) || !fits)
      throw badRequest(`The campaign cannot be changed like this while its status is "${campaign.status}".`);
    account.campaigns.set(campaign.id, { ...campaign, status });
  };
  return [
    // Of mails that a feed sets off alone.
    action('pause', (campaign) => become(campaign, ['sending'], 'paused', campaign.type === 'rss')),
    action('resume', (campaign) => become(campaign, ['paused'], 'sending', campaign.type === 'rss')),
    action('unschedule', (campaign) => become(campaign, ['schedule'], 'save')),
    action('cancel-send', (campaign) => become(campaign, ['sending'], 'canceled', campaign.type !== 'rss')),
    action('schedule', (campaign, body) => {
      const at = msOf(textIn(checkedBody(body, { schedule_time: 'string' }, ['schedule_time']), 'schedule_time'));
      if (at === undefined || at % QUARTER_MS !== 0 || at <= account.clockNow())
        throw invalidFields([{ field: 'schedule_time', message: 'A quarter of an hour that is still to come' }]);
      become({ ...campaign, sendAt: at }, ['save'], 'schedule', campaign.type !== 'rss');
    }),
    action('send', (campaign) => {
      if (campaign.status !== 'save') throw badRequest('Your Campaign is not ready to send.');
      if (campaign.type === 'rss') return become(campaign, ['save'], 'sending');
      sendCampaign(account, campaign, account.now());
    }),
  ];
}

function present({ account, url }: ApiContext, campaign: Campaign): unknown {
  const { id, webId, type, status, listId, title, subject, createdAt, sendAt, sent } = campaign;
  return {
    id,
    web_id: webId,
    type,
    create_time: timeOf(createdAt),
    archive_url: '',
    long_archive_url: '',
    status,
    emails_sent: sent,
    send_time: timeOf(sendAt),
    content_type: 'template',
    recipients: {
      list_id: listId,
      list_is_active: account.audiences.has(listId),
      list_name: account.audiences.get(listId)?.settings.name ?? '',
      recipient_count: sent,
    },
    settings: { subject_line: subject, title, from_name: '', reply_to: '' },
    tracking: {},
    delivery_status: { enabled: false },
    _links: self(url(), `/campaigns/${id}`),
  };
}
