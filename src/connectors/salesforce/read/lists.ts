import type { CallOptions } from '../../../lib/index.js';
import type { ListMembership } from '../../connector.js';
import type { SalesforceApi } from '../wire/api.js';
import { quoted } from '../wire/soql.js';
import { rowsOf } from './query.js';

/** Who can be on a campaign, by the field of CampaignMember that names it. */
const MEMBERS: Readonly<Partial<Record<string, string>>> = { Contact: 'ContactId', Lead: 'LeadId' };

/** The campaigns that a record is on; undefined for object types that cannot be on one. */
export async function campaignsOf(
  api: SalesforceApi,
  object: string,
  key: string,
  call: CallOptions,
): Promise<readonly ListMembership[] | undefined> {
  const field = MEMBERS[object];
  if (field === undefined) return undefined;
  const found: ListMembership[] = [];
  const query = { names: ['Id', 'CampaignId'], object: 'CampaignMember', where: [`${field} = ${quoted(key)}`] };
  for await (const { rows } of rowsOf(api, query, call))
    for (const row of rows) {
      const id: unknown = row['CampaignId'];
      if (typeof id !== 'string') throw api.nonsense('a member of a campaign names no campaign');
      found.push({ id });
    }
  return found;
}
