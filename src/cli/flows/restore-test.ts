import { rm } from 'node:fs/promises';

import { defined, didYouMean, parseDuration, RunbackError } from '../../lib/index.js';
import { byAge, type RestoreTest, type SnapshotSummary } from '../../snapshots/index.js';
import type { SecretRef } from '../../workspace/index.js';
import type { Session } from '../session/session.js';
import { temporaryFolder } from '../session/temporary.js';
import type { CommandContext } from '../shell/command.js';
import { jobsOf } from './backup-jobs.js';

/** The restore test of one platform of a snapshot. */
export interface PlatformTest {
  readonly platform: string;
  readonly test: RestoreTest;
}

/**
 * The snapshot that a word means: the newest one of the job of that name, else what it names as a snapshot; without a
 * word the newest. `withinMs`: as given, else what its job says. Throws `not-found`, `ambiguous`.
 */
export async function snapshotToTest(
  session: Session,
  word: string | undefined,
  givenMs: number | undefined,
): Promise<{ readonly snapshot: SnapshotSummary; readonly withinMs: number | undefined }> {
  const catalog = await session.catalog();
  const jobs = jobsOf(session);
  const isJob = jobs.some(({ name }) => name === word);
  const snapshot = isJob
    ? (await catalog.list())
        .filter(({ job }) => job === word)
        .sort(byAge)
        .at(-1)
    : await catalog.resolve(word ?? 'latest');
  if (snapshot === undefined)
    throw new RunbackError('not-found', `The backup job ${word ?? ''} has no snapshot yet`, {
      state: 'Nothing was started.',
      next: `runback backup run ${word ?? ''}`,
    });
  if (snapshot.imported !== undefined)
    throw new RunbackError('usage', `${snapshot.id} cannot be restored into an empty place`, {
      why: `It was imported from ${snapshot.imported.file}, and holds a part of each record only.`,
      state: 'Nothing was started.',
      next: 'Test a snapshot that was taken of the platform: runback snapshot list',
    });
  const within = jobs.find(({ name }) => name === snapshot.job)?.restore_within;
  return { snapshot, withinMs: givenMs ?? (within === undefined ? undefined : parseDuration(within)) };
}

/** Tests the restore of each platform of a snapshot that is asked for, one after the other. */
export async function runRestoreTests(
  context: CommandContext,
  session: Session,
  snapshot: SnapshotSummary,
  withinMs: number | undefined,
): Promise<readonly PlatformTest[]> {
  const { input, live, event } = context;
  const into = input.text('into');
  if (into !== undefined && !/^(env|file|command|keychain):./u.test(into))
    throw new RunbackError('usage', '--into takes where the URL is, not the URL', {
      why: 'The URL of a database holds a password, which a command line shows to others on this machine.',
      state: 'Nothing was started.',
      next: '--into env:RESTORE_TEST_URL',
    });
  const wanted = wantedOf(snapshot, input.someOf('platform'));
  const { hasSandbox } = await import('../../stages/index.js');
  const elsewhere = snapshot.platforms.filter(({ name, connector }) => wanted.includes(name) && !hasSandbox(connector));
  if (into !== undefined && elsewhere.length !== 1)
    throw new RunbackError(
      'usage',
      `--into names one place, and it is for ${elsewhere.map(({ name }) => name).join(', ') || 'no platform of this test'}`,
      {
        why: 'What there is a sandbox of is restored into that, and each other platform needs a place of its own.',
        state: 'Nothing was started.',
        next: elsewhere.length === 0 ? 'Leave out --into.' : 'Test one after the other with --platform.',
      },
    );
  const tests: PlatformTest[] = [];
  for (const platform of wanted) {
    const test = await testOne(context, session, { snapshot, platform, ...defined({ into: into as SecretRef | undefined, withinMs }) });
    event({ type: 'restore-test', platform, passed: test.passed, restore_ms: test.restoreMs });
    tests.push({ platform, test });
  }
  live.stop();
  return tests;
}

function wantedOf({ id, platforms }: SnapshotSummary, asked: readonly string[] | undefined): readonly string[] {
  const names = platforms.map(({ name }) => name);
  const unknown = asked?.find((name) => !names.includes(name));
  if (unknown === undefined) return asked ?? names;
  throw new RunbackError('not-found', `Snapshot ${id} does not hold ${unknown}${didYouMean(unknown, names)}`, {
    why: `It holds ${names.join(', ')}.`,
    state: 'Nothing was started.',
  });
}

async function testOne(
  { call, live, clock, stdio }: CommandContext,
  session: Session,
  what: { readonly snapshot: SnapshotSummary; readonly platform: string; readonly into?: SecretRef; readonly withinMs?: number },
): Promise<RestoreTest> {
  const [{ testRestore }, { ownFolder, STAGE_FOLDER }] = await Promise.all([import('../../backups/index.js'), import('../../stages/index.js')]);
  const { workspace, store, secret, redactor, by } = session;
  const folder = await temporaryFolder(`${STAGE_FOLDER}restore-test-`);
  try {
    await ownFolder(folder);
    const deps = {
      workspace: workspace.config,
      store,
      catalog: await session.catalog(),
      clock,
      secret,
      environment: stdio.env,
      redact: (text: string): string => redactor.text(text),
      doing: (task: string): void => live.start(task),
    };
    return await testRestore({ ...what, by, folder }, deps, call);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
