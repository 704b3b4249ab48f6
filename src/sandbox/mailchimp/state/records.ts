import type { SandboxLink, TrueValues, WrittenValues } from '../../sandbox.js';
import { invalidFields, notFound } from '../failure.js';
import { type Account, membersOf, tagsObjectOf } from './account.js';
import { addMember, archiveMember, changeMember, findMember, interestIds, keyOf, type Manner, type MemberChange } from './members.js';
import { isMergeInput, type MergeInput } from './merge-values.js';
import { type Audience, type Member, type Status, STATUSES, type Tag } from './model.js';
import { addTag, dropTags, setTag, tagNamed } from './tags.js';
import { LIST_FIELDS, MEMBER_FIELDS, memberValues } from './text.js';

/** What an object type of the seam stands for. */
export type Thing = { readonly kind: 'lists' } | { readonly kind: 'members' | 'tags'; readonly audience: Audience };

/** Throws a RangeError for an object type that the account has not. */
export function thingOf({ audiences }: Account, object: string): Thing {
  if (object === 'lists') return { kind: 'lists' };
  const [, kind, id = ''] = /^(members|tags)-(.+)$/.exec(object) ?? [];
  const audience = audiences.get(id);
  if (!audience) throw new RangeError(`There are no ${object}`);
  return { kind: kind === 'members' ? 'members' : 'tags', audience };
}

export const objectsOf = ({ audiences }: Account): readonly string[] => [
  'lists',
  ...[...audiences.values()].flatMap((each) => [membersOf(each), tagsObjectOf(each)]),
];

export function hasField(account: Account, object: string, field: string): boolean {
  const thing = thingOf(account, object);
  if (thing.kind === 'lists') return (LIST_FIELDS as readonly string[]).includes(field);
  if (thing.kind === 'tags') return field === 'name';
  return (MEMBER_FIELDS as readonly string[]).includes(field) || [...thing.audience.mergeFields.values()].some(({ tag }) => tag === field);
}

const listValues = ({ settings }: Audience): TrueValues => ({
  name: settings.name,
  ...(settings.permissionReminder !== '' && { permission_reminder: settings.permissionReminder }),
  double_optin: settings.doubleOptIn ? 'true' : 'false',
});

const live = (member: Member | undefined): Member | undefined => (member?.status === 'archived' ? undefined : member);

/** What a record holds; nothing of somebody who is archived. A member is found by whatever the API takes for it. */
export function recordOf(account: Account, object: string, key: string): TrueValues | undefined {
  const thing = thingOf(account, object);
  if (thing.kind === 'lists') {
    const found = account.audiences.get(key);
    return found && listValues(found);
  }
  if (thing.kind === 'tags') {
    const tag = thing.audience.tags.get(Number(key));
    return tag && { name: tag.name };
  }
  const member = live(findMember(thing.audience, key));
  return member && memberValues(thing.audience, member);
}

export function* recordsOf(account: Account, object: string): Iterable<{ readonly key: string; readonly values: TrueValues }> {
  const thing = thingOf(account, object);
  if (thing.kind === 'lists') for (const each of account.audiences.values()) yield { key: each.id, values: listValues(each) };
  else if (thing.kind === 'tags') for (const { id, name } of thing.audience.tags.values()) yield { key: String(id), values: { name } };
  else for (const each of thing.audience.members.values()) if (live(each)) yield { key: keyOf(each), values: memberValues(thing.audience, each) };
}

/** Who has which tag. */
export function* linksOf({ audiences }: Account): Iterable<SandboxLink> {
  for (const audience of audiences.values())
    for (const { id, members } of audience.tags.values())
      for (const contact of members.keys()) {
        const member = live(audience.members.get(contact));
        if (member) yield { kind: 'tag', fromObject: membersOf(audience), from: keyOf(member), toObject: tagsObjectOf(audience), to: String(id) };
      }
}

/** Makes a record of text values; gives its key. */
export function createRecord(account: Account, object: string, values: WrittenValues, manner: Manner): string {
  const thing = thingOf(account, object);
  if (thing.kind === 'lists') return account.addAudience({ ...(typeof values['name'] === 'string' && { name: values['name'] }) }, manner.at).id;
  if (thing.kind === 'tags') return createTag(account, thing.audience, values, manner);
  const { audience } = thing;
  const change = changeOf(account, audience, undefined, values);
  const known = change.email === undefined ? undefined : findMember(audience, change.email);
  // Whom a person adds again comes back from the archive.
  const member =
    known?.status === 'archived'
      ? changeMember(account, audience, known, { status: 'subscribed', ...change }, manner)
      : addMember(account, audience, change, manner);
  return keyOf(member);
}

function createTag(account: Account, audience: Audience, values: WrittenValues, manner: Manner): string {
  const name = values['name'];
  if (typeof name !== 'string' || name.trim() === '' || tagNamed(audience, name))
    throw invalidFields([{ field: 'name', message: 'Not a name, or taken' }]);
  const { id } = addTag(audience, account.ids.number(), name, manner.at ?? account.now());
  account.note('create', tagsObjectOf(audience), String(id), manner.writer);
  return String(id);
}

/** Changes the named fields; null empties one. */
export function updateRecord(account: Account, object: string, key: string, values: WrittenValues, manner: Manner): void {
  const thing = thingOf(account, object);
  if (thing.kind === 'lists') return updateList(account.audience(key), values);
  if (thing.kind === 'tags') {
    const tag = heldTag(thing.audience, key);
    const name = values['name'];
    if (typeof name === 'string') thing.audience.tags.set(tag.id, { ...tag, name: name.trim() });
    return;
  }
  const member = live(findMember(thing.audience, key));
  if (!member) throw notFound();
  const { tags, ...change } = changeOf(account, thing.audience, member, values);
  if (tags) writeTags(account, thing.audience, member, tags, manner);
  changeMember(account, thing.audience, member, change, manner);
}

function updateList(audience: Audience, values: WrittenValues): void {
  const { name, permission_reminder: reminder, double_optin: optIn } = values;
  audience.settings = {
    ...audience.settings,
    ...(typeof name === 'string' && { name }),
    ...(reminder !== undefined && { permissionReminder: reminder ?? '' }),
    ...(optIn !== undefined && { doubleOptIn: optIn === 'true' }),
  };
}

export function heldTag({ tags }: Audience, id: string): Tag {
  const found = tags.get(Number(id));
  if (!found) throw notFound();
  return found;
}

export function removeRecord(account: Account, object: string, key: string, manner: Manner): void {
  const thing = thingOf(account, object);
  if (thing.kind === 'lists') {
    account.audience(key);
    account.audiences.delete(key);
  } else if (thing.kind === 'tags') {
    thing.audience.tags.delete(heldTag(thing.audience, key).id);
    account.note('delete', object, key, manner.writer);
  } else {
    const member = live(findMember(thing.audience, key));
    if (!member) throw notFound();
    archiveMember(account, thing.audience, member, manner);
  }
}

/** Gives a tag, or takes it away. */
export function linkRecords(account: Account, ends: readonly [string, string, string, string], has: boolean, manner: Manner): void {
  const [fromObject, from, toObject, to] = ends;
  const [one, other] = [thingOf(account, fromObject), thingOf(account, toObject)];
  if (one.kind === 'tags' && other.kind === 'members') return linkRecords(account, [toObject, to, fromObject, from], has, manner);
  if (one.kind !== 'members' || other.kind !== 'tags' || one.audience !== other.audience)
    throw new RangeError(`${fromObject} and ${toObject} cannot be linked`);
  const member = live(findMember(one.audience, from));
  if (!member) throw notFound();
  if (setTag(one.audience, heldTag(one.audience, to), member.contactId, has, manner.at ?? account.now()))
    account.note(has ? 'link' : 'unlink', fromObject, from, manner.writer);
}

function writeTags(account: Account, audience: Audience, member: Member, names: readonly string[], manner: Manner): void {
  const at = manner.at ?? account.now();
  dropTags(audience, member.contactId, at);
  for (const name of names)
    setTag(audience, tagNamed(audience, name) ?? addTag(audience, account.ids.number(), name, at), member.contactId, true, at);
}

/** Text values as a change; throws for a field that is not there. */
function changeOf(account: Account, audience: Audience, member: Member | undefined, values: WrittenValues): MemberChange {
  for (const name of Object.keys(values))
    if (!hasField(account, membersOf(audience), name)) throw new RangeError(`Members of this audience have no field ${name}`);
  const set = (name: string): readonly string[] | undefined =>
    values[name] === undefined ? undefined : (values[name] ?? '').split(';').filter((each) => each !== '');
  const choice = (name: string, all: ReadonlySet<string>): Readonly<Record<string, boolean>> | undefined => {
    const ids = set(name);
    return ids && Object.fromEntries([...new Set([...all, ...ids])].map((id) => [id, ids.includes(id)]));
  };
  const text = (name: string): string | undefined => (typeof values[name] === 'string' ? values[name] : undefined);
  const status = values['status'] === undefined ? undefined : statusOf(values['status']);
  const merged = Object.entries(values).filter(([name]) => !(MEMBER_FIELDS as readonly string[]).includes(name));
  const change = {
    email: text('email_address') ?? (values['email_address'] === null && member ? '' : undefined),
    status,
    emailType: text('email_type'),
    language: values['language'] === null ? '' : text('language'),
    vip: values['vip'] === undefined ? undefined : values['vip'] === 'true',
    interests: choice('interests', interestIds(audience)),
    permissions: choice('marketing_permissions', new Set(audience.permissions.keys())),
    tags: set('tags'),
    values: merged.length === 0 ? undefined : Object.fromEntries(merged.map(([name, value]) => [name, inputOf(audience, name, value)])),
  };
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
}

function statusOf(text: string | null): Status {
  const found = STATUSES.find((each) => each === text && each !== 'archived');
  if (!found) throw invalidFields([{ field: 'status', message: 'Not a status' }]);
  return found;
}

/** An address is JSON; nothing is an empty text. */
function inputOf({ mergeFields }: Audience, name: string, value: string | null): MergeInput {
  const isAddress = [...mergeFields.values()].some(({ tag, type }) => tag === name && type === 'address');
  if (!isAddress || value === null || !value.startsWith('{')) return value ?? '';
  const parsed: unknown = JSON.parse(value);
  return isMergeInput(parsed) ? parsed : '';
}
