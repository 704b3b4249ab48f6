import { z } from 'zod';

import { defineAction } from '../action.js';

/** Reads every byte of a snapshot and checks it. */
export const snapshotVerify = defineAction({
  name: 'snapshot.verify',
  summary: 'Read and check every byte of a snapshot',
  input: z.strictObject({ snapshot: z.string() }),
  outputs: { snapshot: 'string', rows: 'int', parts: 'int', damaged: 'int' },
  effect: 'read',
  run: async ({ snapshot }, context) => {
    const { unrecorded } = await import('../../../snapshots/index.js');
    const report = await context.catalog.verify(snapshot, context.options);
    if (report.damage.length === 0 && !report.recorded) throw unrecorded(report.id);
    return { snapshot: report.id, rows: report.rows, parts: report.parts, damaged: report.damage.length };
  },
  manual: (values) => [
    `Check that the snapshot can be read: \`runback snapshot verify ${values['snapshot'] ?? '<snapshot>'}\`, or at least \`unzip -t\`.`,
  ],
});
