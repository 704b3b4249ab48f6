import { RunbackError } from '../../../lib/index.js';
import { unrecorded } from '../../../snapshots/index.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { verifyText } from '../../views/snapshot.js';
import { counted } from '../../views/text/format.js';
import { SNAPSHOT } from './words.js';

/** `runback snapshot verify` */
export const verifyVerb: CommandSpec = {
  verb: 'verify',
  summary: 'Read and check every byte',
  args: [SNAPSHOT],
  examples: ['runback snapshot verify latest'],
  run: verify,
};

async function verify({ input, session, live, call }: CommandContext): Promise<Outcome> {
  const catalog = await (await session()).catalog();
  live.start('Reading every byte');
  const report = await catalog.verify(input.required('snapshot'), call);
  const exposures = await catalog.exposures();
  const outcome = { data: { ...report, exposures }, text: (style) => verifyText(report, exposures, style) } satisfies Outcome;
  if (report.damage.length === 0) return report.recorded ? outcome : { ...outcome, error: unrecorded(report.id) };
  return {
    ...outcome,
    error: new RunbackError('snapshot-damaged', `Snapshot ${report.id} is damaged`, {
      why: `${counted(report.damage.length, 'parts')} of it ${report.damage.length === 1 ? 'is' : 'are'} not what was written.`,
      state: 'Nothing was changed. What can be read is still usable as a base; keys in the unreadable parts become conflicts.',
      next: 'Use another base if you can: runback snapshot list',
      data: { damage: report.damage },
    }),
  };
}
