import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { openConnector } from '../../src/connectors/rest/index.js';
import { systemClock } from '../../src/lib/index.js';
import type { Value } from '../../src/records/index.js';
import { refTo } from '../connectors/rest/support.js';
import { connectorContract, type ContractPlatform } from '../contracts/connector.js';
import { openLine } from '../support/line.js';
import { startProxy } from '../support/tcp-proxy.js';
import { DIRECTUS, type Directus, makeCollections, startDirectus } from './directus.js';

/** A platform that nobody here wrote, told about by a file. */

const WHY = 'RUNBACK_TEST_DIRECTUS names no folder with Directus in it: npm run test:engines -- directus';
const DESCRIPTIONS = join(import.meta.dirname, '../../docs/descriptions');

let server: Directus;
beforeAll(async () => {
  if (DIRECTUS === undefined) return;
  server = await startDirectus(DIRECTUS);
  await makeCollections(server);
});
afterAll(async () => {
  if (DIRECTUS !== undefined) await server.stop();
});

describe.runIf(DIRECTUS !== undefined)('Directus', () => {
  connectorContract(
    'Directus, told about by a file',
    { ordered: false, consistentRead: false, conditionalWrite: false, history: 'record', lines: false, changes: false },
    async () => await start(server),
  );
});

it('Directus is what the probe says', async ({ skip }) => {
  if (DIRECTUS === undefined) return skip(WHY);
  const platform = await start(server);
  const company = ((await server.ask('POST', '/items/companies', { name: 'Example' })) as { readonly id: number }).id;
  for (let n = 0; n < 3; n += 1)
    await server.ask('POST', '/items/people', { email: `p${String(n)}@example.com`, company, score: '1.50', opted_out: n === 1, born: '1980-02-29' });
  const connector = await platform.open();
  const told: string[] = [];
  for await (const { ok, found } of connector.probe?.(undefined) ?? []) if (!ok) told.push(found);
  expect(told).toEqual([]);
  await connector.close();
  await platform.stop();
});

type Row = Readonly<Record<string, Value>> & { readonly id: number };

/** A new connector on the same server, whose collections are empty. */
async function start(server: Directus): Promise<ContractPlatform> {
  for (const collection of ['people', 'companies']) await server.ask('DELETE', `/items/${collection}`, { query: { limit: -1 } });
  const proxy = await startProxy({ host: '127.0.0.1', port: server.port });
  const line = await openLine(proxy.port);
  return {
    now: () => new Date(),
    open: async () =>
      await openConnector(
        {
          name: 'cms',
          connector: 'rest',
          environment: 'sandbox',
          url: `http://127.0.0.1:${String(line.port)}`,
          credentials: { token: refTo('TOKEN') },
          limits: { requests_per_10s: 10_000 },
          options: { description: 'directus.yml' },
        },
        { secret: async () => await Promise.resolve(server.token), clock: systemClock, environment: {}, folder: DESCRIPTIONS },
      ),
    object: 'people',
    text: 'city',
    other: 'first_name',
    unique: 'email',
    missingKey: '900000000',
    emptyReads: '',
    seed: async (fields) => String(((await server.ask('POST', '/items/people', fields)) as Row).id),
    edit: async (key, fields) => void (await server.ask('PATCH', `/items/people/${key}`, fields)),
    remove: async (key) => void (await server.ask('DELETE', `/items/people/${key}`)),
    truth: async (key) => ((await server.ask('GET', `/items/people?filter[id][_eq]=${key}`)) as readonly Row[])[0],
    faults: {
      // In the body of a write, and of nothing else.
      dropNextAnswer: async () => await Promise.resolve(proxy.dropAnswerTo('"city"')),
      cutOff: async () => await line.cut(),
      heal: async () => {
        proxy.heal();
        await line.mend();
      },
    },
    stop: async () => {
      await line.cut();
      await proxy.stop();
    },
  };
}
