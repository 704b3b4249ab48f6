import { z } from 'zod';

import { SEVERITIES } from '../../lib/index.js';
import { durationSchema as duration } from '../../workspace/index.js';
import { SIGNS } from './signs.js';

/** Names of steps and inputs stand in expressions (`steps.plan.records`), so they are words of CEL. */
const NAME = /^[a-z][a-z0-9_]*$/;
const name = z.string().regex(NAME, 'expected a lower-case word such as "plan" or "second_plan": letters, digits and _');
const runbookId = z.string().regex(/^[a-z][a-z0-9-]*$/, 'expected a lower-case id such as "mass-overwrite"');
const text = z.string().min(1, 'expected some text');
const expression = text.describe('An expression in CEL, without ${{ }}.');

/** Values under `with`, `env`, `headers`: anything YAML holds; texts may contain `${{ expression }}`. */
const withValues = z.record(z.string(), z.unknown());

const authorEffect = z
  .enum(['read', 'idempotent', 'opaque', 'irreversible'])
  .describe('What the step may change; decides what happens when its answer was lost. "opaque" if not given.');

export const INPUT_TYPES = ['platform', 'snapshot', 'string', 'number', 'boolean', 'time', 'filter'] as const;
export const ERROR_CLASSES = ['transient', 'limit', 'auth', 'conflict', 'permanent', 'any'] as const;

const inputSchema = z.strictObject({
  type: z.enum(INPUT_TYPES),
  prompt: text.describe('What a person is asked.'),
  default: z.unknown().optional(),
  choices: z.array(z.string()).min(1).optional().describe('The only values allowed.'),
  ask: z.enum(['start', 'later']).optional().describe('"later": not asked at the start, only when a decision asks for it; needs a default.'),
});

const commandList = z.array(z.string()).min(1, 'expected a program and its arguments').describe('A program and its arguments. Never a shell.');
const httpSchema = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  url: text,
  headers: z.record(z.string(), z.string()).optional().describe('Texts, expressions, or references to secrets such as env:NAME.'),
  body: z.unknown().optional().describe('Sent as JSON.'),
  expect: z.array(z.int().min(100).max(599)).min(1).optional().describe('Statuses that mean success; 200 to 299 if not given.'),
});

const undoSchema = z
  .strictObject({
    action: text.optional(),
    with: withValues.optional(),
    command: commandList.optional(),
    http: httpSchema.optional(),
    env: z.record(z.string(), z.string()).optional(),
    effect: authorEffect.optional(),
    manual: text.optional().describe('What a person does to undo the step.'),
    none: text.optional().describe('Why there is nothing to undo.'),
  })
  .superRefine((undo, context) => exactlyOne(undo, ['action', 'command', 'http', 'manual', 'none'], 'an undo', context))
  .meta({ oneOf: ['action', 'command', 'http', 'manual', 'none'].map((key) => ({ required: [key] })) });

const goTo = z.strictObject({ go_to: name });
const onFailure = z.union([z.enum(['stop', 'ask', 'undo', 'continue']), goTo], {
  error: 'expected stop, ask, undo, continue, or { go_to: a step }',
});
const decideEffect = z.union([z.enum(['continue', 'stop', 'undo']), z.strictObject({ go_to: name, ask: z.array(name).optional() })], {
  error: 'expected continue, stop, undo, or { go_to: a step, ask: [inputs] }',
});

const KINDS = ['action', 'manual', 'decide', 'approve', 'wait', 'command', 'http'] as const;

/** What a step can be. */
export type StepKind = (typeof KINDS)[number];

function exactlyOne(value: Readonly<Record<string, unknown>>, keys: readonly string[], what: string, context: z.RefinementCtx): void {
  const present = keys.filter((key) => value[key] !== undefined);
  if (present.length === 1) return;
  const list = `${keys.slice(0, -1).join(', ')} or ${keys.at(-1) ?? ''}`;
  const message = present.length === 0 ? `${what} needs one of ${list}` : `${what} has only one of ${list}; found ${present.join(' and ')}`;
  context.addIssue({ code: 'custom', message, ...(present[1] === undefined ? {} : { path: [present[1]] }) });
}

const stepSchema = z
  .strictObject({
    id: name,
    title: text,
    instructions: text.optional().describe('Shown to the person, in Markdown.'),
    when: expression.optional(),
    action: text.optional().describe('A built-in action, for example restore.plan.'),
    with: withValues.optional(),
    manual: text.optional().describe('What the person confirms to have done.'),
    decide: z.record(z.string(), decideEffect).optional(),
    approve: z.strictObject({ authority: text, of: text.describe('What is approved: an expression that gives a hash.') }).optional(),
    wait: z.strictObject({ until: expression, every: duration.optional(), timeout: duration.optional() }).optional(),
    command: commandList.optional(),
    http: httpSchema.optional(),
    env: z
      .record(z.string(), z.string())
      .optional()
      .describe('Environment of the command: texts, expressions, or references to secrets such as env:NAME.'),
    effect: authorEffect.optional(),
    timeout: duration.optional(),
    retry: z
      .strictObject({
        attempts: z.int().min(2).max(20).describe('Tries in total.'),
        backoff: duration.optional().describe('Wait before the second try; doubles with each further one, up to five minutes.'),
        on: z.array(z.enum(ERROR_CLASSES)).min(1).optional().describe('Classes of failure that are tried again; transient and limit if not given.'),
      })
      .optional(),
    verify: expression.optional(),
    undo: undoSchema.optional(),
    on_failure: onFailure.optional().describe('"stop" if not given.'),
  })
  .superRefine((step, context) => {
    exactlyOne(step, KINDS, 'a step', context);
    const only = (key: 'with' | 'env' | 'effect', kinds: readonly StepKind[]): void => {
      if (step[key] !== undefined && !kinds.some((kind) => step[kind] !== undefined))
        context.addIssue({ code: 'custom', path: [key], message: `"${key}" belongs to ${kinds.join(' and ')} only` });
    };
    only('with', ['action']);
    only('env', ['command']);
    only('effect', ['command', 'http']);
    if (step.decide !== undefined && Object.keys(step.decide).length === 0)
      context.addIssue({ code: 'custom', path: ['decide'], message: 'expected at least one choice' });
    for (const key of ['decide', 'manual', 'approve'] as const)
      if (step[key] !== undefined && step.retry !== undefined)
        context.addIssue({ code: 'custom', path: ['retry'], message: `a person answers this step; "retry" does not fit "${key}"` });
  })
  .meta({ oneOf: KINDS.map((kind) => ({ required: [kind] })) });

/** The runbook file, as formats.md describes it. Published as `schemas/runbook.json`. */
export const runbookSchema = z.strictObject({
  version: z.literal(1, { error: 'expected version: 1' }),
  id: runbookId,
  title: text,
  summary: text.optional().describe('Who this is for and what it does, in a few sentences.'),
  severities: z.array(z.enum(SEVERITIES)).optional(),
  symptoms: z.array(text).optional(),
  signs: z.array(z.enum(SIGNS)).optional().describe('What checks and tests find where these symptoms are: they offer the runbook then.'),
  inputs: z.record(name, inputSchema).optional(),
  limits: z
    .strictObject({ records: z.int().min(1).optional(), percent: z.number().gt(0).max(100).optional() })
    .optional()
    .describe('Above these, a restore needs an approval.'),
  steps: z.array(stepSchema).min(1, 'expected at least one step'),
});

/** A runbook as the file has it, checked for form. */
export type RunbookDocument = z.infer<typeof runbookSchema>;
export type StepDocument = z.infer<typeof stepSchema>;
export type InputDocument = z.infer<typeof inputSchema>;
export type UndoDocument = z.infer<typeof undoSchema>;
export type OnFailure = z.infer<typeof onFailure>;
export type ErrorClassName = (typeof ERROR_CLASSES)[number];

/** The one kind of a checked step. */
export function kindOf(step: StepDocument): StepKind {
  const kind = KINDS.find((key) => step[key] !== undefined);
  if (kind === undefined) throw new TypeError(`step ${step.id} has no kind`);
  return kind;
}
