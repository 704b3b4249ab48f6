import { afterEach, expect, test } from 'vitest';

import type { CreateMutation } from '../../../src/connectors/index.js';
import type { ObjectSchema } from '../../../src/records/index.js';
import { type Bench, openBench, PERSON, recordsOf, schemaOf } from './support.js';

/**
 * A user would get every contact twice: a sync gave them to other owners, sharing hides them from the user that signs in since, and what
 * is hidden looks deleted.
 */

let bench: Bench;
afterEach(async () => await bench.stop());

const again = (schema: ObjectSchema, key: string): CreateMutation => ({ action: 'create', schema, key, set: { LastName: 'Rossi' } });
const counted = (): number => [...bench.sandbox.truth().records('Contact')].length;

test('what sharing may hide is not made a second time; what is in the recycle bin or was merged, or is new, is made', async () => {
  bench = await openBench({ facts: { seesAll: false } });
  const connector = await bench.open();
  const contacts = await schemaOf(connector, 'Contact');
  const person = bench.sandbox.writeAs(PERSON);
  const [hidden, binned, purged] = ['a', 'b', 'c'].map((name) => person.create('Contact', { LastName: name })) as [string, string, string];
  bench.sandbox.unshare(hidden);
  person.remove('Contact', binned);
  person.remove('Contact', purged);
  person.purge(purged);
  bench.clock.advance(48 * 3_600_000);
  expect(await recordsOf(connector.read({ schema: contacts, keys: [hidden, binned, purged] }))).toEqual([]);
  expect(await connector.undeletable?.(contacts, [hidden, binned, purged])).toEqual(new Set([binned]));

  const never = await connector.neverAgain?.(contacts, [hidden, binned, purged]);
  expect([...(never ?? [])]).toEqual([
    [hidden, { why: expect.stringContaining('lacks View All Data') as string, perhapsThere: true }],
    [purged, { why: expect.stringContaining('Give the user View All Data') as string, perhapsThere: true }],
  ]);

  const before = counted();
  const fresh = { ...again(contacts, 'new-1'), set: { LastName: 'New' } };
  const results = await connector.write([again(contacts, hidden), again(contacts, binned), fresh, again(contacts, purged)]);
  expect(results).toMatchObject([
    { status: 'rejected', reason: 'rejected', message: expect.stringContaining('lacks View All Data') as string },
    { status: 'applied' },
    { status: 'applied' },
    { status: 'rejected', message: expect.stringContaining(purged) as string },
  ]);
  expect(counted()).toBe(before + 2);
});

test('a user who sees everything makes again what is gone for ever', async () => {
  bench = await openBench();
  const connector = await bench.open();
  const contacts = await schemaOf(connector, 'Contact');
  const person = bench.sandbox.writeAs(PERSON);
  const purged = person.create('Contact', { LastName: 'c' });
  person.remove('Contact', purged);
  person.purge(purged);
  bench.clock.advance(48 * 3_600_000);
  bench.sandbox.resetCounts();
  expect(await connector.write([again(contacts, purged)])).toMatchObject([{ status: 'applied' }]);
  expect(await connector.write([again(contacts, purged)])).toMatchObject([{ status: 'applied' }]);
  expect(await connector.neverAgain?.(contacts, [purged])).toEqual(new Map());
  // The permission is asked for once.
  expect(bench.sandbox.counts().requests).toBe(3);
});
