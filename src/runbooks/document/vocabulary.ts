import type { CelType } from '../../lib/index.js';
import type { AnyAction, OutputType } from '../actions/action.js';
import { kindOf, type InputDocument, type RunbookDocument, type StepDocument } from './schema.js';

const CEL_TYPES: Readonly<Record<OutputType, CelType>> = {
  string: 'string',
  int: 'int',
  double: 'double',
  bool: 'bool',
  any: 'dyn',
  strings: 'list<string>',
};

const INPUT_TYPES: Readonly<Record<InputDocument['type'], CelType>> = {
  platform: 'string',
  snapshot: 'string',
  string: 'string',
  time: 'string',
  number: 'dyn',
  boolean: 'bool',
  filter: 'dyn',
};

/** What steps without an action of their own hand on. */
const OUTPUTS_OF_KIND: Readonly<Record<string, Readonly<Record<string, OutputType>>>> = {
  manual: { choice: 'string', by: 'string', note: 'string' },
  decide: { choice: 'string', by: 'string', note: 'string' },
  approve: { by: 'string', of: 'string' },
  wait: { waited: 'int' },
};

/** The outputs of a step by name. */
export function outputsOf(step: StepDocument, action: AnyAction | undefined): Readonly<Record<string, OutputType>> {
  return action?.outputs ?? OUTPUTS_OF_KIND[kindOf(step)] ?? {};
}

/** Every name an expression of the runbook may use, with its type. */
export function vocabularyOf(document: RunbookDocument, actions: ReadonlyMap<string, AnyAction>): Readonly<Record<string, CelType>> {
  const steps: Record<string, CelType> = {};
  for (const step of document.steps) {
    const fields: Record<string, CelType> = { state: 'string' };
    for (const [output, type] of Object.entries(outputsOf(step, actions.get(step.id)))) fields[output] = CEL_TYPES[type];
    steps[step.id] = fields;
  }
  const inputs = Object.fromEntries(Object.entries(document.inputs ?? {}).map(([name, input]) => [name, INPUT_TYPES[input.type]]));
  const limits: Record<string, CelType> = {};
  if (document.limits?.records !== undefined) limits['records'] = 'int';
  if (document.limits?.percent !== undefined) limits['percent'] = 'double';
  return { inputs, steps, limits, run: { id: 'string', by: 'string' } };
}
