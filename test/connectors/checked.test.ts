import { describe, expect, test } from 'vitest';

import {
  type Capabilities,
  checked,
  type Connector,
  type CreatedLookup,
  type LinkMutation,
  type Batch,
  type CreateMutation,
  type MutationResult,
  type RecordBatch,
  type UpdateMutation,
} from '../../src/connectors/index.js';
import { isRunbackError, type Reporter, RunbackError } from '../../src/lib/index.js';
import type { Link, LinkSchema, ObjectSchema, PlatformRecord } from '../../src/records/index.js';

/**
 * What a user would lose: a driver that mixes up results, repeats records or forgets one would make runback write down
 * that the wrong records were repaired, and nobody would see it. The connectors here break one promise each, as a
 * driver with a mistake does.
 */

const SCHEMA: ObjectSchema = { object: 'things', keyFields: [], fields: [], createWithKey: false, undelete: true, sideEffects: [] };
const LINK: LinkSchema = { kind: 'ties', from: 'things', to: 'things' };
const BATCH = { read: 10, history: 10, update: 3, create: 3, delete: 3, undelete: 3, link: 3, unlink: 3 };
const CAPABILITIES: Capabilities = {
  consistentRead: false,
  ordered: true,
  conditionalWrite: false,
  history: 'none',
  batch: BATCH,
  census: true,
};

/** A connector that keeps every promise on a platform with nothing in it, except for what `changes` says. */
function having(changes: Partial<Connector> & { readonly sends?: number } = {}): Connector {
  let requests = 0;
  return checked({
    kind: 'made-up',
    capabilities: CAPABILITIES,
    identify: async () => await Promise.resolve({ account: 'a', label: 'a', environment: undefined, scopes: undefined, address: 'here' }),
    describe: async () => await Promise.resolve({ objects: [SCHEMA], links: [LINK] }),
    read: () => batches<RecordBatch>(),
    readLinks: () => batches<readonly Link[]>(),
    findCreated: async (mutations) => await Promise.resolve(mutations.map(() => ({ state: 'absent' as const }))),
    close: async () => await Promise.resolve(),
    usage: () => ({ requests, retries: 0, limited: 0 }),
    ...changes,
    write: async (...call) => {
      requests += changes.sends ?? 1;
      return await (changes.write?.(...call) ?? Promise.resolve([]));
    },
  });
}

async function* batches<T>(...given: readonly T[]): AsyncGenerator<T> {
  for (const each of given) yield await Promise.resolve(each);
}
async function gathered<T>(given: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of given) all.push(each);
  return all;
}
const record = (key: string): PlatformRecord => ({ key, fields: {}, meta: {} });
const reading = (...given: readonly RecordBatch[]): Connector => having({ read: () => batches(...given) });
const update = (key: string): UpdateMutation => ({ action: 'update', schema: SCHEMA, key, set: {}, expect: {} });
const create = (key: string): CreateMutation => ({ action: 'create', schema: SCHEMA, key, set: {} });
const link = (from: string, to: string): LinkMutation => ({ action: 'link', link: LINK, from, to });
const applied = (key: string): MutationResult => ({ status: 'applied', key });
const refused: MutationResult = { status: 'rejected', reason: 'rejected', message: 'no' };
const statuses = (results: readonly MutationResult[]): string[] =>
  results.map((each) => (each.status === 'applied' ? `applied ${each.key}` : each.status));

async function refusal(work: Promise<unknown>): Promise<RunbackError> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  if (!isRunbackError(error)) throw new Error(`no error of ours: ${String(error)}`);
  return error;
}
async function expectBroken(work: Promise<unknown>, says: string): Promise<void> {
  const error = await refusal(work);
  expect(error.code).toBe('connector-broken');
  expect(`${error.message}. ${error.why ?? ''}`).toContain(says);
  expect(error.why).toContain('connector is at fault');
  expect(error.state).toMatch(/^Nothing was /);
}

test('what nobody can create again, or what comes back, is told of nothing but what was asked for', async () => {
  const connector = having({
    neverAgain: async () => await Promise.resolve(new Map([['other', { why: 'It is forgotten.' }]])),
    undeletable: async () => await Promise.resolve(new Set(['other'])),
  });
  await expect(connector.neverAgain?.(SCHEMA, ['mine'])).rejects.toMatchObject({ code: 'connector-broken' });
  await expect(connector.undeletable?.(SCHEMA, ['mine'])).rejects.toMatchObject({ code: 'connector-broken' });
  expect([...((await connector.neverAgain?.(SCHEMA, ['other'])) ?? [])]).toEqual([['other', { why: 'It is forgotten.' }]]);
});

test('a connector that keeps its promises is passed on as it is', async () => {
  const two: RecordBatch = { records: [record('a'), record('b')], aliases: new Map([['old', 'b']]), history: new Map([['a', { fields: {} }]]) };
  const connector = having({
    read: () => batches(two, { records: [record('c')] }),
    readLinks: () => batches<readonly Link[]>([{ from: 'a', to: 'b' }], [{ from: 'a', to: 'c' }]),
    write: async () => await Promise.resolve([applied('b'), refused]),
  });
  expect(await gathered(connector.read({ schema: SCHEMA, keys: ['c', 'old', 'a', 'b', 'none'] }))).toEqual([two, { records: [record('c')] }]);
  expect(await gathered(connector.readLinks({ link: LINK, fromKeys: ['a'] }))).toHaveLength(2);
  expect(statuses(await connector.write([update('b'), update('a')]))).toEqual(['applied b', 'rejected']);
  expect(connector.readLines).toBeUndefined();
  expect(connector.now).toBeUndefined();
});

describe('reading', () => {
  const read = async (connector: Connector, keys?: readonly string[]): Promise<unknown> =>
    await gathered(connector.read({ schema: SCHEMA, ...(keys && { keys }) }));

  test.each<[string, readonly RecordBatch[], readonly string[] | undefined, string]>([
    ['a record that was not asked for', [{ records: [record('x')] }], ['a'], 'record x'],
    ['a record twice', [{ records: [record('a')] }, { records: [record('a')] }], ['a'], 'record a twice'],
    ['a record without a key', [{ records: [{ ...record('a'), key: undefined as unknown as string }] }], undefined, 'a key, fields and meta'],
    ['records out of order', [{ records: [record('b')] }, { records: [record('a')] }], undefined, '"a" after "b"'],
    ['the history of another record', [{ records: [], history: new Map([['x', { fields: {} }]]) }], ['a'], 'history of x'],
    ['an alias that leads to itself', [{ records: [], aliases: new Map([['a', 'a']]) }], ['a'], 'leads to "a"'],
    ['an alias of another record', [{ records: [], aliases: new Map([['x', 'a']]) }], ['a'], 'what became of x'],
    ['a record and that it is another one', [{ records: [record('a')] }, { records: [], aliases: new Map([['a', 'b']]) }], ['a', 'b'], 'record a'],
    ['that it is another one and the record', [{ records: [], aliases: new Map([['a', 'b']]) }, { records: [record('a')] }], ['a', 'b'], 'record a'],
  ])('%s is the fault of the connector, and is not used', async (_, given, keys, says) => await expectBroken(read(reading(...given), keys), says));

  test('what came before the fault was passed on, and a record may come again in a whole read', async () => {
    const connector = reading({ records: [record('a')] }, { records: [record('a')] }, { records: [record('A')] });
    const got: string[] = [];
    await expectBroken(
      (async () => {
        for await (const { records } of connector.read({ schema: SCHEMA })) got.push(...records.map(({ key }) => key));
      })(),
      '"A" after "a"',
    );
    expect(got).toEqual(['a', 'a']);
  });

  test('where keys are declared to be whole numbers, they come by their size, and nothing else counts as one', async () => {
    const schema: ObjectSchema = { ...SCHEMA, keyOrder: 'integer' };
    const numbers = async (...keys: string[]): Promise<unknown> => await gathered(reading({ records: keys.map(record) }).read({ schema }));
    await numbers('-10', '-9', '0', '9', '10');
    await expectBroken(numbers('10', '9'), '"9" after "10"');
    await expectBroken(numbers('-9', '-10'), '"-10" after "-9"');
    for (const key of ['x', '007', '']) await expectBroken(numbers(key), 'not a whole number');
  });

  test('where no order is claimed, none is asked for', async () => {
    const read = having({ capabilities: { ...CAPABILITIES, ordered: false }, read: () => batches({ records: [record('b'), record('a')] }) });
    expect(await gathered(read.read({ schema: SCHEMA }))).toHaveLength(1);
  });

  test.each<[string, readonly (readonly Link[])[], { fromKeys?: string[]; toKeys?: string[] }, boolean, string]>([
    ['a link twice', [[{ from: 'a', to: 'b' }], [{ from: 'a', to: 'b' }]], {}, true, 'twice'],
    ['a link twice, in any order', [[{ from: 'a', to: 'b' }], [{ from: 'a', to: 'b' }]], { toKeys: ['b'] }, false, 'twice'],
    ['links out of order', [[{ from: 'a', to: 'c' }], [{ from: 'a', to: 'b' }]], {}, true, 'a to b after a to c'],
    ['a link of others', [[{ from: 'x', to: 'y' }]], { fromKeys: ['a'], toKeys: ['b'] }, false, 'neither end'],
    ['half a link', [[{ from: 'a' } as Link]], {}, false, 'two ends'],
  ])('%s is the fault of the connector', async (_, given, limits, ordered, says) => {
    const connector = having({ capabilities: { ...CAPABILITIES, ordered }, readLinks: () => batches(...given) });
    await expectBroken(gathered(connector.readLinks({ link: LINK, ...limits })), says);
  });

  test.each<[string, string, readonly number[]]>([
    ['a line without its end', '{"a":1}\n{"b":2}', [8, 15]],
    ['lines that go back', '{"a":1}\n{"b":2}\n', [16, 8]],
    ['bytes of no line', '{"a":1}\n{"b":2}\n', [8]],
  ])('%s is the fault of the connector', async (_, text, ends) => {
    const connector = having({ readLines: () => batches({ bytes: Buffer.from(text), ends }) });
    await expectBroken(gathered(connector.readLines?.(SCHEMA) ?? batches()), 'lines are whole');
  });

  test('a description that names things twice or leads nowhere is the fault of the connector', async () => {
    const field = { name: 'f', type: 'string', platformType: 'text', readOnly: false } as const;
    for (const [objects, links] of [
      [[SCHEMA, SCHEMA], []],
      [[{ ...SCHEMA, fields: [field, field] }], []],
      [[SCHEMA], [{ ...LINK, to: 'elsewhere' }]],
    ] as const)
      await expectBroken(having({ describe: async () => await Promise.resolve({ objects, links }) }).describe(undefined), 'hangs together');
  });

  test('an error that is none of ours is told as a fault of the connector, with its cause', async () => {
    const cause = new TypeError('undefined is not a function');
    const failing = having({ identify: async () => await Promise.reject(cause) });
    await expectBroken(failing.identify(), 'undefined is not a function');
    expect((await refusal(failing.identify())).cause).toBe(cause);
    const ours = new RunbackError('platform-limit', 'too many');
    expect(await refusal(having({ identify: async () => await Promise.reject(ours) }).identify())).toBe(ours);
  });

  test('lookups of lost creates are one a create, and one record is not two of them', async () => {
    for (const found of [
      [],
      [{ state: 'created', key: 'x' } as const, { state: 'created', key: 'x' } as const],
      [{ state: 'created' } as CreatedLookup, { state: 'absent' } as const],
    ])
      await expectBroken(
        having({ findCreated: async () => await Promise.resolve(found) }).findCreated([create('1'), create('2')], new Date(0)),
        'whether it was made',
      );
  });
});

describe('writing', () => {
  const told = (...results: readonly MutationResult[]): Connector => having({ write: async () => await Promise.resolve(results) });

  test('a mixed or too large batch never reaches the driver', async () => {
    let called = 0;
    const connector = having({
      write: async (mutations) => {
        called += 1;
        return await Promise.resolve(mutations.map(() => refused));
      },
    });
    for (const batch of [
      [update('a'), create('b')],
      [update('a'), { ...update('b'), schema: { ...SCHEMA, object: 'others' } }],
      [link('a', 'b'), { ...link('a', 'b'), link: { ...LINK, kind: 'other' } }],
      [update('a'), update('b'), update('c'), update('d')],
    ] as unknown as Batch[])
      expect((await refusal(connector.write(batch))).code).toBe('bug');
    expect(called).toBe(0);
  });

  test('a result too few: those that name their record are kept, the others are in doubt', async () => {
    const results = await told(applied('c'), refused).write([update('a'), update('b'), update('c')]);
    expect(statuses(results)).toEqual(['in_doubt', 'in_doubt', 'applied c']);
  });

  test('results in another order are put right where they name their record, and the others are in doubt', async () => {
    const results = await told(applied('b'), refused, applied('a')).write([update('a'), update('b'), update('c')]);
    expect(statuses(results)).toEqual(['applied a', 'applied b', 'in_doubt']);
  });

  test('one result that is none costs itself only', async () => {
    for (const odd of [applied('x'), { status: 'done' } as unknown as MutationResult, undefined as unknown as MutationResult])
      expect(statuses(await told(applied('a'), odd, refused).write([update('a'), update('b'), update('c')]))).toEqual([
        'applied a',
        'in_doubt',
        'rejected',
      ]);
  });

  test('two new records under one key are in doubt, and what was made is named', async () => {
    const results = await told(applied('9'), applied('9'), applied('8')).write([create('1'), create('2'), create('3')]);
    expect(statuses(results)).toEqual(['in_doubt', 'in_doubt', 'applied 8']);
    expect(results[0]).toMatchObject({ message: expect.stringContaining('9, 8') as string });
    expect(statuses(await told(applied(''), applied('8')).write([create('1'), create('2')]))).toEqual(['in_doubt', 'applied 8']);
  });

  test('links have no names: one result too many puts all in doubt', async () => {
    expect(statuses(await told(applied('a'), applied('a'), refused).write([link('a', 'b'), link('a', 'c')]))).toEqual(['in_doubt', 'in_doubt']);
  });

  test('it is said that the connector is at fault', async () => {
    const notes: string[] = [];
    const reporter: Reporter = { progress: () => undefined, waiting: () => undefined, note: (message) => notes.push(message) };
    await told().write([update('a')], { reporter });
    expect(notes).toEqual([expect.stringContaining('made-up is at fault: it reported 0 changes, but 1 were requested')]);
  });

  test('an unforeseen error before anything was sent is one; after it, every change is in doubt', async () => {
    const write = async (): Promise<never> => await Promise.reject(new TypeError('oops'));
    await expectBroken(having({ write, sends: 0 }).write([update('a')]), 'oops');
    const results = await having({ write, sends: 1 }).write([update('a'), update('b')]);
    expect(statuses(results)).toEqual(['in_doubt', 'in_doubt']);
    expect(results[0]).toMatchObject({ message: expect.stringContaining('oops') as string });
  });

  test('an error of whoever makes the commit durable is theirs', async () => {
    const theirs = new Error('the disk is full');
    const connector = having({
      write: async (_, options) => {
        await options?.committing?.({ token: 't', places: [0] });
        return [];
      },
    });
    const failed: unknown = await connector
      .write([update('a')], { committing: async () => await Promise.reject(theirs) })
      .catch((error: unknown) => error);
    expect(failed).toBe(theirs);
  });
});
