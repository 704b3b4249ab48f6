import type { CallOptions } from '../../../lib/index.js';
import type { Lack } from '../../connector.js';
import { isSuccess } from '../../http/api.js';
import type { SalesforceApi } from '../wire/api.js';
import { isObject, type WireObject } from '../wire/shapes.js';

/**
 * What the user may not do, by its own descriptions of object types, and whether it sees the records that sharing would hide (object
 * reference: UserPermissionAccess). One request; where the account does not tell, nothing is claimed.
 */
export async function lacksOf(api: SalesforceApi, wires: readonly WireObject[], call: CallOptions): Promise<readonly Lack[]> {
  const lacks = wires.flatMap(({ name: object, queryable, createable, updateable, deletable }): Lack[] => [
    ...(queryable === false ? [{ object, may: 'read' } as const] : []),
    ...(updateable === false ? [{ object, may: 'update' } as const] : []),
    ...(createable === false ? [{ object, may: 'create' } as const] : []),
    ...(deletable === false ? [{ object, may: 'delete' } as const] : []),
  ]);
  const answer = await api.look('GET', api.queryPath('SELECT PermissionsViewAllData FROM UserPermissionAccess'), undefined, call);
  const [row] = isSuccess(answer) && isObject(answer.body) && Array.isArray(answer.body['records']) ? (answer.body['records'] as unknown[]) : [];
  const seesAll = isObject(row) ? row['PermissionsViewAllData'] : undefined;
  if (seesAll !== false) return lacks;
  return [{ object: '', may: 'read', why: 'the user lacks View All Data, so that records which sharing hides from it are in no snapshot' }, ...lacks];
}
