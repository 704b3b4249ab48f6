import type { JobOutcome } from '../../../backups/index.js';
import { EXIT, isRunbackError, RunbackError } from '../../../lib/index.js';
import type { SnapshotSummary } from '../../../snapshots/index.js';
import type { JobConfig } from '../../../workspace/index.js';
import { raiseJobAlarms, type StandingAlarm, unreadError, untold } from '../../flows/backups/backup-alarms.js';
import { jobOf, jobsOf, runBackupJob } from '../../flows/backups/backup-jobs.js';
import { copyAll, dueForRetry, isLacking } from '../../flows/backups/copies.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { alarmLines, jobFailedText, jobOutcomeText } from '../../views/backup.js';
import { copyLines } from '../../views/copies.js';

/** `runback backup run` */
export const runVerb: CommandSpec = {
  verb: 'run',
  summary: 'Take the snapshot of a backup job now; changes nothing on any platform',
  details:
    'With --due, only what its schedule says is due, in its window, not while an incident is open on one of its platforms, and so that half of the requests of the day are left to others: for cron and timers. Exit 3 if something could not be read, may be incomplete, is far from what is usual for the job, or could not be copied. A job that fails or misses its target opens one incident where escalation.yml says who is told; otherwise --due ends with 1.',
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
  const done: Done[] = [];
  // A snapshot is whole or none: one that is stopped is taken anew.
  for (const job of jobs) {
    context.interrupts.resumeWith(due ? `runback backup run${name === undefined ? '' : ` ${name}`} --due` : `runback backup run ${job.name}`);
    done.push(await runOne(context, session, job, due));
  }
  context.interrupts.resumeWith('runback backup copy');
  // Of what was taken, and of what an earlier run could not copy.
  const places = await session.copies();
  const isTaken = done.some((one) => 'outcome' in one && one.outcome.state === 'taken');
  const copies = await copyAll(context, session, isTaken ? places : due ? await dueForRetry(session, places) : []);
  const { standing: alarms, unread } = await raiseJobAlarms(context, session, jobs);
  const failed = done.find((one) => 'error' in one);
  const error = failed?.error ?? unreadError(unread) ?? untoldOf(alarms, due);
  const isPartial =
    copies.some(isLacking) || done.some((one) => 'outcome' in one && one.outcome.state === 'taken' && isWanting(one.outcome.snapshot));
  return {
    data: {
      jobs: done.map((one) =>
        'outcome' in one
          ? { job: one.job, ...one.outcome }
          : { job: one.job, state: 'failed', error: { code: one.error.code, message: one.error.message } },
      ),
      ...(copies.length === 0 ? {} : { copies }),
      alarms: alarms.map(({ view, alarm }) => ({ job: view.job, ...alarm })),
    },
    text: (style) =>
      done.length === 0
        ? 'runback.yml has no backup job.'
        : [
            ...done.map((one) => ('outcome' in one ? jobOutcomeText(one.job, one.outcome, style) : jobFailedText(one.job, one.error, style))),
            ...copies.flatMap((copy) => copyLines(copy, style)),
            ...alarmLines(alarms, style),
          ].join('\n'),
    ...(error === undefined ? {} : { error }),
    ...(isPartial ? { exit: EXIT.partial } : {}),
  };
}

/** It does not hold everything, or what it holds is far from usual. */
const isWanting = ({ gaps, suspect }: SnapshotSummary): boolean => gaps.length > 0 || suspect !== undefined;

type Done = { readonly job: string } & ({ readonly outcome: JobOutcome } | { readonly error: RunbackError });

/** One job that fails holds up no other; what stops all of them is thrown. */
async function runOne(context: CommandContext, session: Session, job: JobConfig, due: boolean): Promise<Done> {
  try {
    return { job: job.name, outcome: await runBackupJob(context, session, job, due) };
  } catch (error) {
    if (!isRunbackError(error) || error.code === 'locked' || context.interrupts.signal.aborted) throw error;
    return { job: job.name, error };
  }
}

/** A person who ran a job sees what came of it; a timer has to be told by the exit status. */
const untoldOf = (alarms: readonly StandingAlarm[], due: boolean): RunbackError | undefined => (due ? untold(alarms) : undefined);
