import { jobViews } from '../../../backups/index.js';
import { jobsOf } from '../../flows/backup-jobs.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { jobsText } from '../../views/backup.js';

/** `runback backup jobs` */
export const jobsVerb: CommandSpec = {
  verb: 'jobs',
  summary: 'Backup jobs: last and next run, age against the target, size and how it changes',
  run: jobs,
};

async function jobs(context: CommandContext): Promise<Outcome> {
  const session = await context.session();
  const { store, clock } = session;
  const views = await jobViews(jobsOf(session), { store, clock, catalog: await session.catalog() });
  return { data: { jobs: views }, text: (style) => jobsText(views, style) };
}
