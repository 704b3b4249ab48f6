import type { Connector } from '../../src/connectors/index.js';
import type { Clock } from '../../src/lib/index.js';
import { SharedClock } from '../connectors/hubspot-support.js';
import type { ContractPlatform } from '../contracts/connector.js';
import { openLine } from '../support/line.js';
import { startMailerSandbox } from './sandbox.js';

/** What opening a connector on a sandbox takes. */
export interface Reached {
  readonly url: string;
  readonly key: string;
  readonly clock: Clock;
}

/** A sandbox behind a line that can be cut, and a connector of some kind on it. Only a driver of its own knows its links. */
export async function startMailer(open: (reached: Reached) => Promise<Connector>, withLinks: boolean): Promise<ContractPlatform> {
  const clock = new SharedClock(Date.now());
  const sandbox = await startMailerSandbox({ clock });
  const line = await openLine(Number(new URL(sandbox.url).port));
  const colleague = sandbox.writeAs({ kind: 'person', id: '7' });
  const truth = sandbox.truth();
  return {
    now: () => clock.now(),
    open: async () => await open({ url: `http://127.0.0.1:${String(line.port)}`, key: sandbox.token, clock }),
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
    ...(withLinks && {
      links: {
        objects: ['subscribers', 'lists'],
        pick: ([link]) => link,
        seedFrom: async () => await Promise.resolve(colleague.create('subscribers', { city: 'Here' })),
        seedTo: async () => await Promise.resolve(colleague.create('lists', { name: 'News' })),
        truth: async () => await Promise.resolve([...truth.links()].map(({ from, to }) => ({ from, to }))),
      },
    }),
    faults: {
      dropNextAnswer: async () => await Promise.resolve(void sandbox.faults.add({ kind: 'drop-answer', method: 'POST' })),
      late: {
        nextCreate: (ms) => void sandbox.faults.add({ kind: 'late', ms, method: 'POST' }),
        nextUpdate: (ms) => void sandbox.faults.add({ kind: 'late', ms, method: 'POST' }),
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
