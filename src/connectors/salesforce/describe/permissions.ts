import type { CallOptions } from '../../../lib/index.js';
import type { Lack } from '../../connector.js';
import { isSuccess } from '../../http/api.js';
import type { SalesforceApi } from '../wire/api.js';
import { isObject, type WireObject } from '../wire/shapes.js';
import { isEncrypted } from './types.js';

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
  const isMasked = wires.some(hasEncrypted);
  const names = [VIEW_ALL, ...(isMasked ? [VIEW_ENCRYPTED] : [])];
  const mayIt = await permissionsOf(api, names, call);
  return [
    ...(mayIt[VIEW_ALL] === false
      ? [
          {
            object: '',
            may: 'read',
            why: 'the user lacks View All Data, so that records which sharing hides from it are in no snapshot, and a restore makes no record again that may only be hidden',
          } as const,
        ]
      : []),
    ...(isMasked && mayIt[VIEW_ENCRYPTED] !== true ? [unseenIn(wires)] : []),
    ...lacks,
  ];
}

/**
 * Whether the user is told encrypted texts as they are. Who is not is given a mask instead, and may write the field all the same
 * (Classic Encryption; View Encrypted Data is in no standard profile). One request; where the account does not tell, it is not.
 */
export async function seesEncrypted(api: SalesforceApi, call: CallOptions): Promise<boolean> {
  return (await permissionsOf(api, [VIEW_ENCRYPTED], call))[VIEW_ENCRYPTED] === true;
}

/** Whether the user sees the records that sharing would hide. One request; where the account does not tell, nothing is claimed. */
export async function seesAllData(api: SalesforceApi, call: CallOptions): Promise<boolean> {
  return (await permissionsOf(api, [VIEW_ALL], call))[VIEW_ALL] !== false;
}

/** Whether an object type has texts that not everybody is told. */
export function hasEncrypted({ fields = [] }: WireObject): boolean {
  return fields.some(isEncrypted);
}

const VIEW_ALL = 'PermissionsViewAllData';
const VIEW_ENCRYPTED = 'PermissionsViewEncryptedData';

async function permissionsOf(api: SalesforceApi, names: readonly string[], call: CallOptions): Promise<Readonly<Record<string, unknown>>> {
  const answer = await api.look('GET', api.queryPath(`SELECT ${names.join(',')} FROM UserPermissionAccess`), undefined, call);
  // An account of an edition without a permission refuses the question; where nothing was answered, nothing is concluded from it.
  if (!isSuccess(answer) && !(answer.kind === 'answered' && [400, 404].includes(answer.status))) throw api.failure(answer);
  const [row] = isSuccess(answer) && isObject(answer.body) && Array.isArray(answer.body['records']) ? (answer.body['records'] as unknown[]) : [];
  return isObject(row) ? row : {};
}

function unseenIn(wires: readonly WireObject[]): Lack {
  const names = wires.flatMap(({ name: object, fields = [] }) => fields.filter(isEncrypted).map(({ name }) => `${object}.${name}`));
  const why = `the user lacks View Encrypted Data, so that snapshots hold a mask of ${names.join(', ')}, and no restore writes there`;
  return { object: '', may: 'read', why };
}
