import {
  type CopyView,
  type JobAlarm,
  type JobProblem,
  jobViews,
  type JobView,
  raiseJobAlarm,
  type UnreadJob,
  type Waiting,
} from '../../../backups/index.js';
import { isRunbackError, RunbackError } from '../../../lib/index.js';
import type { JobConfig } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { openOnce } from './backup-incidents.js';
import { copyNames } from './copies.js';

/** An alarm that stands, and the job it is about. */
export interface StandingAlarm {
  readonly view: JobView;
  readonly alarm: JobAlarm;
}

/**
 * Tells of jobs that fail, or miss their target: by one incident each, for as long as it lasts, where escalation.yml
 * says who is to be told. Gives the alarms that stand; one without an incident was told to nobody. Jobs of which
 * something cannot be read hold up no other.
 */
export async function raiseJobAlarms(
  context: CommandContext,
  session: Session,
  jobs: readonly JobConfig[],
): Promise<{ readonly standing: readonly StandingAlarm[]; readonly unread: readonly UnreadJob[] }> {
  const { store, clock, by } = session;
  const standing: StandingAlarm[] = [];
  const {
    views,
    unread: unseen,
    trouble,
  } = await jobViews(jobs, {
    store,
    clock,
    catalog: await session.catalog(),
    copies: copyNames(session),
  });
  const unread = [...unseen, ...(trouble === undefined ? [] : views.map(({ job }) => ({ job, error: trouble })))];
  for (const view of views)
    try {
      const alarm = await raiseJobAlarm({ store, clock, by }, view, async (problem) => await tell(context, view, problem));
      if (alarm !== undefined) standing.push({ view, alarm });
    } catch (error) {
      if (!isRunbackError(error) || context.interrupts.signal.aborted) throw error;
      unread.push({ job: view.job, error });
    }
  return { standing, unread };
}

/** The error for jobs of which something cannot be read; undefined where there are none. */
export function unreadError(unread: readonly UnreadJob[]): RunbackError | undefined {
  const [first] = unread;
  if (first === undefined) return undefined;
  return new RunbackError(
    'backup-failing',
    `Nobody can tell how ${unread.map(({ job }) => job).join(', ')} ${unread.length === 1 ? 'stands' : 'stand'}`,
    {
      why: unread.map(({ error }) => `${error.message}.`).join(' '),
      state: 'The other backup jobs are not affected.',
      next: first.error.next ?? 'runback backup jobs',
      data: { jobs: unread.map(({ job }) => job) },
      cause: first.error,
    },
  );
}

async function tell(context: CommandContext, view: JobView, problem: JobProblem): Promise<string | undefined> {
  return await openOnce(context, {
    title: problem === 'suspect' ? `Backup job ${view.job}: the data itself may be damaged` : `Backup job ${view.job} needs attention`,
    platforms: view.platforms,
    impact:
      problem === 'suspect'
        ? 'What the last snapshot shows is far from usual: something may have damaged the data on the platform.'
        : 'A rollback would put back older data than it should, or not everything.',
    summary: alarmWords(view, problem),
  });
}

/** What is wrong with a job, in a sentence or two. */
export function alarmWords({ job, target, newest, last, waits, suspect, copies }: JobView, problem: JobProblem): string {
  const newestWords = newest === undefined ? 'There is none.' : `The newest one is ${newest.snapshot}, from ${newest.startedAt}.`;
  const waiting = waits === undefined ? '' : ` It waits ${waitWords(waits)}.`;
  switch (problem) {
    case 'late':
      return `The job ${job} has no complete snapshot younger than ${target ?? ''}. ${newestWords}${waiting}`;
    case 'failed':
      return last?.error === undefined
        ? `The last run of the job ${job} was interrupted.`
        : `The last run of the job ${job} failed: ${last.error.message}.`;
    case 'base':
      return `An earlier snapshot of the job ${job} is damaged: ${last?.base?.message ?? ''}. The snapshot ${last?.snapshot ?? ''} holds everything; older ones may not. See what is damaged: runback snapshot verify ${last?.base?.snapshot ?? ''}`;
    case 'suspect':
      return `The snapshot ${last?.snapshot ?? ''} of the job ${job} is suspect: ${(suspect ?? []).join('. ')}. The last good one: ${newest?.snapshot ?? 'none'}. If it is right: runback snapshot accept ${last?.snapshot ?? ''} --reason TEXT`;
    case 'waits':
      return `The job ${job} takes no snapshot since ${waits?.since ?? ''}: it waits ${waits === undefined ? '' : waitWords(waits)}. Run it anyway: runback backup run ${job}`;
    case 'gaps':
      return `The last snapshot of the job ${job} does not hold everything: runback snapshot show ${last?.snapshot ?? ''}`;
    case 'copy':
      return copies
        .filter(({ late }) => late)
        .map((copy) => lateCopyWords(job, target, copy))
        .join(' ');
    default:
      return problem satisfies never;
  }
}

function lateCopyWords(job: string, target: string | undefined, { copy, newest, failing }: CopyView): string {
  const there = newest === undefined ? 'There is none.' : `The newest one there is ${newest.snapshot}, from ${newest.startedAt}.`;
  const why = failing === undefined ? '' : ` Copying fails since ${failing.since}: ${failing.message}.`;
  const lacks =
    target === undefined
      ? `The copy ${copy} gets no snapshots of the job ${job}.`
      : `The copy ${copy} has no complete snapshot of the job ${job} younger than ${target}.`;
  return `${lacks} ${there}${why} Copy now: runback backup copy ${copy}`;
}

/** What a job that is due waits for, in words that follow "waits". */
export function waitWords(waits: Waiting): string {
  if ('incident' in waits) return `until ${waits.incident} is closed`;
  if ('window' in waits)
    return `until its window opens${waits.window.opens === undefined ? ', which it does not within a week' : `, at ${waits.window.opens}`}`;
  const { platform, limit, used, needs, until } = waits.quota;
  const own = needs === undefined ? '' : ` It takes about ${needs}.`;
  return `until ${until}, since half of the requests of the day are for others: ${platform} has used ${used} of ${limit}.${own}`;
}

/** The error for alarms that were told to nobody; undefined where there are none. */
export function untold(alarms: readonly StandingAlarm[]): RunbackError | undefined {
  const [first, ...others] = alarms.filter(({ alarm }) => alarm.incident === undefined);
  if (first === undefined) return undefined;
  return new RunbackError(
    'backup-failing',
    `The backup job ${first.view.job} needs attention${others.length === 0 ? '' : `, and ${others.length} more`}`,
    {
      why: [first, ...others].map(({ view, alarm }) => alarmWords(view, alarm.problem)).join(' '),
      state: 'No one was told: this workspace has no escalation.yml.',
      next: 'runback backup jobs',
      data: { jobs: [first, ...others].map(({ view }) => view.job) },
    },
  );
}
