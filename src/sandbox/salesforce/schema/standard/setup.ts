import { flag, picklist, reference, REQUIRED, text } from '../field.js';
import { objectType, type ObjectType } from '../object-type.js';

const SETUP = { createable: false, updateable: false, deletable: false, undeletable: false, replicateable: false, business: false } as const;

/** What kind of organization this is. */
export const ORGANIZATION: ObjectType = objectType(
  'Organization',
  '00D',
  [
    text('Name', 80, REQUIRED),
    flag('IsSandbox'),
    text('InstanceName', 5),
    picklist('OrganizationType', ['Developer Edition', 'Enterprise Edition', 'Unlimited Edition'], { restrictedPicklist: true }),
    text('NamespacePrefix', 15),
    picklist('DefaultLocaleSidKey', ['en_US'], { restrictedPicklist: true }),
    picklist('TimeZoneSidKey', ['GMT'], { restrictedPicklist: true }),
  ],
  SETUP,
);

/** What the user who asks may do; as other users see their own. */
export const USER_PERMISSION_ACCESS: ObjectType = objectType(
  'UserPermissionAccess',
  '0UP',
  [flag('PermissionsViewAllData'), flag('PermissionsViewEncryptedData'), flag('PermissionsApiEnabled')],
  SETUP,
);

export const PROFILE: ObjectType = objectType('Profile', '00e', [text('Name', 255, { ...REQUIRED, nameField: true })], SETUP);

export const RECORD_TYPE: ObjectType = objectType(
  'RecordType',
  '012',
  [
    text('Name', 80, { ...REQUIRED, nameField: true }),
    text('DeveloperName', 80, REQUIRED),
    picklist('SobjectType', [], { ...REQUIRED }),
    flag('IsActive', { defaultValue: true }),
  ],
  SETUP,
);

/** Queues and the like, which may own leads. */
export const GROUP: ObjectType = objectType(
  'Group',
  '00G',
  [
    text('Name', 40, { ...REQUIRED, nameField: true }),
    text('DeveloperName', 80),
    picklist('Type', ['Queue', 'Regular'], { ...REQUIRED }),
    reference('OwnerId', ['Organization', 'User'], { onParentDelete: 'keep' }),
  ],
  SETUP,
);
