import { defined, parseDuration } from '../../lib/index.js';
import type { SnapshotSummary } from '../../snapshots/index.js';
import { CLOCK_TOLERANCE_MS, type Document, type Store } from '../../store/index.js';
import type { JobConfig, TestRestoreConfig } from '../../workspace/index.js';
import { type Alarm, type AlarmDeps, isRecent, keepAlarm } from '../alarm.js';
import { noteDone, type Task, type TaskState, taskStateOf, type TaskView, taskView } from '../schedule/task.js';

/** A job whose restore is tested by schedule. */
export type TestedJob = JobConfig & { readonly test_restore: TestRestoreConfig };

/** What a restore test of a job was about. */
export interface TestedSnapshot {
  readonly snapshot: string;
  /** All platforms together, milliseconds. */
  readonly restoreMs: number;
  /** Whether the test of each platform passed, by name. */
  readonly platforms: Readonly<Record<string, boolean>>;
}

/** What is wrong with the restores of a job. `failed`: its last test did. `late`: none has passed for as long as it says. */
export type TestProblem = 'failed' | 'late';

/** That people were told. */
export type TestAlarm = Alarm<TestProblem>;

/** How the restore tests of a job stand, for people and programs. */
export interface TestView extends TaskView<TestedSnapshot> {
  /** How old the last test that passed may get. */
  readonly prove_within?: string;
  /** It is older, or none has passed for so long. */
  readonly late: boolean;
  /** The incident that was opened because of it, as long as what it is about lasts. */
  readonly incident?: string;
}

/** Those of these jobs whose restore is tested by schedule. */
export function testedJobs(jobs: readonly JobConfig[]): readonly TestedJob[] {
  return jobs.filter((job): job is TestedJob => job.test_restore !== undefined);
}

/** The restore tests of a job as a task: one of all jobs is at work at a time. */
export function testTask({ name, timezone, platforms, test_restore }: TestedJob): Task {
  const purpose = `the restore test of the backup job ${name}`;
  return { kind: 'backup-restore-tests', name, lock: 'backup-restore-tests', purpose, platforms, timezone, schedule: test_restore.schedule };
}

/** What is known of the restore tests of a job. */
export function testStateOf(store: Store, job: TestedJob): Document<TaskState<TestedSnapshot>> {
  return taskStateOf<TestedSnapshot>(store, testTask(job));
}

/** The alarm about the restore tests of a job. */
export function testAlarmOf(store: Store, job: string): Document<TestAlarm> {
  return store.document<TestAlarm>('backup-restore-test-alarms', job);
}

/** How the restore tests of a job stand now. */
export async function testView(job: TestedJob, store: Store, now: Date): Promise<TestView> {
  const { standing, ...view } = await taskView<TestedSnapshot>(testTask(job), store, now);
  const alarm = await testAlarmOf(store, job.name).read();
  const { prove_within } = job.test_restore;
  return { ...view, ...defined({ prove_within, incident: alarm?.incident }), late: isUnproven(job, view.good?.endedAt, standing.firstSeen, now) };
}

/** What is wrong with the restores of a job; undefined where nothing is. Pure. */
export function testProblemOf({ last, late }: Pick<TestView, 'last' | 'late'>): TestProblem | undefined {
  if (last?.end === 'failed') return 'failed';
  return late ? 'late' : undefined;
}

/** Whether the last test that passed is too old. One that lies ahead of the clock, which was put back since, does not count. */
function isUnproven({ test_restore: { prove_within } }: TestedJob, provenAt: string | undefined, firstSeen: string, now: Date): boolean {
  if (prove_within === undefined) return false;
  const isAhead = provenAt !== undefined && Date.parse(provenAt) - now.getTime() > CLOCK_TOLERANCE_MS;
  const since = provenAt === undefined || isAhead ? firstSeen : provenAt;
  return now.getTime() - Date.parse(since) > parseDuration(prove_within);
}

/**
 * Keeps the alarm about the restore tests of a job in step with them: see {@link keepAlarm}. `over` is told which run
 * passed.
 */
export async function raiseTestAlarm(
  deps: AlarmDeps,
  job: TestedJob,
  tell: (view: TestView, problem: TestProblem) => Promise<string | undefined>,
  over: (view: TestView, incident: string) => Promise<void>,
): Promise<{ readonly view: TestView; readonly alarm: TestAlarm | undefined }> {
  const { store, clock } = deps;
  const view = await testView(job, store, clock.now());
  const problem = testProblemOf(view);
  const alarm = await keepAlarm(deps, {
    document: testAlarmOf(store, job.name),
    lock: `backup-restore-test-alarm-${job.name}`,
    purpose: `telling of the restore tests of the backup job ${job.name}`,
    problem,
    isEarly: problem === 'late' && isRecent(view.running, clock.now()),
    tell: async (what) => await tell(view, what),
    over: async (incident) => await over(view, incident),
  });
  return { view, alarm };
}

/** A person has tested the newest snapshot of a job, and it passed whole: that counts as a test by schedule. */
export async function noteProvenByHand(
  store: Store,
  job: TestedJob,
  snapshot: SnapshotSummary,
  { run, by, startedAt, endedAt }: { readonly run: string; readonly by: string; readonly startedAt: string; readonly endedAt: string },
): Promise<void> {
  const { proof } = snapshot;
  if (proof?.state !== 'proven') return;
  const platforms = Object.fromEntries(snapshot.platforms.map(({ name }) => [name, true]));
  const result: TestedSnapshot = { snapshot: snapshot.id, restoreMs: proof.restoreMs, platforms };
  await noteDone(store, testTask(job), { run, startedAt, endedAt, by, end: 'done', result });
}
