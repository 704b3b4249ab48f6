import { parseDuration, RunbackError } from '../../../lib/index.js';
import { removeLeftDrills } from '../../flows/drills.js';
import { runRestoreTests, snapshotToTest } from '../../flows/restore-test.js';
import type { CommandContext, CommandSpec, Outcome } from '../../shell/command.js';
import { restoreTestText } from '../../views/restore-test.js';

/** `runback backup test-restore` */
export const testRestoreVerb: CommandSpec = {
  verb: 'test-restore',
  summary: 'Restore a snapshot into an empty place and compare every cell; writes nothing to the platform',
  details:
    'HubSpot is restored into a sandbox on this machine, PostgreSQL into the empty database that --into names. The time it takes is kept with the snapshot as the proven restore time. Exit 2 if something did not come back, cannot be read, or took longer than restore_within of the job.',
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
  ],
  examples: ['runback backup test-restore nightly', 'runback backup test-restore latest-verified --into env:RESTORE_TEST_URL'],
  run: testRestore,
};

async function testRestore(context: CommandContext): Promise<Outcome> {
  const { input } = context;
  const session = await context.session();
  const within = input.text('within');
  const { snapshot, withinMs } = await snapshotToTest(session, input.argument('what'), within === undefined ? undefined : parseDuration(within));
  await removeLeftDrills(context);
  const tests = await runRestoreTests(context, session, snapshot, withinMs);
  const failed = tests.filter(({ test }) => !test.passed).map(({ platform }) => platform);
  const data = {
    snapshot: snapshot.id,
    digest: snapshot.digest,
    passed: failed.length === 0,
    tests: Object.fromEntries(tests.map((one) => [one.platform, one.test])),
  };
  const text: Outcome['text'] = (style) => restoreTestText(snapshot.id, tests, style);
  if (failed.length === 0) return { data, text };
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
