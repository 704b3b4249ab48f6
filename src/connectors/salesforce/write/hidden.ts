import type { CallOptions } from '../../../lib/index.js';
import type { MutationResult } from '../../connector.js';
import { rejection } from '../../http/batch.js';
import { fatesOf } from '../read/fates.js';
import type { SalesforceApi } from '../wire/api.js';
import { prefixOf, wholeId } from '../wire/ids.js';
import type { WireObject } from '../wire/shapes.js';

/**
 * Keys, of those that are not seen, of records that may be there still. To a user who lacks View All Data, a record that sharing hides
 * (its owner changed, say) looks like one that is gone for ever: no query tells of it, nor does the recycle bin. Only what is in the
 * recycle bin, or was merged, is certainly gone. `seesAll`: whether the user sees everything; asked where it matters only.
 */
export async function perhapsHidden(
  api: SalesforceApi,
  wire: WireObject,
  keys: readonly string[],
  seesAll: () => Promise<boolean>,
  call: CallOptions,
): Promise<ReadonlySet<string>> {
  const again = keys.filter((key) => wholeId(key) === key && prefixOf(key) === wire.keyPrefix);
  if (again.length === 0 || (await seesAll())) return new Set();
  const { deleted, merged } = await fatesOf(api, wire, again, call);
  return new Set(again.filter((key) => !deleted.has(key) && !merged.has(key)));
}

/** Why such a record is not made again, and what to do. */
export const WHY_HIDDEN =
  'It is in no recycle bin that is seen, and the user that signs in lacks View All Data: sharing may hide it. Give the user View All Data, and plan it again.';

/** The answer to who wants to make one again all the same. */
export function notAgain(wire: WireObject, key: string): MutationResult {
  return rejection('rejected', `${wire.name} ${key} is not made a second time. ${WHY_HIDDEN}`);
}
