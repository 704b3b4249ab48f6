import { openConnector } from '../../../src/connectors/mailchimp/index.js';
import type { Value } from '../../../src/records/index.js';
import { startMailchimpSandbox } from '../../../src/sandbox/index.js';
import { connectorContract, type ContractPlatform } from '../../contracts/connector.js';
import { openLine } from '../../support/line.js';
import { SharedClock } from '../hubspot-support.js';
import { configOf, MEMBERS, PERSON } from './support.js';

connectorContract(
  'mailchimp',
  { ordered: false, consistentRead: false, conditionalWrite: false, history: 'none', lines: false, changes: false },
  start,
);

/** A sandbox behind a line that can be cut. */
async function start(): Promise<ContractPlatform> {
  const clock = new SharedClock(Date.now());
  const sandbox = await startMailchimpSandbox({ clock });
  const line = await openLine(Number(new URL(sandbox.url).port));
  const person = sandbox.writeAs(PERSON);
  let seeded = 0;
  return {
    now: () => clock.now(),
    open: async () =>
      await openConnector(configOf(sandbox, { url: `http://127.0.0.1:${String(line.port)}` }), {
        secret: async () => await Promise.resolve(sandbox.token),
        clock,
      }),
    object: MEMBERS,
    text: 'FNAME',
    other: 'LNAME',
    unique: 'email_address',
    missingKey: '9'.repeat(32),
    needs: (n) => ({ email_address: `new${String(n)}@example.com`, status: 'subscribed' }),
    kept: (text) => text.trim(),
    emptyReads: null,
    seed: async (fields) => {
      seeded += 1;
      return await Promise.resolve(person.create(MEMBERS, { email_address: `seed${String(seeded)}@example.com`, ...fields }));
    },
    edit: async (key, fields) => {
      clock.advance(2000);
      await Promise.resolve(person.update(MEMBERS, key, fields));
    },
    remove: async (key) => await Promise.resolve(person.remove(MEMBERS, key)),
    truth: async (key) => {
      const values = sandbox.truth().record(MEMBERS, key);
      const known: Record<string, Value> = { FNAME: null, LNAME: null };
      return await Promise.resolve(values && { ...known, ...values });
    },
    faults: {
      dropNextAnswer: async () => {
        for (const method of ['POST', 'PATCH'] as const) sandbox.faults.add({ kind: 'drop-answer', method });
        await Promise.resolve();
      },
      late: {
        nextCreate: (ms) => void sandbox.faults.add({ kind: 'late', ms, method: 'POST' }),
        nextUpdate: (ms) => void sandbox.faults.add({ kind: 'late', ms, method: 'PATCH' }),
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
