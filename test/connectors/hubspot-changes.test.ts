import { afterEach, describe, expect, it } from 'vitest';

import type { ObjectSchema, PlatformRecord } from '../../src/records/index.js';
import { integration } from '../../src/sandbox/index.js';
import { openProxyBench, type ProxyBench } from './hubspot-proxy.js';
import { people, seed } from './hubspot-support.js';

const LAG = 8000;
let bench: ProxyBench;
afterEach(() => bench.stop());

/** An account whose contacts were there an hour and more before anything happens to them. */
async function account(contacts: number): Promise<{ readonly ids: readonly string[]; readonly schema: ObjectSchema; readonly since: Date }> {
  bench = await openProxyBench({ searchLagMs: LAG });
  const ids = seed(bench.sandbox, 'contacts', people(contacts));
  bench.clock.advance(86_400_000);
  const schema = await bench.schema('contacts');
  return { ids, schema, since: bench.clock.now() };
}

const other = () => bench.sandbox.writeAs(integration('77', 'Some tool'));

/** What the connector tells: the records that changed, with their town, the keys that are gone, and what is unclear. */
async function told(schema: ObjectSchema, since: Date, ids: readonly string[], most = 5000) {
  const changed = new Map<string, PlatformRecord>();
  let [gone, unclear]: [readonly string[], string | undefined] = [[], undefined];
  const known = (async function* each() {
    yield await Promise.resolve(ids);
  })();
  for await (const batch of bench.connector.readChanges?.({ schema, since, known, most }, bench.call) ?? []) {
    if ('changed' in batch) for (const record of batch.changed) changed.set(record.key, record);
    else if ('gone' in batch) gone = batch.gone;
    else unclear = batch.unclear;
  }
  return { changed, gone: [...gone].sort(), unclear };
}

describe('what has changed', () => {
  it('is told with some requests for each hundred of what has changed, not of what is there', async () => {
    const { ids, schema, since } = await account(3000);
    for (const id of ids.slice(0, 30)) other().update('contacts', id, { city: 'Bergen' });
    other().archive('contacts', ids[40] ?? '');
    bench.meddle({});
    const { changed, gone, unclear } = await told(schema, since, ids);
    expect([[...changed.keys()].sort(), gone, unclear]).toEqual([ids.slice(0, 30).sort(), [ids[40]], undefined]);
    expect(bench.asked.map(({ path }) => path.replace(/\?.*/u, '').replace('/crm/v3/objects/contacts', ''))).toEqual([
      '/search',
      '/batch/read',
      '',
      '/search',
    ]);
  });

  it('is told whole although records are changed and archived while it is searched', async () => {
    const { ids, schema, since } = await account(900);
    for (const id of ids.slice(0, 700)) {
      bench.clock.advance(5);
      other().update('contacts', id, { city: 'Bergen' });
    }
    let pages = 0;
    bench.meddle({
      after: ({ path }) => {
        if (!path.includes('/search')) return undefined;
        pages += 1;
        // The oldest changes, which the search has not come to, are changed once more; some that it gave are archived.
        if (pages === 2) for (const id of ids.slice(0, 40)) other().update('contacts', id, { city: 'Oslo' });
        if (pages === 3) for (const id of ids.slice(600, 620)) other().archive('contacts', id);
        bench.clock.advance(2 * LAG);
        return undefined;
      },
    });
    const { changed, gone, unclear } = await told(schema, since, ids);
    expect(unclear).toBeUndefined();
    expect(gone).toEqual(ids.slice(600, 620).sort());
    const there = ids.slice(0, 700).filter((id) => !gone.includes(id));
    expect(there.filter((id) => changed.get(id)?.fields['city'] !== (ids.indexOf(id) < 40 ? 'Oslo' : 'Bergen'))).toEqual([]);
  });

  it('names what was merged into others', async () => {
    const { ids, schema, since } = await account(20);
    other().merge('contacts', ids[3] ?? '', ids[4] ?? '');
    expect(await told(schema, since, ids)).toMatchObject({ gone: [ids[3]], unclear: undefined });
  });

  it('is unclear where records were erased or brought back, of which HubSpot tells nothing', async () => {
    const { ids, schema, since } = await account(20);
    const type = bench.sandbox.portal.types.get('contacts');
    bench.sandbox.portal.gdprDelete(type, ids[3] ?? '', { source: integration('77', 'Some tool') });
    expect((await told(schema, since, ids)).unclear).toBe('HubSpot counts 19 records, and what it says of changes comes to 20');
    other().archive('contacts', ids[5] ?? '');
    bench.clock.advance(2 * 3_600_000);
    const [left, later] = [ids.filter((_, n) => n !== 3 && n !== 5), bench.clock.now()];
    expect(await told(schema, later, left)).toMatchObject({ gone: [], unclear: undefined });
    other().apply({ action: 'undelete', object: 'contacts', id: ids[5] ?? '' });
    expect((await told(schema, later, left)).unclear).toContain('HubSpot counts 19 records');
  });

  it('is unclear where a search leaves some out without a word, every time, and where it is too much', async () => {
    const { ids, schema, since } = await account(60);
    for (const id of ids.slice(0, 50)) other().update('contacts', id, { city: 'Bergen' });
    bench.clock.advance(LAG);
    let cut = 2;
    const leaveOut = (times: number): void => {
      cut = times;
      bench.meddle({
        after: ({ path }, answer) => {
          if (!path.includes('/search') || answer.results.length < 2 || cut === 0) return undefined;
          cut -= 1;
          return { status: 200, body: { ...answer, results: answer.results.slice(1) } };
        },
      });
    };
    leaveOut(2);
    expect((await told(schema, since, ids)).changed.size).toBe(50);
    leaveOut(1000);
    expect((await told(schema, since, ids)).unclear).toContain('more of them have changed');
    bench.meddle({});
    expect((await told(schema, since, ids, 49)).unclear).toContain('more of them have changed');
  });

  it('is unclear where HubSpot refuses to list what was archived', async () => {
    const { ids, schema, since } = await account(5);
    bench.meddle({
      instead: ({ path }) => (path.includes('archived=true') ? { status: 400, body: { status: 'error', message: 'not here' } } : undefined),
    });
    expect((await told(schema, since, ids)).unclear).toContain('not here');
  });
});
