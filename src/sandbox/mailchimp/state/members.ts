import { ApiFailure, cannotArchive, forgotten, invalidFields, invalidMergeFields, memberExists, notFound } from '../failure.js';
import { type Account, membersOf } from './account.js';
import { checkedAddress } from './addresses.js';
import { hashOf } from './ids.js';
import { mergedValues, type MergeInput } from './merge-values.js';
import type { Audience, Member, MemberKey, Status, Writer } from './model.js';
import { ARCHIVABLE, STATUS_WORDS, statusAsked, type StatusChange } from './status.js';
import { addTag, dropTags, setTag, tagNamed } from './tags.js';
import { memberValues } from './text.js';

/** What is to be written of a member; what is absent stays. */
export interface MemberChange {
  readonly email?: string;
  readonly status?: Status;
  readonly values?: Readonly<Record<string, MergeInput>>;
  readonly interests?: Readonly<Record<string, boolean>>;
  readonly permissions?: Readonly<Record<string, boolean>>;
  readonly emailType?: string;
  readonly language?: string;
  readonly vip?: boolean;
  readonly ipSignup?: string;
  readonly ipOpt?: string;
  readonly signedUpAt?: number | undefined;
  readonly optedInAt?: number | undefined;
  readonly latitude?: number;
  readonly longitude?: number;
  /** Given to somebody new; of others they are written one by one. */
  readonly tags?: readonly string[];
}

/** How something is written. */
export interface Manner {
  readonly writer: Writer;
  /** Required merge fields may be missing. */
  readonly skips?: boolean;
  /** When it was; what is back-dated sets nothing off. */
  readonly at?: number | undefined;
}

/** The key of a member for the seam: it stays where the address changes. */
export const keyOf = ({ contactId }: Pick<Member, 'contactId'>): MemberKey => contactId;

/** What the API calls the id of a member: the hash of its address, or its contact id where it has none. */
export const idOf = ({ email, contactId }: Pick<Member, 'email' | 'contactId'>): string => (email === undefined ? contactId : hashOf(email));

/** A member by the hash of its address, its contact id, or its address. */
export function findMember({ members, hashes }: Audience, name: string): Member | undefined {
  const contact = hashes.get(name) ?? (name.includes('@') ? hashes.get(hashOf(name.trim())) : undefined) ?? name;
  return members.get(contact);
}

/** The same; throws 404. */
export function heldMember(audience: Audience, name: string): Member {
  const found = findMember(audience, name);
  if (!found) throw notFound();
  return found;
}

/** Adds somebody. Throws what Mailchimp would refuse. */
export function addMember(account: Account, audience: Audience, change: MemberChange, manner: Manner): Member {
  const at = manner.at ?? account.now();
  const email = change.email === undefined ? undefined : checkedAddress(change.email, account.settings.fakeHosts);
  if (email !== undefined) {
    if (findMember(audience, hashOf(email))) throw memberExists(email);
    if (audience.forgotten.has(hashOf(email)) && !manner.writer.isPerson) throw forgotten(email);
    audience.forgotten.delete(hashOf(email));
  }
  const asked = statusAsked(undefined, change.status ?? 'subscribed', manner.writer, account.settings);
  const fresh: Member = {
    contactId: account.ids.long(),
    webId: account.ids.number(),
    ...(email !== undefined && { email }),
    status: asked.status,
    bound: asked.bound,
    emailType: 'html',
    language: '',
    vip: false,
    values: {},
    interests: [],
    permissions: [],
    ipSignup: '',
    ipOpt: '',
    changedAt: at,
    createdAt: at,
    source: manner.writer.request === undefined ? 'Admin Add' : 'API - Generic',
    latitude: 0,
    longitude: 0,
    notes: [],
    events: [],
  };
  const made = dated(written(audience, fresh, change, manner, true), undefined, asked, at);
  put(audience, undefined, made);
  for (const name of new Set(change.tags?.map((each) => each.trim()).filter((each) => each !== ''))) {
    setTag(audience, tagNamed(audience, name) ?? addTag(audience, account.ids.number(), name, at), made.contactId, true, at);
  }
  done(account, audience, undefined, made, asked, manner);
  return made;
}

/** Changes somebody, but for tags. Throws what Mailchimp would refuse. */
export function changeMember(account: Account, audience: Audience, member: Member, change: MemberChange, manner: Manner): Member {
  const at = manner.at ?? account.now();
  const email = renamed(account, audience, member, change.email, manner.writer);
  const asked =
    change.status === undefined
      ? { status: member.status, bound: member.bound, asks: false }
      : statusAsked(member, change.status, manner.writer, account.settings);
  const before = valuesOf(audience, member);
  const next = written(
    audience,
    { ...member, ...(email !== undefined && { email }), status: asked.status, bound: asked.bound },
    change,
    manner,
    false,
  );
  const isSame = !asked.asks && JSON.stringify(next) === JSON.stringify(member);
  const changed = isSame ? member : dated({ ...next, changedAt: at }, member, asked, at);
  put(audience, member, changed);
  done(account, audience, before, changed, asked, manner);
  return changed;
}

/** The address that a member is to have from now on; undefined where it stays. */
function renamed(account: Account, audience: Audience, member: Member, wanted: string | undefined, writer: Writer): string | undefined {
  if (wanted === undefined) return undefined;
  const email = checkedAddress(wanted, account.settings.fakeHosts);
  if (email === member.email) return undefined;
  const hash = hashOf(email);
  if (member.email !== undefined && hash === hashOf(member.email)) return email;
  const refuse = (message: string): ApiFailure => invalidFields([{ field: 'email address', message }]);
  if (!writer.isPerson && member.status !== 'subscribed')
    throw refuse(`This member's status is "${member.status}." You can only update email addresses for members with a status of "subscribed."`);
  const other = findMember(audience, hash);
  if (other || audience.forgotten.has(hash))
    throw refuse(`"${email}" is already in this list with a status of "${other ? STATUS_WORDS[other.status] : 'Deleted'}".`);
  return email;
}

/** Archives somebody. Throws 405 where that cannot be. */
export function archiveMember(account: Account, audience: Audience, member: Member, manner: Manner): void {
  if (!manner.writer.isPerson && !ARCHIVABLE.has(member.status)) throw cannotArchive();
  const before = valuesOf(audience, member);
  put(audience, member, { ...member, status: 'archived', changedAt: manner.at ?? account.now() });
  account.note('delete', membersOf(audience), keyOf(member), manner.writer);
  if (before && manner.at === undefined) account.automations.gone(membersOf(audience), keyOf(member), before, manner.writer.cause);
}

/** Deletes somebody with all there is about them; nobody but themselves can bring the address back. */
export function forgetMember(account: Account, audience: Audience, member: Member, { writer }: Manner): void {
  const before = valuesOf(audience, member);
  if (member.email !== undefined) audience.forgotten.add(hashOf(member.email));
  put(audience, member, undefined);
  dropTags(audience, member.contactId, account.now());
  account.note('delete-permanent', membersOf(audience), keyOf(member), writer);
  if (before) account.automations.gone(membersOf(audience), keyOf(member), before, writer.cause);
}

/** Puts what does not depend on others into a member. */
function written(audience: Audience, member: Member, change: MemberChange, { skips = false }: Manner, isNew: boolean): Member {
  const { values, errors } = mergedValues(audience.mergeFields.values(), member.values, change.values, { skips, isNew });
  if (errors.length > 0) throw invalidMergeFields(errors);
  const { signedUpAt = member.signedUpAt, optedInAt = member.optedInAt } = change;
  return {
    ...member,
    values,
    interests: chosen(interestIds(audience), member.interests, change.interests, 'interests', 'Invalid interest ID'),
    permissions: chosen(
      new Set(audience.permissions.keys()),
      member.permissions,
      change.permissions,
      'marketing_permissions',
      'Invalid marketing permission ID',
    ),
    emailType: change.emailType ?? member.emailType,
    language: change.language ?? member.language,
    vip: change.vip ?? member.vip,
    ipSignup: change.ipSignup ?? member.ipSignup,
    ipOpt: change.ipOpt ?? member.ipOpt,
    latitude: change.latitude ?? member.latitude,
    longitude: change.longitude ?? member.longitude,
    ...(signedUpAt !== undefined && { signedUpAt }),
    ...(optedInAt !== undefined && { optedInAt }),
  };
}

export const interestIds = ({ categories }: Audience): ReadonlySet<string> =>
  new Set([...categories.values()].flatMap(({ interests }) => interests.map(({ id }) => id)));

function chosen(
  known: ReadonlySet<string>,
  held: readonly string[],
  given: Readonly<Record<string, boolean>> | undefined,
  field: string,
  what: string,
): readonly string[] {
  if (!given) return held;
  const unknown = Object.keys(given).filter((id) => !known.has(id));
  if (unknown.length > 0) throw invalidFields(unknown.map((id) => ({ field, message: `${what}: '${id}'.` })));
  const set = new Set(held);
  for (const [id, isOn] of Object.entries(given))
    if (isOn) set.add(id);
    else set.delete(id);
  return [...set].sort();
}

/** The times that go with a status. */
function dated(member: Member, was: Member | undefined, { status }: StatusChange, at: number): Member {
  if (status === was?.status) return member;
  if (status === 'subscribed')
    return { ...member, optedInAt: member.optedInAt === was?.optedInAt || member.optedInAt === undefined ? at : member.optedInAt };
  if (status === 'unsubscribed') return { ...member, unsubscribedAt: at };
  return status === 'pending' && member.signedUpAt === undefined ? { ...member, signedUpAt: at } : member;
}

function put({ members, hashes }: Audience, was: Member | undefined, member: Member | undefined): void {
  if (was?.email !== undefined) hashes.delete(hashOf(was.email));
  if (member?.email !== undefined) hashes.set(hashOf(member.email), member.contactId);
  if (member) members.set(member.contactId, member);
  else if (was) members.delete(was.contactId);
}

/** What others see of a member: nothing of one that is archived. */
const valuesOf = (audience: Audience, member: Member): Readonly<Record<string, string>> | undefined =>
  member.status === 'archived' ? undefined : memberValues(audience, member);

function done(
  account: Account,
  audience: Audience,
  before: Readonly<Record<string, string>> | undefined,
  member: Member,
  { asks }: StatusChange,
  { writer, at }: Manner,
): void {
  const object = membersOf(audience);
  const key = keyOf(member);
  const after = valuesOf(audience, member);
  account.note(before === undefined && after ? 'create' : 'update', object, key, writer);
  if (at !== undefined) return;
  if (asks && member.email !== undefined) {
    const of = { automation: 'double-opt-in', object, key, at: account.now(), because: writer.cause };
    account.automations.tell({
      kind: 'mail',
      ...of,
      to: member.email,
      subject: `${audience.settings.name}: Please Confirm Subscription`,
      sort: 'one-to-one',
    });
  }
  if (after) account.automations.changed({ object, key, before, after }, writer.cause);
}
