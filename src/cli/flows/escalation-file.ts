import { join, resolve } from 'node:path';

import { parseEscalationFile, parseExpectation, type EscalationFile, type Expectation } from '../../escalation/index.js';
import { fromFileSystem, isRunbackError, readTextFile, RunbackError } from '../../lib/index.js';
import { readYamlText } from '../../workspace/index.js';

/** File of a workspace that says who is told. */
export const ESCALATION_FILE = 'escalation.yml';

/**
 * Reads and checks the escalation.yml of a workspace. Throws `not-found`, `file-unreadable`, `file-invalid`,
 * `secret-literal`.
 */
export async function loadEscalation(root: string): Promise<EscalationFile> {
  let text: string;
  try {
    text = await readYamlText(join(root, ESCALATION_FILE));
  } catch (error) {
    const { cause } = error instanceof Error ? error : {};
    if (!isRunbackError(error, 'file-unreadable') || !(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw error;
    throw new RunbackError('not-found', `There is no ${ESCALATION_FILE} in ${root}`, {
      why: 'It says who is paged for an incident, in which order, and who may allow what.',
      state: 'Nothing was started.',
      next: 'Make one: docs/escalation.md explains it, and "runback init" of a new workspace copies a sample.',
      cause: error,
    });
  }
  return parseEscalationFile(text, ESCALATION_FILE);
}

/**
 * The messages that `--expect` tells: each value is one, or the path of a file with one a line (`#` begins a comment).
 */
export async function readExpectations(values: readonly string[], cwd: string): Promise<readonly Expectation[]> {
  const lines = await Promise.all(
    values.map(async (value) => {
      if (/^\d\S*\s/.test(value)) return [value];
      const path = resolve(cwd, value);
      const text = await readTextFile(path).catch((error: unknown) => {
        const known = fromFileSystem(error, path);
        if (isRunbackError(known)) throw known;
        throw new RunbackError('usage', `"${value}" is neither an expected message nor a file`, {
          why: 'A message is a delay, who, and how: "5m lee email".',
          cause: error,
        });
      });
      return text.split('\n').map((line) => line.replace(/#.*/, '').trim());
    }),
  );
  return lines
    .flat()
    .filter((line) => line !== '')
    .map(parseExpectation);
}
