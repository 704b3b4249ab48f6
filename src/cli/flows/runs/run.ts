import type { Incidents } from '../../../incidents/index.js';
import { defined, EXIT, type ExitCode, RunbackError } from '../../../lib/index.js';
import type { Operator, Runbook, RunDeps, RunOptions, RunView, StartRequest } from '../../../runbooks/index.js';
import type { OperatorDeps } from '../../prompts/operator-deps.js';
import { byPrefix } from '../../session/prefix.js';
import type { Outcome, CommandContext } from '../../shell/command.js';
import { nextOf, runText, watchRun } from '../../views/run.js';
import { openPlanOf } from '../restores/looks.js';
import { understood } from '../restores/moments.js';
import { findPlan, restoreDeps } from '../restores/restore.js';
import { answersIn } from './answers.js';
import { linkingObserver } from './respond.js';

/**
 * Everything a run needs from the command line: services, the person, the view, Ctrl-C. `runbook`: for checking an
 * answers file.
 */
export async function runSetup(
  context: CommandContext,
  runbook: Runbook | undefined,
  incident?: { readonly incidents: Incidents; readonly id: string },
): Promise<RunSetup> {
  const { session, live, style, event, interrupts } = context;
  const opened = await session();
  const watching = watchRun(live, style, event, (run) => interrupts.resumeWith(nextOf(run)));
  const linking = incident && linkingObserver(watching, { incidents: incident.incidents, incident: incident.id, by: opened.by });
  const operator = await operatorOf(context, runbook);
  const services = await opened.services();
  return {
    deps: {
      ...services,
      rehearse: async (plan, call) => await (await import('../restores/rehearse.js')).rehearsedPlan(opened, plan, context.stdio.env, call),
      understood: (name, at) => live.note(understood(name, at, services.zone)),
    },
    by: opened.by,
    options: { observer: linking ?? watching, stop: interrupts.signal, ...defined({ operator }) },
    linked: async () => await linking?.done(),
  };
}

/** What a run is given by the command line. */
export interface RunSetup {
  readonly deps: RunDeps;
  readonly options: RunOptions;
  readonly by: string;
  /** Resolves when the run and what it made are tied to its incident, if it has one. */
  readonly linked: () => Promise<void>;
}

/** Starts a run for an incident: the run, and what it makes, is tied to it, also where the run stops half-way. */
export async function runFor(
  context: CommandContext,
  incident: { readonly incidents: Incidents; readonly id: string },
  request: Omit<StartRequest, 'by'>,
): Promise<RunView> {
  const { startRun } = await import('../../../runbooks/index.js');
  const { deps, options, by, linked } = await runSetup(context, request.runbook, incident);
  try {
    return await startRun({ ...request, by }, deps, options);
  } finally {
    await linked();
  }
}

/** Answers from a file first, then the person at the terminal; undefined where there is neither. */
async function operatorOf(context: CommandContext, runbook: Runbook | undefined): Promise<Operator | undefined> {
  const person = context.interactive ? await personAt(context) : undefined;
  const file = context.input.text('answers');
  if (file === undefined || runbook === undefined) return person;
  const { answersOperator, parseAnswers } = await import('../../../runbooks/index.js');
  const text = await answersIn(context, file);
  return answersOperator(parseAnswers(text, file, runbook), person);
}

async function personAt(context: CommandContext): Promise<Operator> {
  const { terminalOperator } = await import('../../prompts/operator.js');
  const opened = await context.session();
  const deps: OperatorDeps = {
    asker: await context.asker('--answers <file>'),
    zone: await opened.zone(),
    style: context.style,
    cwd: context.stdio.cwd,
    print: (text) => context.live.print(text),
    platforms: () => Object.values(opened.workspace.config.platforms),
    snapshots: async () => (await opened.catalog()).list(),
    plan: async (id) => openPlanOf(opened, await findPlan(opened, id)),
    decide: async (id, choices) => {
      const { decideConflicts } = await import('../../../restores/index.js');
      const plan = await findPlan(opened, id);
      return decideConflicts(id, choices, opened.by, await restoreDeps(opened, plan.header.platform, context));
    },
  };
  return terminalOperator(deps);
}

const EXITS: Readonly<Record<RunView['state'], ExitCode>> = {
  succeeded: EXIT.done,
  undone: EXIT.failed,
  partial: EXIT.partial,
  abandoned: EXIT.failed,
  running: EXIT.partial,
  waiting: EXIT.personNeeded,
  undoing: EXIT.partial,
};

/** The outcome of a run; `wanted` is the state that counts as done. */
export function runOutcome(run: RunView, wanted: RunView['state']): Outcome {
  return { data: run, text: (style) => `\n${runText(run, style)}`, exit: run.state === wanted ? EXIT.done : EXITS[run.state] };
}

/**
 * The run an id, the beginning of one, or `latest` means; without one, the only open run, or the one a person picks.
 */
export async function findRun(context: CommandContext, wanted: string | undefined): Promise<string> {
  const { store } = await context.session();
  if (wanted !== undefined) {
    const ids = await store.journals('runs');
    const id = wanted === 'latest' ? ids.at(-1) : byPrefix(wanted, ids, (run) => run, { what: 'run', list: 'runback runbook runs' });
    if (id !== undefined) return id;
    throw new RunbackError('not-found', 'There is no run yet', { state: 'Nothing was started.', next: 'runback runbook run <id>' });
  }
  const { openRuns } = await import('../../../runbooks/index.js');
  const open = (await openRuns(store)).runs;
  const [first] = open;
  if (first === undefined) throw new RunbackError('not-found', 'No run is open', { state: 'Nothing was started.', next: 'runback runbook runs' });
  if (open.length === 1) return first.id;
  const asker = await context.asker('<run>');
  return asker.choose({
    message: 'Which run?',
    choices: open.map((run) => ({ value: run.id, name: run.title, description: `${run.id}, by ${run.by}` })),
  });
}
