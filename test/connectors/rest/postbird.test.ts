import { openConnector } from '../../../src/connectors/rest/index.js';
import { connectorContract } from '../../contracts/connector.js';
import { startMailer } from '../../mailer/harness.js';
import { refTo } from './support.js';

/**
 * The same invented e-mail platform that `test/mailer` has a driver for, told about by a file made from the page of its vendor
 * alone.
 */

connectorContract(
  'a described platform: an invented e-mail platform',
  { ordered: false, consistentRead: false, conditionalWrite: false, history: 'none', lines: false, changes: false },
  async () =>
    await startMailer(
      async ({ url, key, clock }) =>
        await openConnector(
          {
            name: 'mail',
            connector: 'rest',
            environment: 'sandbox',
            url,
            credentials: { token: refTo('TOKEN') },
            limits: {},
            options: { description: 'postbird.yml' },
          },
          { secret: async () => await Promise.resolve(key), clock, environment: {}, folder: import.meta.dirname },
        ),
      false,
    ),
);
