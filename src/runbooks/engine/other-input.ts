import { canonicalJson, didYouMean, isRunbackError, ownValue, RunbackError } from '../../lib/index.js';
import { inputQuestion, resolveInput } from '../document/inputs.js';
import type { Step } from '../document/runbook.js';
import type { DecisionData } from '../journal/events.js';
import { currentStep, type StepRecord } from '../journal/run-record.js';
import { stepsThatActed } from './back.js';
import { jump } from './jump.js';
import type { Runner } from './runner.js';

/**
 * The inputs that stand behind the value a step could not use: its error names that value under `with` (`data:
 * {value}`).
 */
export function inputsBehind(step: Step, state: StepRecord): readonly string[] {
  const value = state.error?.data?.['value'];
  if (typeof value !== 'string') return [];
  const written = JSON.stringify(step.document.with?.[value] ?? '');
  return [...new Set([...written.matchAll(/\binputs\.([a-z][a-z0-9_]*)/g)].map(([, name = '']) => name))];
}

/**
 * A step failed because of what was given for an input: asks for another value, and has the step done again with it.
 * False where no input comes after the failure, or where nobody gives another value: then the rule of the step decides.
 */
export async function askedForAnother(runner: Runner, step: Step, state: StepRecord): Promise<boolean> {
  for (const name of inputsBehind(step, state)) {
    const document = ownValue(runner.runbook.document.inputs ?? {}, name);
    if (document === undefined) continue;
    const present = ownValue(runner.run.inputs, name);
    const question = inputQuestion(name, { ...document, prompt: `${state.error?.message ?? 'That is not valid'}. ${document.prompt}` }, present);
    const inputs = { ...runner.run.inputs };
    try {
      const answer = await runner.operator.ask({ ...question, time: state.attempt + 1 }, runner.stop);
      const given = ownValue(answer?.inputs ?? {}, name) ?? answer?.value;
      if (given === undefined) continue;
      inputs[name] = await resolveInput(name, document, given, { services: runner.services, inputs: runner.run.inputs });
    } catch (error) {
      if (runner.stop.aborted) return await runner.interrupted();
      if (!isRunbackError(error, 'usage')) throw error;
      continue;
    }
    if (canonicalJson(inputs[name] ?? null) === canonicalJson(present ?? null)) continue;
    await runner.append('decision', again({ [name]: inputs[name] }), { step: step.id });
    return true;
  }
  return false;
}

/**
 * Puts other values in the place of inputs when a run is taken up again. Throws `usage` for a name that the runbook
 * does not have, for a value that does not fit, and where a step has changed something on the strength of the value
 * there was. Steps that only looked, or worked something out, are done anew.
 */
export async function replaceInputs(runner: Runner, given: Readonly<Record<string, unknown>>): Promise<void> {
  const current = currentStep(runner.run);
  if (Object.keys(given).length === 0 || current === undefined) return;
  const declared = runner.runbook.document.inputs ?? {};
  const inputs: Record<string, unknown> = {};
  // The first step that worked with a value that is given anew: it is gone back to.
  let first: Step | undefined;
  for (const [name, value] of Object.entries(given)) {
    const document = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (document === undefined)
      throw refusal(runner, `This run has no input "${name}"${didYouMean(name, Object.keys(declared))}`, Object.keys(declared).join(', '));
    const used = runner.runbook.steps.find((step) => isDone(runner, step) && uses(step, name));
    if (used !== undefined) {
      const acted = stepsThatActed(runner.runbook, runner.run);
      const fixed = runner.runbook.steps.slice(used.index, runner.runbook.step(current.id).index + 1).find((step) => acted.has(step.id));
      if (fixed !== undefined)
        throw refusal(
          runner,
          `The input "${name}" can no longer be changed`,
          `Step "${used.id}" has used it, and step "${fixed.id}" has changed something since: what it did would not match another value.`,
        );
      if (first === undefined || used.index < first.index) first = used;
    }
    inputs[name] = await resolveInput(name, document, value, { services: runner.services, inputs: { ...runner.run.inputs, ...inputs } });
  }
  if (first === undefined) await runner.append('decision', again(inputs), { step: current.id });
  else await jump(runner, runner.runbook.step(current.id), first.id, { kind: 'rule', value: 'other-input', inputs });
}

function again(inputs: Readonly<Record<string, unknown>>): DecisionData {
  return { kind: 'rule', value: 'other-input', effect: 'retry', inputs };
}

function isDone(runner: Runner, step: Step): boolean {
  const state = runner.run.steps.get(step.id)?.state;
  return state === 'succeeded' || state === 'in_doubt' || state === 'running';
}

function uses(step: Step, name: string): boolean {
  return step.values?.references.some((reference) => `${reference}.`.startsWith(`inputs.${name}.`)) === true;
}

function refusal(runner: Runner, message: string, why: string): RunbackError {
  return new RunbackError('usage', message, {
    why,
    state: 'Nothing was changed.',
    next: `runback runbook resume ${runner.run.id}`,
    data: { run: runner.run.id },
  });
}
