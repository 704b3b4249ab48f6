import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { didYouMean, isRunbackError, messageOf, RunbackError, sha256 } from '../../lib/index.js';
import { localPlatforms } from '../../stages/index.js';
import { parseYaml, readYamlText, type PathProblem } from '../../workspace/index.js';
import type { Fault } from '../faults/fault.js';
import { FAULTS } from '../faults/registry.js';
import { type DrillDocument, drillSchema } from './schema.js';

/** A drill that was read and fits its format. */
export interface Drill {
  readonly id: string;
  readonly title: string;
  readonly document: DrillDocument;
  /** Path of its file. */
  readonly file: string;
  /** SHA-256 of its text. */
  readonly digest: string;
  readonly faults: readonly ChosenFault[];
  /** The runbook it names, as the path of a file where it is no id. */
  readonly runbook: string;
}

/** A fault with the parameters that a drill gives it. */
export interface ChosenFault {
  readonly fault: Fault;
  readonly parameters: unknown;
}

/** A file of the folder of drills: read, or why it cannot be. */
export interface DrillFile {
  readonly path: string;
  readonly id: string;
  readonly drill?: Drill;
  readonly problem?: string;
}

/** Reads and checks one drill. Throws `file-unreadable`, `file-invalid`. */
export async function loadDrill(path: string): Promise<Drill> {
  return parseDrill(await readYamlText(path), path);
}

/** Checks the text of a drill whole. Throws `file-invalid` with every problem: line, column, nearest word. */
export function parseDrill(text: string, file: string): Drill {
  const yaml = parseYaml(text, file, drillSchema);
  const { value: document } = yaml;
  const problems = [...problemsOf(document)];
  if (problems.length > 0) throw yaml.invalid(problems);
  const faults = (Array.isArray(document.fault) ? document.fault : [document.fault]).map(chosenFault);
  const { id, title, runbook } = document;
  return { id, title, document, file, digest: sha256(text), faults, runbook: isPath(runbook) ? resolve(dirname(file), runbook) : runbook };
}

const isPath = (runbook: string): boolean => /[/\\]|\.ya?ml$/u.test(runbook);

function chosenFault({ kind, ...parameters }: { readonly kind: string }): ChosenFault {
  const fault = FAULTS.find((each) => each.kind === kind);
  if (fault === undefined) throw new RunbackError('bug', `The format of drills knows a fault ${kind} that is not there`);
  return { fault, parameters };
}

function* problemsOf(document: DrillDocument): Iterable<PathProblem> {
  const { where, meanwhile, disturb, automations, hands, backup } = document;
  if ('platform' in where && (automations.length > 0 || disturb.some((each) => each.with !== 'kill') || meanwhile?.sync !== undefined))
    yield { path: ['where'], message: 'only a sandbox on this machine can be disturbed, or has automations or a sync of its own' };
  if ('platform' in where && hands.some((hand) => 'options' in hand))
    yield { path: ['where'], message: 'only on a sandbox on this machine can a drill change the options of a field, and put them back' };
  const lost = disturb.findIndex((each) => each.with === 'lost-key');
  const losing = lost !== -1 ? ['disturb', lost, 'with'] : backup?.key === 'gone' ? ['backup', 'key'] : undefined;
  if (losing !== undefined && backup?.encrypted !== true)
    yield { path: losing, message: 'there is no key where nothing is encrypted', expected: 'backup: { encrypted: true }' };
  if (lost !== -1 && backup?.key === 'gone') yield { path: ['disturb', lost, 'with'], message: 'a key that is gone cannot be lost again' };
  if ('local' in where)
    for (const [index, name] of where.local.entries())
      if (!localPlatforms().includes(name))
        yield {
          path: ['where', 'local', index],
          message: `there is no local sandbox of "${name}"${didYouMean(name, localPlatforms())}`,
          expected: localPlatforms().join(', '),
        };
  for (const [id, standIn] of Object.entries(document.stand_ins))
    if (typeof standIn === 'object' && ('exit_code' in standIn || 'stdout' in standIn) && ('status' in standIn || 'body' in standIn))
      yield { path: ['stand_ins', id], message: 'is what a program prints and what a server answers: a step is one of them' };
  if ('platform' in document.inputs) yield { path: ['inputs', 'platform'], onKey: true, message: 'the platform is that of the stage: leave it out' };
}

/** Every drill of a folder, by name. None where there is no such folder. */
export async function drillFiles(folder: string): Promise<readonly DrillFile[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const paths = names
    .filter((name) => /\.ya?ml$/u.test(name))
    .sort()
    .map((name) => join(folder, name));
  return await Promise.all(
    paths.map(async (path): Promise<DrillFile> => {
      const id = basename(path).replace(/\.ya?ml$/u, '');
      try {
        return { path, id, drill: await loadDrill(path) };
      } catch (error) {
        if (!isRunbackError(error)) throw error;
        return { path, id, problem: messageOf(error) };
      }
    }),
  );
}
