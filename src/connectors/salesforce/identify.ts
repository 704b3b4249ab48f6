import type { CallOptions } from '../../lib/index.js';
import type { Identity } from '../connector.js';
import { isSuccess } from '../http/api.js';
import type { SalesforceApi } from './wire/api.js';
import { idIn } from './wire/ids.js';
import { isObject, isPage, type WirePage } from './wire/shapes.js';

/** Who the account says that it is, and the user that signs in. */
export interface Who {
  readonly identity: Identity;
  /** Id of the user; undefined where the session may not be asked for it. */
  readonly user: string | undefined;
}

/** Two requests: the organization, and the user of the session. */
export async function identify(api: SalesforceApi, url: string, call: CallOptions): Promise<Who> {
  const soql = 'SELECT Id,Name,IsSandbox,InstanceName,OrganizationType FROM Organization';
  const page = (await api.get(api.queryPath(soql), isPage, call)) as WirePage;
  const [organization] = page.records;
  const account = idIn(organization?.['Id']);
  if (organization === undefined || account === undefined) throw api.nonsense('its organization has no Id');
  const { Name: name, IsSandbox: isSandbox, InstanceName: instance, OrganizationType: edition } = organization;
  const facts = [edition, instance].filter((fact) => typeof fact === 'string' && fact !== '').join(', ');
  const { id: user, name: writer } = await userOf(api, call);
  return {
    identity: {
      account,
      label: `${typeof name === 'string' ? name : 'Salesforce'}${facts === '' ? '' : ` (${facts})`}`,
      environment: isSandbox === true ? 'sandbox' : isSandbox === false ? 'production' : undefined,
      scopes: undefined,
      ...(writer === undefined ? {} : { writer }),
      address: new URL(url).host,
    },
    user,
  };
}

/** A session whose scope does not cover it is refused here, and is good for the rest. */
async function userOf(api: SalesforceApi, call: CallOptions): Promise<{ readonly id: string | undefined; readonly name: string | undefined }> {
  const result = await api.look('GET', '/services/oauth2/userinfo', undefined, call);
  if (!isSuccess(result) || !isObject(result.body)) return { id: undefined, name: undefined };
  const { user_id: id, preferred_username: preferred, username } = result.body;
  const name = preferred ?? username;
  return { id: idIn(id), name: typeof name === 'string' ? name : undefined };
}
