import { EXIT } from '../../../lib/index.js';
import { copyAll, copyOf, dueForRetry, isLacking, planAll } from '../../flows/backups/copies.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { copiesText, copyPlanText } from '../../views/copies.js';

/** `runback backup copy` */
export const copyVerb: CommandSpec = {
  verb: 'copy',
  summary: 'Copy to a second storage what it lacks; changes nothing on any platform',
  details:
    'Backup jobs do it after each run. Only snapshots that the keep rules of the copy keep, oldest first, each after what it builds on, and checked before it appears there. Nothing there is overwritten or deleted. Exit 3 if something could not be copied; one that failed is tried again after 5 minutes, then after twice as long each time, up to 6 hours, by the daemon and by backup run --due.',
  args: [{ name: 'copy', description: 'name of a copy in runback.yml; all of them if none is given', optional: true }],
  options: [
    { flags: '--dry-run', description: 'only say what would be copied, and why' },
    { flags: '--due', description: 'only where copying has failed or was killed, and its pause has passed: for the daemon' },
  ],
  examples: ['runback backup copy', 'runback backup copy offsite --dry-run'],
  run: copy,
};

async function copy(context: CommandContext): Promise<Outcome> {
  const { input } = context;
  const session = await context.session();
  const name = input.argument('copy');
  const all = name === undefined ? await session.copies() : [await copyOf(session, name)];
  const copies = input.flag('due') ? await dueForRetry(session, all) : all;
  if (copies.length === 0 && all.length > 0) return { data: { dryRun: false, copies: [] }, text: () => 'No copy is to be tried again now.' };
  if (copies.length === 0)
    return { data: { copies: [] }, text: () => 'runback.yml has no copy. Add one under backups.copies: docs/backups.md shows how.' };
  if (input.flag('dry-run')) {
    const plans = await planAll(context, session, copies);
    const data = plans.map(({ copy: of, wanted, leftOut, there }) => ({ copy: of, wanted, leftOut, there: there.map(({ id }) => id) }));
    return { data: { dryRun: true, copies: data }, text: (style) => copyPlanText(plans, style) };
  }
  const reports = await copyAll(context, session, copies);
  return {
    data: { dryRun: false, copies: reports },
    text: (style) => copiesText(reports, style),
    ...(reports.some(isLacking) ? { exit: EXIT.partial } : {}),
  };
}
