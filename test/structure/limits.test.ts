import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';
import { expect, test } from 'vitest';

/**
 * No test hangs on how busy the machine is: what hangs is ended by the limits of vitest.config.ts, and a test that gives a shorter one fails
 * on a machine that is slower than the one it was written on. What a user would lose: a red run that is believed to be "the machine again".
 */

const root = fileURLToPath(new URL('../..', import.meta.url));

/** As vitest.config.ts has them: of a test or hook, and of waiting for what is to come. */
const TEST_MS = 600_000;
const POLL_MS = 300_000;

const TESTS = ['test', 'it', 'describe', 'beforeAll', 'beforeEach', 'afterAll', 'afterEach'];

interface Limit {
  readonly place: string;
  readonly ms: number;
}

/** Ways to say more of a test: `it.each`, `describe.skipIf`. */
const WAYS = ['each', 'for', 'skipIf', 'runIf', 'skip', 'only', 'fails', 'concurrent', 'sequential', 'extend', 'prop'];

/** The function of vitest that a call is of: `it` of `it.each([…])('…', …)`; empty of any other. */
function calledOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  if (ts.isCallExpression(node)) return calledOf(node.expression);
  if (ts.isTaggedTemplateExpression(node)) return calledOf(node.tag);
  return ts.isPropertyAccessExpression(node) && WAYS.includes(node.name.text) ? calledOf(node.expression) : '';
}

/** Milliseconds that an argument gives as a limit: `600_000`, or `{ timeout: 600_000 }`. */
function limitIn(node: ts.Expression, file: ts.SourceFile): number | undefined {
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  const given = node.properties.flatMap((one) =>
    ts.isPropertyAssignment(one) && one.name.getText(file) === 'timeout' && ts.isNumericLiteral(one.initializer)
      ? [Number(one.initializer.text)]
      : [],
  );
  return given[0];
}

/** What no limit is without: most files need no closer look. */
const MAY_HOLD_ONE = /\btimeout:|[\d_]{4,},?\s*\)/u;

/** Limits of tests, hooks and polls that are shorter than those of everybody. */
function shortLimits(name: string, source: string): readonly Limit[] {
  if (!MAY_HOLD_ONE.test(source)) return [];
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest);
  const found: Limit[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const isPoll = ts.isPropertyAccessExpression(node.expression) && node.expression.getText(file) === 'expect.poll';
      const least = isPoll ? POLL_MS : TESTS.includes(calledOf(node.expression)) ? TEST_MS : 0;
      for (const argument of node.arguments.slice(1)) {
        const ms = limitIn(argument, file);
        if (ms !== undefined && ms < least) found.push({ place: `${name}:${file.getLineAndCharacterOfPosition(node.end).line + 1}`, ms });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

test('no test, hook or poll gives itself less time than all have', () => {
  const names = readdirSync(join(root, 'test'), { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() && entry.name.endsWith('.ts') ? [relative(root, join(entry.parentPath, entry.name))] : [],
  );
  expect(names.length).toBeGreaterThan(400);
  expect(names.flatMap((name) => shortLimits(name, readFileSync(join(root, name), 'utf8')))).toEqual([]);
});

test('each way to give one is seen', () => {
  const given = [
    `it('a', async () => {}, 60_000);`,
    `test('b', { timeout: 5000 }, async () => {});`,
    `it.each([1])('c %s', () => {}, 120_000);`,
    `beforeEach(prepare, 60_000);`,
    `await expect.poll(() => 1, { timeout: 5000 }).toBe(1);`,
  ];
  for (const one of given) expect(shortLimits('a.ts', one), one).toHaveLength(1);
  const long = [`it('a', async () => {}, 900_000);`, `await expect.poll(() => 1).toBe(1);`, `it.contacts.slice(0, 6);`];
  for (const one of long) expect(shortLimits('a.ts', one), one).toEqual([]);
});
