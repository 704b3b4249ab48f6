import { z } from 'zod';

import { defineAction } from '../action.js';

const input = z.strictObject({
  writes_to: z.string().optional().describe('Name of a platform: every sync that writes to it.'),
  names: z.array(z.string()).optional().describe('Names of syncs.'),
});

/** Looks at syncs and changes nothing. A count that is not known is not there. */
export const syncsStatus = defineAction({
  name: 'syncs.status',
  summary: 'Check the syncs',
  input,
  outputs: { running: 'int', paused: 'int', draining: 'int', in_flight: 'int', unknown: 'int', warnings: 'strings' },
  effect: 'read',
  run: async ({ writes_to, names }, context) => {
    const views = (await context.syncs.views(names, context.options)).filter((view) => writes_to === undefined || view.writesTo.includes(writes_to));
    const count = (state: string): number => views.filter((view) => view.status?.state === state).length;
    const unknown = views.filter((view) => view.status === undefined).length;
    return {
      // Where one cannot be asked, none of these is known: no condition over them holds then, whether it says 0 or not.
      ...(unknown > 0
        ? {}
        : {
            running: count('running'),
            paused: count('paused'),
            draining: count('draining'),
            in_flight: views.reduce((sum, view) => sum + (view.status?.inFlight ?? 0), 0),
          }),
      unknown,
      warnings: views.flatMap((view) => [...(view.status?.warnings ?? []), ...(view.problem === undefined ? [] : [`${view.name}: ${view.problem}`])]),
    };
  },
  manual: () => ['Check each sync in its own tool: is it running, and is anything in flight? By command: `runback sync status`.'],
});
