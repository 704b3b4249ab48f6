import { z } from 'zod';

import { counted } from '../../../lib/index.js';
import { defineAction } from '../action.js';
import { platformOf } from './of-run.js';

/** Reads the records of a plan and counts what is not as the plan says. Writes nothing. */
export const restoreVerify = defineAction({
  name: 'restore.verify',
  summary: 'Check that the platform holds what the plan says',
  input: z.strictObject({ plan: z.string() }),
  outputs: { plan: 'string', checked: 'int', remaining: 'int', conflicts: 'int', by_hand: 'int' },
  effect: 'read',
  run: async ({ plan }, context) => {
    const { verifyRestore } = await import('../../../restores/index.js');
    const platform = await context.openPlatform(await platformOf(plan, context));
    const summary = await verifyRestore(plan, { store: context.store, clock: context.clock, catalog: context.catalog, platform }, context.options);
    const byHand = summary.byHand.reduce((sum, { records }) => sum + records, 0);
    for (const { object, field, records, how } of summary.byHand)
      context.options.reporter?.note(
        `${counted(records, 'records')} of ${object} ${records === 1 ? 'is' : 'are'} still damaged in ${field}, which cannot be written. By hand: ${how}`,
      );
    return { plan, checked: summary.checked, remaining: summary.remaining, conflicts: summary.conflicts, by_hand: byHand };
  },
  left: ({ remaining }) =>
    typeof remaining === 'number' && remaining > 0
      ? `${counted(remaining, 'changes')} ${remaining === 1 ? 'is' : 'are'} not on the platform as planned`
      : undefined,
  manual: (values) => [
    'Open every record of the list again, not a search result: the good value has to be there.',
    `By command: \`runback restore verify ${values['plan'] ?? '<plan>'}\`.`,
  ],
});
