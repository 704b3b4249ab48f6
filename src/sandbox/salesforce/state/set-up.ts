import type { Who } from '../../sandbox.js';
import type { ObjectType } from '../schema/object-type.js';
import { wideId } from './ids.js';
import type { OrgState } from './org-state.js';
import { timeOf, type Values } from './record.js';

/** An account that is being set up. */
interface SettingUp extends OrgState {
  readonly facts: { readonly isSandbox: boolean; readonly instance: string; readonly name: string; readonly seesAll: boolean };
  nextId(object: ObjectType): string;
}

/** How a user is called. */
interface UserNames {
  readonly first: string;
  readonly last: string;
  readonly username: string;
}

/** Makes the organization, its profile and the record types that were described; gives the id of the organization. */
export function setUpOrganization(org: SettingUp): string {
  const { name, isSandbox, instance, seesAll } = org.facts;
  const id = add(org, 'Organization', {
    Name: name,
    IsSandbox: isSandbox,
    InstanceName: instance,
    OrganizationType: isSandbox ? 'Enterprise Edition' : 'Unlimited Edition',
    DefaultLocaleSidKey: 'en_US',
    TimeZoneSidKey: 'GMT',
  });
  add(org, 'UserPermissionAccess', {
    PermissionsViewAllData: seesAll,
    PermissionsViewEncryptedData: org.description.seesEncrypted,
    PermissionsApiEnabled: true,
  });
  add(org, 'Profile', { Name: 'System Administrator' });
  for (const { name: object, recordTypes } of org.schema.all())
    for (const { id: own, name: label, developerName } of recordTypes)
      org.tables.put(org.schema.get('RecordType'), {
        id: own,
        values: { Id: own, Name: label, DeveloperName: developerName, SobjectType: object, IsActive: true },
      });
  return id;
}

/** Makes a user; gives its id. */
export function addUser(org: SettingUp, { first, last, username }: UserNames): string {
  const [profile] = org.tables.all(org.schema.get('Profile'));
  return add(org, 'User', {
    Username: username,
    Email: username,
    FirstName: first,
    LastName: last,
    Name: `${first} ${last}`,
    Alias: last.slice(0, 8),
    IsActive: true,
    UserType: 'Standard',
    TimeZoneSidKey: 'GMT',
    ...(profile && { ProfileId: profile.id }),
  });
}

/** The user that a writer from outside the API is: the one whose id it has, or one of its own, made where there is none. */
export function userOf(org: SettingUp, who: Who): string {
  const named = who.id.startsWith('005') ? wideId(who.id) : undefined;
  if (named !== undefined) return named;
  const username = `${who.kind}.${who.id.replaceAll(/[^\w.-]/g, '_')}@example.com`;
  const [held] = org.tables.byValue(org.schema.get('User'), 'Username', username);
  const last = who.kind === 'integration' ? (who.label ?? who.id) : who.id;
  return held ?? addUser(org, { first: who.kind === 'integration' ? 'Integration' : 'Person', last, username });
}

/** A record of the platform's own: no rule is asked. */
function add(org: SettingUp, object: string, values: Values): string {
  const type = org.schema.get(object);
  const id = org.nextId(type);
  const time = timeOf(org.clock.now().getTime());
  org.tables.put(type, { id, values: { Id: id, CreatedDate: time, LastModifiedDate: time, SystemModstamp: time, ...values } });
  return id;
}
