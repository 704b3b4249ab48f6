import { connectorContract } from '../contracts/connector.js';
import { mailerConnector } from './connector.js';
import { startMailer } from './harness.js';

connectorContract(
  'an invented e-mail platform',
  { ordered: false, consistentRead: false, conditionalWrite: false, history: 'none', lines: false, changes: false },
  async () =>
    await startMailer(
      async (reached) => await Promise.resolve(mailerConnector({ platform: 'mail', ...reached, environment: {}, redact: (text) => text })),
      true,
    ),
);
