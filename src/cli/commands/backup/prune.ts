import { explainPrune, jobsOfCopy, prune as pruneSnapshots, type PruneReport } from '../../../backups/index.js';
import { defined, EXIT, isRunbackError, type RunbackError } from '../../../lib/index.js';
import { jobOf, jobsOf } from '../../flows/backups/backup-jobs.js';
import { lackingNow } from '../../flows/backups/copies.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { pruneText } from '../../views/prune.js';
import type { Style } from '../../views/text/style.js';
import { visible } from '../../views/text/visible.js';

/** `runback backup prune` */
export const pruneVerb: CommandSpec = {
  verb: 'prune',
  summary: 'Delete the snapshots that no keep rule of their job keeps, and say for each why it stays or goes',
  details:
    'Only snapshots that a job made, and never a pinned one, the last verified one of a platform, one that something open refers to, or the base of one that stays; nor what a copy that is required is still to get. Each copy is pruned by rules of its own. Exit 3 if one could not be deleted.',
  options: [
    { flags: '--job <name>', description: 'only snapshots of this job' },
    { flags: '--dry-run', description: 'only say it: nothing is deleted' },
  ],
  examples: ['runback backup prune --dry-run', 'runback backup prune --job nightly'],
  run: prune,
};

async function prune(context: CommandContext): Promise<Outcome> {
  const { input, session, live, event, interrupts } = context;
  const opened = await session();
  const { store, clock, by, workspace } = opened;
  const job = input.text('job');
  if (job !== undefined) jobOf(opened, job);
  const isDry = input.flag('dry-run');
  live.start('Reading what each snapshot is');
  const deps = {
    store,
    clock,
    by,
    catalog: await opened.catalog(),
    jobs: jobsOf(opened),
    planMaxAge: workspace.config.restores.plan_max_age,
    signal: interrupts.signal,
  };
  const lacking = await lackingNow(context, opened);
  const explained = ({ snapshots }: PruneReport): void => event({ type: 'explained', snapshots });
  const pruned = async (of: Parameters<typeof explainPrune>[0] & typeof deps): Promise<PruneReport> =>
    isDry ? await explainPrune(of, job) : await pruneSnapshots(of, job, explained);
  const report = await pruned({ ...deps, lacking });
  const copies: PrunedCopy[] = [];
  for (const copy of await opened.copies()) {
    live.start(`Reading what each snapshot in ${copy.name} is`);
    const of = { ...deps, store: copy.store, catalog: copy.catalog, jobs: jobsOfCopy(deps.jobs, copy) };
    copies.push({ copy: copy.name, ...(await pruned(of).catch((error: unknown) => troubleOf(error, interrupts.signal))) });
  }
  const isFailed = [report, ...copies].some((one) => 'snapshots' in one && one.snapshots.some(({ kept }) => kept?.because === 'failed'));
  const error = copies.flatMap((copy) => ('error' in copy ? [copy.error] : []))[0];
  return {
    data: { dryRun: isDry, ...report, ...(copies.length === 0 ? {} : { copies: copies.map(toldCopy) }) },
    text: (style) => [pruneText(report, isDry, style), ...copies.map((copy) => prunedCopyText(copy, isDry, style))].join('\n\n'),
    ...(isFailed ? { exit: EXIT.partial } : {}),
    ...defined({ error }),
  };
}

/** What became of the snapshots in a copy, or why nothing could be said of them. */
type PrunedCopy = { readonly copy: string } & (PruneReport | { readonly error: RunbackError });

/** A copy that cannot be asked holds up no other. */
function troubleOf(error: unknown, signal: AbortSignal): { readonly error: RunbackError } {
  if (!isRunbackError(error) || signal.aborted) throw error;
  return { error };
}

function toldCopy(copy: PrunedCopy): unknown {
  return 'error' in copy ? { copy: copy.copy, error: { code: copy.error.code, message: copy.error.message } } : copy;
}

function prunedCopyText(copy: PrunedCopy, isDry: boolean, style: Style): string {
  const body = 'error' in copy ? `${style.glyph.failed} ${visible(copy.error.message)}` : pruneText(copy, isDry, style);
  return `${style.chalk.bold(`Copy ${visible(copy.copy)}`)}\n${body}`;
}
