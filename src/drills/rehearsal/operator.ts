import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { defined, RunbackError } from '../../lib/index.js';
import { runThere, type StageOutcome, type StageProgram } from '../../stages/index.js';

/** Who is at the keyboard in the workspace of a stage. */
export const ON_CALL = 'maya';

/** A step of a run that changed, as the command line tells of it. */
export interface StepNews {
  readonly step: string;
  readonly state: string;
  readonly attempt: number;
  /** The action that it does, where the teller knows it. */
  readonly action?: string;
  readonly error?: string;
  /** Milliseconds since 1970. */
  readonly when: number;
}

/** What an unattended run is given. */
export interface OperatorRequest {
  readonly folder: string;
  /** Who is at the keyboard. */
  readonly as: string;
  /** See `StageCommand.variables`. */
  readonly variables: Readonly<Record<string, string>>;
  readonly runbook: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly answers: Readonly<Record<string, unknown>>;
  readonly step: (news: StepNews, kill: () => void) => Promise<void> | void;
  /** The run has stopped: mends what went wrong, and gives whether trying again is worth it. */
  readonly mend: () => Promise<boolean>;
  readonly approvals?: AskedOfPeople;
  /** How often the run may be resumed after it was killed or stopped half-way. */
  readonly resumes: number;
}

/** Approvals that people are asked for before the answers give them. */
export interface AskedOfPeople {
  /** Ids of the steps that ask for one. */
  readonly steps: readonly string[];
  /** True where people gave it: the run finds it. */
  ask(run: string, step: string): Promise<boolean>;
}

/** How a run came to its end. */
export interface OperatorReport {
  /** Undefined where it never began. */
  readonly run: string | undefined;
  /** As the run says of itself: `succeeded`, `partial`, `waiting` … */
  readonly state: string;
  readonly status: number | undefined;
  /** Why it stopped, where it did, and at which step. */
  readonly because?: string;
  readonly stoppedAt?: string;
  readonly kills: number;
  /** How often it was resumed, answers to the confirmation left out. */
  readonly resumes: number;
}

/** A question that an answers file cannot know the answer of beforehand is asked once in a round. */
const MOST_ROUNDS = 40;

/**
 * Runs a runbook on a stage as scripts do, with an answers file: through the command line, in a process of its own.
 * What has to be confirmed is read and typed, as a person would; a run that was killed, or stopped half-way, is
 * resumed by the command that its message names.
 */
export async function operate(program: StageProgram, request: OperatorRequest): Promise<OperatorReport> {
  const { approvals } = request;
  const answers = Object.fromEntries(Object.entries(request.answers).filter(([step]) => approvals?.steps.includes(step) !== true));
  const known: { run: string | undefined; state: string } = { run: undefined, state: 'not started' };
  let [kills, resumes] = [0, 0];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const outcome = await oneCommand(program, request, answers, known);
    const confirmed = confirmationIn(outcome);
    const wanted = approvalIn(outcome, approvals);
    if (approvals !== undefined && wanted !== undefined && known.run !== undefined && !Object.hasOwn(answers, wanted)) {
      if (!(await approvals.ask(known.run, wanted))) answers[wanted] = request.answers[wanted];
      continue;
    }
    if (confirmed !== undefined && answers[confirmed.key] !== confirmed.expect) {
      answers[confirmed.key] = confirmed.expect;
      continue;
    }
    if (outcome.status === undefined) kills += 1;
    else if (isOver(outcome, known.state)) return report(known, outcome, kills, resumes);
    const mended = await request.mend();
    const halfWay = outcome.status === undefined || (outcome.status === PARTLY_DONE && isOpen(known.state));
    if (resumes >= request.resumes || !(mended || halfWay)) return report(known, outcome, kills, resumes);
    const asked = failureAskedIn(outcome);
    if (asked !== undefined) answers[asked] ??= 'retry';
    resumes += 1;
  }
  throw new RunbackError('bug', `The run of ${request.runbook} asks again and again`, { data: { run: known.run } });
}

const PARTLY_DONE = 3;
const isOver = ({ status }: StageOutcome, state: string): boolean => status === 0 || ['succeeded', 'partial', 'undone'].includes(state);
const isOpen = (state: string): boolean => ['not started', 'running', 'undoing'].includes(state);

function report(
  known: { readonly run: string | undefined; readonly state: string },
  { status, error, said }: StageOutcome,
  kills: number,
  resumes: number,
): OperatorReport {
  const because = error?.message ?? (status === undefined ? said.slice(-500) : undefined);
  const step = error?.data['step'];
  const stoppedAt = typeof step === 'string' ? step : undefined;
  return { run: known.run, state: known.state, status, ...defined({ because, stoppedAt }), kills, resumes };
}

async function oneCommand(
  program: StageProgram,
  { folder, as, variables, runbook, inputs, step }: OperatorRequest,
  answers: Readonly<Record<string, unknown>>,
  known: { run: string | undefined; state: string },
): Promise<StageOutcome> {
  await writeFile(join(folder, 'answers.yml'), `${JSON.stringify(answers, undefined, 2)}\n`);
  const given = Object.entries(inputs).flatMap(([name, value]) => [
    '--input',
    `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  ]);
  const args =
    known.run === undefined
      ? ['runbook', 'run', runbook, ...given, '--answers', 'answers.yml']
      : ['runbook', 'resume', known.run, '--answers', 'answers.yml'];
  let kill = (): void => {};
  const troubles: unknown[] = [];
  const outcome = await runThere(program, {
    folder,
    args,
    as,
    variables,
    started: (end) => {
      kill = end;
    },
    event: async (event) => {
      if (event['type'] === 'run') {
        known.run = String(event['run']);
        known.state = String(event['state']);
      } else if (event['type'] === 'step') {
        const { step: id, state, attempt, error } = event;
        const news = { step: String(id), state: String(state), attempt: Number(attempt), when: Date.now() };
        try {
          await step(typeof error === 'string' ? { ...news, error } : news, kill);
        } catch (trouble) {
          troubles.push(trouble);
          kill();
        }
      }
    },
  });
  if (troubles.length > 0) throw troubles[0];
  if (isRun(outcome.data)) known.state = outcome.data.state;
  return outcome;
}

/** What confirms a plan: its environment and how many records it changes. An override is nothing that is typed unasked. */
const OF_A_PLAN = /^(sandbox|staging):\d+$/u;

/** A typed confirmation of a plan that the run waits for: its first, or another one on a later visit of the step. */
function confirmationIn({ error }: StageOutcome): { readonly key: string; readonly expect: string } | undefined {
  const { answer, expect } = error?.data ?? {};
  const asks = error?.code === 'person-needed' || error?.code === 'confirmation-wrong';
  return asks && typeof answer === 'string' && typeof expect === 'string' && OF_A_PLAN.test(expect) ? { key: answer, expect } : undefined;
}

/** The question that a failed step asks, where it asks and has had no answer. */
function failureAskedIn({ error }: StageOutcome): string | undefined {
  const { answer } = error?.data ?? {};
  return error?.code === 'person-needed' && typeof answer === 'string' && answer.endsWith('.failed') ? answer : undefined;
}

/** The step whose approval the run waits for, where people are asked for it. */
function approvalIn({ error }: StageOutcome, approvals: AskedOfPeople | undefined): string | undefined {
  const { answer } = error?.data ?? {};
  return error?.code === 'person-needed' && typeof answer === 'string' && approvals?.steps.includes(answer) === true ? answer : undefined;
}

const isRun = (data: unknown): data is { readonly state: string } =>
  typeof data === 'object' && data !== null && 'state' in data && typeof data.state === 'string';
