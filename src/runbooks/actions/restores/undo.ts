import { z } from 'zod';

import { defineAction } from '../action.js';
import { pauseAgain } from '../syncs/of-run.js';
import { applyDeps, leftOfOutputs, RESTORE_OUTPUTS, restoreOutputs } from './of-run.js';

/** Puts back what a restore replaced, where nobody has changed it since. */
export const restoreUndo = defineAction({
  name: 'restore.undo',
  summary: 'Put back what a restore replaced',
  input: z.strictObject({ platform: z.string(), restore: z.string() }),
  outputs: RESTORE_OUTPUTS,
  effect: 'idempotent',
  writes: ({ platform }) => [platform],
  run: async ({ platform, restore }, context) => {
    const { undoRestore } = await import('../../../restores/index.js');
    await pauseAgain(context);
    return await restoreOutputs(await undoRestore(restore, context.by, await applyDeps(platform, context), context.options));
  },
  left: leftOfOutputs,
  undo: { none: 'the records are as they were before the restore; make a new plan to restore them again' },
  manual: (values) => [
    'Set each field back to the value you noted before the restore, and only where it still has what the restore wrote.',
    `By command: \`runback restore undo ${values['restore'] ?? '<restore>'}\`.`,
  ],
});
