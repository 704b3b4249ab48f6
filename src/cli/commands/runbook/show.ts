import { findRunbook } from '../../flows/runs/runbook-files.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { runbookText } from '../../views/runbook.js';
import { RUNBOOK } from './words.js';

/** `runback runbook show` */
export const showVerb: CommandSpec = { verb: 'show', summary: 'What a runbook asks and does', args: [RUNBOOK], run: show };

async function show({ input, session, stdio }: CommandContext): Promise<Outcome> {
  const runbook = await findRunbook(await session(), input.required('runbook'), stdio.cwd);
  return { data: { ...runbook.document, file: runbook.file, digest: runbook.digest }, text: (style) => runbookText(runbook, style) };
}
