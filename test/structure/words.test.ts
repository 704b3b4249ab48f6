import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Text {
  readonly place: string;
  readonly text: string;
}

/** The words of the last table of docs/words.md, as one pattern. */
function unwanted(page: string): RegExp {
  const table = page.slice(page.indexOf('## Words that are never used'));
  const words = [...table.matchAll(/^\| (.+?) \|/gmu)].flatMap(([, cell = '']) => (/^(?:not|---)$/u.test(cell) ? [] : cell.split(', ')));
  expect(words.length).toBeGreaterThan(20);
  return new RegExp(String.raw`\b(?:${words.join('|')})\b`, 'iu');
}

/**
 * Every text of a TypeScript file that has words in it: what stands in templates too, but no comment, import or single
 * name.
 */
function textsOf(name: string, source: string): readonly Text[] {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const texts: Text[] = [];
  const keep = (node: ts.Node, text: string): void => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    if (/\p{L} +\p{L}/u.test(text)) texts.push({ place: `${name}:${line + 1}`, text });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (ts.isStringLiteralLike(node)) keep(node, node.text);
    if (ts.isTemplateExpression(node)) keep(node, [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join('…'));
    ts.forEachChild(node, visit);
  };
  visit(file);
  return texts;
}

const linesOf = (name: string, source: string): readonly Text[] => source.split('\n').map((text, index) => ({ place: `${name}:${index + 1}`, text }));

/** The choice "go on" of the shipped runbooks is a name that answers files hold: it stays. */
const NAMES = /"go on"/gu;

const badIn = (texts: readonly Text[], pattern: RegExp): readonly string[] =>
  texts.flatMap(({ place, text }) => (pattern.test(text.replaceAll(NAMES, '')) ? [`${place}: ${text}`] : []));

const filesOf = (folder: string, end: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true, recursive: true }).flatMap((entry) =>
    entry.isFile() && entry.name.endsWith(end) ? [relative(root, join(entry.parentPath, entry.name))] : [],
  );

const pattern = unwanted(readFileSync(join(root, 'docs/words.md'), 'utf8'));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

test('no text that people read uses a word that docs/words.md rules out', () => {
  const sources = filesOf('src', '.ts');
  const runbooks = filesOf('runbooks', '.yml');
  const broken = filesOf('drills/broken', '.yml');
  const controllers = filesOf('controllers', '.yml');
  expect(controllers.length).toBeGreaterThan(10);
  expect([sources.length > 400, runbooks.length, broken.length]).toEqual([true, 11, 10]);
  const texts = [
    ...sources.flatMap((name) => textsOf(name, read(name))),
    ...[...runbooks, ...broken, ...controllers, 'escalation.yml'].flatMap((name) => linesOf(name, read(name))),
  ];
  expect(texts.length).toBeGreaterThan(3000);
  expect(badIn(texts, pattern)).toEqual([]);
});

test.each([
  ["fail('Somebody edited it');", 'Somebody edited it'],
  // oxlint-disable-next-line no-template-curly-in-string -- the source of a template
  ['fail(`${name} makes no sense: ${why}`);', '… makes no sense: …'],
  ["say('Go on: runback runbook resume');", 'Go on: runback runbook resume'],
])('a word that is ruled out is found: %s', (source, text) => {
  expect(badIn(textsOf('a.ts', source), pattern)).toEqual([`a.ts:1: ${text}`]);
});

test('names, comments and the choice "go on" of a runbook are left alone', () => {
  const source = `// Somebody may read this.\nimport a from './go on.js';\nconst beside = { beside: 'beside', rung: 'rung' };\n`;
  expect(badIn(textsOf('a.ts', source), pattern)).toEqual([]);
  expect(badIn(linesOf('a.yml', '- "go on": leave them as they are\n- next: go on with it'), pattern)).toEqual(['a.yml:2: - next: go on with it']);
});
