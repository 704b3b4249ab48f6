import { basename } from 'node:path';

import { z } from 'zod';

import {
  endTree,
  isRunbackError,
  MAX_OUTPUT_BYTES,
  membersOf,
  type ProgramEnd,
  RunbackError,
  runProgram,
  shortEnvironment,
  withoutBom,
} from '../../lib/index.js';
import type { SecretRef } from '../../workspace/index.js';
import type { EffectClass } from '../types.js';
import { defineAction, type ActionContext, type AnyAction } from './action.js';
import { FailedAttempt } from './failed-attempt.js';
import { type CommandStandIn, standInOf } from './stand-ins.js';

const input = z.strictObject({
  command: z.array(z.union([z.string(), z.number(), z.boolean()]).transform(String)).min(1),
  env: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
});
type Input = z.infer<typeof input>;

/** Characters of the last words of a program that failed. */
const SHOWN = 2000;
const NONE: ReadonlySet<string> = new Set();

/** Programs that read an argument as code, with the flags that say so. */
const INTERPRETERS: Readonly<Record<string, RegExp>> = {
  ...Object.fromEntries(['sh', 'bash', 'dash', 'zsh', 'ksh', 'fish', 'ash'].map((name) => [name, /^-[a-z]*c[a-z]*$/])),
  ...Object.fromEntries(
    ['python', 'python3', 'psql', 'mysql', 'sqlite3'].map((name) => [name, /^(-[a-z]*c[a-z]*|-e|--command|--execute|-cmd)(=|$)/]),
  ),
  ...Object.fromEntries(['node', 'perl', 'ruby', 'php'].map((name) => [name, /^(-[a-z]*[eEpr][a-z]*|--eval|--print)(=|$)/])),
  ...Object.fromEntries(['cmd', 'cmd.exe'].map((name) => [name, /^\/[ck]$/i])),
  ...Object.fromEntries(['powershell', 'powershell.exe', 'pwsh'].map((name) => [name, /^-(c|command|e|encodedcommand)$/i])),
};

/**
 * Why an argument list would put a value into code (guarantee G25): an expression inside the program text of a shell or
 * another interpreter. Undefined where it does not.
 */
export function shellProblem(command: readonly string[]): { readonly index: number; readonly message: string } | undefined {
  for (const [at, word] of command.entries()) {
    const flags = INTERPRETERS[basename(word).toLowerCase()];
    if (!flags) continue;
    for (let index = at + 1; index < command.length; index += 1) {
      const flag = command[index] ?? '';
      if (!flags.test(flag)) continue;
      const code = flag.includes('=') && flag.includes('${{') ? index : (command[index + 1] ?? '').includes('${{') ? index + 1 : -1;
      if (code !== -1)
        return {
          index: code,
          message: `a value would become part of the program that ${basename(word)} runs; give it as a separate argument after the program text, or under "env"`,
        };
    }
  }
  return undefined;
}

const actions = new Map<EffectClass, AnyAction>();
/** Programs of this process by the key of their step: a second try waits for the end of the first. */
const atWork = new Map<string, Promise<ProgramEnd>>();

/**
 * The action behind `command` steps. The author of the runbook says what the command may do to the world. `references`:
 * names under `env` whose text in the file is a reference to a secret; all others are values, whatever they look like.
 */
export function commandAction(effect: EffectClass, references: ReadonlySet<string> = NONE): AnyAction {
  const known = references.size === 0 ? actions.get(effect) : undefined;
  if (known) return known;
  const made = defineAction<Input>({
    name: 'command',
    summary: 'Run a program',
    input,
    outputs: { exit_code: 'int', stdout: 'string', json: 'any' },
    effect,
    run: (values, context) => runCommand(values, { effect, references, context }),
    manual: (values) => [`Run, in the folder of the workspace: \`${values['command'] ?? ''}\``],
  });
  if (references.size === 0) actions.set(effect, made);
  return made;
}

interface Run {
  readonly effect: EffectClass;
  readonly references: ReadonlySet<string>;
  readonly context: ActionContext;
}

/**
 * Starts the program and waits for its end. An exit status other than 0 is a failure, and so is an output too long to
 * be handed on whole. Told to stop, it is ended with everything it started; what it did until then is in doubt.
 */
async function runCommand({ command, env }: Input, run: Run): Promise<Record<string, unknown>> {
  const { context, references } = run;
  const [program = ''] = command;
  const standIn = await standInOf(context, 'command');
  if (standIn !== undefined) return await outcomeOf(program, endOf(standIn), run);
  const nul = [...command, ...Object.values(env)].find((part) => part.includes('\0'));
  if (nul !== undefined)
    throw new RunbackError('step-failed', `${program}: an argument holds a NUL character`, { state: 'The program was not started.' });
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) own[name] = references.has(name) ? await secretOf(value, context) : value;
  Object.assign(own, { RUNBACK_RUN: context.run.id, RUNBACK_STEP: context.step.id, [KEY]: context.step.key });

  await firstTryEnded(program, run);
  await context.options.guard?.confirm();
  context.options.guard?.left();
  const work = runProgram(command, {
    cwd: context.workspace.root,
    env: shortEnvironment(context.environment, own),
    signal: context.options.signal,
    mark: markOf(context),
  });
  atWork.set(context.step.key, work);
  const end = await work.finally(() => atWork.delete(context.step.key));
  return await outcomeOf(program, end, run);
}

/** The end of a program that was never started. */
const endOf = ({ exit_code: status = 0, stdout = '' }: CommandStandIn): ProgramEnd => ({
  state: 'exited',
  status,
  stdout,
  stderr: '',
  outputCut: false,
  running: 0,
});

const KEY = 'RUNBACK_IDEMPOTENCY_KEY';
const markOf = (context: ActionContext): string => `${KEY}=${context.step.key}`;
const secretOf = (ref: string, context: ActionContext): Promise<string> => context.secret(ref as SecretRef);

/**
 * A second try never runs beside the first, which may have outlived a killed process: what is left of it is ended where
 * the step may be repeated, and otherwise refuses the second.
 */
async function firstTryEnded(program: string, { effect, context }: Run): Promise<void> {
  await atWork.get(context.step.key);
  const tree = { mark: markOf(context) };
  const before = membersOf(tree);
  if (before.length === 0) return;
  const left = effect === 'read' || effect === 'idempotent' ? await endTree(tree) : before;
  if (left.length > 0)
    throw new RunbackError('step-failed', `${program} was not started: an earlier try of this step is still running`, {
      why: left.length === 1 ? `It is process ${left[0] ?? ''}.` : `Its processes are ${left.slice(0, 5).join(', ')}.`,
      state: 'The program was not started a second time.',
      next: 'Wait until it has ended, or end it, and then try again.',
      data: { processes: left },
    });
  context.options.reporter?.note(`What an earlier try of "${context.step.title}" had left running was ended first.`);
}

async function outcomeOf(program: string, end: ProgramEnd, { effect, context }: Run): Promise<Record<string, unknown>> {
  switch (end.state) {
    case 'not-started':
      throw new RunbackError('step-failed', `${program} could not be started`, {
        why: end.why,
        state: 'The program was not started.',
        cause: end.cause,
      });
    case 'timed-out':
    case 'aborted': {
      // A person stops a step that may be taken up again: it stays open and is looked at when the run goes on.
      const reason: unknown = context.options.signal?.reason;
      if (isRunbackError(reason, 'interrupted') && effect !== 'opaque' && effect !== 'irreversible') throw reason;
      throw new RunbackError('in-doubt', `${program} was stopped before it was done`, { state: stateOfTree(end.running) });
    }
    case 'signalled':
      throw new RunbackError('in-doubt', `${program} was ended by ${end.signal} before it was done`, { state: stateOfTree(0) });
    case 'exited':
      break;
  }
  if (end.status !== 0)
    throw new FailedAttempt('step-failed', `${program} ended with status ${end.status}`, outputsOf(end, context), {
      why: lastLines(context.redactor.text(end.stderr || end.stdout)),
      data: { exitCode: end.status },
    });
  if (end.running > 0) await tellLeft(program, end.running, context);
  if (end.outputCut)
    throw new FailedAttempt('step-failed', `${program} printed more than ${MAX_OUTPUT_BYTES / 1024 / 1024} MiB`, outputsOf(end, context), {
      why: 'Its output goes into the journal and to later steps, and part of it would be taken for all of it.',
      state: 'It finished with exit status 0: what it does is done.',
      next: 'Let it print less, or write what it prints into a file.',
      data: { exitCode: 0 },
    });
  return outputsOf(end, context);
}

function stateOfTree(running: number): string {
  const left = running === 0 ? '' : ` ${running} of its processes could not be stopped and may continue.`;
  return `What it did until then is not known.${left}`;
}

async function tellLeft(program: string, running: number, context: ActionContext): Promise<void> {
  const text = `${program} ended and left ${running === 1 ? 'a process' : `${running} processes`} still running: not waited for, and not ended.`;
  context.options.reporter?.note(text);
  await context.note(text, `${context.step.key}/left-at-work`);
}

/**
 * Parsed before anything is hidden, so that a hidden value cannot make it unreadable. Of an output that is not there
 * whole, nothing is.
 */
function outputsOf({ status, stdout, outputCut }: Extract<ProgramEnd, { state: 'exited' }>, context: ActionContext): Record<string, unknown> {
  if (outputCut) return { exit_code: status };
  let json: unknown = null;
  try {
    json = context.redactor.value(JSON.parse(withoutBom(stdout)) as unknown);
  } catch {
    // Not JSON: `json` stays null.
  }
  return { exit_code: status, stdout: context.redactor.text(stdout).replace(/\r?\n$/, ''), json };
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-5).join('\n');
  return lines === '' ? 'It said nothing.' : `It said: ${lines.slice(-SHOWN)}`;
}
