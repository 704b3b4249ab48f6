import { RunbackError } from '../../../lib/index.js';
import { findRun, runOutcome, runSetup } from '../../flows/runs/run.js';
import { incidentOf } from '../../session/incidents.js';
import type { Outcome, CommandContext } from '../../shell/command.js';
import { runText } from '../../views/run.js';
import { inputsOf } from './words.js';

/** Resume, undo and take over: the same but for the function. */
export function goOn(verb: 'resumeRun' | 'undoRun' | 'takeOver', wanted: 'succeeded' | 'undone') {
  return async (context: CommandContext): Promise<Outcome> => {
    const runbooks = await import('../../../runbooks/index.js');
    const opened = await context.session();
    const id = await findRun(context, context.input.argument('run'));
    const before = await runbooks.readRun(opened.store, id);
    if (verb === 'undoRun' && context.interactive && !context.globals.yes) await confirmUndo(context, runText(before, context.style));
    const needsText = context.input.text('answers') !== undefined;
    const runbook = needsText ? await runbooks.readRunbook(opened.store, id) : undefined;
    const tied = await incidentOf(opened, id);
    const { deps, options, by, linked } = await runSetup(context, runbook, tied && { incidents: tied.incidents, id: tied.incident.id });
    try {
      return runOutcome(await runbooks[verb](id, { by, inputs: verb === 'undoRun' ? {} : inputsOf(context) }, deps, options), wanted);
    } finally {
      await linked();
    }
  };
}

async function confirmUndo(context: CommandContext, shown: string): Promise<void> {
  context.live.print(shown);
  const asker = await context.asker('--yes');
  const go = await asker.confirm({ message: 'Undo what this run did, in reverse order?', default: false });
  if (!go) throw new RunbackError('person-needed', 'Not undone', { why: 'You said no.', state: 'Nothing was written.' });
}
