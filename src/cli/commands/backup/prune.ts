import { defined, EXIT, RunbackError } from '../../../lib/index.js';
import { jobOf } from '../../flows/backups/backup-jobs.js';
import { type PrunedAll, type PrunedCopy, pruneAll, runScheduledPruning } from '../../flows/backups/pruning.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { pruneText, pruningOutcomeText } from '../../views/prune.js';
import type { Style } from '../../views/text/style.js';
import { visible } from '../../views/text/visible.js';

/** `runback backup prune` */
export const pruneVerb: CommandSpec = {
  verb: 'prune',
  summary: 'Delete the snapshots that no keep rule of their job keeps, and say for each why it stays or goes',
  details:
    'Only snapshots that a job made, and never a pinned one, the last verified one of a platform, one that something open refers to, or the base of one that stays; nor what a copy that is required is still to get. Each copy is pruned by rules of its own. Exit 3 if one could not be deleted. With --due, only when backups.prune says so, and never while an incident is open: for cron and timers.',
  options: [
    { flags: '--job <name>', description: 'only snapshots of this job' },
    { flags: '--dry-run', description: 'only say it: nothing is deleted' },
    { flags: '--due', description: 'all of it, if that is due' },
  ],
  examples: ['runback backup prune --dry-run', 'runback backup prune --job nightly', 'runback backup prune --due'],
  run: prune,
};

async function prune(context: CommandContext): Promise<Outcome> {
  const { input } = context;
  const session = await context.session();
  const job = input.text('job');
  if (job !== undefined) jobOf(session, job);
  const isDry = input.flag('dry-run');
  if (!input.flag('due')) {
    const pruned = await pruneAll(context, session, { isDry, ...defined({ job }) });
    return { ...endOf(pruned), data: { dryRun: isDry, ...dataOf(pruned) }, text: (style) => allText(pruned, isDry, style) };
  }
  if (job !== undefined || isDry) throw new RunbackError('usage', '--due goes with neither --job nor --dry-run', { state: 'Nothing was deleted.' });
  return await pruneDue(context, session);
}

async function pruneDue(context: CommandContext, session: Session): Promise<Outcome> {
  const { outcome, pruned } = await runScheduledPruning(context, session);
  return {
    ...(pruned === undefined ? {} : endOf(pruned)),
    data: { ...outcome, ...(pruned === undefined ? {} : dataOf(pruned)) },
    text: (style) => [pruningOutcomeText(outcome, style), ...(pruned === undefined ? [] : [allText(pruned, false, style)])].join('\n'),
  };
}

function endOf({ own, copies }: PrunedAll): Pick<Outcome, 'exit' | 'error'> {
  const isFailed = [own, ...copies].some((one) => 'snapshots' in one && one.snapshots.some(({ kept }) => kept?.because === 'failed'));
  const error = copies.flatMap((copy) => ('error' in copy ? [copy.error] : []))[0];
  return { ...(isFailed ? { exit: EXIT.partial } : {}), ...defined({ error }) };
}

function dataOf({ own, copies }: PrunedAll): object {
  return { ...own, ...(copies.length === 0 ? {} : { copies: copies.map(toldCopy) }) };
}

function allText({ own, copies }: PrunedAll, isDry: boolean, style: Style): string {
  return [pruneText(own, isDry, style), ...copies.map((copy) => prunedCopyText(copy, isDry, style))].join('\n\n');
}

function toldCopy(copy: PrunedCopy): unknown {
  return 'error' in copy ? { copy: copy.copy, error: { code: copy.error.code, message: copy.error.message } } : copy;
}

function prunedCopyText(copy: PrunedCopy, isDry: boolean, style: Style): string {
  const body = 'error' in copy ? `${style.glyph.failed} ${visible(copy.error.message)}` : pruneText(copy, isDry, style);
  return `${style.chalk.bold(`Copy ${visible(copy.copy)}`)}\n${body}`;
}
