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
    ['stps.plan.records > 1', 'nothing is named "stps", did you mean "steps"?'],
    ['steps.plan.recods > 1', 'there is no field "recods", did you mean "records"?'],
    ['steps.pln.records > 1', 'there is no field "pln", did you mean "plan"?'],
    ['steps.plan.records > "a"', 'no such overload'],
    ['steps.plan.records >', 'unexpected token'],
    ['', ''],
    ['live.email.matches("(a+)+$")', 'matches() is not allowed'],
    ['live.tags.map(a, live.tags.map(b, live.tags.map(c, c)))', 'more than 2 nested loops'],
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

describe('an expression spends no more than its budget: a run is not ended for ever by one, nor its resume', () => {
  /** `cel.bind(a, START, cel.bind(a, TURN, … RESULT))`. */
  const bound = (start: string, turn: string, result: string, turns = 25): string =>
    `cel.bind(a, ${start}, ${`cel.bind(a, ${turn}, `.repeat(turns)}${result}${')'.repeat(turns + 1)}`;
  const big = {
    live: {
      list: Array.from({ length: 9000 }, (_, n) => n),
      text: 'ab'.repeat(200_000),
      texts: Array.from({ length: 9000 }, () => 'x'.repeat(9000)),
    },
  };
  test.each([
    ['lists that double', bound('[1]', 'a + a', '1'), /makes more than 32 MiB/],
    ['texts that double', bound('"x"', 'a + a', 'size(a)'), /makes more than 32 MiB/],
    ['lists of lists', bound('[1]', '[a, a]', 'a'), /makes more than 32 MiB/],
    ['maps of maps', bound('{1: 1}', '{"k": a, "l": a}', 'a'), /makes more than|types are too large/],
    ['types that double', bound('{1: 1}', '{a: a}', 'true'), /types are too large/],
    ['texts that are joined', 'live.list.map(n, live.text).join()', /makes more than 32 MiB/],
    ['lists that are joined to texts', 'live.list.map(n, live.texts.join())', /makes more than 32 MiB/],
    ['a text that is cut into letters', 'live.list.map(n, live.text.split(""))', /makes more than 32 MiB/],
    ['loops in loops', 'live.list.all(a, live.list.all(b, a + b >= 0))', /takes more than 1,000,000 steps/],
    ['loops that pass over errors', 'live.list.exists(a, live.list.exists(b, a + b < 0)) || true', /takes more than 1,000,000 steps/],
    ['lists that are searched', 'live.list.all(a, live.list.all(b, !(b in [live.list])))', /steps|MiB/],
    ['a text that is searched for a long one', 'live.list.exists(a, live.text.contains(live.text + "c"))', /steps|MiB/],
  ])('%s', (_, source, why) => {
    const found = refusal(() => compileExpression(source, { live: 'dyn' }).evaluate(big));
    expect(found.code).toBe('expression-invalid');
    expect(found.message).toMatch(why);
    expect(found.data['start']).toBeTypeOf('number');
    expect(found.message.length).toBeLessThan(600);
  });

  test('what people write is far below it, as often as it is asked', () => {
    const expression = compileExpression('cel.bind(n, live.list.filter(x, x > 10), size(n)) + size(live.list.map(x, x * 2))', { live: 'dyn' });
    for (let turn = 0; turn < 20; turn += 1) expect(expression.evaluate(big)).toBe(17_989);
  });
});

describe('a number that is none is an error at its place, never text that goes into a platform', () => {
  test.each(['1.0 / 0.0', '-1.0 / 0.0', '0.0 / 0.0', 'double("NaN")', '[1.0, 1.0 / 0.0]', '{"a": 1.0 / 0.0}', 'string(1.0 / 0.0)'])(
    '%s',
    (source) => {
      for (const text of [`\${{ ${source} }}`, `about \${{ ${source} }} records`]) {
        const found = refusal(() => compileTemplates({ with: { note: [text] } }, variables).evaluate(values));
        expect(found.message).toMatch(/Infinity|NaN/);
        expect(found.data['path']).toEqual(['with', 'note', 0]);
      }
    },
  );
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
