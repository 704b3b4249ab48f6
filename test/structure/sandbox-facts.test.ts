import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

/**
 * What a user would lose: a sandbox that is as kind as nobody's account, with a page that says otherwise. Each fact about a platform names
 * tests; each of these is there, by its name.
 */

const root = join(import.meta.dirname, '../..');

/** Pages that hold a table of facts, and the folder of their tests. */
const PAGES = {
  'docs/sandbox.md': 'test/sandbox',
  'docs/sandbox-salesforce.md': 'test/sandbox/salesforce',
  'docs/sandbox-mailchimp.md': 'test/sandbox/mailchimp',
} as const;

/** What is tested alike in every sandbox. */
const SHARED: Readonly<Record<string, readonly string[]>> = {
  contract: ['test/contracts/sandbox.ts', ...readdirSync(join(root, 'test/contracts/sandbox')).map((name) => `test/contracts/sandbox/${name}`)],
  hostile: ['test/sandbox/hostile.test.ts'],
};

/** Stands for all tests of a file. */
const ALL = 'one test per rule';

interface NamedTest {
  readonly fact: string;
  /** Name of a file of tests without `.test.ts`, or a key of {@link SHARED}. */
  readonly file: string;
  /** As far as it is given: `a … b` holds both. None: all tests of the file. */
  readonly pieces: readonly string[];
}

/** The tests that a table `| fact | file: name …; name …; other-file: name |` names. A file counts for the names behind it too. */
function testsNamedOn(page: string): readonly NamedTest[] {
  const [, section = ''] = page.split('## Facts about the platform');
  const [table = ''] = section.split('\n## ');
  return table.split('\n').flatMap((line) => {
    const [, fact = '', tests] = /^\| (.*) \| ([a-z-]+: .*) \|$/u.exec(line) ?? [];
    let file = '';
    return (tests ?? '').split(';').flatMap((part) => {
      const [, other, name = ''] = /^\s*(?:([a-z-]+):)?(.*)$/u.exec(part) ?? [];
      file = other ?? file;
      if (tests === undefined) return [];
      const pieces = name
        .replace(/\(one per [a-z]+\)/u, '')
        .split('…')
        .map((piece) => piece.trim());
      return [{ fact, file, pieces: pieces.filter((piece) => piece !== '' && piece !== ALL) }];
    });
  });
}

describe.each(Object.entries(PAGES))('%s', (name, folder) => {
  const named = testsNamedOn(readFileSync(join(root, name), 'utf8'));

  test('has facts, each with its tests', () => {
    expect(new Set(named.map(({ fact }) => fact)).size).toBeGreaterThan(20);
  });

  test('names tests that are there', () => {
    const missing = named.filter(({ file, pieces }) => {
      const paths = (SHARED[file] ?? [`${folder}/${file}.test.ts`]).map((path) => join(root, path));
      const texts = paths.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
      return !texts.some((text) => pieces.every((piece) => text.includes(piece)));
    });
    expect(missing).toEqual([]);
  });
});
