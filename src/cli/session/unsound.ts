import { RunbackError, shellWord } from '../../lib/index.js';
import type { Runbook } from '../../runbooks/index.js';
import { counted } from '../views/text/format.js';

/**
 * The gate before a runbook starts: one in which lint finds errors would let down whoever follows it, in the middle. A
 * run that has begun goes on: it works with the text in its journal. Throws `file-invalid` with every error and its
 * line.
 */
export async function refuseUnsound(runbook: Runbook): Promise<void> {
  const { lintRunbook } = await import('../../runbooks/index.js');
  const errors = lintRunbook(runbook).filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return;
  throw new RunbackError('file-invalid', `Runbook ${runbook.id} has ${counted(errors.length, 'errors')} and cannot be started`, {
    why: errors.map(({ file, line, column, message, rule }) => `${file}:${line}:${column}: ${message} (${rule})`).join('\n'),
    state: 'Nothing was started.',
    next: `Correct it, then look again: runback runbook lint ${shellWord(runbook.file)}`,
    data: { findings: errors },
  });
}
