import { z } from 'zod';

import { automationsForm } from '../../kit/automations/forms.js';
import type { Account } from './account.js';
import { hashOf } from './ids.js';
import { type Audience, type Campaign, type Member, MERGE_TYPES, STATUSES } from './model.js';

const text = z.record(z.string(), z.string());
const address = z.object({ addr1: z.string(), addr2: z.string(), city: z.string(), state: z.string(), zip: z.string(), country: z.string() });
const member = z.object({
  contactId: z.string(),
  webId: z.number(),
  email: z.string().exactOptional(),
  status: z.enum(STATUSES),
  bound: z.boolean(),
  emailType: z.string(),
  language: z.string(),
  vip: z.boolean(),
  values: z.record(z.string(), z.union([z.string(), z.number(), address])),
  interests: z.array(z.string()),
  permissions: z.array(z.string()),
  ipSignup: z.string(),
  ipOpt: z.string(),
  signedUpAt: z.number().exactOptional(),
  optedInAt: z.number().exactOptional(),
  changedAt: z.number(),
  createdAt: z.number(),
  unsubscribedAt: z.number().exactOptional(),
  source: z.string(),
  latitude: z.number(),
  longitude: z.number(),
  notes: z.array(z.object({ id: z.number(), text: z.string(), createdAt: z.number(), updatedAt: z.number() })),
  events: z.array(z.object({ name: z.string(), occurredAt: z.number(), properties: text })),
});
const mergeField = z.object({
  id: z.number(),
  tag: z.string(),
  name: z.string(),
  type: z.enum(MERGE_TYPES),
  required: z.boolean(),
  defaultValue: z.string(),
  public: z.boolean(),
  order: z.number(),
  help: z.string(),
  choices: z.array(z.string()),
  dateFormat: z.string(),
  phoneFormat: z.string(),
});
const category = z.object({
  id: z.string(),
  title: z.string(),
  type: z.string(),
  order: z.number(),
  interests: z.array(z.object({ id: z.string(), name: z.string(), order: z.number() })),
});
const settings = z.object({
  name: z.string(),
  contact: text,
  permissionReminder: z.string(),
  campaignDefaults: text,
  emailTypeOption: z.boolean(),
  doubleOptIn: z.boolean(),
  notifyOnSubscribe: z.string(),
  notifyOnUnsubscribe: z.string(),
  useArchiveBar: z.boolean(),
});
const tag = z.object({
  id: z.number(),
  name: z.string(),
  createdAt: z.number(),
  updatedAt: z.number(),
  members: z.array(z.tuple([z.string(), z.number()])),
});
const audience = z.object({
  id: z.string(),
  webId: z.number(),
  createdAt: z.number(),
  settings,
  mergeFields: z.array(mergeField),
  categories: z.array(category),
  permissions: z.array(z.tuple([z.string(), z.string()])),
  tags: z.array(tag),
  members: z.array(member),
  forgotten: z.array(z.string()),
});
const campaign = z.object({
  id: z.string(),
  webId: z.number(),
  type: z.string(),
  status: z.string(),
  listId: z.string(),
  title: z.string(),
  subject: z.string(),
  createdAt: z.number(),
  sendAt: z.number().exactOptional(),
  sent: z.number(),
});
const dumpForm = z.object({
  version: z.literal(1),
  platform: z.literal('mailchimp'),
  lastId: z.number(),
  audiences: z.array(audience),
  campaigns: z.array(campaign),
  automations: automationsForm.optional(),
});

/** A whole account as JSON. The list of writes, the counts and batches are not in it. */
export type AccountDump = z.infer<typeof dumpForm>;

/** Everything the account holds, to be kept and loaded again. */
export function dumpAccount(account: Account): AccountDump {
  const automations = account.automations.dump();
  return dumpForm.parse({
    version: 1,
    platform: 'mailchimp',
    lastId: account.ids.last,
    audiences: [...account.audiences.values()].map((each) => ({
      ...each,
      mergeFields: [...each.mergeFields.values()],
      categories: [...each.categories.values()],
      permissions: [...each.permissions],
      tags: [...each.tags.values()].map((one) => ({ ...one, members: [...one.members] })),
      members: [...each.members.values()],
      forgotten: [...each.forgotten],
    })),
    campaigns: [...account.campaigns.values()],
    automations,
  });
}

/** Replaces everything the account holds. Throws a ZodError for JSON that is no dump of one, before anything is replaced. */
export function loadAccount(account: Account, json: unknown): void {
  const dump = dumpForm.parse(json);
  account.ids.last = dump.lastId;
  account.audiences = new Map(dump.audiences.map((each) => [each.id, audienceFrom(each)]));
  account.campaigns = new Map(dump.campaigns.map((each): [string, Campaign] => [each.id, each]));
  account.automations.load(dump.automations);
}

function audienceFrom(each: z.infer<typeof audience>): Audience {
  return {
    ...each,
    mergeFields: new Map(each.mergeFields.map((one) => [one.id, one])),
    categories: new Map(each.categories.map((one) => [one.id, one])),
    permissions: new Map(each.permissions),
    tags: new Map(each.tags.map((one) => [one.id, { ...one, members: new Map(one.members) }])),
    members: new Map(each.members.map((one): [string, Member] => [one.contactId, one])),
    hashes: new Map(each.members.flatMap(({ email, contactId }) => (email === undefined ? [] : [[hashOf(email), contactId] as const]))),
    forgotten: new Set(each.forgotten),
  };
}
