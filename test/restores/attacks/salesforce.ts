import { checked } from '../../../src/connectors/index.js';
import { openConnector } from '../../../src/connectors/salesforce/index.js';
import { startSalesforceSandbox } from '../../../src/sandbox/index.js';
import { SharedClock } from '../../connectors/hubspot-support.js';
import { configOf, VISIT } from '../../connectors/salesforce/support.js';
import { type Attacked, type AttackedPlatform, vendorFault } from './platform.js';

const COLLECTION = '*/composite/sobjects';

/** A custom object with a unique field. */
export const attackedSalesforce: AttackedPlatform = {
  name: 'Salesforce',
  object: 'Visit__c',
  text: 'Text__c',
  other: 'Other__c',
  unique: 'Code__c',
  paths: { write: COLLECTION, create: COLLECTION, readByKey: '*/composite/sobjects/*' },
  flowsAreOthers: false,
  own: [
    vendorFault('a create that is done 90 seconds after its connection was cut', { kind: 'late', ms: 90_000, method: 'POST', path: COLLECTION }),
    vendorFault('an update that is done 90 seconds after its connection was cut', { kind: 'late', ms: 90_000, method: 'PATCH', path: COLLECTION }),
    vendorFault('half of a collection is written, and 500 answered', { kind: 'half-batch', method: 'POST', path: COLLECTION }),
    vendorFault('half of an update is written, and 500 answered', { kind: 'half-batch', method: 'PATCH', path: COLLECTION }),
    vendorFault('rows that somebody else holds', { kind: 'lock-row', times: 3, path: COLLECTION }),
    vendorFault('a session that ends again and again', { kind: 'expire-session', after: 2, times: 2 }),
    vendorFault('too many long requests at once', { kind: 'rate-limit', limit: 'ConcurrentPerOrgLongTxn', times: 3, path: COLLECTION }),
    vendorFault('pages of a gateway after the work was done', { kind: 'html-error', applied: true, times: 2, path: COLLECTION }),
    vendorFault('an undelete whose answer is lost', { kind: 'drop-answer', times: 2, path: '/services/Soap/*' }),
    vendorFault('an undelete that is answered with a page', { kind: 'nonsense', path: '/services/Soap/*' }),
  ],
  open: async () => {
    const clock = new SharedClock();
    const sandbox = await startSalesforceSandbox({ clock, limits: { perDay: 1_000_000 }, description: { objects: [VISIT] } });
    const { clientId, clientSecret } = sandbox.connectedApp;
    const secrets: Readonly<Record<string, string>> = { 'env:ID': clientId, 'env:SECRET': clientSecret };
    const credentials = { client_id: 'env:ID', client_secret: 'env:SECRET' } as never;
    const secret = async (ref: string): Promise<string> => await Promise.resolve(secrets[ref] ?? '');
    const connector = checked(await openConnector(configOf(sandbox, { credentials }), { secret, clock }));
    const feed = sandbox.writeAs({ kind: 'integration', id: '48621' });
    return {
      sandbox,
      clock,
      platform: {
        name: 'crm',
        connector,
        identity: await connector.identify(),
        environment: 'sandbox',
        objects: ['Visit__c'],
        close: () => connector.close(),
      },
      purge: (key) => {
        feed.remove('Visit__c', key);
        feed.purge(key);
      },
      close: async () => {
        await connector.close();
        await sandbox.stop();
      },
    } satisfies Attacked;
  },
};
