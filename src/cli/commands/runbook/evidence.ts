import { EXIT } from '../../../lib/index.js';
import { findRun } from '../../flows/runs/run.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { runText } from '../../views/run.js';
import { evidenceText } from '../../views/runbook.js';
import { RUN } from './words.js';

/** `runback runbook evidence` */
export const evidenceVerb: CommandSpec = {
  verb: 'evidence',
  summary: "Check that a run's journal is exactly what was written",
  args: [RUN],
  run: evidence,
};

async function evidence(context: CommandContext): Promise<Outcome> {
  const { verifyEvidence } = await import('../../../runbooks/index.js');
  const opened = await context.session();
  const id = await findRun(context, context.input.required('run'));
  const report = await verifyEvidence(opened.store, id);
  return {
    data: report,
    text: (style) => `${evidenceText(report, style)}\n\n${runText(report.view, style)}`,
    ...(report.ok ? {} : { exit: EXIT.badFile }),
  };
}
