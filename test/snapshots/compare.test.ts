import { describe, expect, it } from 'vitest';

import { compareLinks, compareObjects } from '../../src/snapshots/index.js';
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
});
