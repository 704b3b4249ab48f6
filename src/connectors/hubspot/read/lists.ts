import type { CallOptions } from '../../../lib/index.js';
import type { ListMembership } from '../../connector.js';
import { wholeList } from '../describe/definitions.js';
import type { HubSpotApi } from '../wire/api.js';
import { isObject, isPageOf } from '../wire/shapes.js';

interface WireMembership {
  readonly listId: string | number;
}

const isMembership = (value: unknown): boolean => isObject(value) && (typeof value['listId'] === 'string' || typeof value['listId'] === 'number');

/**
 * The lists that a record is on, static and active ones (Lists API: "Get lists record is member of"). `type`: the number
 * that HubSpot knows the object type by. Needs the scope `crm.lists.read`.
 */
export async function listsOf(api: HubSpotApi, type: string, key: string, call: CallOptions): Promise<readonly ListMembership[]> {
  const found = await wholeList<WireMembership>(
    api,
    {
      path: `/crm/v3/lists/records/${encodeURIComponent(type)}/${encodeURIComponent(key)}/memberships`,
      valid: isPageOf(isMembership),
      what: 'the lists of a record',
      mayBeEmpty: true,
    },
    call,
  );
  return found.map(({ listId }) => ({ id: String(listId) }));
}
