import { EXIT, isRunbackError, RunbackError } from '../../../lib/index.js';
import type { Finding } from '../../../runbooks/index.js';
import { problemsIn } from '../../../workspace/index.js';
import { findRunbook, runbookFiles } from '../../flows/runs/runbook-files.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { findingsText } from '../../views/runbook.js';

/** `runback runbook lint` */
export const lintVerb: CommandSpec = {
  verb: 'lint',
  summary: 'Check runbooks: unknown steps and outputs, unreachable steps, missing undo',
  args: [{ name: 'runbooks', description: 'ids or paths (default: all)', kind: 'runbook', optional: true, variadic: true }],
  run: lint,
};

async function lint({ input, session, stdio }: CommandContext): Promise<Outcome> {
  const opened = await session();
  const { lintRunbook } = await import('../../../runbooks/index.js');
  const words = input.words('runbooks');
  const wanted = words.length > 0 ? words : (await runbookFiles(opened)).map((file) => file.path);
  const findings: Finding[] = [];
  const broken: RunbackError['data'][] = [];
  for (const word of wanted) {
    try {
      findings.push(...lintRunbook(await findRunbook(opened, word, stdio.cwd)));
    } catch (error) {
      // A wrong word is no file at all.
      if (!isRunbackError(error) || error.code === 'not-found' || error.code === 'ambiguous') throw error;
      broken.push(error.data);
      const { file } = error.data;
      const found = problemsIn(error, typeof file === 'string' ? file : word);
      findings.push(...found.map((problem): Finding => ({ severity: 'error', rule: error.code, ...problem })));
    }
  }
  return {
    data: { runbooks: wanted.length, findings, broken },
    text: (style) => findingsText(findings, wanted.length, style),
    ...(findings.some((finding) => finding.severity === 'error') ? { exit: EXIT.badFile } : {}),
  };
}
