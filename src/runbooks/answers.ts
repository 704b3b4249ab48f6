import { z } from 'zod';

import { defined, didYouMean } from '../lib/index.js';
import { parseYaml, type PathProblem } from '../workspace/index.js';
import type { Runbook } from './document/runbook.js';
import type { Answer, Operator, Question } from './types.js';

const detailed = z.strictObject({
  choice: z.union([z.string(), z.boolean(), z.number()]),
  note: z.string().optional(),
  by: z.string().optional(),
  evidence: z.array(z.string()).optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
  conflicts: z
    .record(z.string(), z.enum(['keep', 'restore']))
    .optional()
    .describe('Decisions on conflicts of the plan that the question is about, by code or id.'),
  of: z.string().optional().describe('Hash of what is approved.'),
  block: z.string().optional().describe('A signed approval, as `runback approve` prints it.'),
});
const plain = z.union([z.string(), z.boolean(), z.number()]);
const one = z.union([plain, detailed, z.record(z.string(), z.unknown())], {
  error: 'expected a value, or { choice, note, by, evidence, inputs, conflicts, of, block }',
});

/** An answers file: step or input name → answer; a list gives one answer for each time a question comes up. */
export const answersSchema = z.record(z.string(), z.union([one, z.array(one)]));

type Answers = z.infer<typeof answersSchema>;

const SUFFIXES = ['failed', 'in_doubt', 'undo', 'undo_failed', 'undo_in_doubt'] as const;

/**
 * Reads an answers file for a runbook. Throws `file-invalid` with every unknown step or input and every choice that is
 * not among those of its step: file, line, column, nearest word.
 */
export function parseAnswers(text: string, file: string, runbook: Runbook): Answers {
  const yaml = parseYaml(text, file, answersSchema);
  const known = new Set([
    ...Object.keys(runbook.document.inputs ?? {}),
    ...runbook.steps.flatMap((step) => [step.id, ...SUFFIXES.map((suffix) => `${step.id}.${suffix}`)]),
  ]);
  const problems: PathProblem[] = [];
  for (const [key, given] of Object.entries(yaml.value)) {
    if (!known.has(key)) {
      problems.push({ path: [key], onKey: true, message: `runbook ${runbook.id} asks nothing named "${key}"${didYouMean(key, known)}` });
      continue;
    }
    const choices = choicesOf(key, runbook);
    if (!choices) continue;
    for (const [index, answer] of (Array.isArray(given) ? given : [given]).entries()) {
      const value = valueOf(answer);
      if (!choices.includes(value))
        problems.push({
          path: Array.isArray(given) ? [key, index] : [key],
          message: `"${value}" is not an answer to "${key}"${didYouMean(value, choices)}`,
          expected: choices.join(', '),
        });
    }
  }
  if (problems.length > 0) throw yaml.invalid(problems);
  return yaml.value;
}

function choicesOf(key: string, runbook: Runbook): readonly string[] | undefined {
  const [id = '', suffix] = key.split('.');
  if (suffix === 'failed') return ['retry', 'skip', 'undo', 'stop'];
  if (suffix === 'undo_failed') return ['retry', 'skip', 'stop'];
  if (suffix === 'in_doubt' || suffix === 'undo_in_doubt') return ['happened', 'did-not-happen', 'stop'];
  const step = runbook.steps.find((one) => one.id === id);
  if (step === undefined || suffix !== undefined) return undefined;
  if (step.document.decide) return Object.keys(step.document.decide);
  if (step.kind === 'manual') return ['done', 'yes'];
  return step.kind === 'approve' ? ['approve', 'yes', 'refuse', 'no'] : undefined;
}

/**
 * An operator that answers from a file. What the file does not answer goes to `otherwise`, or to nobody. A single
 * answer counts each time its question comes up, except `retry`, which counts once.
 */
export function answersOperator(answers: Answers, otherwise?: Operator): Operator {
  return {
    ask: async (question, signal) => answerTo(question, answers) ?? (await otherwise?.ask(question, signal)),
  };
}

function answerTo(question: Question, answers: Answers): Answer | undefined {
  const given = Object.hasOwn(answers, question.key) ? answers[question.key] : undefined;
  if (given === undefined) return undefined;
  if (Array.isArray(given)) {
    const answer = given[question.time - 1];
    return answer === undefined ? undefined : asAnswer(answer, question);
  }
  const answer = asAnswer(given, question);
  return answer.value === 'retry' && question.time > 1 ? undefined : answer;
}

function asAnswer(given: unknown, question: Question): Answer {
  const parsed = detailed.safeParse(given);
  // An input may itself be an object (a filter).
  if (!parsed.success)
    return typeof given === 'object' && given !== null ? { value: '', inputs: { [question.key]: given } } : { value: String(given) };
  const { choice, note, by, evidence, inputs, conflicts, of, block } = parsed.data;
  return {
    value: String(choice),
    ...defined({ note, by, evidence, inputs, conflicts, of, block }),
  };
}

function valueOf(answer: unknown): string {
  const parsed = detailed.safeParse(answer);
  return parsed.success ? String(parsed.data.choice) : String(answer);
}
