import { randomUUID } from 'node:crypto';

import { defined } from '../../lib/index.js';
import { importAccount, seedMessy, startHubSpotSandbox } from '../../sandbox/index.js';
import { importedAccount } from './hubspot-contents.js';
import type { LocalPlatform } from './local.js';

/** More than anybody asks for. */
const ANY = 1_000_000_000;
const NO_LIMITS = { per10s: ANY, perDay: ANY, searchPerSecond: ANY };

/** A HubSpot account: contacts, a sixth as many companies, a tenth as many deals, and the links between them. */
export const hubspot: LocalPlatform = {
  label: 'a HubSpot sandbox on this machine',
  connector: 'hubspot',
  objects: ['contacts', 'companies', 'deals'],
  knows: (object) => ['contacts', 'companies', 'deals', 'tickets'].includes(object),
  // It does nothing for a connection that is gone.
  options: { settle: '0s' },
  pace: ['search_lag', 'timeout'],
  references: [{ object: 'contacts', field: 'associatedcompanyid', to: 'companies' }],
  differsInvented: ['its records are invented, and there are fewer of them', 'it has the properties of a fresh account and none of your own'],
  differsFilled: ['it has no history of them, no pipelines but those of a fresh account, no lists and no further addresses of a contact'],
  differs: ['it has none of the workflows and integrations of your account', 'its token has every permission that runback asks for'],
  cannotKnow: [
    'what workflows of your account do when they see these changes: e-mails, tasks, changes of other records',
    'e-mails that go out because a value or a list changes',
    'rules of your account that refuse a value: validation, required fields, permissions of the token',
    'what other integrations do with these changes, and how many calls they make at the same time',
    'whether HubSpot answers writes more slowly than reads, or refuses some for a while',
  ],
  syncWriter: { kind: 'integration', id: '48621', label: 'CRM to marketing platform' },
  writesAs: 'INTEGRATION:48621',
  async start({ seed, fill, token = `pat-na1-${randomUUID()}`, clock, unlimited = false }) {
    const sandbox = await startHubSpotSandbox({ seed, token, ...defined({ clock }), ...(unlimited ? { limits: NO_LIMITS } : {}) });
    if ('snapshot' in fill) importAccount(sandbox, importedAccount(fill), { onlySettings: fill.onlySettings === true });
    else {
      const { records } = fill;
      seedMessy(sandbox, { contacts: records, companies: Math.max(10, Math.round(records / 6)), deals: Math.max(5, Math.round(records / 10)), seed });
    }
    return sandbox;
  },
};
