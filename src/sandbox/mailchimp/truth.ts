import type { Truth } from '../sandbox.js';
import type { Account } from './state/account.js';
import { linksOf, objectsOf, recordOf, recordsOf } from './state/records.js';

/** What the account really holds; nothing of those who are archived. */
export function truthOf(account: Account): Truth {
  return {
    objects: objectsOf(account),
    record: (object, key) => recordOf(account, object, key),
    records: (object) => recordsOf(account, object),
    links: () => linksOf(account),
  };
}
