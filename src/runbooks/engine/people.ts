import { defined, didYouMean, isRunbackError, ownValue, RunbackError } from '../../lib/index.js';
import { inputQuestion, platformIn, resolveInput } from '../document/inputs.js';
import type { Step } from '../document/runbook.js';
import type { DecisionData } from '../journal/events.js';
import { keepFiles } from '../journal/kept-files.js';
import type { Answer, DecideChoice } from '../types.js';
import { jump } from './jump.js';
import type { Next } from './next.js';
import { RunStopped, type Runner } from './runner.js';

/** A step that a person does by hand and then confirms. */
export async function manual(runner: Runner, step: Step): Promise<Next> {
  const what = step.document.manual ?? '';
  const instructions = [instructionsOf(runner, step), what].filter((part) => part !== '').join('\n\n');
  const answer = await runner.ask(
    { kind: 'manual', step: step.id, title: step.document.title, instructions },
    step.id,
    `"${step.document.title}" is for a person to do: ${what}`,
  );
  if (answer.value !== 'done' && answer.value !== 'yes') throw refuse(runner, step, answer.value, ['done']);
  const kept = await keptWith(runner, step, answer);
  await runner.append('decision', { ...decision('manual', 'continue', answer), ...kept }, { step: step.id, ...byOf(answer) });
  await runner.lookAnew();
  return 'on';
}

/**
 * The files that an answer names as evidence, looked for and hashed. One that is not there leaves the run open at this
 * step.
 */
async function keptWith(runner: Runner, step: Step, { evidence = [] }: Answer): Promise<Pick<DecisionData, 'kept'>> {
  if (evidence.length === 0) return {};
  try {
    return { kept: await keepFiles(evidence, runner.services.workspace.root) };
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    const { message, why, code } = error;
    const next = `Put the file there or leave it out, then: runback runbook resume ${runner.run.id}`;
    throw new RunStopped(
      new RunbackError(code, message, {
        ...defined({ why }),
        state: runner.writtenSoFar(),
        next,
        data: { run: runner.run.id, step: step.id, answer: step.id },
        cause: error,
      }),
    );
  }
}

/** A choice by a person. */
export async function decide(runner: Runner, step: Step): Promise<Next> {
  const effects = step.document.decide ?? {};
  const choices = Object.entries(effects).map(([value, effect]): DecideChoice => {
    if (typeof effect === 'string') return { value, effect, ...(effect === 'continue' && appliesNext(runner, step) ? { applies: true } : {}) };
    const to = runner.runbook.step(effect.go_to);
    const leads = { title: to.document.title, back: to.index <= step.index };
    return { value, effect: effect.go_to, leads, ...defined({ ask: effect.ask }) };
  });
  const instructions = instructionsOf(runner, step);
  const about = factsOf(runner);
  const question = { kind: 'decide', step: step.id, title: step.document.title, instructions, choices, about } as const;
  const answer = await runner.ask(
    question,
    step.id,
    `"${step.document.title}" is for a person to decide: ${choices.map((choice) => choice.value).join(', ')}`,
  );
  const effect = Object.hasOwn(effects, answer.value) ? effects[answer.value] : undefined;
  if (effect === undefined) throw refuse(runner, step, answer.value, Object.keys(effects));
  if (typeof effect === 'object') {
    const inputs = await askedInputs(runner, effect.ask ?? [], answer);
    return await jump(runner, step, effect.go_to, { kind: 'decide', value: answer.value, inputs, ...noteOf(answer) }, answer.by);
  }
  const changed = await revised(runner, about, answer);
  await runner.append('decision', { ...decision('decide', effect, answer), ...changed }, { step: step.id, ...byOf(answer) });
  if (effect === 'undo') return 'undo-asked';
  if (effect === 'continue') return 'on';
  const words = `Stopped at "${step.document.title}": ${answer.by ?? runner.by} answered "${answer.value}"`;
  return await runner.halt(
    'question',
    words,
    new RunbackError('person-needed', words, {
      state: runner.writtenSoFar(),
      next: `runback runbook resume ${runner.run.id} asks again; runback runbook undo ${runner.run.id} undoes what was done`,
      data: { run: runner.run.id, step: step.id, answer: step.id },
    }),
  );
}

/** True where a restore is applied behind a decision before the next one. */
function appliesNext({ runbook }: Runner, step: Step): boolean {
  const behind = runbook.steps.slice(step.index + 1);
  const next = behind.findIndex((one) => one.kind === 'decide');
  return behind.slice(0, next === -1 ? behind.length : next).some((one) => one.document.action === 'restore.apply');
}

async function askedInputs(runner: Runner, names: readonly string[], answer: Answer): Promise<Record<string, unknown>> {
  const inputs: Record<string, unknown> = {};
  for (const name of names) {
    const document = runner.runbook.document.inputs?.[name];
    if (!document) continue;
    const given =
      answer.inputs?.[name] ??
      (
        await runner.ask(
          inputQuestion(name, document, ownValue(runner.run.inputs, name), platformIn(runner.run.inputs, runner.services)),
          name,
          `"${document.prompt}" needs an answer`,
        )
      ).value;
    inputs[name] = await resolveInput(name, document, given, { services: runner.services, inputs: { ...runner.run.inputs, ...inputs } });
  }
  return inputs;
}

export const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined || value === null ? '' : JSON.stringify(value);

/** Instructions with their values; as written where a value is not there. */
function instructionsOf(runner: Runner, step: Step): string {
  try {
    return textOf(step.instructions?.evaluate(runner.scope())).trim();
  } catch {
    return (step.document.instructions ?? '').trim();
  }
}

/** What the steps so far found out, by output, the latest first in line: what a view shows beside a question. */
export function factsOf(runner: Runner): Record<string, unknown> {
  const facts: Record<string, unknown> = {};
  for (const step of runner.run.steps.values()) if (step.state === 'succeeded' && step.kind === 'action') Object.assign(facts, step.outputs);
  return facts;
}

/** Outputs that change since the person put another plan in the place of the one that was asked about. */
async function revised(runner: Runner, asked: Readonly<Record<string, unknown>>, answer: Answer): Promise<Pick<DecisionData, 'outputs'>> {
  const replaced = asked['plan'];
  const plan = answer.plan ?? (await decided(runner, replaced, answer));
  if (plan === undefined || typeof replaced !== 'string' || plan === replaced) return {};
  const outputs: Record<string, Readonly<Record<string, unknown>>> = {};
  for (const step of runner.runbook.steps) {
    const record = runner.run.steps.get(step.id);
    if (record?.state !== 'succeeded' || !step.action?.revise) continue;
    const next = await step.action.revise(record.outputs, replaced, plan, runner.context(step, runner.stop, record.intent?.key ?? step.id));
    if (next) outputs[step.id] = next;
  }
  return { outputs };
}

/** The plan that decisions on conflicts make of the one that was asked about; undefined where there are none. */
async function decided(runner: Runner, plan: unknown, { conflicts }: Answer): Promise<string | undefined> {
  if (conflicts === undefined) return undefined;
  for (const step of runner.runbook.steps) {
    const record = runner.run.steps.get(step.id);
    if (record?.state !== 'succeeded' || record.outputs['plan'] !== plan || !step.action?.decide) continue;
    return await step.action.decide(record.outputs, conflicts, runner.context(step, runner.stop, record.intent?.key ?? step.id));
  }
  return undefined;
}

function decision(kind: DecisionData['kind'], effect: DecisionData['effect'], answer: Answer): DecisionData {
  return { kind, value: answer.value, effect, ...noteOf(answer), ...defined({ evidence: answer.evidence }) };
}

export const noteOf = (answer: Answer): { note?: string } => (answer.note === undefined ? {} : { note: answer.note });
export const byOf = (answer: Answer): { by?: string } => (answer.by === undefined ? {} : { by: answer.by });

function refuse(runner: Runner, step: Step, value: string, expected: readonly string[]): RunStopped {
  return new RunStopped(
    new RunbackError('usage', `"${value}" is not an answer to step "${step.id}"${didYouMean(value, expected)}`, {
      why: `Expected ${expected.map((word) => `"${word}"`).join(', ')}.`,
      state: runner.writtenSoFar(),
      next: `runback runbook resume ${runner.run.id}`,
      data: { run: runner.run.id, step: step.id, answer: step.id, expected },
    }),
  );
}
