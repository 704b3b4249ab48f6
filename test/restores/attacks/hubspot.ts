import { checked } from '../../../src/connectors/index.js';
import { openBench } from '../../connectors/hubspot-support.js';
import { type Attacked, type AttackedPlatform, vendorFault } from './platform.js';

const BATCH = '*/batch/update';

/** Contacts, with the address as their unique value. */
export const attackedHubSpot: AttackedPlatform = {
  name: 'HubSpot',
  object: 'contacts',
  text: 'firstname',
  other: 'jobtitle',
  unique: 'crm_id',
  paths: { write: BATCH, create: '*/batch/create', readByKey: '*/batch/read' },
  flowsAreOthers: true,
  own: [
    vendorFault('a create that is done 40 seconds after its connection was cut', { kind: 'late', ms: 40_000, path: '*/batch/create' }),
    vendorFault('an update that is done 5 seconds after its connection was cut', { kind: 'late', ms: 5000, path: BATCH }),
    vendorFault('half of a batch is written, and the connection cut', { kind: 'half-batch', answer: 'cut', path: '*/batch/create' }),
    vendorFault('half of a batch is written, and 500 answered', { kind: 'half-batch', path: BATCH }),
    vendorFault('an account that is locked for a while', { kind: 'locked', path: BATCH }),
    vendorFault('an account that is being moved', { kind: 'moving', path: BATCH }),
    vendorFault('records that are left out of an answer without a word', { kind: 'partial', answer: 'silent', times: 2 }),
  ],
  open: async () => {
    const { sandbox, connector: bare, clock, stop } = await openBench({ limits: { per10s: 100_000, searchPerSecond: 10_000 } });
    const connector = checked(bare);
    const feed = sandbox.writeAs({ kind: 'integration', id: '48621' });
    return {
      sandbox,
      clock,
      platform: {
        name: 'crm',
        connector,
        identity: await connector.identify(),
        environment: 'sandbox',
        objects: ['contacts'],
        close: () => Promise.resolve(),
      },
      purge: (key) => feed.remove('contacts', key),
      close: stop,
    } satisfies Attacked;
  },
};
