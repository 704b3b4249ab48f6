import { EXIT } from '../../../lib/index.js';
import { monitorsView } from '../../flows/monitors/standings.js';
import { requireWatching } from '../../flows/monitors/watching.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { monitorsText } from '../../views/monitors/status.js';

/** `runback monitor status` */
export const statusVerb: CommandSpec = {
  verb: 'status',
  summary: 'How each flow stands: last good moment, last hours, calls that are left',
  details: 'Shows what was measured last, and asks nothing. Ends with status 2 where something is wrong or cannot be measured.',
  run: status,
};

async function status(context: CommandContext): Promise<Outcome> {
  const { store, workspace, clock } = await context.session();
  const view = await monitorsView(store, await requireWatching(workspace), workspace.config, clock.now());
  const isWrong = view.flows.some(({ state }) => state === 'wrong' || state === 'unmeasured');
  return { data: view, text: (style) => monitorsText(view, style), ...(isWrong ? { exit: EXIT.differences } : {}) };
}
