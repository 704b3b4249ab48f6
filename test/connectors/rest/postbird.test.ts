import { openConnector } from '../../../src/connectors/rest/index.js';
import { connectorContract, type ContractPlatform } from '../../contracts/connector.js';
import { startMailerSandbox } from '../../mailer/sandbox.js';
import { openLine } from '../../support/line.js';
import { SharedClock } from '../hubspot-support.js';
import { refTo } from './support.js';

/**
 * The same invented e-mail platform that `test/mailer` has a driver for, told about by a file made from the page of its vendor
 * alone.
 */

connectorContract(
  'a described platform: an invented e-mail platform',
  { ordered: false, consistentRead: false, conditionalWrite: false, history: 'none', lines: false, changes: false },
  start,
);

async function start(): Promise<ContractPlatform> {
  const clock = new SharedClock(Date.now());
  const sandbox = await startMailerSandbox({ clock });
  const line = await openLine(Number(new URL(sandbox.url).port));
  const colleague = sandbox.writeAs({ kind: 'person', id: '7' });
  const truth = sandbox.truth();
  return {
    open: async () =>
      await openConnector(
        {
          name: 'mail',
          connector: 'rest',
          environment: 'sandbox',
          url: `http://127.0.0.1:${String(line.port)}`,
          credentials: { token: refTo('TOKEN') },
          limits: {},
          options: { description: 'postbird.yml' },
        },
        { secret: async () => await Promise.resolve(sandbox.token), clock, environment: {}, folder: import.meta.dirname },
      ),
    object: 'subscribers',
    text: 'city',
    other: 'first_name',
    unique: 'email',
    missingKey: '900000000',
    emptyReads: null,
    seed: async (fields) => await Promise.resolve(colleague.create('subscribers', fields)),
    edit: async (key, fields) => {
      clock.advance(1000);
      await Promise.resolve(colleague.update('subscribers', key, fields));
    },
    remove: async (key) => await Promise.resolve(colleague.remove('subscribers', key)),
    truth: async (key) => {
      const values = truth.record('subscribers', key);
      return await Promise.resolve(values && { city: null, first_name: null, email: null, ...values });
    },
    faults: {
      dropNextAnswer: async () => await Promise.resolve(void sandbox.faults.add({ kind: 'drop-answer', method: 'POST' })),
      cutOff: async () => await line.cut(),
      heal: async () => {
        sandbox.faults.clear();
        await line.mend();
      },
    },
    stop: async () => {
      await line.cut();
      await sandbox.stop();
    },
  };
}
