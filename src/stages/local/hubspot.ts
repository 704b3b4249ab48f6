import { randomUUID } from 'node:crypto';

import { importAccount, seedMessy, startHubSpotSandbox } from '../../sandbox/index.js';
import { importedAccount } from './hubspot-contents.js';
import type { LocalPlatform } from './local.js';

/** A HubSpot account: contacts, a sixth as many companies, a tenth as many deals, and the links between them. */
export const hubspot: LocalPlatform = {
  label: 'a HubSpot sandbox on this machine',
  connector: 'hubspot',
  objects: ['contacts', 'companies', 'deals'],
  knows: ['contacts', 'companies', 'deals', 'tickets'],
  pace: ['search_lag', 'timeout'],
  references: [{ object: 'contacts', field: 'associatedcompanyid', to: 'companies' }],
  differsInvented: ['its records are invented, and there are fewer of them', 'it has the properties of a fresh account and none of your own'],
  differsFilled: ['it has no history of them, no pipelines but those of a fresh account, no lists and no further addresses of a contact'],
  differs: ['it has none of the workflows and integrations of your account', 'its token has every permission that runback asks for'],
  syncWriter: { kind: 'integration', id: '48621', label: 'CRM to marketing platform' },
  writesAs: 'INTEGRATION:48621',
  async start({ seed, fill, token = `pat-na1-${randomUUID()}` }) {
    const sandbox = await startHubSpotSandbox({ seed, token });
    if ('snapshot' in fill) importAccount(sandbox, importedAccount(fill), { onlySettings: fill.onlySettings === true });
    else {
      const { records } = fill;
      seedMessy(sandbox, { contacts: records, companies: Math.max(10, Math.round(records / 6)), deals: Math.max(5, Math.round(records / 10)), seed });
    }
    return sandbox;
  },
};
