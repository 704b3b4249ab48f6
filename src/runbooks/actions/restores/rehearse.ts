import { z } from 'zod';

import { RunbackError } from '../../../lib/index.js';
import { defineAction } from '../action.js';

/** Tries a plan on a copy, and tells what came of it. Writes nothing to a platform. */
export const restoreRehearse = defineAction({
  name: 'restore.rehearse',
  summary: 'Try a plan on a copy: is everything put back, how many calls, how long',
  input: z.strictObject({ plan: z.string() }),
  outputs: { plan: 'string', passed: 'bool', wrong: 'int', calls: 'int', seconds: 'int', calls_left: 'int', what: 'string' },
  effect: 'read',
  run: async ({ plan }, context) => {
    if (context.rehearse === undefined)
      throw new RunbackError('usage', 'Plans cannot be rehearsed here', {
        state: 'Nothing was started.',
        next: `In the workspace: runback restore rehearse ${plan}`,
      });
    const { passed, wrong, calls, ms, left, words } = await context.rehearse(plan, context.options);
    context.options.reporter?.note(words);
    await context.note(words, `${context.step.key}.${plan}`);
    return { plan, passed, wrong, calls, seconds: Math.round(ms / 1000), calls_left: left ?? -1, what: words };
  },
  undo: { none: 'a rehearsal changes nothing on a platform' },
  manual: ({ plan = '<plan>' }) => [
    'Try the same on a test account first, with a copy of some damaged records: is every value right, and what else does the platform change?',
    `By command: \`runback restore rehearse ${plan}\`.`,
  ],
});
