import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { isRunbackError, messageOf, sha256 } from '../../lib/index.js';
import { parseYaml, readYamlText, type PathProblem } from '../../workspace/index.js';
import { disturbProblems } from '../disturb/problems.js';
import { parallelProblems, personaProblems } from './journey.js';
import { type CanaryDocument, type StepDocument, type TestDocument, testSchema } from './schema.js';

interface Common {
  readonly id: string;
  readonly title: string;
  /** Path of its file. */
  readonly file: string;
  /** SHA-256 of its text. */
  readonly digest: string;
}

/** Many people submit at the same time. */
export interface LoadTest extends Common {
  readonly kind: 'load';
  readonly document: TestDocument & Required<Pick<TestDocument, 'load' | 'arrives'>>;
}

/** One step after the other, on the records of one mapping. */
export interface TouchpointTest extends Common {
  readonly kind: 'steps';
  readonly document: TestDocument & Required<Pick<TestDocument, 'mapping' | 'steps'>>;
}

/** An automation that fires when a condition becomes true. */
export interface TriggerTest extends Common {
  readonly kind: 'trigger';
  readonly document: TestDocument & Required<Pick<TestDocument, 'trigger'>>;
}

/** Each person through every platform, one step after the other. */
export interface JourneyTest extends Common {
  readonly kind: 'persona';
  readonly document: TestDocument & Required<Pick<TestDocument, 'persona'>>;
}

/** Several writers on the same records at the same time. */
export interface ParallelTest extends Common {
  readonly kind: 'parallel';
  readonly document: TestDocument & Required<Pick<TestDocument, 'mapping' | 'parallel'>>;
}

/** The permanent canary record of one mapping. */
export interface CanaryTest extends Common {
  readonly kind: 'canary';
  readonly document: TestDocument & Required<Pick<TestDocument, 'mapping' | 'canary'>>;
}

/** A test that was read and fits its format. */
export type IntegrationTest = LoadTest | TouchpointTest | TriggerTest | JourneyTest | ParallelTest | CanaryTest;

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
  const common = { id: document.id, title: document.title, file, digest: sha256(text) };
  const { load, arrives, mapping, steps, trigger, persona, parallel, canary } = document;
  if (mapping !== undefined && canary !== undefined) return { ...common, kind: 'canary', document: { ...document, mapping, canary } };
  if (trigger !== undefined) return { ...common, kind: 'trigger', document: { ...document, trigger } };
  if (persona !== undefined) return { ...common, kind: 'persona', document: { ...document, persona } };
  if (parallel !== undefined && mapping !== undefined) return { ...common, kind: 'parallel', document: { ...document, mapping, parallel } };
  if (load !== undefined && arrives !== undefined) return { ...common, kind: 'load', document: { ...document, load, arrives } };
  if (mapping !== undefined && steps !== undefined) return { ...common, kind: 'steps', document: { ...document, mapping, steps } };
  throw yaml.invalid([{ path: [], message: KINDS }]);
}

const KINDS = 'a test has load and arrives, mapping and steps, trigger, persona, mapping and parallel, or mapping and canary';
/** Stands in a value of every canary record, so that nobody takes it for a person. */
const CANARY_MARK = 'runback-canary';

function* problemsOf(document: TestDocument): Iterable<PathProblem> {
  const { load, arrives, mapping, steps, trigger, persona, parallel, canary } = document;
  if (canary !== undefined) return yield* canaryProblems(document, canary);
  if (persona !== undefined || parallel !== undefined) return yield* journeyProblems(document);
  const isLoad = load !== undefined || arrives !== undefined;
  const isSteps = steps !== undefined || (mapping !== undefined && trigger === undefined);
  const kinds = [isLoad, isSteps, trigger !== undefined].filter(Boolean).length;
  if (kinds !== 1) yield { path: [], message: KINDS, expected: 'one of these' };
  else if (isLoad && load === undefined) yield { path: ['arrives'], onKey: true, message: 'what is submitted is missing', expected: 'load' };
  else if (isLoad && arrives === undefined) yield { path: ['load'], onKey: true, message: 'where it arrives is missing', expected: 'arrives' };
  else if (isSteps && mapping === undefined) yield { path: ['steps'], onKey: true, message: 'the mapping is missing', expected: 'mapping: its id' };
  else if (isSteps && steps === undefined) yield { path: ['mapping'], onKey: true, message: 'what is done is missing', expected: 'steps' };
  yield* disturbProblems({ ...document, isLoad });
  if (load !== undefined) yield* loadProblems(load, arrives ?? [], document.expect);
  if (steps !== undefined) yield* stepProblems(steps, document.records);
  if (trigger !== undefined) yield* triggerProblems(trigger, mapping);
}

function* triggerProblems({ on, address, mark }: NonNullable<TestDocument['trigger']>, mapping: string | undefined): Iterable<PathProblem> {
  const isPlace = on.includes('/');
  if (isPlace && (address === undefined || mark === undefined))
    yield { path: ['trigger'], message: 'the fields by which its records are known are missing', expected: 'address and mark' };
  if (!isPlace && mapping === undefined)
    yield { path: ['trigger', 'on'], message: `${on} is no platform with an object type`, expected: 'crm/contacts, or a side with mapping' };
}

const creates = (step: StepDocument): boolean => 'create' in step || 'import' in step || 'submit' in step;

function* journeyProblems({ load, arrives, mapping, steps, trigger, disturb, persona, parallel }: TestDocument): Iterable<PathProblem> {
  const others = [load, arrives, steps, trigger, disturb, ...(persona === undefined ? [] : [mapping, parallel])];
  if (others.some((other) => other !== undefined)) yield { path: [], message: KINDS, expected: 'one of these' };
  else if (persona === undefined && mapping === undefined)
    yield { path: ['parallel'], onKey: true, message: 'the mapping is missing', expected: 'mapping: its id' };
  const inside = (key: string, of: Iterable<PathProblem>): readonly PathProblem[] => [...of].map((each) => ({ ...each, path: [key, ...each.path] }));
  if (persona !== undefined) yield* inside('persona', personaProblems(persona));
  if (parallel !== undefined) yield* inside('parallel', parallelProblems(parallel));
}

function* canaryProblems(
  { load, arrives, mapping, steps, trigger, disturb, persona, parallel }: TestDocument,
  canary: CanaryDocument,
): Iterable<PathProblem> {
  if ([load, arrives, steps, trigger, disturb, persona, parallel].some((other) => other !== undefined))
    yield { path: ['canary'], onKey: true, message: KINDS, expected: 'one of these' };
  if (mapping === undefined) yield { path: ['canary'], onKey: true, message: 'the mapping is missing', expected: 'mapping: its id' };
  const { known_by: known, field, holds } = canary;
  if (!Object.values(known).some((value) => typeof value === 'string' && value.includes(CANARY_MARK)))
    yield {
      path: ['canary', 'known_by'],
      message: `no value says that this is a canary record, and not a person`,
      expected: `a text with ${CANARY_MARK} in it, such as LastName: ${CANARY_MARK}`,
    };
  if (Object.keys(known).length < 2)
    yield { path: ['canary', 'known_by'], message: 'one field is too few to know a record by', expected: 'its address and its name' };
  for (const name of ['known_by', 'holds'] as const)
    if (Object.hasOwn(name === 'holds' ? holds : known, field))
      yield { path: ['canary', name, field], onKey: true, message: 'this is the field that changes with each run', expected: 'another field' };
}

function* stepProblems(steps: NonNullable<TestDocument['steps']>, { count }: TestDocument['records']): Iterable<PathProblem> {
  for (const [index, step] of steps.entries()) {
    if ('submit' in step) yield* submitProblems(step, ['steps', index], count);
    if ('activity' in step && step.shown === undefined && step.moves.length === 0)
      yield { path: ['steps', index], message: 'by what it is seen on the other side is missing', expected: 'shown, or moves' };
    if (index === 0 && !creates(step))
      yield { path: ['steps', 0], message: 'there is no record yet', expected: '{ create: a side }, { import: a side } or { submit: a side } first' };
    if (index > 0 && creates(step)) yield { path: ['steps', index], message: 'records are created by the first step only' };
    if (index > 0 && 'delete' in (steps[index - 1] ?? {})) yield { path: ['steps', index], message: 'nothing is left after the step before' };
  }
}

/** Of what is submitted: a body with the marks in it. */
function* bodyProblems({ json, form }: NonNullable<TestDocument['load']>['submit'], path: PathProblem['path']): Iterable<PathProblem> {
  if ((json === undefined) === (form === undefined))
    yield { path, message: 'the body has to be one of json and form', expected: 'json: { … } or form: { … }' };
  const body = JSON.stringify(json ?? form ?? '');
  for (const name of ['{address}', '{mark}'])
    if (!body.includes(name)) yield { path, message: `${name} is nowhere in the body, so that no submission could be found again` };
}

/** Most submissions at once: each has a connection of its own. */
const MOST_SUBMITTED = 2000;

function* submitProblems({ to, makes }: Extract<StepDocument, { submit: string }>, path: PathProblem['path'], count: number): Iterable<PathProblem> {
  yield* bodyProblems(to, [...path, 'to']);
  for (const name of ['{address}', '{mark}'])
    if (!Object.values(makes).includes(name))
      yield { path: [...path, 'makes'], message: `no field is ${name} alone, so that no record could be found` };
  if (count > MOST_SUBMITTED) yield { path: ['records', 'count'], message: `at most ${MOST_SUBMITTED} are submitted by a step` };
}

function* loadProblems(
  load: NonNullable<TestDocument['load']>,
  arrives: NonNullable<TestDocument['arrives']>,
  expect: TestDocument['expect'],
): Iterable<PathProblem> {
  const { submit } = load;
  if (load.at_once === true && load.over !== undefined)
    yield { path: ['load', 'over'], onKey: true, message: 'all at once and over some time are two things', expected: 'at_once or over' };
  if (load.at_once === undefined && load.over === undefined)
    yield { path: ['load'], message: 'how fast they come is missing', expected: 'at_once: true, or over: 30s' };
  yield* bodyProblems(submit, ['load', 'submit']);
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
