import { describe, expect, test } from 'vitest';

import { type CelType, RunbackError, compileExpression, compileTemplate, compileTemplates } from '../../src/lib/index.js';

const variables: Record<string, CelType> = {
  steps: { plan: { records: 'int', plan: 'string', percent: 'double' } },
  inputs: { platform: 'string' },
  limits: 'map<string, dyn>',
  live: 'dyn',
};
const values = {
  steps: { plan: { records: 256, plan: 'plan-1', percent: 5 } },
  inputs: { platform: 'crm' },
  limits: { records: 100 },
  live: { email: 'a@b.c', tags: ['x', 'y'], n: 7, none: null },
};

function refusal(work: () => unknown): RunbackError {
  try {
    work();
  } catch (error) {
    if (error instanceof RunbackError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

test.each([
  ['steps.plan.records > limits.records', true],
  ['steps.plan.records + 1', 257],
  ['steps.plan.percent * 1.5', 7.5],
  ['live.tags.exists(t, t == "y") && live.n == 7', true],
  ['live.email.endsWith("@b.c") ? "ours" : "theirs"', 'ours'],
  ['live.none == null', true],
  ['has(live.phone)', false],
  ['9007199254740993', '9007199254740993'],
  ['{"a": [1, 2.5, "x"]}', { a: [1, 2.5, 'x'] }],
])('%s', (source, expected) => {
  expect(compileExpression(source, variables).evaluate(values)).toEqual(expected);
});

test('what an expression reads is known before it runs', () => {
  const { references } = compileExpression('steps.plan["records"] > 1 && live.tags.all(inputs, inputs == "a") && size(limits) > 0', variables);
  expect(references).toEqual(['limits', 'live.tags', 'steps.plan.records']);
});

describe('mistakes are found when the file is loaded, with the word that was meant', () => {
  test.each([
    ['stps.plan.records > 1', 'nothing is called "stps", did you mean "steps"?'],
    ['steps.plan.recods > 1', 'there is no field "recods", did you mean "records"?'],
    ['steps.pln.records > 1', 'there is no field "pln", did you mean "plan"?'],
    ['steps.plan.records > "a"', 'no such overload'],
    ['steps.plan.records >', 'unexpected token'],
    ['', ''],
    ['live.email.matches("(a+)+$")', 'matches() is not allowed'],
    ['live.tags.map(a, live.tags.map(b, live.tags.map(c, c)))', 'more than 2 loops'],
    ['('.repeat(500), ''],
    ['x'.repeat(5000), 'longer than'],
  ])('%s', (source, message) => {
    const error = refusal(() => compileExpression(source, variables));
    expect(error.code).toBe('expression-invalid');
    expect(error.message).toContain(message);
  });
});

test('what only the values show is told when it runs, as our error', () => {
  for (const source of ['live.phone', 'live.email + 1', 'live.tags[9]', 'live.constructor', 'live.__proto__'])
    expect(refusal(() => compileExpression(source, variables).evaluate(values)).code).toBe('expression-invalid');
  expect(
    refusal(() => compileExpression('live.tags.all(t, true)', variables).evaluate({ live: { tags: Array.from({ length: 20_000 }, () => 1) } }))
      .message,
  ).toContain('too long');
});

describe('values with expressions in them', () => {
  test.each([
    ['${{ steps.plan.records }}', 256],
    ['  ${{ steps.plan.records }}', '  256'],
    ['plan ${{ steps.plan.plan }} of ${{ inputs.platform }}', 'plan plan-1 of crm'],
    ['${{ {"a": {"b": "}}"}} }}', { a: { b: '}}' } }],
    ['costs $${{ nothing }}', 'costs ${{ nothing }}'],
    ['${{ live.none }}!', '!'],
    ['no expression', 'no expression'],
    ['', ''],
  ])('%s', (text, expected) => {
    expect(compileTemplate(text, variables).evaluate(values)).toEqual(expected);
  });

  test('however deep they are', () => {
    const template = compileTemplates({ a: ['${{ inputs.platform }}', 5], b: { c: '${{ steps.plan.records }}' } }, variables);
    expect(template.references).toEqual(['inputs.platform', 'steps.plan.records']);
    expect(template.evaluate(values)).toEqual({ a: ['crm', 5], b: { c: 256 } });
  });

  test('an expression that does not end is refused', () => {
    expect(refusal(() => compileTemplate('a ${{ inputs.platform }', variables)).code).toBe('expression-invalid');
  });
});
