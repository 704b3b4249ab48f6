import { z } from 'zod';

import { defined } from '../../lib/index.js';
import { defineAction } from './action.js';

const input = z.strictObject({
  platform: z.string(),
  base: z.string().describe('The snapshot to compare with.'),
  damaged: z.string().describe('The snapshot of the present state.'),
  objects: z.array(z.string()).optional(),
});

/** Days before the base in which ordinary work is looked for. */
const PAST_DAYS = 30;

/** Finds out what happened between two snapshots: groups with verdicts, the writers, the onset. Changes nothing. */
export const investigation = defineAction({
  name: 'investigate',
  summary: 'Find the damage, its writers and its beginning',
  input,
  outputs: { investigation: 'string', damage: 'int', ask: 'int', cells: 'int', onset: 'string', writers: 'strings' },
  effect: 'read',
  run: async ({ platform: name, base, damaged, objects }, context) => {
    const { investigate } = await import('../../investigations/index.js');
    const platform = await context.openPlatform(name);
    const readers = [await context.catalog.open(base)];
    try {
      readers.push(await context.catalog.open(damaged));
      const syncs = Object.values(context.workspace.config.syncs)
        .filter((sync) => sync.writes_to.includes(name))
        .map(({ name: sync, writes_as: writesAs, fields }) => ({ name: sync, writesAs, ...defined({ fields }) }));
      const { header } = await investigate(
        { readers, syncs, days: PAST_DAYS, by: context.by, ...defined({ objects }) },
        { store: context.store, clock: context.clock, platform },
        context.options,
      );
      const chosen = header.groups.filter(({ verdict }) => verdict === 'damage');
      return {
        investigation: header.id,
        damage: chosen.length,
        ask: header.groups.filter(({ verdict }) => verdict === 'ask').length,
        cells: chosen.reduce((sum, { cells }) => sum + cells, 0),
        onset: header.onset ?? '',
        writers: [...new Set(chosen.flatMap(({ writer }) => writer ?? []))],
      };
    } finally {
      for (const reader of readers) await reader.close();
    }
  },
  manual: (values) => [
    `Ask the platform who changed what since the good export (${values['base'] ?? '<base>'}), field by field: one writer, one field, one stretch of time.`,
    `By command: \`runback investigate --platform ${values['platform'] ?? '<platform>'} --base ${values['base'] ?? '<base>'} --damaged ${values['damaged'] ?? '<damaged>'}\`.`,
  ],
});
