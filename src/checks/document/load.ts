import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { isRunbackError, messageOf, sha256 } from '../../lib/index.js';
import { parseYaml, readYamlText, type PathProblem } from '../../workspace/index.js';
import { type TestDocument, testSchema } from './schema.js';

/** A test that was read and fits its format. */
export interface IntegrationTest {
  readonly id: string;
  readonly title: string;
  readonly document: TestDocument;
  /** Path of its file. */
  readonly file: string;
  /** SHA-256 of its text. */
  readonly digest: string;
}

/** A file of the folder of tests: read, or why it cannot be. */
export interface TestFile {
  readonly path: string;
  readonly id: string;
  readonly test?: IntegrationTest;
  readonly problem?: string;
}

/** Reads and checks one test. Throws `file-unreadable`, `file-invalid`. */
export async function loadTest(path: string): Promise<IntegrationTest> {
  return parseTest(await readYamlText(path), path);
}

/** Checks the text of a test whole. Throws `file-invalid` with every problem: line, column, nearest word. */
export function parseTest(text: string, file: string): IntegrationTest {
  const yaml = parseYaml(text, file, testSchema);
  const { value: document } = yaml;
  const problems = [...problemsOf(document)];
  if (problems.length > 0) throw yaml.invalid(problems);
  return { id: document.id, title: document.title, document, file, digest: sha256(text) };
}

function* problemsOf({ load, arrives, expect }: TestDocument): Iterable<PathProblem> {
  const { submit } = load;
  if (load.at_once === true && load.over !== undefined)
    yield { path: ['load', 'over'], onKey: true, message: 'all at once and over some time are two things', expected: 'at_once or over' };
  if (load.at_once === undefined && load.over === undefined)
    yield { path: ['load'], message: 'how fast they come is missing', expected: 'at_once: true, or over: 30s' };
  if ((submit.json === undefined) === (submit.form === undefined))
    yield { path: ['load', 'submit'], message: 'the body has to be one of json and form', expected: 'json: { … } or form: { … }' };
  const body = JSON.stringify(submit.json ?? submit.form ?? '');
  for (const name of ['{address}', '{mark}'])
    if (!body.includes(name))
      yield { path: ['load', 'submit'], message: `${name} is nowhere in the body, so that no submission could be found again` };
  const names = arrives.map((each) => each.in);
  for (const [index, name] of names.entries())
    if (names.indexOf(name) !== index) yield { path: ['arrives', index, 'in'], message: `${name} is named twice` };
  for (const [index, name] of (expect.order ?? []).entries())
    if (!names.includes(name)) yield { path: ['expect', 'order', index], message: `nothing arrives in ${name}`, expected: names.join(', ') };
}

/** Every test of a folder, by name. None where there is no such folder. */
export async function testFiles(folder: string): Promise<readonly TestFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const paths = names
    .filter((name) => /\.ya?ml$/u.test(name))
    .sort()
    .map((name) => join(folder, name));
  return await Promise.all(
    paths.map(async (path): Promise<TestFile> => {
      const id = basename(path).replace(/\.ya?ml$/u, '');
      try {
        return { path, id, test: await loadTest(path) };
      } catch (error) {
        if (!isRunbackError(error)) throw error;
        return { path, id, problem: messageOf(error) };
      }
    }),
  );
}
