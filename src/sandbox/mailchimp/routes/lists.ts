import type { Audience, AudienceSettings } from '../state/model.js';
import { type Body, checkedBody, type Kind } from './body.js';
import { presentAccount, presentAudience } from './present.js';
import { type ApiContext, collection, done, type MailchimpRoute, ofAudience, ok, on } from './route.js';

const SCHEMA: Readonly<Record<string, Kind>> = {
  name: 'string',
  contact: 'object',
  permission_reminder: 'string',
  campaign_defaults: 'object',
  email_type_option: 'boolean',
  double_optin: 'boolean',
  use_archive_bar: 'boolean',
  notify_on_subscribe: 'string',
  notify_on_unsubscribe: 'string',
  marketing_permissions: 'boolean',
};
const REQUIRED = ['name', 'contact', 'permission_reminder', 'campaign_defaults', 'email_type_option'];
const PERMISSIONS = ['Email', 'Direct Mail', 'Customized Online Advertising'];

/** The account itself and its audiences. */
export function listRoutes(context: ApiContext): readonly MailchimpRoute[] {
  const { account, url } = context;
  const of = ofAudience(context);
  const set = (audience: Audience, body: Body): void => {
    audience.settings = { ...audience.settings, ...settingsOf(body, audience.settings) };
    if (body['marketing_permissions'] === true && audience.permissions.size === 0)
      for (const text of PERMISSIONS) audience.permissions.set(account.ids.short(), text);
    if (body['marketing_permissions'] === false) audience.permissions.clear();
  };
  return [
    on('GET', '', () => ok(presentAccount(account, url()))),
    on('GET', '/ping', () => ok({ health_status: "Everything's Chimpy!" })),
    on('GET', '/lists', ({ query }) =>
      collection('lists', [...account.audiences.values()], query, { constraints: { may_create: true } }, (each) => presentAudience(each, url())),
    ),
    on('POST', '/lists', ({ body }) => {
      const given = checkedBody(body, SCHEMA, REQUIRED);
      const audience = account.addAudience({});
      set(audience, given);
      return ok(presentAudience(audience, url()));
    }),
    of('GET', '/lists/([^/]+)', (audience, { query }) => {
      const told = presentAudience(audience, url());
      const total = { total_contacts: audience.members.size };
      return ok(query.get('include_total_contacts') === 'true' ? { ...told, stats: { ...(told['stats'] as object), ...total } } : told);
    }),
    of('PATCH', '/lists/([^/]+)', (audience, { body }) => {
      set(audience, checkedBody(body, SCHEMA));
      return ok(presentAudience(audience, url()));
    }),
    of('DELETE', '/lists/([^/]+)', ({ id }) => {
      account.audiences.delete(id);
      return done;
    }),
  ];
}

function settingsOf(body: Body, held: AudienceSettings): Partial<AudienceSettings> {
  const settings = {
    name: body['name'],
    permissionReminder: body['permission_reminder'],
    emailTypeOption: body['email_type_option'],
    doubleOptIn: body['double_optin'],
    useArchiveBar: body['use_archive_bar'],
    notifyOnSubscribe: body['notify_on_subscribe'],
    notifyOnUnsubscribe: body['notify_on_unsubscribe'],
    contact: body['contact'] && { ...held.contact, ...body['contact'] },
    campaignDefaults: body['campaign_defaults'] && { ...held.campaignDefaults, ...body['campaign_defaults'] },
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
