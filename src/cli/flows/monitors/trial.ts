import type { CanaryTest } from '../../../checks/index.js';
import type { CallOptions } from '../../../lib/index.js';
import type { Canary, Measurement } from '../../../monitors/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { runTest } from '../checks/run-test.js';
import { findTest, mappingOf, testsFolder } from '../checks/tests.js';

/** Runs a test as far as it can be run now: a canary that was written and has not arrived yet is looked at again by the next tick. */
export async function runTrial(context: CommandContext, session: Session, id: string, call: CallOptions): Promise<readonly Measurement[]> {
  const { testFiles } = await import('../../../checks/index.js');
  const files = await testFiles(testsFolder(session));
  const test = await findTest(files, id);
  if (test.kind === 'canary')
    return await canaryTrial(
      session,
      test,
      files.flatMap(({ test: one }) => (one?.kind === 'canary' ? [one] : [])),
      call,
    );
  const { passed } = await runTest(test, context, session);
  const at = session.clock.now().toISOString();
  return [passed ? { kind: 'trial', at, passed } : { kind: 'trial', at, passed, why: `The test ${test.id} did not pass: runback test report.` }];
}

async function canaryTrial(session: Session, test: CanaryTest, all: readonly CanaryTest[], call: CallOptions): Promise<readonly Measurement[]> {
  const { measurementOf, rivalsOf, stepCanary } = await import('../../../monitors/index.js');
  const canary = await canaryIn(session, test);
  const others: Canary[] = [];
  for (const one of all) if (one.id !== test.id) others.push(await canaryIn(session, one));
  const step = await stepCanary(canary, {
    store: session.store,
    clock: session.clock,
    by: session.by,
    openPlatform: async (name, options) => await session.openPlatform(name, options),
    rivals: rivalsOf(canary, others),
    call,
  });
  return step.state === 'waiting' ? [] : [measurementOf(step.result)];
}

async function canaryIn(session: Session, test: CanaryTest): Promise<Canary> {
  const { canaryOf } = await import('../../../monitors/index.js');
  return canaryOf(test, await mappingOf(session, test));
}
