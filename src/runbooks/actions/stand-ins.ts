import { RunbackError } from '../../lib/index.js';
import type { Store } from '../../store/index.js';
import type { ActionContext } from './action.js';

/**
 * What stands for the program or the request of a step where a runbook is rehearsed: what it would answer, or `real`,
 * where it is done all the same.
 */
type StandIn = 'real' | CommandStandIn | HttpStandIn;

/** How a program ends, without being started. */
export interface CommandStandIn {
  readonly exit_code?: number;
  readonly stdout?: string;
}

/** What a server answers, without being asked. */
export interface HttpStandIn {
  readonly status?: number;
  readonly body?: unknown;
}

/** That a workspace is one of a drill, and what its steps may do to the world outside. */
interface StandInDocument {
  readonly version: 1;
  /** Another runbook may have steps of the same names. */
  readonly runbook: string;
  /** By id of a step; they stand for its undo, too. */
  readonly steps: Readonly<Record<string, StandIn>>;
}

const KIND = 'stand-ins';
const ID = 'workspace';
const WORDS = { command: 'runs a program', http: 'sends a request' } as const;

/**
 * Makes a workspace one of a drill: from now on no step of it runs a program or sends a request, but those of this
 * runbook that are `real`.
 */
export async function leaveStandIns(store: Store, runbook: string, steps: StandInDocument['steps']): Promise<void> {
  await store.document<StandInDocument>(KIND, ID).update(() => ({ version: 1, runbook, steps }));
}

/**
 * What stands for the effect of this step; undefined where it is to be done: the workspace is none of a drill, or the
 * drill says `real`. Throws `step-failed` where the drill says nothing of it.
 */
export async function standInOf(context: ActionContext, what: 'command'): Promise<CommandStandIn | undefined>;
export async function standInOf(context: ActionContext, what: 'http'): Promise<HttpStandIn | undefined>;
export async function standInOf(context: ActionContext, what: keyof typeof WORDS): Promise<object | undefined> {
  const { store, run, step } = context;
  const document = await store.document<StandInDocument>(KIND, ID).read();
  if (document === undefined) return undefined;
  const given = document.runbook === run.runbook && Object.hasOwn(document.steps, step.id) ? document.steps[step.id] : undefined;
  if (given === 'real') return undefined;
  if (given === undefined)
    throw new RunbackError('step-failed', `Step ${step.id} ${WORDS[what]}, and this is a drill: it was not done`, {
      why: `A drill does to nothing but its stage what its file does not allow, and says nothing of ${step.id} of ${run.runbook}.`,
      state: 'No program was started, and nothing was sent.',
      next: `In the file of the drill, say what it answers, or that it is to be done: ${EXAMPLES[what](step.id)}`,
    });
  await context.note(`a drill: "${step.title}" was not done, its answer is that of the drill`, `${step.key}/stand-in`);
  return given;
}

const EXAMPLES: Readonly<Record<keyof typeof WORDS, (id: string) => string>> = {
  command: (id) => `stand_ins: { ${id}: { exit_code: 0, stdout: "" } }, or stand_ins: { ${id}: real }`,
  http: (id) => `stand_ins: { ${id}: { status: 200, body: {} } }, or stand_ins: { ${id}: real }`,
};
