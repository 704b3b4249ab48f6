import { join } from 'node:path';

import { checked } from '../../../src/connectors/index.js';
import { openConnector } from '../../../src/connectors/rest/index.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { refTo } from '../../connectors/rest/support.js';
import { startMailerSandbox } from '../../mailer/sandbox.js';
import { type Attacked, type AttackedPlatform, vendorFault } from './platform.js';

const CREATE = '/v2/subscribers';
const BULK = '*/bulk';

/** A platform that only a file describes: subscribers, with the address as their unique value. */
export const attackedDescribed: AttackedPlatform = {
  name: 'A described platform',
  object: 'subscribers',
  text: 'first_name',
  other: 'city',
  unique: 'email',
  paths: { write: BULK, create: CREATE, readByKey: '*/lookup' },
  flowsAreOthers: true,
  own: [
    vendorFault('a create that is done 40 seconds after its connection was cut', { kind: 'late', ms: 40_000, method: 'POST', path: CREATE }),
    vendorFault('an update that is done 40 seconds after its connection was cut', { kind: 'late', ms: 40_000, path: BULK }),
    vendorFault('half of a bulk that is told to be busy', { kind: 'busy', path: BULK, times: 3 }),
    vendorFault('a deletion whose answer is lost', { kind: 'drop-answer', method: 'DELETE', times: 2 }),
    vendorFault('deletions that are answered with 500 although they were done', { kind: 'server-error', applied: true, method: 'DELETE', times: 2 }),
    vendorFault('a deletion that is done 40 seconds after its connection was cut', { kind: 'late', ms: 40_000, method: 'DELETE' }),
    vendorFault('a key that is refused for a while', { kind: 'unauthorized', times: 2, path: BULK }),
    vendorFault('a list whose answers are cut in their middle', { kind: 'cut-body', method: 'GET', path: CREATE, times: 2 }),
  ],
  open: async () => {
    const clock = new SharedClock();
    const sandbox = await startMailerSandbox({ clock, perMinute: 100_000, perDay: 1_000_000 });
    const connector = checked(
      await openConnector(
        {
          name: 'mail',
          connector: 'rest',
          environment: 'sandbox',
          url: sandbox.url,
          credentials: { token: refTo('TOKEN') },
          limits: { requests_per_10s: 100_000 },
          options: { description: 'postbird.yml' },
        },
        {
          secret: async () => await Promise.resolve(sandbox.token),
          clock,
          environment: {},
          folder: join(import.meta.dirname, '../../connectors/rest'),
        },
      ),
    );
    const feed = sandbox.writeAs({ kind: 'integration', id: '48621' });
    return {
      sandbox,
      clock,
      platform: {
        name: 'mail',
        connector,
        identity: await connector.identify(),
        environment: 'sandbox',
        objects: ['subscribers'],
        close: () => connector.close(),
      },
      purge: (key) => feed.remove('subscribers', key),
      close: async () => {
        await connector.close();
        await sandbox.stop();
      },
    } satisfies Attacked;
  },
};
