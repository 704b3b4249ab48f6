import { z } from 'zod';

import { defined } from '../../../lib/index.js';
import type { SnapshotSummary } from '../../../snapshots/index.js';
import { defineAction } from '../action.js';

const input = z.strictObject({
  platforms: z.array(z.string()).min(1).describe('Names of platforms.'),
  objects: z.array(z.string()).min(1).optional().describe('Only these object types.'),
  note: z.string().optional(),
});

/** Snapshots platforms. Reads them only; looked up by its note after a crash, so that evidence is not taken twice. */
export const snapshotCreate = defineAction({
  name: 'snapshot.create',
  summary: 'Snapshot the platforms',
  input,
  outputs: { snapshot: 'string', rows: 'int', bytes: 'int', digest: 'string', gaps: 'int', missing: 'string' },
  effect: 'verifiable',
  act: () => 'snapshot',
  run: async ({ platforms, objects, note }, context) => {
    const opened = await Promise.all(platforms.map((name) => context.openPlatform(name)));
    const summary = await context.catalog.create(
      { platforms: opened, by: context.by, note: noteFor(note, context.step.key), ...defined({ objects }) },
      context.options,
    );
    return outputsOf(summary);
  },
  lookup: async ({ note }, context) => {
    const wanted = noteFor(note, context.step.key);
    const found = (await context.catalog.list()).find((summary) => summary.note === wanted);
    return found ? { state: 'succeeded', outputs: outputsOf(found) } : { state: 'not-started' };
  },
  undo: { none: 'a snapshot changes nothing on a platform' },
  manual: (values) => [
    `Export every record and link of ${values['platforms'] ?? 'the platform'}, and keep the files.`,
    `By command: \`runback snapshot create --platform ${values['platforms'] ?? '<platform>'}\`.`,
  ],
});

const noteFor = (note: string | undefined, key: string): string => (note === undefined ? `by ${key}` : `${note} (by ${key})`);

/** `gaps`: object types and kinds of link that are not in it, or not proved to be there whole; `missing` names them. */
function outputsOf({ id, rows, bytes, digest, gaps }: SnapshotSummary): Record<string, unknown> {
  return { snapshot: id, rows, bytes, digest, gaps: gaps.length, missing: gaps.map(({ object }) => object).join(', ') };
}
