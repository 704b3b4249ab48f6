import { EXIT } from '../../../lib/index.js';
import { lintLive } from '../../flows/mappings/lint.js';
import { chosenMappings, shownPath } from '../../flows/mappings/mapping-files.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { lintText } from '../../views/mappings/lint.js';
import { MAPPINGS } from './words.js';

/** `runback mapping lint` */
export const lintVerb: CommandSpec = {
  verb: 'lint',
  summary: 'Check mappings against both platforms as they are now',
  details:
    'Reads the fields of both sides and finds what does not fit: fields, types, lengths, options, required fields, keys to match by, double writers, syncs that say otherwise, values that go round in a circle or never come to rest. What cannot be read is a finding. Values that records hold are counted in the newest snapshot, or read where that is needed. Writes nothing. Exit status 2 where there are errors.',
  args: [MAPPINGS],
  options: [{ flags: '--read', description: 'count the values of records on the platforms, not in the newest snapshot' }],
  examples: ['runback mapping lint', 'runback mapping lint contacts --read'],
  run: lint,
};

async function lint(context: CommandContext): Promise<Outcome> {
  const { input, session, stdio } = context;
  const opened = await session();
  const { mappings: all, chosen, broken } = await chosenMappings(opened, input.words('mappings'), stdio.cwd);
  const { findings, counted } = await lintLive(context, opened, { all, chosen, live: input.flag('read') });
  const shown = [...broken.map((problem) => ({ severity: 'error' as const, rule: 'file-invalid', ...problem })), ...findings].map((finding) => ({
    ...finding,
    file: shownPath(opened, finding.file),
  }));
  const failed = findings.some(({ severity }) => severity === 'error') ? { exit: EXIT.differences } : {};
  return {
    data: { mappings: chosen.map(({ id }) => id), findings: shown, counted },
    text: (style) => lintText({ findings: shown, mappings: chosen.length, counted }, style),
    ...(broken.length > 0 ? { exit: EXIT.badFile } : failed),
  };
}
