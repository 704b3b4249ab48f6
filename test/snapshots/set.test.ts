import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import { integration } from '../../src/sandbox/index.js';
import { createSnapshot, openCatalog, type SnapshotManifest, type SyncDuring } from '../../src/snapshots/index.js';
import { type Bench, openBench, people as contacts, seed } from '../connectors/hubspot-support.js';
import { temporaryFolder, temporaryStore } from '../support/store.js';
import { memoryPlatform, people } from './memory-platform.js';

const OTHER = integration('77', 'OtherSync');
let bench: Bench;
afterEach(async () => await bench.stop());

/** HubSpot and a platform in memory as one set; `meanwhile` happens after HubSpot was read. */
async function taken(meanwhile: () => void, states: () => SyncDuring['before'] = () => 'running'): Promise<SnapshotManifest> {
  const { connector, clock } = bench;
  const crm: Platform = {
    name: 'crm',
    connector,
    identity: await connector.identify(),
    environment: 'sandbox',
    objects: ['contacts'],
    close: async () => await Promise.resolve(),
  };
  const erp = memoryPlatform('erp', { objects: { customers: people(2) } }, { beforeBatch: meanwhile });
  const { store } = await temporaryStore(clock);
  const dir = join(await temporaryFolder(), 'backups');
  const set = { syncs: 'watch', states: async () => [{ sync: 'market-sync', state: states() }] } as const;
  const { id } = await createSnapshot({ platforms: [crm, erp], by: 'maya', set }, { dir, store, clock });
  const reader = await openCatalog({ dir, store, clock }).open(id);
  await reader.close();
  return reader.manifest;
}

describe('platforms that are read as one set', () => {
  it('name what another writer changed after its platform was read, with key, fields and writer, and nothing from before', async () => {
    bench = await openBench();
    const [first = '', second = '', third = ''] = seed(bench.sandbox, 'contacts', contacts(3));
    bench.sandbox.writeAs(OTHER).apply({ action: 'update', object: 'contacts', id: third, properties: { jobtitle: 'Earlier' } });
    bench.clock.advance(5000);
    const { set, moments, id, header } = await taken(() => {
      bench.clock.advance(2000);
      const writer = bench.sandbox.writeAs(OTHER);
      writer.apply({ action: 'update', object: 'contacts', id: first, properties: { jobtitle: 'Intern' } });
      writer.apply({ action: 'update', object: 'contacts', id: second, properties: { jobtitle: 'Intern', city: 'Bonn' } });
    });
    expect(header.platforms.map(({ name }) => name)).toEqual(['crm', 'erp']);
    expect(id).toBe(header.id);
    expect(set).toMatchObject({ syncs: 'watch', changed: 2 });
    const change = (key: string, ...fields: readonly string[]) => ({
      platform: 'crm',
      object: 'contacts',
      key,
      by: ['INTEGRATION:77'],
      fields: expect.arrayContaining(fields.map((field) => expect.objectContaining({ field, writer: 'INTEGRATION:77' }) as unknown)) as unknown,
    });
    expect([...(set?.changes ?? [])].sort((a, b) => Number(a.key) - Number(b.key))).toMatchObject([
      change(first, 'jobtitle'),
      change(second, 'city', 'jobtitle'),
    ]);
    const [mark] = moments ?? [];
    const [change1] = set?.changes[0]?.fields ?? [];
    expect([mark?.startedAt, change1?.at, mark?.finishedAt]).toEqual([mark?.startedAt, change1?.at, mark?.finishedAt].sort());
    // What cannot be told is said, and is no "nothing changed".
    expect(set?.unknown).toEqual([{ platform: 'erp', object: 'customers', why: 'the platform keeps no history' }]);
  });

  it('say how each sync was before and after, and that one could not be asked', async () => {
    bench = await openBench();
    const told: SyncDuring['before'][] = ['running', 'paused'];
    expect(
      (
        await taken(
          () => undefined,
          () => told.shift() ?? 'unknown',
        )
      ).set,
    ).toMatchObject({
      states: [{ sync: 'market-sync', before: 'running', after: 'paused' }],
      changes: [],
      changed: 0,
    });
    expect(
      (
        await taken(
          () => undefined,
          () => 'unknown',
        )
      ).set?.states,
    ).toEqual([{ sync: 'market-sync', before: 'unknown', after: 'unknown' }]);
  });

  it('are kept where the platform refuses to say what changed, with its reason', async () => {
    bench = await openBench();
    seed(bench.sandbox, 'contacts', contacts(1));
    const { set, objects } = await taken(() => void bench.sandbox.faults.add({ kind: 'rate-limit', policy: 'DAILY', times: null }));
    expect(objects.find(({ object }) => object === 'contacts')?.rows).toBe(1);
    expect(set?.unknown).toMatchObject([
      { platform: 'crm', object: 'contacts', why: expect.stringContaining('accepts no more requests') as string },
      {},
    ]);
  });
});
