import { z } from 'zod';

import { counted, RunbackError } from '../../../lib/index.js';
import { defineAction, type ActionContext } from '../action.js';
import { damageNow } from '../restores/of-run.js';
import { pauseAgain } from './of-run.js';

const input = z.strictObject({ paused_by: z.string().describe('Id of the pause: the output `id` of syncs.pause.') });

/** What a person types to start syncs although nothing has proved that the damage is gone. */
const OVERRIDE = 'resume-unverified';

/**
 * Puts syncs back to the state they were in. Only after the run has verified its restores, or by a named person's
 * override (guarantee G12). A verification is worth what has not been written since: the damage is looked for once
 * more, and strictly where a sync ran in between.
 */
export const syncsResume = defineAction({
  name: 'syncs.resume',
  summary: 'Return the syncs to their earlier state',
  input,
  outputs: { resumed: 'strings', left: 'strings', what_left: 'string' },
  effect: 'idempotent',
  act: (_, context) => (context.run.verification.missing === undefined ? 'resume-syncs' : 'override-verification'),
  confirm: ({ paused_by }, { run }) => {
    const { missing } = run.verification;
    if (missing === undefined) return Promise.resolve(undefined);
    return Promise.resolve({
      expect: OVERRIDE,
      about: { pause: paused_by, why: missing, warning: 'The syncs may damage the records again, or write the damage on to other platforms.' },
    });
  },
  run: async ({ paused_by }, context) => {
    const { missing } = context.run.verification;
    if (context.confirmed !== OVERRIDE) {
      if (missing !== undefined)
        throw new RunbackError('not-verified', 'The syncs were not resumed', {
          why: missing,
          state: 'They are still paused.',
          next: 'Verify the restore first.',
        });
      await lookAgain(paused_by, context);
    }
    const { entries } = await context.syncs.resume(paused_by, { by: context.by }, context.options);
    const names = (state: string): string[] => entries.filter((entry) => entry.state === state).map((entry) => entry.sync);
    const open = entries.filter((entry) => entry.state === 'held');
    return {
      resumed: names('resumed'),
      left: [...names('left'), ...names('held')],
      what_left: open.map(({ sync, why = '' }) => `${sync} paused: ${why}`).join('; '),
    };
  },
  left: ({ what_left: what }) => (typeof what === 'string' && what !== '' ? what : undefined),
  undo: { none: 'the syncs are in the state they were in before the run' },
  manual: (values) => [
    'Only after the records are verified: return each sync to the state you wrote down, and start none that was paused before.',
    `By command: \`runback sync resume ${values['paused_by'] ?? '<pause>'}\`.`,
  ],
});

/** Refuses where the damage came back after it was proved gone. A sync that ran again is paused again first. */
async function lookAgain(pause: string, context: ActionContext): Promise<void> {
  const again = await pauseAgain(context);
  for (const plan of context.run.verification.plans) {
    const { remaining, damaged } = await damageNow(plan, context);
    const wrong = again.length > 0 ? remaining : damaged;
    if (wrong === 0) continue;
    throw new RunbackError(
      'not-verified',
      `The syncs were not resumed: ${counted(wrong, 'changes')} of plan ${plan} ${wrong === 1 ? 'is' : 'are'} no longer as it says`,
      {
        why:
          again.length > 0
            ? `${again.join(', ')} was running again after the pause, and something has written since the verification.`
            : 'They were right when they were verified. Something has written the damage again since.',
        state: 'The syncs are paused.',
        next: `Find out what writes, and fix it with a new run. To resume the syncs anyway: runback sync resume ${pause} --override`,
        data: { plan, remaining: wrong },
      },
    );
  }
}
