import { readFile, truncate, writeFile } from 'node:fs/promises';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import { compareIn, type KeyOrder, type PlatformRecord, sameValue } from '../../src/records/index.js';
import { compareObjects, createSnapshot, type Damage, openSnapshot, type SnapshotReader } from '../../src/snapshots/index.js';
import { craft } from './forge.js';
import { memoryPlatform, objectSchema } from './memory-platform.js';
import { collect, reading, recordsIn, sides, snapshotOf, workspace } from './support.js';

/** Whole numbers of all lengths, on both sides of zero, up to the largest a database has. */
const NUMBERS = [-1, 1].flatMap((sign) =>
  Array.from({ length: 18 }, (_, n) => [10n ** BigInt(n), 10n ** BigInt(n) * 5n].map((x) => x * BigInt(sign))),
);
const KEYS = [...NUMBERS.flat(), 0n, 9_223_372_036_854_775_807n, -9_223_372_036_854_775_808n].map(String);

const recordOf = (key: string, city = 'Graz'): PlatformRecord => ({ key, fields: { city, note: 'x'.repeat(40) }, meta: {} });

/** A platform whose records come in an order. */
function platformIn(order: KeyOrder, records: readonly PlatformRecord[], lines = false): Platform {
  const schemas = [objectSchema('o', order === 'integer' ? { keyOrder: order } : {})];
  return memoryPlatform('db', { objects: { o: records } }, { schemas, lines });
}

/** Keys as they lie. */
const lying = async (reader: SnapshotReader): Promise<string[]> => (await recordsIn(reader, 'db', 'o')).map(({ key }) => key);
const sorted = (order: KeyOrder, keys: readonly string[]): string[] => keys.toSorted((a, b) => compareIn(order, a, b));

/** Makes a part unreadable, and says which one it is. */
async function spoil(path: string, n: number): Promise<{ readonly firstKey: string; readonly lastKey: string } | undefined> {
  const part = await reading(path, (reader) => Promise.resolve(reader.manifest.objects[0]?.parts[n]));
  const bytes = await readFile(path);
  const at = bytes.indexOf(part?.name ?? '?') + (part?.name.length ?? 0) + 20;
  bytes[at] = (bytes[at] ?? 0) ^ 0x20;
  await writeFile(path, bytes);
  return part;
}

describe('records that lie by the size of their keys', () => {
  it.each([true, false])('are all there, and each is found by its key alone (finished lines: %s)', async (lines) => {
    const summary = await snapshotOf(
      platformIn(
        'integer',
        KEYS.map((key) => recordOf(key)),
        lines,
      ),
    );
    await reading(summary.path, async (reader) => {
      expect(await lying(reader)).toEqual(sorted('integer', KEYS));
      expect((await reader.verify()).damage).toEqual([]);
      const [info] = reader.manifest.objects;
      if (info === undefined) throw new Error('no records');
      expect(info).toMatchObject({ order: 'integer', census: true });
      expect(info.parts.length).toBeGreaterThan(3);
      for (const key of KEYS) expect(await reader.line(info, key), key).toContain(`"key":"${key}"`);
      for (const key of ['', '-', '-0', '007', '+1', '1e3', 'ten', '2', '-3', '9'.repeat(60)])
        expect(await reader.line(info, key), key).toBeUndefined();
    });
  });

  it('are refused where they come in another order, twice over, or under another kind of key', async () => {
    const none = async (platform: Platform): Promise<void> => {
      const deps = await workspace();
      await expect(createSnapshot({ platforms: [platform], by: 'maya' }, deps)).rejects.toMatchObject({ code: 'platform-nonsense' });
    };
    const schemas = [objectSchema('o', { keyOrder: 'integer' })];
    const asText = platformIn(
      'text',
      ['9', '10', '-1'].map((key) => recordOf(key)),
    );
    await none({ ...asText, connector: { ...asText.connector, describe: () => Promise.resolve({ objects: schemas, links: [] }) } });
    for (const key of ['x', '01', '1.0', '-0', '']) await none(platformIn('integer', [recordOf(key)]));
  });

  it('are found again without the manifest, in the order in which they lie', async () => {
    const summary = await snapshotOf(
      platformIn(
        'integer',
        KEYS.map((key) => recordOf(key)),
      ),
    );
    const bytes = await readFile(summary.path);
    await truncate(summary.path, bytes.indexOf('manifest.json') - 30);
    const reader = await openSnapshot(summary.path, { salvage: true });
    const [info] = reader.manifest.objects;
    if (info === undefined) throw new Error('no records');
    expect(await lying(reader)).toEqual(sorted('integer', KEYS));
    for (const key of KEYS) expect(await reader.line(info, key), key).toBeDefined();
    await reader.close();
  });

  it('are damage where somebody gave them another order, or an earlier version one that it does not know', async () => {
    const deps = await workspace();
    const made = async (): Promise<string> =>
      (
        await snapshotOf(
          platformIn(
            'integer',
            KEYS.map((key) => recordOf(key)),
          ),
          deps,
        )
      ).path;
    const swapped = await made();
    await craft(swapped, (entries) => {
      for (const [name, bytes] of entries)
        if (name.endsWith('00002.ndjson')) {
          const [first = '', second = '', ...rest] = bytes.toString().trimEnd().split('\n');
          entries.set(name, Buffer.from(`${[second, first, ...rest].join('\n')}\n`));
        }
    });
    await reading(swapped, async (reader) => expect((await reader.verify()).damage).toMatchObject([{ object: 'o', order: 'integer' }]));
    for (const change of [{ version: 1 }, { order: 'text' }, { order: undefined }, { order: 'size' }] as const) {
      const path = await made();
      await craft(
        path,
        () => {},
        (unsigned) => {
          const said = { ...unsigned, ...change, objects: unsigned.objects.map((info) => ({ ...info, ...change, version: undefined })) };
          return JSON.parse(JSON.stringify(said)) as typeof unsigned;
        },
      );
      await expect(openSnapshot(path), JSON.stringify(change)).rejects.toMatchObject({ code: 'snapshot-damaged' });
    }
  });
});

describe('comparing two snapshots that lie in different orders', () => {
  // A user would lose: the base from before the update, which every restore after it would start from.
  it('finds exactly what a comparison record by record finds, whichever lies how', async () => {
    const key = fc.oneof(fc.integer({ min: -120, max: 1200 }).map(String), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String));
    const order = fc.constantFrom<KeyOrder>('text', 'integer');
    const kind = fc.constantFrom('keep', 'keep', 'keep', 'changed', 'gone', 'new');
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.tuple(key, kind), { selector: ([k]) => k, maxLength: 150 }), order, order, async (kinds, first, second) => {
        const before = kinds.filter(([, what]) => what !== 'new').map(([k]) => recordOf(k));
        const after = kinds.filter(([, what]) => what !== 'gone').map(([k, what]) => recordOf(k, what === 'changed' ? 'Linz' : 'Graz'));
        const deps = await workspace();
        const [a, b] = [await snapshotOf(platformIn(first, before), deps), await snapshotOf(platformIn(second, after), deps)];
        const [left, right] = [before, after].map((records) => new Map(records.map((record) => [record.key, record])));
        const expected = sorted(
          first === second ? first : 'text',
          kinds.map(([k]) => k).filter((k) => !sameValue(left?.get(k)?.fields, right?.get(k)?.fields)),
        ).map((k) => `${k} ${left?.has(k) === true ? 'a' : '-'}${right?.has(k) === true ? 'b' : '-'}`);
        const found = await reading(a.path, (one) => reading(b.path, (other) => collect(compareObjects(one, other, 'db', 'o'))));
        expect(sides(found)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  it.each([
    ['integer', 'text'],
    ['text', 'integer'],
    ['integer', 'integer'],
  ] as const)('never calls a record new or gone because a part cannot be read (%s against %s)', async (first, second) => {
    const keys = Array.from({ length: 130 }, (_, n) => String((n - 40) * 17));
    const deps = await workspace();
    const b = await snapshotOf(
      platformIn(
        second,
        keys.map((key) => recordOf(key, 'Linz')),
      ),
      deps,
    );
    const count = await reading(b.path, (reader) => Promise.resolve(reader.manifest.objects[0]?.parts.length ?? 0));
    expect(count).toBeGreaterThan(3);
    for (let n = 0; n < count; n += 1) {
      const a = await snapshotOf(
        platformIn(
          first,
          keys.map((key) => recordOf(key)),
        ),
        deps,
      );
      const part = await spoil(a.path, n);
      if (part === undefined) continue;
      const hidden = sorted(
        'text',
        keys.filter((key) => compareIn(first, part.firstKey, key) <= 0 && compareIn(first, key, part.lastKey) <= 0),
      );
      await reading(a.path, (one) =>
        reading(b.path, async (other) => {
          for (const [left, right, side] of [
            [one, other, 'a'],
            [other, one, 'b'],
          ] as const) {
            await expect(collect(compareObjects(left, right, 'db', 'o'))).rejects.toMatchObject({ code: 'snapshot-damaged' });
            const damage: Damage[] = [];
            const onDamage = (where: 'a' | 'b', found: Damage): void => void (where === side && damage.push(found));
            const known = await collect(compareObjects(left, right, 'db', 'o', { onDamage }));
            expect(damage).toMatchObject([{ firstKey: part.firstKey, lastKey: part.lastKey }]);
            expect(known.filter((pair) => pair.a === undefined || pair.b === undefined)).toEqual([]);
            expect(known).toHaveLength(keys.length - hidden.length);
            const all = await collect(compareObjects(left, right, 'db', 'o', { onDamage, unreadable: true }));
            expect(
              sorted(
                'text',
                all.filter(({ unreadable }) => unreadable === side).map(({ key }) => key),
              ),
            ).toEqual(hidden);
          }
        }),
      );
    }
  });
});
