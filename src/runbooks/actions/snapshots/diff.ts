import { z } from 'zod';

import { defineAction } from '../action.js';

const input = z.strictObject({
  platform: z.string(),
  base: z.string().describe('The base snapshot.'),
  damaged: z.string().describe('The snapshot of the damage.'),
  objects: z.array(z.string()).optional(),
});

/**
 * Counts what differs between two snapshots, offline. What only one of them holds is no difference: `not_compared`
 * counts these.
 */
export const diff = defineAction({
  name: 'diff',
  summary: 'Compare two snapshots',
  input,
  outputs: { changed: 'int', created: 'int', deleted: 'int', links_added: 'int', links_removed: 'int', total: 'int', not_compared: 'int' },
  effect: 'read',
  run: async ({ platform, base, damaged, objects }, context) => {
    const { comparable, compareLinks, compareObjects, watchedIn } = await import('../../../snapshots/index.js');
    const a = await context.catalog.open(base);
    const counts = { changed: 0, created: 0, deleted: 0, links_added: 0, links_removed: 0, not_compared: 0 };
    try {
      const b = await context.catalog.open(damaged);
      try {
        const wanted = (...names: string[]): boolean => objects === undefined || names.some((name) => objects.includes(name));
        const scope = comparable(a, b, platform);
        const left = scope.notCompared.filter(({ kind, name }) => wanted(...(kind === 'records' ? [name] : name.split('~').slice(0, 2))));
        counts.not_compared = left.length;
        for (const { name, why } of left) context.options.reporter?.note(`${name} is not compared: ${why}.`);
        for (const object of scope.objects.filter((name) => wanted(name))) {
          const alsoMeta = [...(await watchedIn([a, b], platform, object)).keys()];
          for await (const batch of compareObjects(a, b, platform, object, { ...context.options, alsoMeta }))
            for (const difference of batch) counts[difference.a === undefined ? 'created' : difference.b === undefined ? 'deleted' : 'changed'] += 1;
        }
        for (const link of scope.links.filter((name) => wanted(...name.split('~').slice(0, 2))))
          for await (const batch of compareLinks(a, b, platform, link, context.options))
            for (const difference of batch) counts[difference.change === 'added' ? 'links_added' : 'links_removed'] += 1;
      } finally {
        await b.close();
      }
    } finally {
      await a.close();
    }
    return { ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) - counts.not_compared };
  },
  manual: (values) => [`Compare the two exports. By command: \`runback diff ${values['base'] ?? '<base>'} ${values['damaged'] ?? '<damaged>'}\`.`],
});
