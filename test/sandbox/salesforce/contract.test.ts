import { startSalesforceSandbox } from '../../../src/sandbox/index.js';
import { sandboxContract } from '../../contracts/sandbox.js';

const V = '/services/data/v62.0';

sandboxContract('salesforce', {
  start: async (options) =>
    await startSalesforceSandbox({
      ...options,
      limits: { perDay: 40 },
      description: { fields: { Contact: [{ name: 'Level__c', type: 'picklist', options: ['New', 'Open', 'Won'], restricted: true }] } },
    }),
  object: 'Contact',
  needs: { LastName: 'Example' },
  text: 'Title',
  linked: 'Account',
  linkedText: 'Name',
  address: 'Email',
  consent: { field: 'HasOptedOutOfEmail', optedOut: 'true' },
  choice: { field: 'Level__c', options: ['New', 'Open', 'Won'] },
  missingKey: '0037Q00000zzzzzQAA',
  look: { method: 'GET', path: `${V}/limits` },
  set: (key, text) => ({
    method: 'PATCH',
    path: `${V}/composite/sobjects`,
    body: { records: [{ attributes: { type: 'Contact' }, id: key, Title: text }] },
  }),
  readMany: (keys) => ({ method: 'POST', path: `${V}/composite/sobjects/Contact`, body: { ids: keys, fields: ['Title'] } }),
  held: (body) => (body as readonly unknown[]).filter((each) => each !== null).length,
  done: (status, body) => status === 200 && (body as { success: boolean }[]).every(({ success }) => success),
  most: 40,
  againMs: 86_400_000,
  refusal: { status: 403 },
});
