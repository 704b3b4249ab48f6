import type { Audience, Member, MergeValue } from './model.js';
import { tagsOf } from './tags.js';

/** A value as text; an address as JSON, its parts always in the same order. */
export const textOf = (value: MergeValue): string => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** What people and clients can write of a member, as text: its merge fields by their tags among it. */
export function memberValues(audience: Audience, member: Member): Readonly<Record<string, string>> {
  const own: Readonly<Record<string, string | undefined>> = {
    email_address: member.email,
    status: member.status,
    email_type: member.emailType,
    language: member.language,
    vip: member.vip ? 'true' : 'false',
    interests: [...member.interests].sort().join(';'),
    marketing_permissions: [...member.permissions].sort().join(';'),
    tags: tagsOf(audience, member.contactId)
      .map(({ name }) => name)
      .sort()
      .join(';'),
  };
  const merged = Object.entries(member.values).map(([tag, value]) => [tag, textOf(value)] as const);
  return Object.fromEntries(
    [...Object.entries(own), ...merged].flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]])),
  );
}

/** Fields of members that every audience has. */
export const MEMBER_FIELDS = ['email_address', 'status', 'email_type', 'language', 'vip', 'interests', 'marketing_permissions', 'tags'] as const;
export const LIST_FIELDS = ['name', 'permission_reminder', 'double_optin'] as const;
