import { z } from 'zod';

import { defined, isRunbackError, messageOf, parseDuration } from '../../../lib/index.js';
import type { PauseRecord } from '../../../syncs/index.js';
import { durationSchema } from '../../../workspace/index.js';
import { type ActionContext, defineAction } from '../action.js';
import { pauseOfStep } from './of-run.js';

const input = z.strictObject({
  writes_to: z.string().optional().describe('Name of a platform: every sync that writes to it, or reacts to what is written there.'),
  names: z.array(z.string()).optional().describe('Names of syncs.'),
  cancel_running: z.boolean().optional().describe('End what is still in flight after the wait, where the controller can.'),
  drain: durationSchema.optional().describe('Longest wait for work in flight.'),
});

function outputsOf(record: PauseRecord, drained: boolean): Record<string, unknown> {
  const stopped = record.entries.filter((entry) => entry.state !== 'failed');
  const paused = stopped.filter((entry) => entry.earlier === 'running').map((entry) => entry.sync);
  const before = stopped.filter((entry) => entry.earlier === 'paused').map((entry) => entry.sync);
  return { id: record.id, paused, paused_before: before, count: record.entries.length, drained };
}

async function pause({ writes_to, names, drain, cancel_running: cancelLate }: z.infer<typeof input>, context: ActionContext): Promise<PauseRecord> {
  return await context.syncs.pause(
    {
      by: context.by,
      holder: (await pauseOfStep(context))?.holder ?? context.step.key,
      reason: context.run.title,
      ...defined({ writesTo: writes_to, names, cancelLate }),
      ...(drain === undefined ? {} : { drainMs: parseDuration(drain) }),
    },
    context.options,
  );
}

/**
 * Pauses syncs and waits for what they have in flight. Asking again, also in a later visit of the step, continues the
 * same pause.
 */
export const syncsPause = defineAction({
  name: 'syncs.pause',
  summary: 'Pause the syncs and wait for their work in flight',
  input,
  outputs: { id: 'string', paused: 'strings', paused_before: 'strings', count: 'int', drained: 'bool' },
  effect: 'idempotent',
  writes: ({ writes_to }) => (writes_to === undefined ? [] : [writes_to]),
  act: () => 'pause-syncs',
  run: async (request, context) => {
    try {
      return outputsOf(await pause(request, context), true);
    } catch (error) {
      // They take no new work; what is in flight is for the runbook to wait for.
      const open = isRunbackError(error, 'drain-timeout') ? await pauseOfStep(context) : undefined;
      if (!open) throw error;
      context.options.reporter?.note(messageOf(error));
      return outputsOf(open, false);
    }
  },
  did: async (_, context) => {
    const open = await pauseOfStep(context);
    return open === undefined ? undefined : outputsOf(open, false);
  },
  undo: {
    summary: 'Return the syncs to their earlier state',
    afterFailure: true,
    act: 'resume-syncs',
    ask: 'The syncs would start to write again, and the damage may still be there. Resume them, or leave them paused?',
    run: async (_, outputs, context) => {
      const open = await pauseOfStep(context, outputs?.['id']);
      if (!open) return 'no pause of this step is open';
      const { entries } = await context.syncs.resume(open.id, { by: context.by }, context.options);
      const words = entries.map((entry) => `${entry.sync}: ${entry.state}`).join(', ');
      const held = entries.filter((entry) => entry.state === 'held');
      return held.length === 0 ? words : { words, left: held.map(({ sync, why = '' }) => `${sync} paused: ${why}`).join('; ') };
    },
  },
  manual: (values) => [
    `List the syncs that write to ${values['writes_to'] ?? 'the platform'}: \`runback sync list\`.`,
    'Write down for each one whether it is running or paused now: it has to return to exactly that state.',
    'Pause each running one in its own tool, and wait until nothing is in flight.',
    `By command: \`runback sync pause${values['writes_to'] === undefined ? '' : ` --writes-to ${values['writes_to']}`}\`.`,
  ],
});
