import type { Account } from '../state/account.js';
import { md5 } from '../state/ids.js';
import { idOf, interestIds } from '../state/members.js';
import type { Audience, Member, MergeField, Tag } from '../state/model.js';
import { tagsOf } from '../state/tags.js';
import { textOf } from '../state/text.js';
import { timeOf } from '../state/times.js';

/** A link to the thing itself; the platform tells more of them. */
export const self = (url: string, path: string): readonly unknown[] => [{ rel: 'self', href: `${url}/3.0${path}`, method: 'GET' }];

/** A member as it is told. */
export function presentMember(audience: Audience, member: Member, url: string): Readonly<Record<string, unknown>> {
  const tags = tagsOf(audience, member.contactId);
  const note = member.notes.at(-1);
  const key = idOf(member);
  const merged = Object.fromEntries([...audience.mergeFields.values()].sort((a, b) => a.id - b.id).map(({ tag }) => [tag, member.values[tag] ?? '']));
  const interests = interestIds(audience);
  return {
    id: key,
    email_address: member.email ?? '',
    unique_email_id: md5(`unique-${key}`).slice(0, 10),
    contact_id: member.contactId,
    full_name: ['FNAME', 'LNAME'].flatMap((tag) => (member.values[tag] === undefined ? [] : [textOf(member.values[tag])])).join(' '),
    web_id: member.webId,
    email_type: member.emailType,
    status: member.status,
    ...(member.status === 'unsubscribed' && {
      unsubscribe_reason: member.bound ? 'N/A (Unsubscribed by the contact)' : 'N/A (Unsubscribed by an admin)',
    }),
    consents_to_one_to_one_messaging: true,
    merge_fields: merged,
    ...(interests.size > 0 && { interests: Object.fromEntries([...interests].map((id) => [id, member.interests.includes(id)])) }),
    stats: { avg_open_rate: 0, avg_click_rate: 0 },
    ip_signup: member.ipSignup,
    timestamp_signup: timeOf(member.signedUpAt),
    ip_opt: member.ipOpt,
    timestamp_opt: timeOf(member.optedInAt),
    member_rating: 2,
    last_changed: timeOf(member.changedAt),
    language: member.language,
    vip: member.vip,
    email_client: '',
    location: { latitude: member.latitude, longitude: member.longitude, gmtoff: 0, dstoff: 0, country_code: '', timezone: '', region: '' },
    ...(audience.permissions.size > 0 && {
      marketing_permissions: [...audience.permissions].map(([id, text]) => ({
        marketing_permission_id: id,
        text,
        enabled: member.permissions.includes(id),
      })),
    }),
    ...(note && { last_note: { note_id: note.id, created_at: timeOf(note.createdAt), created_by: 'Example', note: note.text } }),
    source: member.source,
    tags_count: tags.length,
    // More are told by the endpoint of tags alone.
    tags: tags.slice(0, 50).map(({ id, name }) => ({ id, name })),
    list_id: audience.id,
    _links: self(url, `/lists/${audience.id}/members/${key}`),
  };
}

export function presentAudience(
  { id, webId, createdAt, settings, members, permissions, mergeFields }: Audience,
  url: string,
): Readonly<Record<string, unknown>> {
  const count = (...statuses: readonly string[]): number => [...members.values()].filter(({ status }) => statuses.includes(status)).length;
  return {
    id,
    web_id: webId,
    name: settings.name,
    contact: settings.contact,
    permission_reminder: settings.permissionReminder,
    use_archive_bar: settings.useArchiveBar,
    campaign_defaults: settings.campaignDefaults,
    notify_on_subscribe: settings.notifyOnSubscribe,
    notify_on_unsubscribe: settings.notifyOnUnsubscribe,
    date_created: timeOf(createdAt),
    list_rating: 0,
    email_type_option: settings.emailTypeOption,
    subscribe_url_short: '',
    subscribe_url_long: '',
    beamer_address: '',
    visibility: 'prv',
    double_optin: settings.doubleOptIn,
    has_welcome: false,
    marketing_permissions: permissions.size > 0,
    modules: [],
    stats: {
      member_count: count('subscribed'),
      unsubscribe_count: count('unsubscribed'),
      cleaned_count: count('cleaned'),
      member_count_since_send: 0,
      unsubscribe_count_since_send: 0,
      cleaned_count_since_send: 0,
      campaign_count: 0,
      campaign_last_sent: '',
      merge_field_count: mergeFields.size,
    },
    _links: self(url, `/lists/${id}`),
  };
}

export function presentMergeField({ id: list }: Audience, field: MergeField, url: string): Readonly<Record<string, unknown>> {
  const { type } = field;
  return {
    merge_id: field.id,
    tag: field.tag,
    name: field.name,
    type,
    required: field.required,
    default_value: field.defaultValue,
    public: field.public,
    display_order: field.order,
    options: {
      ...(type === 'text' && { size: 25 }),
      ...(type === 'address' && { default_country: 164 }),
      ...(type === 'phone' && { phone_format: field.phoneFormat }),
      ...((type === 'date' || type === 'birthday') && { date_format: field.dateFormat }),
      ...((type === 'radio' || type === 'dropdown') && { choices: field.choices }),
    },
    help_text: field.help,
    list_id: list,
    _links: self(url, `/lists/${list}/merge-fields/${field.id}`),
  };
}

export const presentTag = ({ id: list, members }: Audience, tag: Tag, url: string): Readonly<Record<string, unknown>> => ({
  id: tag.id,
  name: tag.name,
  member_count: [...tag.members.keys()].filter((contact) => members.get(contact)?.status === 'subscribed').length,
  type: 'static',
  created_at: timeOf(tag.createdAt),
  updated_at: timeOf(tag.updatedAt),
  list_id: list,
  _links: self(url, `/lists/${list}/segments/${tag.id}`),
});

/** The account itself. Nothing in it says whether it is one for tests. */
export const presentAccount = ({ facts, audiences }: Account, url: string): unknown => ({
  account_id: facts.id,
  login_id: facts.id.slice(0, 8),
  account_name: facts.name,
  email: facts.email,
  first_name: 'Example',
  last_name: 'Person',
  username: facts.email,
  role: 'owner',
  member_since: '2020-01-01T00:00:00+00:00',
  pricing_plan_type: facts.plan,
  first_payment: '',
  account_timezone: 'UTC',
  account_industry: '',
  contact: { company: facts.name, addr1: '1 Example Street', addr2: '', city: 'Example', state: 'EX', zip: '12345', country: 'US' },
  pro_enabled: false,
  last_login: '',
  total_subscribers: [...audiences.values()].reduce(
    (sum, { members }) => sum + [...members.values()].filter(({ status }) => status === 'subscribed').length,
    0,
  ),
  _links: self(url, '/'),
});
