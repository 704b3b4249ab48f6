import { z } from 'zod';

import { defineAction } from './action.js';
import { platformOf } from './restores-of.js';

/** Reads the records of a plan and counts what is not as the plan says. Writes nothing. */
export const restoreVerify = defineAction({
  name: 'restore.verify',
  summary: 'Check that the platform holds what the plan says',
  input: z.strictObject({ plan: z.string() }),
  outputs: { plan: 'string', checked: 'int', remaining: 'int', conflicts: 'int' },
  effect: 'read',
  run: async ({ plan }, context) => {
    const { verifyRestore } = await import('../../restores/index.js');
    const platform = await context.openPlatform(await platformOf(plan, context));
    const summary = await verifyRestore(plan, { store: context.store, clock: context.clock, catalog: context.catalog, platform }, context.options);
    return { plan, checked: summary.checked, remaining: summary.remaining, conflicts: summary.conflicts };
  },
  left: ({ remaining }) => (typeof remaining === 'number' && remaining > 0 ? `${remaining} changes are not on the platform as planned` : undefined),
  manual: (values) => [
    'Look at every record of the list again, not at a search result: the good value has to be there.',
    `By command: \`runback restore verify ${values['plan'] ?? '<plan>'}\`.`,
  ],
});
