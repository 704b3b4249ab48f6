import { afterEach, describe, expect, it } from 'vitest';

import type { RecordBatch } from '../../src/connectors/index.js';
import { all, type Bench, openBench, people, seed, truth } from './hubspot-support.js';

let bench: Bench;
afterEach(() => bench.stop());

const UI = { source: { type: 'CRM_UI', id: 'userId:42', userId: 42 } };
const keysOf = (batches: readonly RecordBatch[]): readonly string[] => batches.flatMap((batch) => batch.records.map((record) => record.key));

describe('identity and schema', () => {
  it('knows which account it talks to, in at most two requests', async () => {
    bench = await openBench({ portalId: 4711, accountType: 'STANDARD', scopes: ['crm.objects.contacts.read'] });
    expect(await bench.connector.identify()).toMatchObject({ account: '4711', environment: 'production', scopes: ['crm.objects.contacts.read'] });
    expect(bench.sandbox.counts().requests).toBeLessThanOrEqual(2);
  });

  it('describes fields so that a restore knows what it may write and what belongs together', async () => {
    bench = await openBench();
    const { fields } = await bench.schema('contacts');
    const field = (name: string): unknown => fields.find((one) => one.name === name);
    expect(field('lastmodifieddate')).toMatchObject({ readOnly: true, type: 'datetime' });
    expect(field('email')).toMatchObject({ readOnly: false, unique: true, type: 'string' });
    expect(field('hs_buying_role')).toMatchObject({ type: 'set' });
    expect(field('lifecyclestage')).toMatchObject({ type: 'enum', forwardOnly: true });
    expect(field('city')).toMatchObject({ group: 'address' });
    expect(field('hs_email_optout')).toMatchObject({ optedOut: [true, 'true'] });
    const deals = await bench.schema('deals');
    expect(deals.fields.filter((one) => one.group === 'pipeline').map((one) => one.name)).toEqual(['dealstage', 'pipeline']);
  });

  it('suggests the right name for an object type that does not exist', async () => {
    bench = await openBench();
    await expect(bench.connector.describe(['contatcs'])).rejects.toMatchObject({
      code: 'object-unsupported',
      message: expect.stringContaining('contacts') as string,
    });
  });
});

describe('reading', () => {
  it('reads every live record once, with the fewest requests, and no archived one', async () => {
    bench = await openBench();
    const ids = seed(bench.sandbox, 'contacts', people(450));
    bench.sandbox.portal.archive(bench.sandbox.portal.types.get('contacts'), ids[7] ?? '', UI);
    const schema = await bench.schema('contacts');
    bench.sandbox.resetCounts();
    const batches = await all(bench.connector.read({ schema }));
    expect([...keysOf(batches)].sort()).toEqual(ids.filter((_, n) => n !== 7).sort());
    expect(bench.sandbox.counts().requests).toBe(5);
  });

  it('still reads everything where the names of the properties do not fit into an address', async () => {
    bench = await openBench({ longestTarget: 300 });
    const ids = seed(bench.sandbox, 'contacts', people(120));
    const batches = await all(bench.connector.read({ schema: await bench.schema('contacts') }));
    expect([...keysOf(batches)].sort()).toEqual([...ids].sort());
    expect(batches[0]?.records[0]?.fields).toHaveProperty('firstname');
  });

  it('keeps writable and self-changing values apart, and null as null', async () => {
    bench = await openBench();
    const [id = ''] = seed(bench.sandbox, 'contacts', [{ email: 'a@example.com', hs_buying_role: 'END_USER;BUDGET_HOLDER' }]);
    const [batch] = await all(bench.connector.read({ schema: await bench.schema('contacts'), keys: [id] }));
    const [record] = batch?.records ?? [];
    expect(record?.fields).toMatchObject({ email: 'a@example.com', phone: null, hs_buying_role: ['BUDGET_HOLDER', 'END_USER'] });
    expect(record?.fields).not.toHaveProperty('lastmodifieddate');
    expect(record?.meta).toHaveProperty('lastmodifieddate');
  });

  it('asks for known keys in batches, leaves out what is gone, and says where a merged record went', async () => {
    bench = await openBench();
    const ids = seed(bench.sandbox, 'contacts', people(205));
    const [kept = '', merged = '', both = '', alsoMerged = ''] = ids;
    const type = bench.sandbox.portal.types.get('contacts');
    bench.sandbox.portal.merge(type, kept, merged, UI);
    bench.sandbox.portal.merge(type, both, alsoMerged, UI);
    const schema = await bench.schema('contacts');
    bench.sandbox.resetCounts();
    const batches = await all(bench.connector.read({ schema, keys: [...ids.filter((id) => id !== kept), '999999999999'] }));
    expect([...keysOf(batches)].sort()).toEqual(ids.filter((id) => ![kept, merged, alsoMerged].includes(id)).sort());
    const aliases = batches.flatMap((batch) => [...(batch.aliases ?? [])]);
    expect(aliases).toEqual(
      expect.arrayContaining([
        [merged, kept],
        [alsoMerged, both],
      ]),
    );
    expect(aliases).toHaveLength(2);
    expect(bench.sandbox.counts().requests).toBe(3);
  });

  it('tells who wrote what when, newest first, 50 keys a request', async () => {
    bench = await openBench();
    const ids = seed(bench.sandbox, 'contacts', people(60));
    const [id = ''] = ids;
    bench.clock.advance(60_000);
    const type = bench.sandbox.portal.types.get('contacts');
    bench.sandbox.portal.update(type, bench.sandbox.portal.record(type, id), { firstname: 'Bad' }, { source: { type: 'INTEGRATION', id: '12345' } });
    const schema = await bench.schema('contacts');
    bench.sandbox.resetCounts();
    const batches = await all(bench.connector.read({ schema, keys: ids, history: ['firstname'] }));
    const history = batches.map((batch) => batch.history?.get(id)).find((one) => one !== undefined);
    expect(history?.fields['firstname']).toMatchObject([
      { value: 'Bad', writer: 'INTEGRATION:12345', at: bench.clock.now().toISOString() },
      { value: 'Person 0', writer: 'IMPORT:77' },
    ]);
    expect(history?.created?.at).toBeDefined();
    expect(bench.sandbox.counts().requests).toBe(2);
  });

  it('finds what changed since a time in spite of a lagging search that cuts pages short', async () => {
    bench = await openBench({ searchLagMs: 8000, shortSearchPageEvery: 2 });
    const ids = seed(
      bench.sandbox,
      'companies',
      Array.from({ length: 900 }, (_, n) => ({ name: `Company ${String(n)}` })),
    );
    bench.clock.advance(3_600_000);
    const since = bench.clock.now();
    const type = bench.sandbox.portal.types.get('companies');
    const changed = ids.filter((_, n) => n % 2 === 0);
    for (const id of changed) {
      bench.clock.advance(1);
      bench.sandbox.portal.update(type, bench.sandbox.portal.record(type, id), { city: 'Bergen' }, UI);
    }
    const batches = await all(bench.connector.read({ schema: await bench.schema('companies'), changedSince: since }));
    expect([...keysOf(batches)].sort()).toEqual([...changed].sort());
    expect(batches.every((batch) => batch.records.every((record) => record.fields['city'] === 'Bergen'))).toBe(true);
    expect(bench.sandbox.counts().limited).toBe(0);
  });

  it('reads through cut connections, trouble and limits as if nothing had been', async () => {
    bench = await openBench();
    const ids = seed(bench.sandbox, 'contacts', people(700));
    const schema = await bench.schema('contacts');
    for (const [n, kind] of (['drop-answer', 'cut-body', 'nonsense', 'server-error', 'rate-limit', 'drop-request'] as const).entries())
      bench.sandbox.faults.add({ kind, method: 'GET', path: '/crm/v3/objects/contacts', after: n });
    const batches = await all(bench.connector.read({ schema }));
    expect(keysOf(batches)).toHaveLength(700);
    expect(new Set(keysOf(batches))).toEqual(new Set(ids));
    expect(bench.connector.usage()).toMatchObject({ retries: 6, limited: 1 });
    expect(truth(bench.sandbox, 'contacts', ids[0] ?? '')).toBeDefined();
  });
});
