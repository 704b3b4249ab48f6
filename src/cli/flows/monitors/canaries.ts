import type { CanaryTest, TestFile } from '../../../checks/index.js';
import { type CallOptions, didYouMean, RunbackError } from '../../../lib/index.js';
import type { Canary, CanaryDeps } from '../../../monitors/index.js';
import type { Session } from '../../session/session.js';
import { findTest, mappingOf, testsFolder } from '../checks/tests.js';

/** The canaries of a workspace, by name of their files; what of the folder is none, or cannot be read, is left out. */
export async function canaryTests(session: Session): Promise<readonly CanaryTest[]> {
  const { testFiles } = await import('../../../checks/index.js');
  return (await testFiles(testsFolder(session))).flatMap(({ test }) => (test?.kind === 'canary' ? [test] : []));
}

/** The canary that an id, or the beginning of one, means. Throws `not-found`, `ambiguous`, `usage` where it is another test. */
export async function findCanary(session: Session, files: readonly TestFile[], wanted: string | undefined): Promise<CanaryTest> {
  const ids = files.flatMap(({ id, test }) => (test?.kind === 'canary' ? [id] : []));
  const why = ids.length === 0 ? 'There is none here yet.' : `There are: ${ids.join(', ')}.`;
  const next = ids.length === 0 ? 'runback monitor canary set-up NAME' : 'runback monitor canary list';
  const more = { why, state: 'Nothing was written.', next };
  if (wanted === undefined) throw new RunbackError('usage', 'The name of the canary is missing', more);
  if (!files.some(({ id }) => id.startsWith(wanted)))
    throw new RunbackError('not-found', `There is no canary "${wanted}"${didYouMean(wanted, ids)}`, more);
  const test = await findTest(files, wanted);
  if (test.kind === 'canary') return test;
  throw new RunbackError('usage', `${test.id} is a test, and no canary`, { state: 'Nothing was written.', next: `runback test run ${test.id}` });
}

/** A canary with what runs it: the other canaries of the workspace are looked at too. */
export async function canaryWith(
  session: Session,
  test: CanaryTest,
  call: CallOptions,
): Promise<{ readonly canary: Canary; readonly deps: CanaryDeps }> {
  const { canaryOf, rivalsOf } = await import('../../../monitors/index.js');
  const canary = canaryOf(test, await mappingOf(session, test));
  const others: Canary[] = [];
  for (const one of await canaryTests(session)) if (one.id !== test.id) others.push(canaryOf(one, await mappingOf(session, one)));
  const { store, clock, by } = session;
  const deps = {
    store,
    clock,
    by,
    call,
    rivals: rivalsOf(canary, others),
    openPlatform: async (name: string, options: CallOptions) => await session.openPlatform(name, options),
  };
  return { canary, deps };
}
