import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { CreateMutation, UpdateMutation } from '../../src/connectors/index.js';
import type { ObjectSchema } from '../../src/records/index.js';
import { type Instead, openProxyBench, type ProxyBench } from './hubspot-proxy.js';
import { all, people, seed, truth } from './hubspot-support.js';

/**
 * "Wait" is not "no": nothing is refused for good because a record is locked, an account is moved or a gateway coughs.
 */

let bench: ProxyBench;
let contacts: ObjectSchema;
let ids: readonly string[];
beforeEach(async () => {
  bench = await openProxyBench();
  contacts = await bench.schema('contacts');
  ids = seed(bench.sandbox, 'contacts', people(6));
  bench.sandbox.resetCounts();
});
afterEach(() => bench.stop());

const update = (key: string, firstname = 'New'): UpdateMutation => ({
  action: 'update',
  schema: contacts,
  key,
  set: { firstname },
  expect: { firstname: truth(bench.sandbox, 'contacts', key)?.['firstname'] ?? null },
});
const create = (name: string): CreateMutation => ({ action: 'create', schema: contacts, key: 'old', set: { email: `${name}@example.org` } });
const json = (status: number, headers: Readonly<Record<string, string>> = {}): Instead => ({
  status,
  body: { status: 'error', message: `status ${String(status)}` },
  headers,
});
const page = (status: number): Instead => ({ status, page: '<!doctype html><title>Attention required</title>' });

/** Answers so for the matching requests until `ms` have passed; counts them. */
function until(ms: number, path: RegExp, answer: Instead): { readonly came: () => number } {
  const end = bench.clock.monotonicMs() + ms;
  let came = 0;
  bench.meddle({
    instead: (passing) => {
      if (!path.test(passing.path) || bench.clock.monotonicMs() >= end) return undefined;
      came += 1;
      return answer;
    },
  });
  return { came: () => came };
}

const NOTHING_DONE: readonly (readonly [string, Instead, number, number])[] = [
  ['423, locked, for two seconds at least', json(423), 2000, 1],
  ['423, locked, for a while', json(423), 30_000, 14],
  ['477, moving, as long as it asks', json(477, { 'retry-after': '40' }), 40_000, 1],
  ['477 with a date', json(477, { 'retry-after': 'Sun, 01 Mar 2026 08:00:40 GMT' }), 35_000, 20],
  ['425, too early', json(425), 2000, 2],
  ['429 as a page', page(429), 3000, 3],
  ['a page of 403', page(403), 2000, 5],
  ['a page of 404', page(404), 2000, 5],
];

describe('waited for, since certainly nothing was done', () => {
  it.each(NOTHING_DONE)('%s', async (_name, answer, ms, most) => {
    const [a = '', b = '', c = ''] = ids;
    const writing = until(ms, /batch\/update/, answer);
    expect(await bench.connector.write([update(a), update(b)], bench.call)).toEqual([a, b].map((key) => ({ status: 'applied', key })));
    expect(writing.came()).toBeLessThanOrEqual(most);
    expect(bench.waits.length).toBeGreaterThan(0);
    expect(bench.sandbox.counts().writesPerRecord).toEqual({ [`contacts/${a}`]: 1, [`contacts/${b}`]: 1 });
    until(ms, /batch\/create/, answer);
    expect(await bench.connector.write([create(`new${String(ms)}`)])).toMatchObject([{ status: 'applied' }]);
    const reading = until(ms, /batch\/read/, answer);
    expect((await all(bench.connector.read({ schema: contacts, keys: [c] }))).flatMap(({ records }) => records)).toHaveLength(1);
    expect(reading.came()).toBeLessThanOrEqual(most);
  });

  it('a lock that does not end is told as that, and nothing is refused', async () => {
    until(Number.POSITIVE_INFINITY, /batch\/update/, json(423));
    await expect(bench.connector.write([update(ids[0] ?? '')])).rejects.toMatchObject({ code: 'platform-limit', exitCode: 3 });
    expect(bench.asked.length).toBeLessThan(60);
    until(Number.POSITIVE_INFINITY, /batch\/update/, json(477, { 'retry-after': '86400' }));
    await expect(bench.connector.write([update(ids[0] ?? '')])).rejects.toMatchObject({ code: 'platform-limit' });
    expect(bench.asked).toHaveLength(1);
  });

  it('a page that stays is no missing permission', async () => {
    until(Number.POSITIVE_INFINITY, /objects\/contacts/, page(403));
    await expect(all(bench.connector.read({ schema: contacts }))).rejects.toMatchObject({ code: 'platform-unreachable' });
    await expect(bench.connector.write([update(ids[0] ?? '')])).rejects.toMatchObject({ code: 'platform-unreachable' });
  });
});

describe('nobody knows what was done', () => {
  it.each([408, 500, 502, 520, 521, 522, 523, 524, 525, 526, 527, 529, 530, 598])(
    'after %i: a write is in doubt once the worst is over, a read is repeated',
    async (status) => {
      const [a = ''] = ids;
      until(1500, /batch\/(update|create)/, json(status));
      expect(await bench.connector.write([update(a)])).toMatchObject([{ status: 'in_doubt' }]);
      // It is looked up and sent again by whoever asked: not into the same trouble.
      expect(await bench.connector.write([update(a)])).toMatchObject([{ status: 'applied' }]);
      until(1500, /batch\/(update|create)/, json(status));
      expect(await bench.connector.write([create('doubt')])).toMatchObject([{ status: 'in_doubt' }]);
      until(1500, /batch\/read/, page(status));
      expect((await all(bench.connector.read({ schema: contacts, keys: ids }))).flatMap(({ records }) => records)).toHaveLength(ids.length);
    },
  );

  it('many batches do not run into the same wall one after the other', async () => {
    const wall = until(10_000, /batch\/update/, json(529));
    let results = await bench.connector.write([update(ids[0] ?? '')], bench.call);
    for (let n = 0; n < 100 && results[0]?.status !== 'applied'; n += 1) results = await bench.connector.write([update(ids[0] ?? '')], bench.call);
    expect(results).toMatchObject([{ status: 'applied' }]);
    expect(wall.came()).toBeLessThanOrEqual(5);
    expect(bench.waits.some(({ reason }) => reason.includes('reported a problem'))).toBe(true);
  });
});

describe('single errors of a 207', () => {
  /** Refuses the first input of the matching requests so many times with this error, and passes on the others. */
  function refuseFirst(
    path: RegExp,
    times: number,
    error: Readonly<Record<string, unknown>>,
    name: (input: { readonly id: string; readonly trace: string }) => object,
  ): void {
    let left = times;
    let held: { readonly id: string; readonly trace: string } | undefined;
    bench.meddle({
      rewrite: ({ path: at, body }) => {
        held = undefined;
        if (!path.test(at) || left <= 0 || !body?.inputs) return undefined;
        left -= 1;
        const [first, ...others] = body.inputs;
        held = { id: first?.id ?? '', trace: first?.objectWriteTraceId ?? '' };
        return { ...body, inputs: others };
      },
      after: (_passing, answer) =>
        held
          ? { status: 207, body: { ...answer, numErrors: 1, errors: [{ status: 'error', message: 'not now', context: name(held), ...error }] } }
          : undefined,
    });
  }
  const byId = ({ id }: { readonly id: string }): object => ({ ids: [id] });
  const byTrace = ({ trace }: { readonly trace: string }): object => ({ objectWriteTraceId: [trace] });

  it.each([
    { category: 'LOCKED' },
    { category: 'RATE_LIMITS' },
    { category: 'MIGRATION_IN_PROGRESS' },
    { category: 'INTERNAL_ERROR' },
    { subCategory: 'crm.TIMEOUT' },
    { message: 'This resource is locked' },
    { code: '423' },
  ])('%j: an update is sent again after a wait, the others once', async (error) => {
    refuseFirst(/batch\/update/, 2, error, byId);
    const start = bench.clock.monotonicMs();
    expect(await bench.connector.write(ids.map((id) => update(id)))).toEqual(ids.map((key) => ({ status: 'applied', key })));
    expect(Object.values(bench.sandbox.counts().writesPerRecord)).toEqual(ids.map(() => 1));
    expect(bench.clock.monotonicMs() - start).toBeGreaterThanOrEqual(1000);
  });

  it('a create is sent again where certainly nothing was made, and is in doubt where that is not known', async () => {
    refuseFirst(/batch\/create/, 1, { category: 'LOCKED' }, byTrace);
    expect(await bench.connector.write([create('a'), create('b')])).toMatchObject([{ status: 'applied' }, { status: 'applied' }]);
    refuseFirst(/batch\/create/, 1, { category: 'INTERNAL_ERROR' }, byTrace);
    expect(await bench.connector.write([create('c'), create('d')])).toMatchObject([{ status: 'in_doubt' }, { status: 'applied' }]);
    refuseFirst(/batch\/create/, 1, { category: 'INTERNAL_ERROR' }, () => ({}));
    expect(await bench.connector.write([create('e'), create('f')])).toMatchObject([{ status: 'in_doubt' }, { status: 'applied' }]);
  });

  it('one that stays has failed, and is not refused', async () => {
    refuseFirst(/batch\/update/, Number.POSITIVE_INFINITY, { category: 'LOCKED' }, byId);
    const results = await bench.connector.write(ids.slice(0, 2).map((id) => update(id)));
    expect(results).toMatchObject([{ status: 'failed' }, { status: 'applied' }]);
    expect(bench.asked.length).toBeLessThan(60);
  });

  it('an address that is blocked is not one that is locked', async () => {
    refuseFirst(/batch\/update/, 1, { category: 'GDPR_BLOCKED' }, byId);
    expect(await bench.connector.write(ids.slice(0, 2).map((id) => update(id)))).toMatchObject([
      { status: 'rejected', reason: 'irreversible' },
      { status: 'applied' },
    ]);
  });

  it('links that could not be made for now are made later', async () => {
    const companies = seed(bench.sandbox, 'companies', [{ name: 'A' }]);
    const link = await bench.link('contacts', 'companies', 'HUBSPOT_DEFINED-279');
    refuseFirst(/associations.*batch\/create/, 2, { category: 'LOCKED' }, () => ({}));
    const pairs = ids.map((from) => ({ action: 'link' as const, link, from, to: companies[0] ?? '' }));
    expect((await bench.connector.write(pairs)).map(({ status }) => status)).toEqual(ids.map(() => 'applied'));
  });
});
