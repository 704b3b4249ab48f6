import { z } from 'zod';

import { defineAction } from './action.js';

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
  outputs: { snapshot: 'string', rows: 'int', bytes: 'int', digest: 'string' },
  effect: 'verifiable',
  act: () => 'snapshot',
  run: async ({ platforms, objects, note }, context) => {
    const { createSnapshot } = await import('../../snapshots/index.js');
    const opened = await Promise.all(platforms.map((name) => context.openPlatform(name)));
    const summary = await createSnapshot(
      { platforms: opened, by: context.by, note: noteFor(note, context.step.key), ...(objects === undefined ? {} : { objects }) },
      { dir: context.workspace.backupsDir, store: context.store, clock: context.clock },
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

function outputsOf(summary: {
  readonly id: string;
  readonly rows: number;
  readonly bytes: number;
  readonly digest: string;
}): Record<string, unknown> {
  return { snapshot: summary.id, rows: summary.rows, bytes: summary.bytes, digest: summary.digest };
}
