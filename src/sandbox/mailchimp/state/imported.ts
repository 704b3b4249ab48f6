import type { Account } from './account.js';
import { hashOf } from './ids.js';
import { isMergeInput } from './merge-values.js';
import { type Address, type Audience, type Member, type MergeValue, STATUSES } from './model.js';
import { addTag, setTag, tagNamed } from './tags.js';
import { MEMBER_FIELDS } from './text.js';

/** A member of another account, to be put into this one: values as the seam has them. */
export interface ImportedMember {
  readonly contactId: string;
  readonly values: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly changedAt: number;
}

/** Puts a member there as it is, past every rule: what another account holds was taken there once. */
export function importMember(account: Account, audience: Audience, { contactId, values, changedAt }: ImportedMember): void {
  const listed = (name: string): readonly string[] => (values[name] ?? '').split(';').filter((each) => each !== '');
  const email = values['email_address'];
  const member: Member = {
    contactId,
    webId: account.ids.number(),
    ...(email !== undefined && { email }),
    status: STATUSES.find((each) => each === values['status']) ?? 'subscribed',
    bound: values['status'] === 'cleaned',
    emailType: values['email_type'] ?? 'html',
    language: values['language'] ?? '',
    vip: values['vip'] === 'true',
    values: mergedOf(audience, values),
    interests: listed('interests'),
    permissions: listed('marketing_permissions'),
    ipSignup: '',
    ipOpt: '',
    optedInAt: changedAt,
    changedAt,
    createdAt: changedAt,
    source: 'Import from file',
    latitude: 0,
    longitude: 0,
    notes: [],
    events: [],
  };
  audience.members.set(contactId, member);
  if (email !== undefined) audience.hashes.set(hashOf(email), contactId);
  for (const name of listed('tags'))
    setTag(audience, tagNamed(audience, name) ?? addTag(audience, account.ids.number(), name, changedAt), contactId, true, changedAt);
}

function mergedOf({ mergeFields }: Audience, values: Readonly<Record<string, string>>): Readonly<Record<string, MergeValue>> {
  const types = new Map([...mergeFields.values()].map(({ tag, type }) => [tag, type]));
  const merged = Object.entries(values).filter(([name]) => !(MEMBER_FIELDS as readonly string[]).includes(name) && types.has(name));
  return Object.fromEntries(merged.map(([name, value]) => [name, mergeValueOf(types.get(name), value)]));
}

function mergeValueOf(type: string | undefined, value: string): MergeValue {
  if (type === 'number' && !Number.isNaN(Number(value))) return Number(value);
  if (type !== 'address') return value;
  const parsed: unknown = JSON.parse(value);
  return isMergeInput(parsed) && typeof parsed === 'object' ? (parsed as unknown as Address) : value;
}
