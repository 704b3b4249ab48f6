import { findRun } from '../../flows/runs/run.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { RUN } from './words.js';

/** `runback runbook abort` */
export const abortVerb: CommandSpec = {
  verb: 'abort',
  summary: 'Close a run without undoing it',
  args: [RUN],
  options: [{ flags: '--reason <text>', description: 'why; goes into the journal' }],
  run: abort,
};

async function abort(context: CommandContext): Promise<Outcome> {
  const { abortRun } = await import('../../../runbooks/index.js');
  const opened = await context.session();
  const id = await findRun(context, context.input.argument('run'));
  const reason =
    context.input.text('reason') ??
    (await (
      await context.asker('--reason')
    ).text({ message: 'Why do you close the run?', validate: (value) => value.trim() !== '' || 'A reason is needed.' }));
  const report = await abortRun(id, { by: opened.by, reason }, await opened.services());
  return {
    data: report,
    text: (style) =>
      [
        `${style.glyph.done} ${id} is closed. Nothing was undone.`,
        ...(report.left.length === 0 ? [] : [`  What these steps did stays: ${report.left.join(', ')}`]),
        ...report.paused.map((pause) => `${style.glyph.pause} Still paused: ${pause.syncs.join(', ')}\n  Back to the earlier state: ${pause.next}`),
      ].join('\n'),
  };
}
