import { openConnector } from '../../src/connectors/hubspot/index.js';
import type { Value } from '../../src/records/index.js';
import { startHubSpotSandbox } from '../../src/sandbox/index.js';
import { connectorContract, type ContractPlatform } from '../contracts/connector.js';
import { openLine } from '../support/line.js';
import { configOf, SharedClock } from './hubspot-support.js';

connectorContract(
  'hubspot',
  { ordered: false, consistentRead: false, conditionalWrite: false, history: 'field', lines: false, changes: true },
  start,
);

/** A sandbox behind a line that can be cut. */
async function start(): Promise<ContractPlatform> {
  const clock = new SharedClock(Date.now());
  const sandbox = await startHubSpotSandbox({ clock });
  const line = await openLine(Number(new URL(sandbox.url).port));
  const { portal } = sandbox;
  const contacts = portal.types.get('contacts');
  const colleague = { source: { type: 'CRM_UI', id: 'userId:42', userId: 42 } };
  const linkFrom: string[] = [];
  const values = (fields: Readonly<Record<string, string | null>>): Record<string, string> =>
    Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, value ?? '']));
  return {
    now: () => clock.now(),
    open: async () =>
      await openConnector(configOf(sandbox, { url: `http://127.0.0.1:${String(line.port)}` }), {
        secret: async () => await Promise.resolve(sandbox.token),
        clock,
      }),
    object: 'contacts',
    text: 'firstname',
    other: 'jobtitle',
    unique: 'email',
    missingKey: '900000000000',
    emptyReads: null,
    seed: async (fields) => await Promise.resolve(portal.create(contacts, values(fields), { source: { type: 'IMPORT', id: '77' } }).id),
    edit: async (key, fields) => {
      clock.advance(1000);
      portal.update(contacts, portal.record(contacts, key), values(fields), colleague);
      await Promise.resolve();
    },
    remove: async (key) => {
      portal.archive(contacts, key, colleague);
      await Promise.resolve();
    },
    truth: async (key) => {
      const record = portal.table(contacts).find(key);
      const known: Record<string, Value> = {};
      for (const name of contacts.properties.keys()) known[name] = record?.values[name] ?? null;
      return await Promise.resolve(record ? known : undefined);
    },
    links: {
      objects: ['contacts', 'companies'],
      pick: (links) => links.find((link) => link.kind === 'HUBSPOT_DEFINED-279'),
      seedFrom: async () => {
        const { id } = portal.create(contacts, {}, colleague);
        linkFrom.push(id);
        return await Promise.resolve(id);
      },
      seedTo: async () => await Promise.resolve(portal.create(portal.types.get('companies'), { name: 'A company' }, colleague).id),
      truth: async () =>
        await Promise.resolve(
          linkFrom.flatMap((from) => [...(portal.links.neighbours('contacts', from, 'companies') ?? [])].map(([to]) => ({ from, to }))),
        ),
    },
    faults: {
      dropNextAnswer: async () => {
        sandbox.faults.add({ kind: 'drop-answer', method: 'POST', path: '*/batch/*' });
        await Promise.resolve();
      },
      late: {
        nextCreate: (ms) => void sandbox.faults.add({ kind: 'late', ms, method: 'POST', path: '*/batch/create' }),
        nextUpdate: (ms) => void sandbox.faults.add({ kind: 'late', ms, method: 'POST', path: '*/batch/update' }),
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
