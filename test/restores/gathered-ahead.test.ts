import { afterEach, expect, test } from 'vitest';

import type { WriteOptions } from '../../src/connectors/index.js';
import { execute } from '../../src/restores/apply/sending/execute.js';
import type { Execution } from '../../src/restores/apply/sending/execution.js';
import { Batches } from '../../src/restores/records/batches.js';
import type { JournalItem } from '../../src/restores/records/items.js';
import { NO_RECREATIONS } from '../../src/restores/records/journal.js';
import { CONFIG, crmSchema, openWorld, type World } from '../support/restore-world.js';

let world: World;
afterEach(() => world.close());

test('what is gathered while a batch is under way does not count as standing in the way of that batch', async () => {
  world = await openWorld(crmSchema());
  const { connector, deps } = world;
  connector.put('contacts', 'p1', { name: 'a person wrote this' }, 'a person');
  const { write } = connector;
  connector.write = async (mutations, options: WriteOptions) => {
    options.underWay?.();
    await new Promise((resolve) => setImmediate(resolve));
    return await write.call(connector, mutations, options);
  };
  const items = [1, 2].map((n): JournalItem => {
    return { id: String(n), action: 'update', object: 'contacts', key: 'p1', set: { name: `new ${n}` }, replaced: { name: `old ${n}` } };
  });
  // Both were sent in an earlier session, and failed.
  const batches = new Batches(false);
  for (const [n, item] of items.entries()) {
    batches.intended(n + 1, [item], '2026-11-22T08:00:00Z');
    batches.ended(n + 1, [{ id: item.id, status: 'failed', message: 'busy' }]);
  }
  const execution: Execution = {
    platform: deps.platform,
    schema: await connector.describe(undefined),
    recreations: NO_RECREATIONS,
    writer: { append: (entry: object) => Promise.resolve({ ...entry, at: '2026-11-22T09:00:00Z' }) } as unknown as Execution['writer'],
    guard: { confirm: () => Promise.resolve(), left: () => undefined } as unknown as Execution['guard'],
    by: 'maya',
    kind: 'batch',
    batches,
    settings: { canary: CONFIG.canary, errorsPercent: 100, movedPercent: 100 } as unknown as Execution['settings'],
    canary: false,
    total: 2,
    task: 'Restoring',
  };
  const steps = items.map((item) => ({
    id: item.id,
    group: `layer ${item.id}`,
    action: item.action,
    length: 9,
    record: 'contacts p1',
    resolve: () => item,
  }));
  // eslint-disable-next-line @typescript-eslint/require-await
  const inOne = async function* (): AsyncGenerator<typeof steps> {
    yield steps;
  };
  expect(await execute(execution, inOne(), {})).toBeUndefined();
  expect(items.map(({ id }) => batches.statuses.get(id))).toEqual(['moved', 'moved']);
});
