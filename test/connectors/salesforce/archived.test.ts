import { afterEach, beforeEach, expect, test } from 'vitest';

import type { ChangeBatch, Connector } from '../../../src/connectors/index.js';
import type { ObjectSchema } from '../../../src/records/index.js';
import { type Bench, openBench, PERSON, recordsOf, schemaOf } from './support.js';

/**
 * Closed tasks of more than a year ago are archived in the background: they are there, and a plain query leaves them out. A snapshot
 * would lack them, and what was archived between two snapshots would count as deleted and be made a second time.
 */

let bench: Bench;
let connector: Connector;
let schema: ObjectSchema;
let contact: string;
let old: string;
let recent: string;
let removed: string;
const DAY_MS = 86_400_000;

beforeEach(async () => {
  bench = await openBench({ limits: { perDay: 1_000_000, pageSize: 200 } });
  connector = await bench.open();
  schema = await schemaOf(connector, 'Task');
  const person = bench.sandbox.writeAs(PERSON);
  contact = person.create('Contact', { LastName: 'a' });
  const make = (date: string): string => person.create('Task', { Subject: 'Call', WhoId: contact, Status: 'Completed', ActivityDate: date });
  old = make('2024-01-02');
  recent = make('2026-02-02');
  removed = make('2024-01-03');
  bench.clock.advance(DAY_MS);
  person.remove('Task', removed);
});
afterEach(async () => await bench.stop());

test('a whole read, a count and a read by keys tell of archived tasks, and not of what is in the recycle bin', async () => {
  const all = await recordsOf(connector.read({ schema }));
  expect(all.map(({ key, meta }) => [key, meta['IsArchived']])).toEqual([
    [old, true],
    [recent, false],
  ]);
  expect((await recordsOf(connector.read({ schema, keys: [old, recent, removed] }))).map(({ key }) => key).toSorted()).toEqual([old, recent]);
  const [from, to] = [new Date(bench.clock.now().getTime() - 2 * DAY_MS), bench.clock.now()];
  expect(await connector.count?.({ schema, event: 'changed', from, to })).toBe(2);
  expect((await connector.writtenBetween?.({ schema, from, to, most: 10 }))?.keys.toSorted()).toEqual([old, recent]);
});

test('a job reads them too', async () => {
  const person = bench.sandbox.writeAs(PERSON);
  for (let n = 0; n < 2400; n += 1) person.create('Task', { Subject: String(n), Status: 'Completed', ActivityDate: '2024-02-03' });
  bench.clock.advance(DAY_MS);
  expect(await recordsOf(connector.read({ schema }))).toHaveLength(2402);
  expect(bench.sandbox.counts().byEndpoint).toHaveProperty('POST /services/data/v62.0/jobs/query');
});

test('what is archived between two snapshots is not taken for deleted', async () => {
  const person = bench.sandbox.writeAs(PERSON);
  const due = person.create('Task', { Subject: 'Due', Status: 'Completed', ActivityDate: '2025-03-02' });
  await recordsOf(connector.read({ schema }));
  const since = bench.clock.now();
  bench.clock.advance(2 * DAY_MS);
  const batches: ChangeBatch[] = [];
  const known = async function* (): AsyncGenerator<readonly string[]> {
    yield await Promise.resolve([old, recent, due]);
  };
  for await (const batch of connector.readChanges?.({ schema, since, known: known(), most: 100 }) ?? []) batches.push(batch);
  expect((await recordsOf(connector.read({ schema, keys: [due] })))[0]?.meta['IsArchived']).toBe(true);
  expect(batches.at(-1)).toEqual({ gone: [] });
});

test('their references to people are links', async () => {
  const { links } = await connector.describe(['Task', 'Contact']);
  const pairs = [];
  for (const link of links.filter(({ kind, to }) => kind === 'WhoId' && to === 'Contact'))
    for await (const some of connector.readLinks({ link })) pairs.push(...some);
  expect(pairs).toEqual([
    { from: old, to: contact },
    { from: recent, to: contact },
  ]);
});

test('what was done in a stretch of time more than a year ago is told', async () => {
  const told: string[] = [];
  const [from, to] = [new Date(bench.clock.now().getTime() - 2 * DAY_MS), bench.clock.now()];
  for await (const some of connector.sideEffects?.({ from, to }) ?? []) if (!('untold' in some)) told.push(...some.map(({ id }) => id));
  expect(told).toEqual([old, recent]);
});
