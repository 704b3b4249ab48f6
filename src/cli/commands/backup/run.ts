import type { JobOutcome } from '../../../backups/index.js';
import { EXIT, RunbackError } from '../../../lib/index.js';
import { jobOf, jobsOf, runBackupJob } from '../../flows/backup-jobs.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { jobOutcomeText } from '../../views/backup.js';

/** `runback backup run` */
export const runVerb: CommandSpec = {
  verb: 'run',
  summary: 'Take the snapshot of a backup job now; changes nothing on any platform',
  details:
    'With --due, only what its schedule says is due, and never while an incident is open on one of its platforms: for cron and timers. Exit 3 if something could not be read, or may be incomplete.',
  args: [{ name: 'job', description: 'name of a job in runback.yml; with --due all of them if none is given', optional: true }],
  options: [{ flags: '--due', description: 'only jobs that are due, each once, however often it was missed' }],
  examples: ['runback backup run nightly', 'runback backup run --due'],
  run,
};

async function run(context: CommandContext): Promise<Outcome> {
  const { input } = context;
  const session = await context.session();
  const [name, due] = [input.argument('job'), input.flag('due')];
  if (name === undefined && !due)
    throw new RunbackError('usage', 'Which job? Name one, or give --due', { state: 'Nothing was started.', next: 'runback backup jobs' });
  const jobs = name === undefined ? jobsOf(session) : [jobOf(session, name)];
  const outcomes: { readonly job: string; readonly outcome: JobOutcome }[] = [];
  for (const job of jobs) outcomes.push({ job: job.name, outcome: await runBackupJob(context, session, job, due) });
  const isPartial = outcomes.some(({ outcome }) => outcome.state === 'taken' && outcome.snapshot.gaps.length > 0);
  return {
    data: { jobs: outcomes.map(({ job, outcome }) => ({ job, ...outcome })) },
    text: (style) =>
      outcomes.length === 0 ? 'runback.yml has no backup job.' : outcomes.map(({ job, outcome }) => jobOutcomeText(job, outcome, style)).join('\n'),
    ...(isPartial ? { exit: EXIT.partial } : {}),
  };
}
