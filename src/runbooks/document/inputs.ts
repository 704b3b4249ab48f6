import { defined, didYouMean, isRunbackError, MOMENT_FORM, named, ownValue, readMoment, RunbackError, suggest } from '../../lib/index.js';
import type { RunServices } from '../actions/action.js';
import { exhausted } from '../engine/exhaustive.js';
import type { Operator, Question } from '../types.js';
import { readFilter } from './filter.js';
import type { Runbook } from './runbook.js';
import type { InputDocument } from './schema.js';

interface InputContext {
  readonly services: Pick<RunServices, 'workspace' | 'catalog' | 'clock' | 'zone' | 'understood'>;
  /** Inputs that are known already; the platform tells which snapshots fit. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * The question for an input. `present`: the value it has now, offered as the default. `platform`: what a snapshot has
 * to hold.
 */
export function inputQuestion(name: string, document: InputDocument, present?: unknown, platform?: string): Question {
  const fallback = present ?? document.default;
  return {
    kind: 'input',
    key: name,
    time: 1,
    name,
    type: document.type,
    prompt: document.prompt,
    ...defined({ default: fallback }),
    ...(document.choices === undefined ? {} : { choices: document.choices.map((value) => ({ value, label: value })) }),
    ...(platform === undefined || document.type !== 'snapshot' ? {} : { platform }),
  };
}

/**
 * All inputs of a runbook, each checked and made definite (`latest-verified` becomes an id, `2h` becomes a time): from
 * what was given, else from the operator, else the default. Throws `usage` (unknown names, values that do not fit),
 * `not-found`, and `person-needed` where a value is missing.
 */
export async function resolveInputs(
  runbook: Runbook,
  given: Readonly<Record<string, unknown>>,
  services: InputContext['services'],
  operator: Operator | undefined,
  signal: AbortSignal,
): Promise<Record<string, unknown>> {
  const declared = runbook.document.inputs ?? {};
  for (const name of Object.keys(given))
    if (!Object.hasOwn(declared, name))
      throw new RunbackError('usage', `Runbook ${runbook.id} has no input "${name}"${didYouMean(name, Object.keys(declared))}`, {
        why: `Its inputs are ${Object.keys(declared).join(', ') || 'none'}.`,
        state: 'Nothing was started.',
        next: `runback runbook show ${runbook.id}`,
      });
  const inputs = named<unknown>();
  // Platforms first: they tell which snapshots fit.
  const names = Object.keys(declared).sort((a, b) => Number(declared[b]?.type === 'platform') - Number(declared[a]?.type === 'platform'));
  for (const name of names) {
    const document = declared[name];
    if (!document) continue;
    const value = ownValue(given, name) ?? (await asked(name, document, platformIn(inputs, services), operator, signal)) ?? document.default;
    if (value === undefined)
      throw new RunbackError('person-needed', document.prompt, {
        why: `The input "${name}" has no value, and there was nobody to ask.`,
        state: 'Nothing was started.',
        next: `runback runbook run ${runbook.id} --input ${name}=…   (or "${name}: …" in the answers file)`,
        data: { input: name, answer: name },
      });
    inputs[name] = await resolveInput(name, document, value, { services, inputs });
  }
  return Object.fromEntries(Object.keys(declared).map((name) => [name, inputs[name]]));
}

async function asked(
  name: string,
  document: InputDocument,
  platform: string | undefined,
  operator: Operator | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  if (document.ask === 'later') return undefined;
  const answer = await operator?.ask(inputQuestion(name, document, undefined, platform), signal);
  return answer?.inputs?.[name] ?? answer?.value;
}

/** One input as a definite value. Throws `usage`, `not-found`, `ambiguous`. */
export async function resolveInput(name: string, document: InputDocument, value: unknown, context: InputContext): Promise<unknown> {
  const wrong = (expected: string, near?: string): RunbackError =>
    new RunbackError('usage', `The input "${name}" cannot be ${JSON.stringify(value)}`, {
      why: `Expected ${expected}.${near === undefined ? '' : ` Did you mean "${near}"?`}`,
      next: `--input ${name}=…`,
      data: { input: name },
    });
  switch (document.type) {
    case 'platform': {
      const platforms = Object.keys(context.services.workspace.config.platforms);
      if (typeof value === 'string' && platforms.includes(value)) return value;
      throw wrong(`a platform of runback.yml: ${platforms.join(', ') || 'there is none'}`, suggest(String(value), platforms));
    }
    case 'snapshot':
      return await resolveSnapshot(name, value, context);
    case 'string': {
      if (typeof value !== 'string') throw wrong('a text');
      if (document.choices && !document.choices.includes(value))
        throw wrong(`one of ${document.choices.join(', ')}`, suggest(value, document.choices));
      return value;
    }
    case 'number': {
      const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
      if (!Number.isFinite(number)) throw wrong('a number');
      return number;
    }
    case 'boolean':
      if (value === true || value === 'true' || value === 'yes') return true;
      if (value === false || value === 'false' || value === 'no') return false;
      throw wrong('yes or no');
    case 'time':
      return resolveTime(name, value, context, wrong);
    case 'filter':
      return resolveFilter(name, value, context, wrong);
  }
  return exhausted(document.type);
}

/** The platform that the inputs known so far name. */
export function platformIn(inputs: Readonly<Record<string, unknown>>, { workspace }: InputContext['services']): string | undefined {
  return Object.values(inputs).find((input): input is string => typeof input === 'string' && Object.hasOwn(workspace.config.platforms, input));
}

async function resolveSnapshot(name: string, value: unknown, { services, inputs }: InputContext): Promise<string> {
  const platform = platformIn(inputs, services);
  try {
    const summary = await services.catalog.resolve(String(value), platform === undefined ? undefined : { platform });
    return summary.id;
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    throw new RunbackError(error.code, `The input "${name}": ${error.message}`, {
      ...defined({ why: error.why }),
      state: 'Nothing was started.',
      next: error.next ?? 'runback snapshot list',
      data: { ...error.data, input: name },
      cause: error,
    });
  }
}

function resolveTime(name: string, value: unknown, { services }: InputContext, wrong: (expected: string) => RunbackError): string {
  if (value === '') return '';
  const read = typeof value === 'string' ? readMoment(value, { now: services.clock.now(), zone: services.zone }) : undefined;
  if (read?.ok !== true) throw wrong(read === undefined ? MOMENT_FORM : `${MOMENT_FORM}; ${read.problem}`);
  const at = read.at.toISOString();
  if (at !== value) services.understood?.(name, read.at);
  return at;
}

/** Filters are given as an object, as JSON, or as one expression for `where`. */
function resolveFilter(
  name: string,
  value: unknown,
  { services }: InputContext,
  wrong: (expected: string) => RunbackError,
): Readonly<Record<string, unknown>> {
  const read = readFilter(value, services.clock.now(), services.zone);
  if (!read.ok) throw wrong(`a filter such as {"fields": ["email"]}, or an expression such as field == "email"; ${read.problem}`);
  for (const limit of ['since', 'until'] as const) {
    const at = read.filter[limit];
    if (at !== undefined && !JSON.stringify(value).includes(at)) services.understood?.(`${limit} of ${name}`, new Date(at));
  }
  return read.filter;
}
