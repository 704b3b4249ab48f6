import {
  raiseTestAlarm,
  runTask,
  stateOf,
  type TaskOutcome,
  type TaskResult,
  type TestAlarm,
  type TestedJob,
  type TestedSnapshot,
  type TestProblem,
  testTask,
  type TestView,
} from '../../../backups/index.js';
import { defined, isRunbackError, RunbackError } from '../../../lib/index.js';
import type { Catalog, SnapshotSummary } from '../../../snapshots/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { failureWords } from '../../views/restore-test.js';
import { noteOn, openOnce } from './backup-incidents.js';
import { incidentOn } from './backup-jobs.js';
import { newestOf, type PlatformTest, runRestoreTests, withinOf } from './restore-test.js';

/** Runs the restore test of a job where its schedule says so: see {@link runTask}. */
export async function runScheduledTest(context: CommandContext, session: Session, job: TestedJob): Promise<TaskOutcome<TestedSnapshot>> {
  const { store, clock, by } = session;
  return await runTask<TestedSnapshot>(
    testTask(job),
    { store, clock, by, signal: context.interrupts.signal },
    {
      incidentOn: async (platforms) => await incidentOn(session, platforms),
      work: async () => await testNewest(context, session, job),
    },
  );
}

async function testNewest(context: CommandContext, session: Session, job: TestedJob): Promise<TaskResult<TestedSnapshot>> {
  const catalog = await session.catalog();
  const snapshot = await newestWhole(catalog, session, job);
  const platforms = snapshot.platforms.map(({ name }) => name);
  try {
    const tests = await runRestoreTests(context, session, {
      snapshot,
      platforms,
      ...defined({ into: job.test_restore.into, withinMs: withinOf(job) }),
    });
    return resultOf(snapshot.id, tests);
  } catch (error) {
    if (!isRunbackError(error) || context.interrupts.signal.aborted) throw error;
    // Another test works in that database.
    if (isRunbackError(error, 'locked', 'fenced')) return { later: error.message };
    if (await isGone(catalog, snapshot.id)) return { later: `${snapshot.id} was deleted while its restore was tested` };
    throw error;
  }
}

/** The newest snapshot of a job. The last whole one that it took may be in no list, since it cannot be opened: then that is thrown. */
async function newestWhole(catalog: Catalog, { store }: Session, job: TestedJob): Promise<SnapshotSummary> {
  const known = (await stateOf(store, job.name).read())?.whole?.snapshot;
  if (known !== undefined && !(await isGone(catalog, known))) await catalog.resolve(known);
  return await newestOf(catalog, job.name);
}

const isGone = async (catalog: Catalog, id: string): Promise<boolean> =>
  await catalog.resolve(id).then(
    () => false,
    (error: unknown) => isRunbackError(error, 'not-found'),
  );

function resultOf(snapshot: string, tests: readonly PlatformTest[]): TaskResult<TestedSnapshot> {
  const result = {
    snapshot,
    restoreMs: tests.reduce((sum, { test }) => sum + test.restoreMs, 0),
    platforms: Object.fromEntries(tests.map(({ platform, test }) => [platform, test.passed])),
  };
  const failed = tests.filter(({ test }) => !test.passed);
  if (failed.length === 0) return { result };
  const message = `The restore of ${failed.map(({ platform }) => platform).join(' and ')} from ${snapshot} is not proven`;
  const why = failed.map(({ platform, test }) => `${platform}: ${failureWords(test)}`).join('. ');
  return { result, error: { code: 'restore-not-proven', message, why } };
}

/** An alarm about restore tests that stands, and how those stand. */
export interface StandingTestAlarm {
  readonly job: string;
  readonly view: TestView;
  readonly alarm: TestAlarm;
}

/**
 * Tells of restores that are not proven: by one incident for each job, for as long as it lasts, where escalation.yml says
 * who is to be told. A later test that passes is noted on that incident. Gives the alarms that stand; one without an
 * incident was told to nobody.
 */
export async function raiseTestAlarms(
  context: CommandContext,
  session: Session,
  jobs: readonly TestedJob[],
): Promise<{ readonly standing: readonly StandingTestAlarm[]; readonly unread: readonly { readonly job: string; readonly error: RunbackError }[] }> {
  const { store, clock, by } = session;
  const standing: StandingTestAlarm[] = [];
  const unread: { readonly job: string; readonly error: RunbackError }[] = [];
  for (const job of jobs)
    try {
      const { view, alarm } = await raiseTestAlarm(
        { store, clock, by },
        job,
        async (seen, problem) => await tell(context, job, seen, problem),
        async ({ last }, incident) => {
          if (last?.end === 'done') await noteOn(context, incident, passedWords(job.name, last.result), `restore-test ${last.run}`);
        },
      );
      if (alarm !== undefined) standing.push({ job: job.name, view, alarm });
    } catch (error) {
      if (!isRunbackError(error) || context.interrupts.signal.aborted) throw error;
      unread.push({ job: job.name, error });
    }
  return { standing, unread };
}

async function tell(context: CommandContext, { name, platforms }: TestedJob, view: TestView, problem: TestProblem): Promise<string | undefined> {
  const summary = testAlarmWords(name, view, problem);
  return await openOnce(context, {
    title: `Restores of backup job ${name} are not proven`,
    platforms,
    impact: 'When its snapshots are needed, a rollback may not put back everything, or not in time.',
    summary,
    ...defined({ again: view.last && { text: summary, key: `restore-test ${view.last.run}` } }),
  });
}

const passedWords = (job: string, result: TestedSnapshot | undefined): string =>
  `A later restore test of the backup job ${job} passed${result === undefined ? '' : `: everything in ${result.snapshot} came back`}.`;

/** What is wrong with the restores of a job, in a sentence or two. */
export function testAlarmWords(job: string, { last, good, prove_within }: TestView, problem: TestProblem): string {
  const proven =
    good?.result === undefined ? 'None has passed yet.' : `The last one that passed: ${good.endedAt.slice(0, 10)}, of ${good.result.snapshot}.`;
  if (problem === 'late') return `No restore test of the backup job ${job} has passed within ${prove_within ?? ''}. ${proven}`;
  const { message = 'it did not come to its end', why } = last?.error ?? {};
  return `The last restore test of the backup job ${job} failed: ${message}${why === undefined ? '' : `: ${why}`}. ${proven} See it again: runback backup test-restore ${job}`;
}

/** The error for alarms that were told to nobody; undefined where there are none. */
export function untoldTests(alarms: readonly StandingTestAlarm[]): RunbackError | undefined {
  const [first, ...others] = alarms.filter(({ alarm }) => alarm.incident === undefined);
  if (first === undefined) return undefined;
  return new RunbackError(
    'backup-failing',
    `Restores of the backup job ${first.job} are not proven${others.length === 0 ? '' : `, nor those of ${others.length} more`}`,
    {
      why: [first, ...others].map(({ job, view, alarm }) => testAlarmWords(job, view, alarm.problem)).join(' '),
      state: 'No one was told: this workspace has no escalation.yml.',
      next: 'runback backup jobs',
      data: { jobs: [first, ...others].map(({ job }) => job) },
    },
  );
}
