import { z } from 'zod';

import { defineAction } from './action.js';

const input = z.strictObject({
  platform: z.string(),
  base: z.string().describe('The good snapshot.'),
  damaged: z.string().describe('The snapshot of the damage.'),
  objects: z.array(z.string()).optional(),
});

/** Counts what differs between two snapshots, offline. */
export const diff = defineAction({
  name: 'diff',
  summary: 'Compare two snapshots',
  input,
  outputs: { changed: 'int', created: 'int', deleted: 'int', links_added: 'int', links_removed: 'int', total: 'int' },
  effect: 'read',
  run: async ({ platform, base, damaged, objects }, context) => {
    const { compareLinks, compareObjects } = await import('../../snapshots/index.js');
    const a = await context.catalog.open(base);
    const counts = { changed: 0, created: 0, deleted: 0, links_added: 0, links_removed: 0 };
    try {
      const b = await context.catalog.open(damaged);
      try {
        const wanted = (name: string): boolean => objects === undefined || objects.includes(name);
        for (const object of new Set(
          [...a.manifest.objects, ...b.manifest.objects]
            .filter((info) => info.platform === platform && wanted(info.object))
            .map((info) => info.object),
        ))
          for await (const batch of compareObjects(a, b, platform, object, context.options))
            for (const difference of batch) counts[difference.a === undefined ? 'created' : difference.b === undefined ? 'deleted' : 'changed'] += 1;
        for (const link of new Set(
          [...a.manifest.links, ...b.manifest.links].filter((info) => info.platform === platform && wanted(info.from)).map((info) => info.object),
        ))
          for await (const batch of compareLinks(a, b, platform, link, context.options))
            for (const difference of batch) counts[difference.change === 'added' ? 'links_added' : 'links_removed'] += 1;
      } finally {
        await b.close();
      }
    } finally {
      await a.close();
    }
    return { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) };
  },
  manual: (values) => [`Compare the two exports. By command: \`runback diff ${values['base'] ?? '<base>'} ${values['damaged'] ?? '<damaged>'}\`.`],
});
