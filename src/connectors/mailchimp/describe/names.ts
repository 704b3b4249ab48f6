/** Object type of the audiences themselves. */
export const LISTS = 'lists';
const MEMBERS = 'members-';

/** Object type of the members of an audience. */
export function membersOf(audience: string): string {
  return `${MEMBERS}${audience}`;
}

/** The audience whose members an object type holds; undefined for other object types. */
export function audienceOf(object: string): string | undefined {
  return object.startsWith(MEMBERS) ? object.slice(MEMBERS.length) : undefined;
}
