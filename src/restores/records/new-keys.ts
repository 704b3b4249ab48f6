import type { ObjectSchema } from '../../records/index.js';

/** No key of a platform that gives keys itself looks like this. */
const NEW = 'new~';

/**
 * The key that a record has in a plan before its platform gave it one: a record that was never there. The same record elsewhere gives the
 * same key, so that it is not created twice by two plans.
 */
export const newKeyFor = (other: { readonly platform: string; readonly object: string; readonly key: string }): string =>
  `${NEW}${other.platform}~${other.object}~${other.key}`;

/** Whether a key is one of a record that was never there. Where the caller gives the keys, each may be a real one. */
export const isNewKey = ({ createWithKey }: Pick<ObjectSchema, 'createWithKey'>, key: string): boolean => !createWithKey && key.startsWith(NEW);
