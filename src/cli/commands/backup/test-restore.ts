import { noteProvenByHand, type TaskOutcome, testedJobs, type TestedJob, type TestedSnapshot } from '../../../backups/index.js';
import { isRunbackError, newId, RunbackError } from '../../../lib/index.js';
import { unreadError } from '../../flows/backups/backup-alarms.js';
import { jobOf, jobsOf } from '../../flows/backups/backup-jobs.js';
import { askedTests, newestOf, runRestoreTests } from '../../flows/backups/restore-test.js';
import { raiseTestAlarms, runScheduledTest, untoldTests } from '../../flows/backups/scheduled-tests.js';
import { removeLeftDrills } from '../../flows/drills/drills.js';
import type { Session } from '../../session/session.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { jobFailedText } from '../../views/backup.js';
import { restoreTestText } from '../../views/restore-test.js';
import { testAlarmLines, testOutcomeText } from '../../views/scheduled-test.js';

/** `runback backup test-restore` */
export const testRestoreVerb: CommandSpec = {
  verb: 'test-restore',
  summary: 'Restore a snapshot into an empty place and compare every cell; writes nothing to the platform',
  details:
    'HubSpot is restored into a sandbox on this machine, PostgreSQL into the empty database that --into or test_restore of the job names. The time it takes is kept with the snapshot as the proven restore time. Exit 2 if something did not come back, cannot be read, or took longer than restore_within of the job. With --due, only what test_restore of a job says is due, and never while an incident is open on one of its platforms: for cron and timers. One that fails opens one incident where escalation.yml says who is told; otherwise --due ends with 1 as long as it lasts.',
  args: [
    {
      name: 'what',
      description: 'a job of runback.yml (its newest snapshot) or a snapshot; the newest snapshot if none is given',
      kind: 'snapshot',
      optional: true,
    },
  ],
  options: [
    { flags: '--platform <name>', description: 'only this platform of the snapshot', kind: 'platform', repeat: true },
    { flags: '--into <secret>', description: 'where the URL of an empty database is: env:RESTORE_TEST_URL, file:PATH' },
    { flags: '--within <duration>', description: 'how long the restore may take (default: restore_within of the job)' },
    { flags: '--due', description: 'only jobs whose restore test is due, each once, however often it was missed' },
  ],
  examples: [
    'runback backup test-restore nightly',
    'runback backup test-restore latest-verified --into env:RESTORE_TEST_URL',
    'runback backup test-restore --due',
  ],
  run: async (context) => (context.input.flag('due') ? await testDue(context) : await testNow(context)),
};

/** The one that a person asks for. */
async function testNow(context: CommandContext): Promise<Outcome> {
  const session = await context.session();
  const plan = await askedTests(context, session);
  const { snapshot } = plan;
  const startedAt = context.clock.now().toISOString();
  await removeLeftDrills(context);
  const tests = await runRestoreTests(context, session, plan);
  const failed = tests.filter(({ test }) => !test.passed).map(({ platform }) => platform);
  const data = {
    snapshot: snapshot.id,
    digest: snapshot.digest,
    passed: failed.length === 0,
    tests: Object.fromEntries(tests.map((one) => [one.platform, one.test])),
  };
  const text: Outcome['text'] = (style) => restoreTestText(snapshot.id, tests, style);
  if (failed.length === 0) {
    if (tests.length === snapshot.platforms.length) await notePassed(context, session, snapshot.id, startedAt);
    return { data, text };
  }
  return {
    data,
    text,
    error: new RunbackError('restore-not-proven', `The restore of ${failed.join(' and ')} from ${snapshot.id} is not proven`, {
      state: 'The result is kept with the snapshot. Nothing was changed on any platform.',
      next: `Read every byte of it: runback snapshot verify ${snapshot.id}. Take and test a new one: runback snapshot create`,
      data: { failed },
    }),
  };
}

/** A person has proven the newest snapshot of a job whole: that counts for the job, and is noted where people were told that it was not. */
async function notePassed(context: CommandContext, session: Session, id: string, startedAt: string): Promise<void> {
  const catalog = await session.catalog();
  const snapshot = await catalog.resolve(id);
  const job = testedJobs(jobsOf(session)).find(({ name }) => name === snapshot.job);
  if (job === undefined || (await newestOf(catalog, job.name)).id !== id) return;
  const { store, clock, by } = session;
  await noteProvenByHand(store, job, snapshot, { run: newId('task', clock), by, startedAt, endedAt: clock.now().toISOString() });
  await raiseTestAlarms(context, session, [job]);
}

/** What schedules say, for all jobs or one. */
async function testDue(context: CommandContext): Promise<Outcome> {
  const session = await context.session();
  const jobs = dueJobs(context, session);
  if (jobs.length > 0) await removeLeftDrills(context);
  const done: Done[] = [];
  for (const job of jobs) done.push(await runOne(context, session, job));
  context.live.stop();
  const { standing, unread } = await raiseTestAlarms(context, session, jobs);
  const error = done.map(errorOf).find((one) => one !== undefined) ?? unreadError(unread) ?? untoldTests(standing);
  return {
    data: {
      jobs: done.map((one) =>
        'outcome' in one
          ? { job: one.job, ...one.outcome }
          : { job: one.job, state: 'failed', error: { code: one.error.code, message: one.error.message } },
      ),
      alarms: standing.map(({ job, alarm }) => ({ job, ...alarm })),
    },
    text: (style) =>
      done.length === 0
        ? 'No backup job in runback.yml has test_restore.'
        : [
            ...done.map((one) => ('outcome' in one ? testOutcomeText(one.job, one.outcome, style) : jobFailedText(one.job, one.error, style))),
            ...testAlarmLines(standing, style),
          ].join('\n'),
    ...(error === undefined ? {} : { error }),
  };
}

function dueJobs({ input }: CommandContext, session: Session): readonly TestedJob[] {
  const given = ['platform', 'into', 'within'].find((name) => input.someOf(name) !== undefined);
  if (given !== undefined) throw new RunbackError('usage', `--due takes what runback.yml says, and no --${given}`, { state: 'Nothing was started.' });
  const name = input.argument('what');
  if (name === undefined) return testedJobs(jobsOf(session));
  const [job] = testedJobs([jobOf(session, name)]);
  if (job !== undefined) return [job];
  throw new RunbackError('usage', `The backup job ${name} has no test_restore`, {
    state: 'Nothing was started.',
    next: `Test it now: runback backup test-restore ${name}. By schedule: docs/backups.md shows how`,
  });
}

type Done = { readonly job: string } & ({ readonly outcome: TaskOutcome<TestedSnapshot> } | { readonly error: RunbackError });

/** The test of one job that fails holds up no other; what stops all of them is thrown. */
async function runOne(context: CommandContext, session: Session, job: TestedJob): Promise<Done> {
  try {
    return { job: job.name, outcome: await runScheduledTest(context, session, job) };
  } catch (error) {
    if (!isRunbackError(error) || context.interrupts.signal.aborted) throw error;
    return { job: job.name, error };
  }
}

/** The error of a test that failed now. */
function errorOf(done: Done): RunbackError | undefined {
  if ('error' in done) return done.error;
  const failed = done.outcome.state === 'ended' ? done.outcome.end.error : undefined;
  if (failed === undefined) return undefined;
  const { message, why } = failed;
  return new RunbackError('restore-not-proven', message, {
    ...(why === undefined ? {} : { why }),
    state: 'The result is kept with the snapshot. Nothing was changed on any platform.',
    next: `See it again: runback backup test-restore ${done.job}`,
    data: { job: done.job },
  });
}
