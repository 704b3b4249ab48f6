import { resolve } from 'node:path';

import { isRunbackError, messageOf, readTextFile, RunbackError } from '../../../lib/index.js';
import type { CommandContext } from '../../shell/command.js';

/** The text of an answers file. Throws `file-unreadable`. */
export async function answersIn({ stdio }: Pick<CommandContext, 'stdio'>, file: string): Promise<string> {
  const path = resolve(stdio.cwd, file);
  return await readTextFile(path).catch((error: unknown) => {
    if (isRunbackError(error)) throw error;
    throw new RunbackError('file-unreadable', `Cannot read the answers file ${path}`, {
      why: messageOf(error),
      state: 'Nothing was started.',
      cause: error,
    });
  });
}
