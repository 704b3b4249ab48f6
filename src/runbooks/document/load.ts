import { fromFileSystem, isRunbackError, messageOf, readTextFile, RunbackError, sha256 } from '../../lib/index.js';
import { parseYaml } from '../../workspace/index.js';
import { builtInActions, type ActionLibrary } from '../actions/registry.js';
import { Compiler } from './compile.js';
import type { Runbook } from './runbook.js';
import { runbookSchema } from './schema.js';

/** Reads and checks a runbook file. Throws `not-found`, `file-unreadable`, and what {@link parseRunbook} throws. */
export async function loadRunbook(path: string, actions: ActionLibrary = builtInActions): Promise<Runbook> {
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      throw new RunbackError('not-found', `There is no runbook ${path}`, { next: 'runback runbook list', cause: error });
    const known = fromFileSystem(error, path);
    if (isRunbackError(known)) throw known;
    throw new RunbackError('file-unreadable', `Cannot read ${path}`, { why: messageOf(error), state: 'Nothing was started.', cause: error });
  }
  return await parseRunbook(text, path, actions);
}

/**
 * Checks the text of a runbook whole; nothing runs. `isRecorded`: it is that of a run that was begun. Throws `file-invalid` with every problem: line, column, nearest
 * word.
 */
export async function parseRunbook(
  text: string,
  file: string,
  actions: ActionLibrary = builtInActions,
  reading: { readonly isRecorded?: boolean } = {},
): Promise<Runbook> {
  const yaml = parseYaml(text, file, runbookSchema, undefined, reading);
  const document = yaml.value;
  const compiler = new Compiler(document, actions, (path) => `${file}:${yaml.at(path).line}:${yaml.at(path).column}`);
  const steps = await compiler.compile();
  if (compiler.problems.length > 0) throw yaml.invalid(compiler.problems);
  const byId = new Map(steps.map((step) => [step.id, step]));
  return {
    id: document.id,
    title: document.title,
    document,
    text,
    file,
    digest: sha256(text),
    steps,
    at: (path) => yaml.at(path),
    step: (id) => {
      const step = byId.get(id);
      if (!step) throw new TypeError(`runbook ${document.id} has no step ${id}`);
      return step;
    },
  };
}
