import { afterEach, describe, expect, it } from 'vitest';

import { historyOf } from '../../src/connectors/hubspot/read/records.js';
import type { ObjectSchema } from '../../src/records/index.js';
import { integration } from '../../src/sandbox/index.js';
import { openProxyBench, type ProxyBench } from './hubspot-proxy.js';
import { people, seed } from './hubspot-support.js';

/** A user would lose: a damaged record that was not looked at, or a value in a form that the field never had. */

const DAY_MS = 86_400_000;

describe('what may have been written since a time', () => {
  let bench: ProxyBench;
  afterEach(() => bench.stop());

  /** Keys, count and deletions, and the paths that were asked, without what differs. */
  async function told(schema: ObjectSchema, since: Date) {
    const keys: string[] = [];
    const counts: Record<string, number> = {};
    for await (const batch of bench.connector.writtenSince?.({ schema, since }, bench.call) ?? [])
      if ('keys' in batch) keys.push(...batch.keys);
      else Object.assign(counts, batch);
    return {
      keys: keys.sort(),
      ...counts,
      asked: bench.asked.map(({ path }) => path.replace(/.*contacts/u, '').replace(/[&?](after|properties|limit)=[^&]*/gu, '')),
    };
  }

  async function account(): Promise<{ readonly ids: readonly string[]; readonly schema: ObjectSchema; readonly since: Date }> {
    bench = await openProxyBench({ searchLagMs: 8000 });
    const ids = seed(bench.sandbox, 'contacts', people(300));
    bench.clock.advance(DAY_MS);
    const schema = await bench.schema('contacts');
    const since = bench.clock.now();
    bench.clock.advance(60_000);
    bench.meddle({});
    return { ids, schema, since };
  }
  const other = () => bench.sandbox.writeAs(integration('77', 'Some tool'));

  it('is searched for where little was, whatever was done to it later; what was deleted is counted', async () => {
    const { ids, schema, since } = await account();
    for (const id of ids.slice(0, 30)) other().update('contacts', id, { city: 'Bergen' });
    other().archive('contacts', ids[40] ?? '');
    bench.clock.advance(30 * DAY_MS);
    other().update('contacts', ids[0] ?? '', { city: 'Oslo' });
    bench.clock.advance(60_000);
    const { asked, ...found } = await told(schema, since);
    expect(found).toEqual({ keys: ids.slice(0, 30).sort(), total: 299, deleted: 1 });
    expect(asked.filter((path) => path === '/search')).toHaveLength(4);
  });

  it('is the whole list where nearly everything was', async () => {
    const { ids, schema, since } = await account();
    for (const id of ids.slice(0, 290)) other().update('contacts', id, { city: 'Bergen' });
    bench.clock.advance(60_000);
    const { asked, ...found } = await told(schema, since);
    expect(found).toEqual({ keys: [...ids].sort(), total: 300, deleted: 0 });
    expect(asked.filter((path) => path === '/search')).toHaveLength(2);
  });
});

describe('a history', () => {
  const field = (name: string, type: string) => ({ name, type, platformType: `${type}/x`, readOnly: false });
  const schema = {
    object: 'contacts',
    fields: [field('born', 'date'), field('seen', 'datetime'), field('code', 'string')],
  } as unknown as ObjectSchema;
  const entry = (value: string) => ({ value, timestamp: '2026-03-01T08:00:00.000Z', sourceType: 'API' });

  it('tells times in the form in which records hold them, and leaves numbers that are none', () => {
    const { fields } = historyOf(schema, {
      id: '1',
      properties: {},
      propertiesWithHistory: { born: [entry('1772323200000'), entry('2026-03-01')], seen: [entry('1772352000000')], code: [entry('1772352000000')] },
    });
    expect(Object.values(fields).map((entries) => entries.map(({ value }) => value))).toEqual([
      ['2026-03-01', '2026-03-01'],
      ['2026-03-01T08:00:00.000Z'],
      ['1772352000000'],
    ]);
  });

  it('says that other records were merged into one, and when where that is told', () => {
    const merged = (properties: Readonly<Record<string, string>>) => historyOf(schema, { id: '1', properties }).merged;
    expect(merged({})).toBeUndefined();
    expect(merged({ hs_calculated_merged_vids: '1:1772352000000' })).toBeUndefined();
    expect(merged({ hs_merged_object_ids: '2' })).toEqual({});
    expect(merged({ hs_merged_object_ids: '2;3', hs_calculated_merged_vids: '2:1772352000000' })).toEqual({});
    expect(merged({ hs_merged_object_ids: '2', hs_calculated_merged_vids: '1:1772000000000;2:1772352000000' })).toEqual({
      at: '2026-03-01T08:00:00.000Z',
    });
  });
});
