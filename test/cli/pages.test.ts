import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { NOUNS } from '../../src/cli/shell/nouns.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Every page that people read: README, docs and the shipped runbooks. */
async function pages(): Promise<readonly (readonly [name: string, text: string])[]> {
  const names = [
    'README.md',
    'CONTRIBUTING.md',
    ...(await readdir(join(root, 'docs'))).map((name) => `docs/${name}`),
    ...(await readdir(join(root, 'runbooks'))).map((name) => `runbooks/${name}`),
  ].filter((name) => /\.(md|yml)$/u.test(name));
  return await Promise.all(names.map(async (name) => [name, await readFile(join(root, name), 'utf8')] as const));
}

test('every command of the help has its section in docs/commands.md, and no section is of anything else', async () => {
  const page = await readFile(join(root, 'docs/commands.md'), 'utf8');
  const told = [...page.matchAll(/^### runback (.+)$/gmu)].map(([, name]) => name);
  const known = NOUNS.flatMap(({ name, verbs }) => (verbs.length === 0 ? [name] : verbs.map((verb) => `${name} ${verb}`)));
  expect(known.length).toBeGreaterThan(60);
  expect([...told].sort()).toEqual([...known].sort());
});

test('every command that a page names is there', async () => {
  const unknown: string[] = [];
  let seen = 0;
  for (const [page, text] of await pages())
    // In code spans and on lines that are commands.
    for (const [, noun = '', verb] of text.matchAll(/(?:`|^\s*(?:\$ )?|&& |; |npx )runback ([a-z]+)(?: ([a-z][a-z-]*))?/gmu)) {
      seen += 1;
      const found = NOUNS.find(({ name }) => name === noun);
      const isKnown = found !== undefined && (verb === undefined || found.verbs.length === 0 || found.verbs.includes(verb));
      if (!isKnown) unknown.push(`${page}: runback ${noun} ${verb ?? ''}`);
    }
  expect(seen).toBeGreaterThan(100);
  expect(unknown).toEqual([]);
});
