import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { reconciliationHistoryText } from '../../views/checks/reconciliation-history.js';

/** `runback reconcile history` */
export const historyVerb: CommandSpec = {
  verb: 'history',
  summary: 'What reconciliations found over time, by mapping',
  args: [{ name: 'mapping', description: 'only this mapping', optional: true }],
  run: history,
};

async function history({ input, session }: CommandContext): Promise<Outcome> {
  const { readReconciliations } = await import('../../../checks/index.js');
  const results = await readReconciliations((await session()).store, input.argument('mapping'));
  return { data: results, text: (style) => reconciliationHistoryText(results, style) };
}
