import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

/**
 * What a user would lose: a page that promises what no test holds a connector to, or is silent about what one must do.
 */

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/writing-a-connector.md'), 'utf8');
const suite = readFileSync(join(root, 'test/contracts/connector.ts'), 'utf8');
const tests = [...suite.matchAll(/\btest\(\s*'([^']+)'/g)].map(([, name = '']) => name);
const calls = page.slice(page.indexOf('## Call by call'), page.indexOf('## A sandbox for it'));
const sentences = calls.split('\n').filter((line) => line.startsWith('- '));

test('every sentence about a call names tests of the contract suite that exist', () => {
  expect(sentences.length).toBeGreaterThan(20);
  for (const sentence of sentences) {
    const named = [...sentence.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
    expect(named, sentence).not.toEqual([]);
    for (const name of named) expect(tests, sentence).toContain(name);
  }
});

test('every test of the contract suite is named on the page', () => {
  expect(tests.length).toBeGreaterThan(20);
  for (const name of tests) expect(calls).toContain(`"${name}"`);
});
