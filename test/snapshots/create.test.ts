import { readdir, stat } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import { compareKeys } from '../../src/records/index.js';
import { createSnapshot, openCatalog } from '../../src/snapshots/index.js';
import { memoryPlatform, people } from './memory-platform.js';
import { collect, reading, recordsIn, snapshotOf, workspace } from './support.js';

const byKey = (a: { key: string }, b: { key: string }): number => compareKeys(a.key, b.key);

describe('a snapshot gives back what was read', () => {
  for (const [title, options] of [
    ['an ordered platform', { ordered: true }],
    ['an ordered platform with finished lines', { ordered: true, lines: true }],
    ['a platform in its own order', { ordered: false }],
  ] as const) {
    it(`from ${title}`, async () => {
      const records = people(500);
      const deps = await workspace();
      const links = {
        'contacts~companies~primary': [
          { from: '1007', to: '9' },
          { from: '1000', to: '9' },
        ],
      };
      const summary = await snapshotOf(memoryPlatform('crm', { objects: { contacts: records, companies: [] }, links }, options), deps);
      expect(summary.rows).toBe(500);
      await reading(summary.path, async (reader) => {
        expect(await recordsIn(reader, 'crm', 'contacts')).toEqual([...records].sort(byKey));
        expect(reader.manifest.objects.map(({ object, rows, census }) => [object, rows, census])).toEqual([
          ['contacts', 500, true],
          ['companies', 0, true],
        ]);
        const [info] = reader.manifest.links;
        expect(info?.rows).toBe(2);
        expect(info && (await collect(reader.lines(info)))).toEqual(['{"from":"1000","to":"9"}', '{"from":"1007","to":"9"}']);
        expect((await reader.verify()).damage).toEqual([]);
        const contacts = reader.manifest.objects[0];
        expect(contacts?.parts.length).toBeGreaterThan(20);
        expect(contacts && (await reader.line(contacts, '1007'))).toContain('person.1@example.com');
        expect(contacts && (await reader.line(contacts, '1008'))).toBeUndefined();
        expect((await reader.schema('crm')).objects.map(({ object }) => object)).toEqual(['contacts', 'companies']);
      });
      expect((await stat(summary.path)).mode & 0o777).toBe(0o600);
      expect(await readdir(deps.dir)).toEqual([`${summary.id}.zip`]);
      const catalog = openCatalog(deps);
      expect(await catalog.list()).toEqual([summary]);
      await catalog.verify('latest');
      expect((await catalog.resolve('latest-verified', { platform: 'crm' })).id).toBe(summary.id);
    });
  }

  it('of two platforms in one file', async () => {
    const deps = await workspace();
    const [crm, db] = [
      memoryPlatform('crm', { objects: { contacts: people(30) } }),
      memoryPlatform('db', { objects: { contacts: people(20) } }, { ordered: false }),
    ];
    const summary = await createSnapshot({ platforms: [crm, db], by: 'maya', note: 'before the import' }, deps);
    await reading(summary.path, async (reader) => {
      expect(await recordsIn(reader, 'crm', 'contacts')).toHaveLength(30);
      expect(await recordsIn(reader, 'db', 'contacts')).toHaveLength(20);
    });
    expect(summary.note).toBe('before the import');
  });
});
