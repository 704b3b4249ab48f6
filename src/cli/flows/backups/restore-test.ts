import { rm } from 'node:fs/promises';

import { defined, didYouMean, parseDuration, RunbackError } from '../../../lib/index.js';
import { byAge, type Catalog, type RestoreTest, type SnapshotSummary } from '../../../snapshots/index.js';
import type { JobConfig, SecretRef } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import { temporaryFolder } from '../../session/temporary.js';
import type { CommandContext } from '../../shell/command.js';
import { jobsOf } from './backup-jobs.js';

/** The restore test of one platform of a snapshot. */
export interface PlatformTest {
  readonly platform: string;
  readonly test: RestoreTest;
}

/** Which restores are tested, and how. */
export interface RestoreTestPlan {
  readonly snapshot: SnapshotSummary;
  /** Names of platforms in it. */
  readonly platforms: readonly string[];
  /** An empty place for those that there is no sandbox of, one after the other. */
  readonly into?: SecretRef;
  readonly withinMs?: number;
}

/**
 * What a person asked for. The snapshot: the newest one of the job of that name, else what the word names as a snapshot;
 * without a word the newest. What was not given comes from the job. Throws `not-found`, `ambiguous`, `usage`.
 */
export async function askedTests({ input }: CommandContext, session: Session): Promise<RestoreTestPlan> {
  const word = input.argument('what');
  const catalog = await session.catalog();
  const jobs = jobsOf(session);
  const snapshot = jobs.some(({ name }) => name === word) ? await newestOf(catalog, word ?? '') : await catalog.resolve(word ?? 'latest');
  if (snapshot.imported !== undefined)
    throw new RunbackError('usage', `${snapshot.id} cannot be restored into an empty place`, {
      why: `It was imported from ${snapshot.imported.file}, and holds a part of each record only.`,
      state: 'Nothing was started.',
      next: 'Test a snapshot that was taken of the platform: runback snapshot list',
    });
  const within = input.text('within');
  const job = jobs.find(({ name }) => name === snapshot.job);
  const platforms = wantedOf(snapshot, input.someOf('platform'));
  const asked = input.text('into');
  if (asked !== undefined) await requireOnePlace(asked, snapshot, platforms);
  const into = (asked as SecretRef | undefined) ?? job?.test_restore?.into;
  return { snapshot, platforms, ...defined({ into, withinMs: within === undefined ? withinOf(job) : parseDuration(within) }) };
}

/** The newest snapshot of a job. Throws `not-found` where it has none. */
export async function newestOf(catalog: Catalog, job: string): Promise<SnapshotSummary> {
  const own = (await catalog.list()).filter((one) => one.job === job).sort(byAge);
  const newest = own.at(-1);
  if (newest !== undefined) return newest;
  throw new RunbackError('not-found', `The backup job ${job} has no snapshot yet`, {
    state: 'Nothing was started.',
    next: `runback backup run ${job}`,
  });
}

/** How long a restore of a snapshot of a job may take, in milliseconds. */
export function withinOf(job: Pick<JobConfig, 'restore_within'> | undefined): number | undefined {
  return job?.restore_within === undefined ? undefined : parseDuration(job.restore_within);
}

async function requireOnePlace(into: string, snapshot: SnapshotSummary, wanted: readonly string[]): Promise<void> {
  if (!/^(env|file|command|keychain):./u.test(into))
    throw new RunbackError('usage', '--into takes where the URL is, not the URL', {
      why: 'The URL of a database holds a password, which a command line shows to others on this machine.',
      state: 'Nothing was started.',
      next: '--into env:RESTORE_TEST_URL',
    });
  const { hasSandbox } = await import('../../../stages/index.js');
  const elsewhere = snapshot.platforms.filter(({ name, connector }) => wanted.includes(name) && !hasSandbox(connector));
  if (elsewhere.length === 1) return;
  throw new RunbackError(
    'usage',
    `--into names one place, and it is for ${elsewhere.map(({ name }) => name).join(', ') || 'no platform of this test'}`,
    {
      why: 'What there is a sandbox of is restored into that, and each other platform needs a place of its own.',
      state: 'Nothing was started.',
      next: elsewhere.length === 0 ? 'Leave out --into.' : 'Test one after the other with --platform.',
    },
  );
}

/** Tests the restore of each platform of a snapshot that is asked for, one after the other. */
export async function runRestoreTests(context: CommandContext, session: Session, plan: RestoreTestPlan): Promise<readonly PlatformTest[]> {
  const { live, event } = context;
  const { platforms, ...how } = plan;
  const { hasSandbox } = await import('../../../stages/index.js');
  const tests: PlatformTest[] = [];
  for (const platform of platforms) {
    const connector = plan.snapshot.platforms.find(({ name }) => name === platform)?.connector ?? '';
    const { into, ...rest } = how;
    const test = await testOne(context, session, { ...rest, platform, ...(hasSandbox(connector) ? {} : defined({ into })) });
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
  const [{ testRestore }, { ownFolder, STAGE_FOLDER }] = await Promise.all([import('../../../backups/index.js'), import('../../../stages/index.js')]);
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
