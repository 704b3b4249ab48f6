import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { didYouMean, RunbackError } from '../../lib/index.js';
import { parseYaml, type PathProblem, readYamlText, type Workspace, type WorkspaceConfig } from '../../workspace/index.js';
import { type ParityCheck, type ParityDocument, paritySchema } from './schema.js';

/** One check of parity.yml. */
export interface NamedCheck extends ParityCheck {
  readonly name: string;
}

const FILE = 'parity.yml';

/** Reads the checks of a workspace, in their order. Throws `not-found`, `file-unreadable`, `file-invalid`. */
export async function loadParity(workspace: Workspace): Promise<readonly NamedCheck[]> {
  const names = await readdir(workspace.root);
  if (!names.includes(FILE))
    throw new RunbackError('not-found', `There is no ${FILE} in ${workspace.root}`, {
      why: 'It says which test environment stands for which production.',
      state: 'Nothing was read.',
      next: `Write one: version: 1, and under it checks: { crm: { test: NAME, production: NAME } } with names of runback.yml`,
    });
  return parseParity(await readYamlText(join(workspace.root, FILE)), FILE, workspace.config);
}

/** Checks the text of parity.yml whole, against runback.yml too. Throws `file-invalid` with every problem: line, column, nearest word. */
export function parseParity(text: string, file: string, config: WorkspaceConfig): readonly NamedCheck[] {
  const yaml = parseYaml(text, file, paritySchema);
  const problems = [...problemsOf(yaml.value, config)];
  if (problems.length > 0) throw yaml.invalid(problems);
  return Object.entries(yaml.value.checks).map(([name, check]) => ({ name, ...check }));
}

function* problemsOf({ checks }: ParityDocument, config: WorkspaceConfig): Iterable<PathProblem> {
  for (const [name, check] of Object.entries(checks)) {
    yield* problemsOfPair(['checks', name], check, config);
    if (check.leak !== 'off')
      for (const [i, one] of (check.leak.look_in ?? []).entries()) yield* isProduction(['checks', name, 'leak', 'look_in', i], one, config);
    for (const [i, { until }] of check.accepted.entries())
      if (!isDay(until)) yield { path: ['checks', name, 'accepted', i, 'until'], message: `${until} is no day of the calendar` };
  }
}

function* problemsOfPair(path: readonly string[], { test, production }: ParityCheck, config: WorkspaceConfig): Iterable<PathProblem> {
  const own = named(config, test);
  if (own === undefined) yield { path: [...path, 'test'], ...unknown(config, test) };
  else if (own.environment === 'production')
    yield {
      path: [...path, 'test'],
      message: `${test} is production, and a marker would be written there`,
      expected: 'a platform that is no production',
    };
  yield* isProduction([...path, 'production'], production, config);
  const theirs = named(config, production);
  if (own !== undefined && theirs !== undefined && own.connector !== theirs.connector)
    yield {
      path: [...path, 'production'],
      message: `${production} is ${theirs.connector} and ${test} is ${own.connector}`,
      expected: 'two platforms of the same connector',
    };
}

function* isProduction(path: PathProblem['path'], name: string, config: WorkspaceConfig): Iterable<PathProblem> {
  const found = named(config, name);
  if (found === undefined) yield { path, ...unknown(config, name) };
  else if (found.environment !== 'production')
    yield { path, message: `${name} is ${found.environment}`, expected: 'a platform with environment: production' };
}

/** A day of the calendar: 2027-02-30 is none. */
function isDay(text: string): boolean {
  const ms = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

const named = ({ platforms }: WorkspaceConfig, name: string): WorkspaceConfig['platforms'][string] | undefined =>
  Object.hasOwn(platforms, name) ? platforms[name] : undefined;

function unknown({ platforms }: WorkspaceConfig, name: string): Pick<PathProblem, 'message' | 'expected'> {
  const names = Object.keys(platforms);
  return { message: `runback.yml has no platform ${name}${didYouMean(name, names)}`, expected: names.join(', ') };
}
