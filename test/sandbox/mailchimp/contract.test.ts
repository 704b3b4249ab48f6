import { startMailchimpSandbox } from '../../../src/sandbox/index.js';
import { sandboxContract } from '../../contracts/sandbox.js';

const LIST = '8a1f0c2d3e';
const V = `/3.0/lists/${LIST}`;

sandboxContract('mailchimp', {
  start: async (options) =>
    await startMailchimpSandbox({
      ...options,
      // Mailchimp counts connections, not requests; the suite asks one after the other.
      limits: { perMinute: 40 },
      audiences: [{ id: LIST, mergeFields: [{ tag: 'LEVEL', type: 'dropdown', choices: ['New', 'Open', 'Won'] }] }],
    }),
  object: `members-${LIST}`,
  text: 'FNAME',
  linked: `tags-${LIST}`,
  linkedText: 'name',
  address: 'email_address',
  consent: { field: 'status', optedOut: 'unsubscribed' },
  choice: { field: 'LEVEL', options: ['New', 'Open', 'Won'] },
  missingKey: '0'.repeat(32),
  look: { method: 'GET', path: '/3.0/ping' },
  set: (key, text) => ({ method: 'PATCH', path: `${V}/members/${key}`, body: { merge_fields: { FNAME: text } } }),
  // There is no read by many keys: as many of the last ones.
  readMany: (keys) => ({ method: 'GET', path: `${V}/members?count=${keys.length}&sort_dir=DESC` }),
  held: (body) => (body as { members: readonly unknown[] }).members.length,
  done: (status) => status === 200,
  most: 40,
  againMs: 60_000,
});
