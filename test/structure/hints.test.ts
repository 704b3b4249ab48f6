import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import ts from 'typescript';
import { expect, test } from 'vitest';

import { NOUNS } from '../../src/cli/shell/nouns.js';
import { parseCommandLine } from '../../src/cli/shell/parse.js';
import { isRunbackError } from '../../src/lib/index.js';

/** A user would lose: the next step, since the command that a screen named is refused as it stands there. */

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Stands for what a template puts in: a name, an id or a number. */
const FILLED = '7';

interface Hint {
  readonly place: string;
  readonly words: readonly string[];
}

/** Every text of a file; of a template each part that it puts in as {@link FILLED}, and as what is not known where it may be anything. */
function textsOf(path: string): readonly { readonly line: number; readonly text: string }[] {
  const file = ts.createSourceFile(path, readFileSync(join(root, path), 'utf8'), ts.ScriptTarget.Latest, true);
  const texts: { readonly line: number; readonly text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
    if (ts.isStringLiteralLike(node)) texts.push({ line, text: node.text });
    if (ts.isTemplateExpression(node))
      texts.push({ line, text: [node.head.text, ...node.templateSpans.map(({ literal }) => FILLED + literal.text)].join('') });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return texts;
}

/** A word of a command as a screen has it: a name, an option, a placeholder, something in quotes. */
const WORD = /^(?:--?[a-z][a-z-]*(?:=\S+)?|<[^<>]+>|"[^"]*"|'[^']*'|[\w@.:/*~+…-]+)/u;
/** What a sentence continues with behind a command. */
const SENTENCE =
  /^(?:for|or|and|in|by|with|without|to|tells|says|shows|does|is|finds|proposes|leads|needs|asks|takes|can|again|it|on|of|as|the|that|where|whether|continues|writes|lists|checks|runs|tries|undoes|puts|was|from)$/u;

/** The command that a text names from a place on, up to where the sentence continues. */
function commandFrom(text: string): readonly string[] {
  const words: string[] = [];
  let rest = text;
  for (;;) {
    const word = WORD.exec(rest)?.[0];
    if (word === undefined || (words.length > 0 && SENTENCE.test(word))) return words;
    const bare = word.replace(/[.:,…]+$/u, '');
    if (bare !== '') words.push(bare.replaceAll(/^["'<]|["'>]$/gu, ''));
    rest = rest.slice(word.length);
    if (bare !== word || !rest.startsWith(' ') || rest.startsWith('  ')) return words;
    rest = rest.slice(1);
  }
}

const hints: readonly Hint[] = readdirSync(join(root, 'src'), { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  // Scripts of shells, which call it.
  .filter((path) => path !== 'src/cli/shell/completion.ts')
  .flatMap((path) =>
    textsOf(path).flatMap(({ line, text }) =>
      [...text.matchAll(/(?<![\w/`-])runback (?=[a-z])/gu)].flatMap(({ index }): Hint[] => {
        const words = commandFrom(text.slice(index + 'runback '.length));
        return NOUNS.some(({ name }) => name === words[0]) ? [{ place: `${path}:${line}`, words }] : [];
      }),
    ),
  );

/** Why a command is refused as it stands; undefined where it is not, or where it is only spoken of by its name. */
async function refusalOf(words: readonly string[]): Promise<string | undefined> {
  try {
    await parseCommandLine([...words], 80);
    return undefined;
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    // What a template puts in last may be options of its own.
    if (words.at(-1) === FILLED) return await refusalOf(words.slice(0, -1));
    return /^(?:Too many arguments|Unknown option|Unknown command '[a-z-]+')/u.test(error.message) ? error.message : undefined;
  }
}

test('every command that a text names is one, with options and arguments that it has', async () => {
  expect(hints.length).toBeGreaterThan(400);
  const places = new Map<string, string>();
  for (const { place, words } of hints) places.set(words.join('\n'), place);
  const refused: string[] = [];
  for (const [text, place] of places) {
    const words = text.split('\n');
    const why = await refusalOf(words);
    if (why !== undefined) refused.push(`${place}: runback ${words.join(' ')}: ${why}`);
  }
  expect(refused).toEqual([]);
});

test.each([
  [['incident', 'resolve', FILLED, 'Cause'], 'Too many arguments'],
  [['restore', 'apply', FILLED, '--conform', FILLED], 'Unknown option'],
  [['sync', 'restart', FILLED], "Unknown command 'restart'"],
])('%j would be found', async (words, why) => {
  expect(await refusalOf(words)).toContain(why);
});

test('a command ends where its sentence continues', () => {
  expect(commandFrom('runbook resume 7 asks again; runback runbook undo 7')).toEqual(['runbook', 'resume', '7']);
  expect(commandFrom('incident resolve 7 --what "The cause"')).toEqual(['incident', 'resolve', '7', '--what', 'The cause']);
  expect(commandFrom('sync list. See there')).toEqual(['sync', 'list']);
});
