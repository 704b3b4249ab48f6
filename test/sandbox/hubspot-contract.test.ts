import { startHubSpotSandbox } from '../../src/sandbox/index.js';
import { sandboxContract } from '../contracts/sandbox.js';

sandboxContract('hubspot', {
  start: async (options) => await startHubSpotSandbox(options),
  object: 'contacts',
  text: 'jobtitle',
  linked: 'companies',
  linkedText: 'name',
  address: 'email',
  consent: { field: 'hs_email_optout', optedOut: 'true' },
  choice: { field: 'hs_lead_status', options: ['NEW', 'OPEN', 'CONNECTED'] },
  missingKey: '900000000000',
  look: { method: 'GET', path: '/crm/v3/objects/contacts' },
  set: (key, text) => ({ method: 'PATCH', path: `/crm/v3/objects/contacts/${key}`, body: { properties: { jobtitle: text } } }),
  readMany: (keys) => ({ method: 'POST', path: '/crm/v3/objects/contacts/batch/read', body: { inputs: keys.map((id) => ({ id })), properties: [] } }),
  held: (body) => (body as { results: readonly unknown[] }).results.length,
  done: (status) => status === 200,
  most: 100,
  againMs: 10_000,
});
