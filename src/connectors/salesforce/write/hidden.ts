import type { CallOptions } from '../../../lib/index.js';
import type { CreateMutation, MutationResult } from '../../connector.js';
import { rejection } from '../../http/batch.js';
import { fatesOf } from '../read/fates.js';
import type { SalesforceApi } from '../wire/api.js';
import { prefixOf, wholeId } from '../wire/ids.js';
import type { WireObject } from '../wire/shapes.js';

/**
 * Refusals of records that are to be made again and may be there still. To a user who lacks View All Data, a record that sharing hides
 * (its owner changed, say) looks like one that is gone for ever: no query tells of it, nor does the recycle bin. Only what is in the
 * recycle bin, or was merged, is certainly gone. `seesAll`: whether the user sees everything; asked where it matters only.
 */
export async function perhapsHidden(
  api: SalesforceApi,
  wire: WireObject,
  mutations: readonly CreateMutation[],
  seesAll: () => Promise<boolean>,
  call: CallOptions,
): Promise<ReadonlyMap<CreateMutation, MutationResult>> {
  const again = mutations.filter(({ key }) => wholeId(key) === key && prefixOf(key) === wire.keyPrefix);
  if (again.length === 0 || (await seesAll())) return new Map();
  const keys = again.map(({ key }) => key);
  const { deleted, merged } = await fatesOf(api, wire, keys, call);
  return new Map(
    again.flatMap((mutation) => {
      const { key } = mutation;
      if (deleted.has(key) || merged.has(key)) return [];
      const why = 'the user that signs in lacks View All Data, and sharing may hide it';
      return [
        [
          mutation,
          rejection(
            'rejected',
            `${wire.name} ${key} is not made a second time: it is in no recycle bin that is seen, ${why}. Give the user View All Data, and plan it again`,
          ),
        ],
      ];
    }),
  );
}
