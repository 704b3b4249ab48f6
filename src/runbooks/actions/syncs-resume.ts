import { z } from 'zod';

import { RunbackError } from '../../lib/index.js';
import { defineAction, type ActionContext } from './action.js';

const input = z.strictObject({ paused_by: z.string().describe('Id of the pause: the output `id` of syncs.pause.') });

/** What a person types to start syncs although nothing has proved that the damage is gone. */
const OVERRIDE = 'resume-unverified';

/** Puts syncs back to the state they were in. Only after the run has verified its restores, or by a named person's override (guarantee G12). */
export const syncsResume = defineAction({
  name: 'syncs.resume',
  summary: 'Put the syncs back to the state they were in',
  input,
  outputs: { resumed: 'strings', left: 'strings' },
  effect: 'idempotent',
  act: (_, context) => (unverified(context) === undefined ? 'resume-syncs' : 'override-verification'),
  confirm: ({ paused_by }, context) => {
    const missing = unverified(context);
    if (missing === undefined) return Promise.resolve(undefined);
    return Promise.resolve({
      expect: OVERRIDE,
      about: { pause: paused_by, why: missing, warning: 'The syncs may damage the records again, or write the damage on to other platforms.' },
    });
  },
  run: async ({ paused_by }, context) => {
    const missing = unverified(context);
    if (missing !== undefined && context.confirmed !== OVERRIDE)
      throw new RunbackError('not-verified', 'The syncs were not started again', {
        why: missing,
        state: 'They are still paused.',
        next: 'Verify the restore first.',
      });
    const record = await context.syncs.resume(paused_by, { by: context.by }, context.options);
    const failed = record.entries.filter((entry) => entry.state === 'failed');
    if (failed.length > 0) throw new RunbackError('sync-failed', `Not resumed: ${failed.map((entry) => entry.sync).join(', ')}`);
    const names = (state: string): string[] => record.entries.filter((entry) => entry.state === state).map((entry) => entry.sync);
    return { resumed: names('resumed'), left: [...names('left'), ...names('held')] };
  },
  undo: { none: 'the syncs are in the state they were in before the run' },
  manual: (values) => [
    'Only after the records are verified: put each sync back to the state you wrote down, and start none that was paused before.',
    `By command: \`runback sync resume ${values['paused_by'] ?? '<pause>'}\`.`,
  ],
});

/** Why the run has not verified its restores; undefined where it has. */
function unverified({ run }: ActionContext): string | undefined {
  const latest = (names: readonly string[], state: string): (typeof run.steps)[number] | undefined =>
    run.steps.filter((step) => step.action !== undefined && names.includes(step.action) && step.state === state).sort((a, b) => b.order - a.order)[0];
  const verified = latest(['restore.verify'], 'succeeded');
  if (!verified) return 'No step of this run has verified a restore.';
  if (verified.outputs['remaining'] !== 0)
    return `The verification (step ${verified.id}) found ${String(verified.outputs['remaining'])} changes that are not as the plan says.`;
  const written = latest(['restore.apply', 'restore.undo'], 'succeeded');
  if (written && written.order > verified.order) return `Step ${written.id} wrote after the verification (step ${verified.id}).`;
  return undefined;
}
