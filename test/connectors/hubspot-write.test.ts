import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { CreateMutation, DeleteMutation, UpdateMutation } from '../../src/connectors/index.js';
import type { Fields, ObjectSchema } from '../../src/records/index.js';
import { all, type Bench, openBench, people, seed, truth } from './hubspot-support.js';

let bench: Bench;
let contacts: ObjectSchema;
beforeEach(async () => {
  bench = await openBench();
  contacts = await bench.schema('contacts');
});
afterEach(() => bench.stop());

const update = (key: string, set: Fields, expect: Fields = {}): UpdateMutation => ({ action: 'update', schema: contacts, key, set, expect });
const create = (set: Fields): CreateMutation => ({ action: 'create', schema: contacts, key: 'old', set });
const remove = (key: string): DeleteMutation => ({ action: 'delete', schema: contacts, key, expect: {} });

describe('updates', () => {
  it('tells the result of each record in the order asked, although HubSpot answers in another', async () => {
    const ids = seed(bench.sandbox, 'contacts', people(100));
    bench.sandbox.resetCounts();
    const results = await bench.connector.write(ids.map((id, n) => update(id, { firstname: `New ${String(n)}` })));
    expect(results).toEqual(ids.map((key) => ({ status: 'applied', key })));
    expect(bench.sandbox.counts().requests).toBe(1);
    expect(ids.map((id) => truth(bench.sandbox, 'contacts', id)?.['firstname'])).toEqual(ids.map((_, n) => `New ${String(n)}`));
  });

  it('does not let a record that is gone hide what became of the others', async () => {
    const [a = '', b = '', c = ''] = seed(bench.sandbox, 'contacts', people(3));
    bench.sandbox.portal.archive(bench.sandbox.portal.types.get('contacts'), b, { source: { type: 'CRM_UI', id: 'userId:1' } });
    const results = await bench.connector.write([a, b, c].map((id) => update(id, { firstname: 'X' })));
    expect(results).toMatchObject([{ status: 'applied' }, { status: 'rejected', reason: 'deleted-later' }, { status: 'applied' }]);
  });

  it('saves the good records of a batch that HubSpot refuses whole for one bad value', async () => {
    const ids = seed(bench.sandbox, 'contacts', people(40));
    const results = await bench.connector.write(
      ids.map((id, n) => update(id, n === 17 ? { lifecyclestage: 'no_such_stage' } : { firstname: 'Good' })),
    );
    expect(results[17]).toMatchObject({ status: 'rejected', reason: 'option-removed' });
    expect(results.filter((result) => result.status === 'applied')).toHaveLength(39);
    expect(Math.max(...Object.values(bench.sandbox.counts().writesPerRecord).filter((_, n) => n >= 0), 0)).toBeLessThanOrEqual(2);
  });

  it('names a property that is gone and never sends one that is read-only', async () => {
    const [a = '', b = ''] = seed(bench.sandbox, 'contacts', people(2));
    bench.sandbox.resetCounts();
    const results = await bench.connector.write([update(a, { lastmodifieddate: '2020-01-01T00:00:00Z' }), update(b, { gone_by_now: 'x' })]);
    expect(results).toMatchObject([
      { status: 'rejected', reason: 'read-only' },
      { status: 'rejected', reason: 'field-removed' },
    ]);
    expect(bench.sandbox.counts().requests).toBe(0);
  });

  it('moves a lifecycle stage backwards, which HubSpot ignores without a word', async () => {
    const [known = '', unknown = '', other = ''] = seed(
      bench.sandbox,
      'contacts',
      people(3).map((one) => ({ ...one, lifecyclestage: 'customer' })),
    );
    const results = await bench.connector.write([
      update(known, { lifecyclestage: 'lead' }, { lifecyclestage: 'customer' }),
      update(unknown, { lifecyclestage: 'subscriber', firstname: 'Y' }),
      update(other, { firstname: 'Z' }),
    ]);
    expect(results).toEqual([known, unknown, other].map((key) => ({ status: 'applied', key })));
    expect([known, unknown, other].map((id) => truth(bench.sandbox, 'contacts', id)?.['lifecyclestage'])).toEqual(['lead', 'subscriber', 'customer']);
  });

  it('refuses an e-mail that another contact has, and writes the rest of the batch', async () => {
    const ids = seed(bench.sandbox, 'contacts', people(30));
    const results = await bench.connector.write(ids.map((id, n) => update(id, n === 4 ? { email: 'person9@example.com' } : { firstname: 'Rest' })));
    expect(results[4]).toMatchObject({ status: 'rejected', reason: 'unique-taken' });
    expect(results.filter((result) => result.status === 'applied')).toHaveLength(29);
  });

  it('clears with null and with empty text, and says so', async () => {
    const [a = ''] = seed(bench.sandbox, 'contacts', people(1));
    expect(await bench.connector.write([update(a, { phone: null, firstname: '' })])).toEqual([{ status: 'applied', key: a }]);
    expect(truth(bench.sandbox, 'contacts', a)?.['phone']).toBeUndefined();
  });
});

describe('lost answers', () => {
  it.each(['drop-answer', 'cut-body', 'nonsense'] as const)('calls an update in doubt after %s, and does not send it twice', async (kind) => {
    const [a = ''] = seed(bench.sandbox, 'contacts', people(1));
    bench.sandbox.resetCounts();
    bench.sandbox.faults.add({ kind, path: '*batch/update' });
    const results = await bench.connector.write([update(a, { firstname: 'Once' })]);
    expect(results).toMatchObject([{ status: 'in_doubt' }]);
    expect(bench.sandbox.counts().writesPerRecord).toEqual({ [`contacts/${a}`]: 1 });
  });

  it('calls half a batch in doubt as a whole', async () => {
    const ids = seed(bench.sandbox, 'contacts', people(10));
    bench.sandbox.faults.add({ kind: 'half-batch', path: '*batch/update' });
    const results = await bench.connector.write(ids.map((id) => update(id, { firstname: 'Half' })));
    expect(results.map((result) => result.status)).toEqual(ids.map(() => 'in_doubt'));
  });

  it('finds a contact that was created before the answer was lost, and knows when none was', async () => {
    const since = bench.clock.now();
    const mutations = [create({ email: 'new@example.com', firstname: 'New' })];
    bench.sandbox.faults.add({ kind: 'drop-answer', path: '*batch/create' });
    expect(await bench.connector.write(mutations)).toMatchObject([{ status: 'in_doubt' }]);
    const [found] = await bench.connector.findCreated(mutations, since);
    expect(found).toMatchObject({ state: 'created' });
    expect(found?.state === 'created' ? truth(bench.sandbox, 'contacts', found.key)?.['firstname'] : '').toBe('New');
    expect(await bench.connector.findCreated([create({ email: 'other@example.com' })], since)).toEqual([{ state: 'absent' }]);
  });

  it('finds records without anything unique by all their values, and does not mistake an older twin for a new one', async () => {
    const companies = await bench.schema('companies');
    seed(bench.sandbox, 'companies', [{ name: 'Twin Ltd', city: 'Oslo' }]);
    bench.clock.advance(3_600_000);
    const since = bench.clock.now();
    const mutation: CreateMutation = { action: 'create', schema: companies, key: 'old', set: { name: 'Twin Ltd', city: 'Oslo' } };
    expect(await bench.connector.findCreated([mutation], since)).toEqual([{ state: 'absent' }]);
    bench.sandbox.faults.add({ kind: 'cut-body', path: '*batch/create' });
    expect(await bench.connector.write([mutation])).toMatchObject([{ status: 'in_doubt' }]);
    expect(await bench.connector.findCreated([mutation], since)).toMatchObject([{ state: 'created' }]);
  });

  it('waits for records that HubSpot still makes, where nothing would refuse a second one', async () => {
    const companies = await bench.schema('companies');
    const mutation: CreateMutation = { action: 'create', schema: companies, key: 'old', set: { name: 'Late Ltd' } };
    bench.sandbox.faults.add({ kind: 'late', ms: 50_000, path: '*batch/create' });
    const since = bench.clock.now();
    expect(await bench.connector.write([mutation])).toMatchObject([{ status: 'in_doubt' }]);
    expect(await bench.connector.findCreated([mutation], since)).toMatchObject([{ state: 'created' }]);
    expect(bench.sandbox.records('companies').filter(({ properties }) => properties.name === 'Late Ltd')).toHaveLength(1);
  });
});

describe('creates and deletes', () => {
  it('gives each new record its own key, and refuses only the taken e-mail', async () => {
    seed(bench.sandbox, 'contacts', [{ email: 'taken@example.com' }]);
    const results = await bench.connector.write([
      create({ email: 'one@example.com', phone: null }),
      create({ email: 'taken@example.com' }),
      create({ email: 'two@example.com' }),
    ]);
    expect(results).toMatchObject([{ status: 'applied' }, { status: 'rejected', reason: 'unique-taken' }, { status: 'applied' }]);
    const keys = results.flatMap((result) => (result.status === 'applied' ? [result.key] : []));
    expect(keys.map((key) => truth(bench.sandbox, 'contacts', key)?.['email'])).toEqual(['one@example.com', 'two@example.com']);
  });

  it('does not believe the 204 of an archive', async () => {
    const [a = '', b = ''] = seed(bench.sandbox, 'contacts', people(2));
    expect(await bench.connector.write([remove(a), remove(b)])).toEqual([a, b].map((key) => ({ status: 'applied', key })));
    const [batch] = await all(bench.connector.read({ schema: contacts, keys: [a, b] }));
    expect(batch?.records).toEqual([]);
  });
});
