import { sandboxContract } from '../contracts/sandbox.js';
import { startMailerSandbox } from './sandbox.js';

sandboxContract('an invented e-mail platform', {
  start: async (options) => await startMailerSandbox(options),
  object: 'subscribers',
  text: 'city',
  linked: 'lists',
  linkedText: 'name',
  address: 'email',
  consent: { field: 'consent', optedOut: 'unsubscribed' },
  missingKey: '900000000',
  look: { method: 'GET', path: '/v2/subscribers' },
  set: (key, text) => ({ method: 'POST', path: '/v2/subscribers/bulk', body: { items: [{ id: Number(key), set: { city: text } }] } }),
  readMany: (keys) => ({ method: 'POST', path: '/v2/subscribers/lookup', body: { ids: keys.map(Number) } }),
  held: (body) => (body as { items: readonly unknown[] }).items.length,
  done: (status, body) => status === 207 && (body as { results: readonly object[] }).results.every((each) => 'item' in each),
  most: 60,
  againMs: 60_000,
});
