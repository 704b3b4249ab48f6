import { readFile, writeFile } from 'node:fs/promises';

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Platform } from '../../src/connectors/index.js';
import { compareKeys, type Fields, sameValue, type PlatformRecord } from '../../src/records/index.js';
import { comparable, compareLinks, compareObjects, type Damage, type SnapshotReader } from '../../src/snapshots/index.js';
import { memoryPlatform, people } from './memory-platform.js';
import { collect, reading, sides, snapshotOf, workspace } from './support.js';

describe('comparing two snapshots', () => {
  it('names the changed, the gone and the new records, and nothing else', async () => {
    const deps = await workspace();
    const before = people(600);
    const after = before
      .filter(({ key }) => key !== '1700')
      .map((record) => (record.key === '2400' ? { ...record, fields: { ...record.fields, email: 'wrong@example.com' } } : record))
      .map((record) => (record.key === '1070' ? { ...record, meta: { modified: 'later' } } : record));
    after.push({ key: '2002', fields: { email: 'new@example.com' }, meta: {} });
    const links = (pairs: string[]) => ({ 'contacts~companies~primary': pairs.map((pair) => ({ from: pair.slice(0, 4), to: pair.slice(5) })) });
    const a = await snapshotOf(
      memoryPlatform('crm', { objects: { contacts: before, companies: [] }, links: links(['1000 1', '1007 1', '1014 2']) }),
      deps,
    );
    const b = await snapshotOf(
      memoryPlatform('crm', { objects: { contacts: after, companies: [] }, links: links(['1000 1', '1007 3', '1014 2']) }),
      deps,
    );
    await reading(a.path, (first) =>
      reading(b.path, async (second) => {
        const found = await collect(compareObjects(first, second, 'crm', 'contacts'));
        expect(sides(found)).toEqual(['1700 a-', '2002 -b', '2400 ab']);
        expect(await collect(compareObjects(first, first, 'crm', 'contacts'))).toEqual([]);
        expect(await collect(compareLinks(first, second, 'crm', 'contacts~companies~primary'))).toEqual([
          { change: 'removed', link: { from: '1007', to: '1' } },
          { change: 'added', link: { from: '1007', to: '3' } },
        ]);
      }),
    );
  });

  it('takes empty as empty where the platform knows one empty only, whatever an earlier version wrote', async () => {
    const deps = await workspace();
    const contact = (key: string, fields: Fields): PlatformRecord => ({ key, fields, meta: {} });
    const before = [contact('1', { a: '', b: [], c: 'x' }), contact('2', { a: '', b: ['x'], c: 'x' }), contact('3', { a: null, b: null, c: '""' })];
    const after = [contact('1', { a: null, b: null, c: 'x' }), contact('2', { a: null, b: null, c: 'x' }), contact('3', { a: '', b: [], c: '[]' })];
    const compared = async (kind: string): Promise<readonly string[]> => {
      const platforms = [before, after].map((contacts) => memoryPlatform('crm', { objects: { contacts } }));
      const [a, b] = [await snapshotOf(ofKind(platforms[0], kind), deps), await snapshotOf(ofKind(platforms[1], kind), deps)];
      return reading(a.path, (first) =>
        reading(b.path, async (second) =>
          (await collect(compareObjects(first, second, 'crm', 'contacts'))).map((pair) => `${pair.key} ${pair.a ?? ''} ${pair.b ?? ''}`),
        ),
      );
    };
    expect(await compared('hubspot')).toEqual([
      '2 {"key":"2","fields":{"a":null,"b":["x"],"c":"x"},"meta":{}} {"key":"2","fields":{"a":null,"b":null,"c":"x"},"meta":{}}',
      '3 {"key":"3","fields":{"a":null,"b":null,"c":"\\"\\""},"meta":{}} {"key":"3","fields":{"a":null,"b":null,"c":"[]"},"meta":{}}',
    ]);
    expect(await compared('postgres')).toHaveLength(3);
  });

  it('finds exactly what a comparison record by record finds, whatever was done in between', async () => {
    const kind = fc.constantFrom('keep', 'meta', 'field', 'nested', 'gone', 'new');
    await fc.assert(
      fc.asyncProperty(fc.array(kind, { minLength: 1, maxLength: 150 }), async (kinds) => {
        const before: PlatformRecord[] = [];
        const after: PlatformRecord[] = [];
        for (const [n, what] of kinds.entries()) {
          // A field named meta that holds an object: the boundary between fields and meta must not be taken for it.
          const record = {
            key: `k${(n * 37) % 151}"${n}`,
            fields: { a: { meta: {} }, email: `p${n}@example.com`, meta: { meta: {} } },
            meta: { meta: { at: 1 } },
          };
          if (what !== 'new') before.push(record);
          if (what === 'meta') after.push({ ...record, meta: { meta: { at: 2 } } });
          else if (what === 'field') after.push({ ...record, fields: { ...record.fields, email: 'x' } });
          else if (what === 'nested') after.push({ ...record, fields: { ...record.fields, meta: { meta: { at: 1 } } } });
          else if (what !== 'gone') after.push(record);
        }
        const deps = await workspace();
        const [a, b] = [
          await snapshotOf(memoryPlatform('crm', { objects: { o: before } }), deps),
          await snapshotOf(memoryPlatform('crm', { objects: { o: after } }), deps),
        ];
        const left = new Map(before.map((record) => [record.key, record]));
        const right = new Map(after.map((record) => [record.key, record]));
        const expected = [...new Set([...left.keys(), ...right.keys()])]
          .sort(compareKeys)
          .filter((key) => !sameValue(left.get(key)?.fields, right.get(key)?.fields))
          .map((key) => `${key} ${left.has(key) ? 'a' : '-'}${right.has(key) ? 'b' : '-'}`);
        const found = await reading(a.path, (first) => reading(b.path, (second) => collect(compareObjects(first, second, 'crm', 'o'))));
        expect(sides(found)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('never calls a record new or gone because a part cannot be read', async () => {
    const deps = await workspace();
    const records = people(120);
    const a = await snapshotOf(memoryPlatform('crm', { objects: { contacts: records } }), deps);
    const b = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(120, () => ({ city: 'Elsewhere' })) } }), deps);
    const part = await reading(a.path, (reader) => Promise.resolve(reader.manifest.objects[0]?.parts[1]));
    const bytes = await readFile(a.path);
    const at = bytes.indexOf(part?.name ?? '?') + 60;
    bytes[at] = (bytes[at] ?? 0) ^ 0x20;
    await writeFile(a.path, bytes);
    await reading(a.path, (first) =>
      reading(b.path, async (second) => {
        await expect(collect(compareObjects(first, second, 'crm', 'contacts'))).rejects.toMatchObject({ code: 'snapshot-damaged' });
        const damage: Damage[] = [];
        const onDamage = (side: 'a' | 'b', found: Damage): void => void (side === 'a' && damage.push(found));
        const known = await collect(compareObjects(first, second, 'crm', 'contacts', { onDamage }));
        expect(damage).toMatchObject([{ firstKey: part?.firstKey, lastKey: part?.lastKey }]);
        expect(known).toHaveLength(120 - (part?.rows ?? 0));
        expect(known.every((pair) => pair.a !== undefined && pair.b !== undefined)).toBe(true);
        const all = await collect(compareObjects(first, second, 'crm', 'contacts', { onDamage, unreadable: true }));
        expect(all.filter(({ unreadable }) => unreadable === 'a').map(({ key }) => key)).toEqual(
          records
            .map(({ key }) => key)
            .filter((key) => part !== undefined && compareKeys(key, part.firstKey) >= 0 && compareKeys(key, part.lastKey) <= 0)
            .sort(compareKeys),
        );
      }),
    );
  });

  // A user would lose: good links, or good records, because one of the snapshots never read them (G17).
  it('calls nothing new or gone that one of them did not read, in both directions', async () => {
    const deps = await workspace();
    const links = { 'contacts~companies~primary': [{ from: '1000', to: '1' }] };
    const whole = memoryPlatform('crm', { objects: { contacts: people(5), companies: people(3) }, links });
    const part = memoryPlatform('crm', { objects: { contacts: people(5) } });
    const a = await snapshotOf(whole, deps);
    const b = await snapshotOf(part, deps);
    const check = async (left: string, right: string): Promise<void> =>
      reading(left, (first) =>
        reading(right, async (second) => {
          expect(await collect(compareObjects(first, second, 'crm', 'companies'))).toEqual([]);
          expect(await collect(compareLinks(first, second, 'crm', 'contacts~companies~primary'))).toEqual([]);
          const scope = comparable(first, second, 'crm');
          expect(scope).toMatchObject({ objects: ['contacts'], links: [] });
          expect(scope.notCompared.map(({ name }) => name)).toEqual(['companies', 'contacts~companies~primary']);
          for (const { why } of scope.notCompared) expect(why).toMatch(/does not hold/);
        }),
      );
    await check(a.path, b.path);
    await check(b.path, a.path);
  });

  it('takes what a snapshot without a census lacks for neither new nor gone', async () => {
    const deps = await workspace();
    const a = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(9) } }), deps);
    const b = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(4, () => ({ city: 'Elsewhere' })) } }), deps);
    await reading(a.path, (first) =>
      reading(b.path, async (second) => {
        const objects = second.manifest.objects.map((info) => ({ ...info, census: false }));
        const blind = Object.create(second, {
          header: { value: second.header },
          manifest: { value: { ...second.manifest, objects } },
          partBytes: { value: (...args: Parameters<SnapshotReader['partBytes']>) => second.partBytes(...args) },
        }) as SnapshotReader;
        expect(sides(await collect(compareObjects(first, second, 'crm', 'contacts'))).filter((one) => one.endsWith('a-'))).toHaveLength(5);
        expect(sides(await collect(compareObjects(first, blind, 'crm', 'contacts')))).toEqual(expect.arrayContaining([expect.stringMatching(/ab$/)]));
        expect(sides(await collect(compareObjects(first, blind, 'crm', 'contacts'))).filter((one) => !one.endsWith('ab'))).toEqual([]);
        expect(sides(await collect(compareObjects(blind, first, 'crm', 'contacts'))).filter((one) => !one.endsWith('ab'))).toEqual([]);
        expect(comparable(first, blind, 'crm').notCompared).toMatchObject([{ name: 'contacts' }]);
      }),
    );
  });

  it('does not read the parts that both have', async () => {
    const deps = await workspace();
    const a = await snapshotOf(memoryPlatform('crm', { objects: { contacts: people(400) } }), deps);
    const inserted = [...people(400), { key: '2002', fields: { email: 'new@example.com' }, meta: {} }];
    const b = await snapshotOf(memoryPlatform('crm', { objects: { contacts: inserted } }), deps);
    await reading(a.path, (first) =>
      reading(b.path, async (second) => {
        const all = second.manifest.objects[0]?.parts.length ?? 0;
        let read = 0;
        const counting: SnapshotReader = Object.create(second, {
          manifest: { get: () => second.manifest },
          partBytes: { value: (...args: Parameters<SnapshotReader['partBytes']>) => ((read += 1), second.partBytes(...args)) },
        }) as SnapshotReader;
        expect(sides(await collect(compareObjects(first, counting, 'crm', 'contacts')))).toEqual(['2002 -b']);
        expect(all).toBeGreaterThan(15);
        expect(read).toBeLessThan(5);
      }),
    );
  });
});

/** The same platform under the name of another connector. */
function ofKind(platform: Platform | undefined, kind: string): Platform {
  if (!platform) throw new Error('no platform');
  return { ...platform, connector: new Proxy(platform.connector, { get: (target, name) => (name === 'kind' ? kind : Reflect.get(target, name)) }) };
}
