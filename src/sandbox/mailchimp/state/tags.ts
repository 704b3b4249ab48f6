import type { Audience, Tag } from './model.js';

/** The tag of a name in any case, blanks around it left out. */
export function tagNamed({ tags }: Audience, name: string): Tag | undefined {
  const wanted = name.trim().toLowerCase();
  return [...tags.values()].find((each) => each.name.toLowerCase() === wanted);
}

/** The tags that a member has, by name. */
export const tagsOf = ({ tags }: Audience, contactId: string): readonly Tag[] =>
  [...tags.values()].filter(({ members }) => members.has(contactId)).sort((a, b) => (a.name < b.name ? -1 : 1));

/** Makes a tag, which nobody has. */
export function addTag(audience: Audience, id: number, name: string, at: number): Tag {
  const tag: Tag = { id, name: name.trim(), createdAt: at, updatedAt: at, members: new Map() };
  audience.tags.set(id, tag);
  return tag;
}

/** Gives a tag to a member or takes it away; false where that was so already. */
export function setTag(audience: Audience, tag: Tag, contactId: string, has: boolean, at: number): boolean {
  if (tag.members.has(contactId) === has) return false;
  const members = new Map(tag.members);
  if (has) members.set(contactId, at);
  else members.delete(contactId);
  audience.tags.set(tag.id, { ...tag, members, updatedAt: at });
  return true;
}

/** Takes a member off all of them. */
export function dropTags(audience: Audience, contactId: string, at: number): void {
  for (const tag of tagsOf(audience, contactId)) setTag(audience, tag, contactId, false, at);
}
