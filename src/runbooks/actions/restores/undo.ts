import { z } from 'zod';

import { defined } from '../../../lib/index.js';
import { defineAction } from '../action.js';
import { acceptedNow, pauseAgain } from '../syncs/of-run.js';
import { ACCEPT_AUTOMATIONS, applyDeps, leftOfOutputs, RESTORE_OUTPUTS, restoreOutputs } from './of-run.js';

/** Puts back what a restore replaced, where nobody has changed it since. */
export const restoreUndo = defineAction({
  name: 'restore.undo',
  summary: 'Put back what a restore replaced',
  input: z.strictObject({ platform: z.string(), restore: z.string(), accept_automations: ACCEPT_AUTOMATIONS }),
  outputs: RESTORE_OUTPUTS,
  effect: 'idempotent',
  writes: ({ platform }) => [platform],
  run: async ({ platform, restore, accept_automations: acceptedBy }, context) => {
    const { undoRestore } = await import('../../../restores/index.js');
    await pauseAgain(context);
    const accepted = await acceptedNow(platform, acceptedBy, context);
    const deps = { ...(await applyDeps(platform, context)), ...defined({ accepted }) };
    return await restoreOutputs(await undoRestore(restore, context.by, deps, context.options));
  },
  left: leftOfOutputs,
  undo: { none: 'the records are as they were before the restore; make a new plan to restore them again' },
  manual: (values) => [
    'Set each field back to the value you noted before the restore, and only where it still has what the restore wrote.',
    `By command: \`runback restore undo ${values['restore'] ?? '<restore>'}\`.`,
  ],
});
