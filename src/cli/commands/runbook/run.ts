import { RunbackError } from '../../../lib/index.js';
import type { Runbook } from '../../../runbooks/index.js';
import { runFor, runOutcome, runSetup } from '../../flows/runs/run.js';
import { findRunbook, runbookFiles } from '../../flows/runs/runbook-files.js';
import type { IncidentSession } from '../../session/incidents.js';
import { incidentFor } from '../../session/run-incident.js';
import { refuseUnsound } from '../../session/unsound.js';
import { findIncident, withIncidents } from '../../session/with-incidents.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { visible } from '../../views/text/visible.js';
import { RUNBOOK, ANSWERS, inputsOf } from './words.js';

/** `runback runbook run` */
export const runVerb: CommandSpec = {
  verb: 'run',
  summary: 'Start a runbook and follow it step by step',
  args: [{ ...RUNBOOK, optional: true }],
  options: [
    { flags: '--input <name=value>', description: 'value of an input', repeat: true },
    ANSWERS,
    { flags: '--limit-records <n>', description: 'need an approval for more records than this' },
    { flags: '--incident <incident>', description: 'the incident it is run for, or none (default: the open one of its platform)' },
  ],
  examples: ['runback runbook run mass-overwrite', 'runback runbook run mass-overwrite --answers answers.yml'],
  run,
};

async function run(context: CommandContext): Promise<Outcome> {
  const { startRun } = await import('../../../runbooks/index.js');
  const given = inputsOf(context);
  const runbook = await chosenRunbook(context);
  await refuseUnsound(runbook);
  const records = context.input.integer('limit-records', 1);
  const wanted = context.input.text('incident');
  const limits = records === undefined ? {} : { limits: { records } };
  return await withIncidents(context, async (incidentSession) => {
    const chosen =
      wanted === undefined
        ? await incidentFor(context, incidentSession.incidents, runbook, given)
        : { inputs: given, ...(await named(context, incidentSession, wanted)) };
    const { inputs, id } = chosen;
    if (id !== undefined)
      return runOutcome(await runFor(context, { incidents: incidentSession.incidents, id }, { runbook, inputs, ...limits }), 'succeeded');
    const { deps, options, by } = await runSetup(context, runbook);
    return runOutcome(await startRun({ runbook, inputs, by, ...limits }, deps, options), 'succeeded');
  });
}

async function named(context: CommandContext, incidentSession: IncidentSession, wanted: string): Promise<{ readonly id?: string }> {
  if (wanted === 'none') return {};
  const id = await findIncident(context, incidentSession, wanted);
  const { drill } = await incidentSession.incidents.read(id);
  if (drill === undefined) return { id };
  throw new RunbackError('usage', `${id} is a drill: no run belongs to it`, {
    why: 'Its runbook runs in a sandbox. Roles that it gives count for nothing real.',
    state: 'Nothing was started.',
  });
}

/** The runbook that is meant; without a word, the one a person picks by its symptoms. */
async function chosenRunbook(context: CommandContext): Promise<Runbook> {
  const opened = await context.session();
  const word = context.input.argument('runbook');
  if (word !== undefined) return findRunbook(opened, word, context.stdio.cwd);
  const asker = await context.asker('<runbook>');
  const usable = (await runbookFiles(opened)).flatMap((file) => file.runbook ?? []);
  if (usable.length === 0)
    throw new RunbackError('not-found', 'There is no runbook here', { state: 'Nothing was started.', next: 'runback runbook lint' });
  return asker.choose({
    message: 'What happened?',
    choices: usable.map((runbook) => ({
      value: runbook,
      name: visible(runbook.title),
      description: visible((runbook.document.symptoms ?? []).join('. ')),
    })),
  });
}
