import { readdir } from 'node:fs/promises';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { LineBatch } from '../../src/connectors/index.js';
import { compareKeys, type PlatformRecord } from '../../src/records/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { packLines } from '../../src/snapshots/lines/line-batches.js';
import { sortLines } from '../../src/snapshots/lines/sort.js';
import { folderStorage } from '../../src/snapshots/storage/folder.js';
import { temporaryFolder } from '../support/store.js';
import { memoryPlatform, people } from './memory-platform.js';
import { reading, recordsIn, snapshotOf, workspace } from './support.js';

describe('what goes wrong while a snapshot is made leaves nothing', () => {
  it('when it is aborted', async () => {
    const deps = await workspace();
    const controller = new AbortController();
    const platform = memoryPlatform(
      'crm',
      { objects: { contacts: people(1000) } },
      {
        ordered: false,
        beforeBatch: (_, n) => {
          if (n === 5) controller.abort(new Error('stop'));
        },
      },
    );
    await expect(
      createSnapshot({ platforms: [platform], by: 'maya' }, { ...deps, sortLimits: { memoryBytes: 4000, fanIn: 2 } }, { signal: controller.signal }),
    ).rejects.toThrow('stop');
    expect(await readdir(deps.dir)).toEqual([]);
    expect(await openCatalog(deps).list()).toEqual([]);
  });

  it('when the platform fails midway', async () => {
    const deps = await workspace();
    const fail = (): never => {
      throw new Error('gone');
    };
    const platform = memoryPlatform('crm', { objects: { contacts: people(1000) } }, { beforeBatch: (_, n) => (n === 5 ? fail() : undefined) });
    await expect(snapshotOf(platform, deps)).rejects.toThrow('gone');
    expect(await readdir(deps.dir)).toEqual([]);
  });

  it.each([0, 1, 2])('when the disk is full at write %i', async (nth) => {
    const deps = await workspace();
    const folder = folderStorage(deps.dir);
    let writes = 0;
    const full: typeof folder = {
      ...folder,
      put: (name, write, check) =>
        folder.put(
          name,
          (sink) =>
            write((bytes) => {
              writes += 1;
              return writes > nth ? Promise.reject(Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })) : sink(bytes);
            }),
          check,
        ),
    };
    // Text that does not compress: several megabytes reach the disk.
    const noise = Array.from({ length: 1300 }, (_, n) => ({ key: String(n), fields: { text: noiseText(n, 1000) }, meta: {} }));
    const platform = memoryPlatform('crm', { objects: { contacts: noise } });
    await expect(createSnapshot({ platforms: [platform], by: 'maya' }, { ...deps, storage: full })).rejects.toMatchObject({ code: 'disk-full' });
    expect(await readdir(deps.dir)).toEqual([]);
  });

  it('when what the disk gives back is not what was written', async () => {
    const deps = await workspace();
    const folder = folderStorage(deps.dir);
    const forgetful: typeof folder = {
      ...folder,
      put: (name, write, check) =>
        folder.put(name, write, (file) =>
          check({
            ...file,
            read: async (offset, length) => {
              const bytes = await file.read(offset, length);
              if (offset <= 100 && offset + bytes.length > 100) bytes[100 - offset] = (bytes[100 - offset] ?? 0) ^ 1;
              return bytes;
            },
          }),
        ),
    };
    const platform = memoryPlatform('crm', { objects: { contacts: people(10) } });
    await expect(createSnapshot({ platforms: [platform], by: 'maya' }, { ...deps, storage: forgetful })).rejects.toMatchObject({
      code: 'snapshot-damaged',
    });
    expect(await readdir(deps.dir)).toEqual([]);
  });

  it('when records come in the wrong order from a platform that promises one', async () => {
    const deps = await workspace();
    const platform = memoryPlatform('crm', { objects: { contacts: people(10).reverse() } }, { ordered: false });
    const lying = { ...platform, connector: { ...platform.connector, capabilities: { ...platform.connector.capabilities, ordered: true } } };
    await expect(snapshotOf(lying, deps)).rejects.toMatchObject({ code: 'platform-nonsense' });
  });
});

describe('object types', () => {
  it('that cannot be read are named in the snapshot, and refused where asked for', async () => {
    const deps = await workspace();
    const platform = memoryPlatform('db', { objects: { leads: people(3) }, refused: { log: 'it has no primary key' } });
    const { path } = await snapshotOf(platform, deps);
    await reading(path, async (reader) => {
      expect(reader.manifest.refused).toEqual([{ platform: 'db', object: 'log', why: 'it has no primary key' }]);
      expect((await reader.objectSchema('db', 'log'))?.refused).toBe('it has no primary key');
    });
    await expect(createSnapshot({ platforms: [platform], objects: ['log'], by: 'maya' }, deps)).rejects.toMatchObject({
      code: 'object-unsupported',
      why: 'it has no primary key',
    });
  });

  it('of several platforms are chosen by name, and a name that none has is refused', async () => {
    const deps = await workspace();
    const platforms = [
      memoryPlatform('crm', { objects: { contacts: people(2), deals: [] } }),
      memoryPlatform('db', { objects: { leads: people(2) } }),
    ];
    const { path } = await createSnapshot({ platforms, objects: ['contacts', 'leads'], by: 'maya' }, deps);
    await reading(path, (reader) => {
      expect(reader.manifest.objects.map(({ platform, object }) => `${platform}/${object}`)).toEqual(['crm/contacts', 'db/leads']);
      return Promise.resolve();
    });
    await expect(createSnapshot({ platforms, objects: ['contcts'], by: 'maya' }, deps)).rejects.toMatchObject({ code: 'object-unsupported' });
  });
});

it('two snapshots made at the same time are both complete', async () => {
  const deps = await workspace();
  const made = await Promise.all(
    [1, 2, 3].map((n) => snapshotOf(memoryPlatform('crm', { objects: { contacts: people(n * 100) } }, { ordered: false }), deps)),
  );
  const listed = await openCatalog(deps).list();
  expect(listed.map(({ id }) => id).sort()).toEqual(made.map(({ id }) => id).sort());
  expect(await readdir(deps.dir)).toHaveLength(3);
});

describe('the external sort', () => {
  const key = fc.oneof(fc.string({ unit: 'binary', maxLength: 4 }), fc.nat(50).map(String));

  it('gives canonical order and keeps the record that was read last, whatever its memory', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(key, fc.nat()), { maxLength: 120 }),
        fc.integer({ min: 200, max: 6000 }),
        fc.integer({ min: 2, max: 4 }),
        async (pairs, memoryBytes, fanIn) => {
          const records: PlatformRecord[] = pairs.map(([k, n]) => ({ key: k, fields: { n }, meta: {} }));
          const last = new Map(records.map((record) => [record.key, record]));
          const deps = { ...(await workspace()), sortLimits: { memoryBytes, fanIn } };
          const { path, rows } = await snapshotOf(memoryPlatform('crm', { objects: { contacts: records } }, { ordered: false, batch: 7 }), deps);
          expect(rows).toBe(last.size);
          const read = await reading(path, (reader) => recordsIn(reader, 'crm', 'contacts'));
          expect(read).toEqual([...last.values()].sort((a, b) => compareKeys(a.key, b.key)));
          expect(await readdir(deps.dir)).toHaveLength(1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('merges in several passes and removes its files as it goes', async () => {
    const folder = await temporaryFolder();
    const items = Array.from({ length: 3000 }, (_, n) => `{"key":"${String((n * 7919) % 3001)}","fields":{},"meta":{}}`);
    async function* source(): AsyncGenerator<LineBatch> {
      for (let n = 0; n < items.length; n += 50) yield* await Promise.resolve(packLines(items.slice(n, n + 50)));
    }
    let rows = 0;
    let previous = '';
    const sorted = sortLines(source(), {
      kind: 'records',
      scratch: () => Promise.resolve(folder),
      limits: { memoryBytes: 10_000, fanIn: 3 },
      onDuplicate: () => {},
    });
    for await (const { bytes, ends } of sorted) {
      rows += ends.length;
      for (const line of bytes.toString().trimEnd().split('\n')) {
        const { key: present } = JSON.parse(line) as { key: string };
        if (compareKeys(previous, present) >= 0) throw new Error(`${present} after ${previous}`);
        previous = present;
      }
    }
    expect(rows).toBe(3000);
    expect(await readdir(folder)).toEqual([]);
  });

  it('one that is given up leaves nothing in the folder, so that what is sorted there next is not in its way', async () => {
    const folder = await temporaryFolder();
    const keys = Array.from({ length: 3000 }, (_, n) => String((n * 7919) % 3001));
    const sorted = (name: string): AsyncGenerator<LineBatch> =>
      sortLines(
        (async function* source() {
          const lines = keys.map((key) => `{"key":"${key}","fields":{"name":"${name}${'.'.repeat(900)}"},"meta":{}}`);
          for (let n = 0; n < lines.length; n += 50) yield* await Promise.resolve(packLines(lines.slice(n, n + 50)));
        })(),
        { kind: 'records', scratch: () => Promise.resolve(folder), limits: { memoryBytes: 200_000, fanIn: 3 }, onDuplicate: () => {} },
      );
    const first = sorted('first');
    await first.next();
    await first.return(undefined);
    expect(await readdir(folder)).toEqual([]);
    let rows = 0;
    for await (const { bytes, ends } of sorted('second')) {
      rows += ends.length;
      expect(bytes.includes('first')).toBe(false);
    }
    expect(rows).toBe(3000);
  });
});

function noiseText(seed: number, length: number): string {
  let state = seed + 1;
  let text = '';
  for (let n = 0; n < length; n += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += String.fromCharCode(0x4e00 + (state >>> 18));
  }
  return text;
}
