import { expect, it } from 'vitest';

import type { Platform, RecordBatch } from '../../src/connectors/index.js';
import { RunbackError } from '../../src/lib/index.js';
import type { ObjectSchema } from '../../src/records/index.js';
import { searchLeak } from '../../src/stages/index.js';
import { newMarker } from '../../src/stages/leak/marker.js';
import { objectType, tickingClock } from '../support/restore-world.js';

// A user would lose: production, to a search that says "clear" of what it has not read.

interface Given {
  readonly schema?: Partial<ObjectSchema>;
  readonly total?: number;
  readonly census?: boolean;
  /** Thrown after the first batch. */
  readonly breaks?: Error;
  /** What a record holds at the n-th read. */
  readonly holds?: (read: number) => string;
}

/** A production of three records in two batches, which counts how often it is read. */
function production({ schema, total, census = true, breaks, holds }: Given): { readonly platform: Platform; reads(): number } {
  let reads = 0;
  const batch = (keys: readonly string[]): RecordBatch => ({
    records: keys.map((key) => ({ key, fields: { note: holds?.(reads) ?? 'ours' }, meta: {} })),
    ...(total === undefined ? {} : { total }),
  });
  const connector = {
    kind: 'memory',
    capabilities: { census },
    describe: async () => await Promise.resolve({ objects: [objectType('people', [], schema)], links: [] }),
    async *read() {
      reads += 1;
      yield await Promise.resolve(batch(['1', '2']));
      if (breaks !== undefined) throw breaks;
      yield batch(['3']);
    },
  };
  return { platform: { name: 'crm', connector, objects: undefined } as unknown as Platform, reads: () => reads };
}

const marked = [{ object: 'people', key: '1', field: 'note', was: undefined, marker: newMarker() }];
const search = async (given: Given, settleMs = 0) =>
  await searchLeak({ marked, productions: [production(given).platform], settleMs }, tickingClock(), {});

it('is clear where every record was read, also more than were counted at first', async () => {
  expect(await search({})).toMatchObject({ status: 'clear', read: [{ platform: 'crm', objects: [{ object: 'people', records: 3 }] }] });
  expect((await search({ total: 2 })).status).toBe('clear');
});

const less: readonly (readonly [string, Given, RegExp])[] = [
  ['fewer came than the platform counts', { total: 4 }, /counts 4 records, but gave 3/u],
  ['it failed half-way', { breaks: new RunbackError('platform-incomplete', 'it left some out') }, /left some out/u],
  ['an object type cannot be handled', { schema: { refused: 'people is a view' } }, /people is a view/u],
  ['a field must never be stored', { schema: { withheld: ['ssn'] } }, /ssn cannot be read here, or must never be stored/u],
];
it.each(less)('proves nothing where %s, and says so', async (_, given, why) => {
  const found = await search(given);
  expect(found.status).toBe('unproven');
  expect(found.read[0]?.objects[0]?.why).toMatch(why);
});

it('proves nothing where reading all keys is no census, where nothing was marked, or there is nothing to look in', async () => {
  expect(await search({ census: false })).toMatchObject({ status: 'unproven', read: [{ why: expect.any(String) as string }] });
  const { platform, reads } = production({});
  const request = { productions: [platform], settleMs: 0 };
  expect((await searchLeak({ ...request, marked: [] }, tickingClock(), {})).status).toBe('unproven');
  expect(reads()).toBe(0);
  expect((await searchLeak({ marked, productions: [], settleMs: 0 }, tickingClock(), {})).status).toBe('unproven');
});

it('sees a marker although the rest could not be read, and lets bugs and Ctrl-C through', async () => {
  const breaks = new RunbackError('platform-unreachable', 'gone');
  expect(await search({ breaks, holds: () => marked[0]?.marker ?? '' })).toMatchObject({ status: 'leaked', sightings: [{ key: '1' }, { key: '2' }] });
  await expect(search({ breaks: new TypeError('a bug') })).rejects.toThrow('a bug');
  await expect(search({ breaks: new RunbackError('interrupted', 'stopped') })).rejects.toMatchObject({ code: 'interrupted' });
});

it('reads once more when the time to settle is over; the window ends where the last read begins', async () => {
  const clock = tickingClock();
  const slept: number[] = [];
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms);
    clock.move(ms);
    await Promise.resolve();
  };
  const patient = { ...clock, sleep };
  const late = production({ holds: (read) => (read === 2 ? (marked[0]?.marker ?? '') : 'ours') });
  const leaked = await searchLeak({ marked, productions: [late.platform], settleMs: 300_000 }, patient, {});
  expect(leaked).toMatchObject({ status: 'leaked', passes: 2 });
  const clear = await searchLeak({ marked, productions: [production({}).platform], settleMs: 300_000 }, patient, {});
  expect(clear).toMatchObject({ status: 'clear', passes: 2 });
  expect(Date.parse(clear.window.to) - Date.parse(clear.window.from)).toBeGreaterThanOrEqual(300_000);
  expect(slept).toHaveLength(2);
});
