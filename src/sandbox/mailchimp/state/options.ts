import type { Account } from './account.js';
import { thingOf } from './records.js';

/** Changes what may be chosen in a merge field; members keep what they hold. Throws a RangeError where that cannot be. */
export function setOptions(account: Account, object: string, field: string, options: readonly string[]): void {
  const thing = thingOf(account, object);
  const found = thing.kind === 'members' ? [...thing.audience.mergeFields.values()].find(({ tag }) => tag === field) : undefined;
  if (thing.kind !== 'members' || !found || !['radio', 'dropdown'].includes(found.type)) throw new RangeError(`${object} have no choice ${field}`);
  if (new Set(options).size < options.length) throw new RangeError('Two options are alike');
  thing.audience.mergeFields.set(found.id, { ...found, choices: [...options] });
}
