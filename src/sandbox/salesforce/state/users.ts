import type { Who } from '../../sandbox.js';
import { wideId } from './ids.js';

/** The people and integrations of an account, each a user of its own. */
export interface UserNames {
  readonly first: string;
  readonly last: string;
  readonly username: string;
}

/** How a writer from outside the API is named; a person or integration may be named by the id of its user. */
export function userNames(who: Who): UserNames {
  const label = who.kind === 'integration' ? (who.label ?? who.id) : who.id;
  return {
    first: who.kind === 'integration' ? 'Integration' : 'Person',
    last: label,
    username: `${who.kind}.${who.id.replaceAll(/[^\w.-]/g, '_')}@example.com`,
  };
}

export const userIdOf = (who: Who): string | undefined => (who.id.startsWith('005') ? wideId(who.id) : undefined);
