import { openConnector } from '../../../src/connectors/salesforce/index.js';
import { startSalesforceSandbox } from '../../../src/sandbox/index.js';
import { connectorContract, type ContractPlatform } from '../../contracts/connector.js';
import { openLine } from '../../support/line.js';
import { SharedClock } from '../hubspot-support.js';
import { configOf, PERSON, VISIT } from './support.js';

connectorContract(
  'salesforce',
  { ordered: false, consistentRead: false, conditionalWrite: false, history: 'field', lines: false, changes: true, allAgain: true },
  start,
);

/** A sandbox behind a line that can be cut. */
async function start(): Promise<ContractPlatform> {
  const clock = new SharedClock(Date.now());
  const sandbox = await startSalesforceSandbox({
    clock,
    limits: { perDay: 100_000 },
    description: { objects: [VISIT], tracked: { Visit__c: ['Text__c'] } },
  });
  const line = await openLine(Number(new URL(sandbox.url).port));
  const colleague = sandbox.writeAs(PERSON);
  const prefix = colleague.create('Visit__c', {});
  colleague.remove('Visit__c', prefix);
  const unusedKey = (n: number): string => `${prefix.slice(0, 11)}${String(9000 + n)}${prefix.slice(15)}`;
  return {
    now: () => clock.now(),
    open: async () =>
      await openConnector(configOf({ url: `http://127.0.0.1:${String(line.port)}` }), {
        secret: async () => await Promise.resolve(sandbox.token),
        clock,
      }),
    object: 'Visit__c',
    text: 'Text__c',
    other: 'Other__c',
    unique: 'Code__c',
    missingKey: unusedKey(999),
    unusedKey,
    // Blanks and control characters at the ends of a text are not kept.
    alters: (text) => text.charAt(0) <= ' ' || (text.at(-1) ?? '') <= ' ',
    emptyReads: null,
    seed: async (fields) => await Promise.resolve(colleague.create('Visit__c', fields)),
    edit: async (key, fields) => {
      clock.advance(1000);
      await Promise.resolve(colleague.update('Visit__c', key, fields));
    },
    remove: async (key) => await Promise.resolve(colleague.remove('Visit__c', key)),
    truth: async (key) => {
      const values = sandbox.truth().record('Visit__c', key);
      return await Promise.resolve(values && { Text__c: null, Other__c: null, Code__c: null, ...values });
    },
    faults: {
      dropNextAnswer: async () => await Promise.resolve(void sandbox.faults.add({ kind: 'drop-answer', path: '*/composite/sobjects' })),
      late: {
        nextCreate: (ms) => void sandbox.faults.add({ kind: 'late', ms, method: 'POST', path: '*/composite/sobjects' }),
        nextUpdate: (ms) => void sandbox.faults.add({ kind: 'late', ms, method: 'PATCH', path: '*/composite/sobjects' }),
        passed: (ms) => clock.advance(ms),
      },
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
