import { explainPrune, prune as pruneSnapshots, type PruneReport } from '../../../backups/index.js';
import { EXIT } from '../../../lib/index.js';
import { jobOf, jobsOf } from '../../flows/backup-jobs.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { pruneText } from '../../views/prune.js';

/** `runback backup prune` */
export const pruneVerb: CommandSpec = {
  verb: 'prune',
  summary: 'Delete the snapshots that no keep rule of their job keeps, and say for each why it stays or goes',
  details:
    'Only snapshots that a job made, and never a pinned one, the last verified one of a platform, one that something open refers to, or the base of one that stays. Exit 3 if one could not be deleted.',
  options: [
    { flags: '--job <name>', description: 'only snapshots of this job' },
    { flags: '--dry-run', description: 'only say it: nothing is deleted' },
  ],
  examples: ['runback backup prune --dry-run', 'runback backup prune --job nightly'],
  run: prune,
};

async function prune({ input, session, live, event, interrupts }: CommandContext): Promise<Outcome> {
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
  const explained = ({ snapshots }: PruneReport): void => event({ type: 'explained', snapshots });
  const report = isDry ? await explainPrune(deps, job) : await pruneSnapshots(deps, job, explained);
  const isFailed = report.snapshots.some(({ kept }) => kept?.because === 'failed');
  return { data: { dryRun: isDry, ...report }, text: (style) => pruneText(report, isDry, style), ...(isFailed ? { exit: EXIT.partial } : {}) };
}
