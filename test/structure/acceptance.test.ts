import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

/**
 * `npm run acceptance` takes the better part of an hour and is seldom run. What a user would lose: a line that was shown once, and that nothing
 * shows any longer, since its test has another name by now.
 */

const root = join(import.meta.dirname, '../..');
const acceptance = join(root, 'test/acceptance');
const files = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' }).map((name) => `test/${name}`);
const tests = files.filter((name) => name.endsWith('.test.ts') && !name.startsWith('test/acceptance/'));

test.each(readdirSync(acceptance).filter((name) => name.endsWith('.test.ts')))('%s names tests that are there', (name) => {
  const text = readFileSync(join(acceptance, name), 'utf8');
  // Words of `vitest run`, which takes each as a part of a path; what a template puts in is not known here.
  const words = [...text.matchAll(/[ '"`](test\/[\w./-]+)(?=[ '"`])/gu)].map(([, word = '']) => word);
  expect(words.length).toBeGreaterThan(0);
  expect(words.filter((word) => !tests.some((path) => path.includes(word)))).toEqual([]);
});
