import type { CallOptions } from '../../../lib/index.js';
import type { Measurement } from '../../../monitors/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { runTest } from '../checks/run-test.js';
import { findTest, testsFolder } from '../checks/tests.js';
import { canaryWith } from './canaries.js';

/** Runs a test as far as it can be run now: a canary that was written and has not arrived yet is looked at again by the next tick. */
export async function runTrial(context: CommandContext, session: Session, id: string, call: CallOptions): Promise<readonly Measurement[]> {
  const { testFiles } = await import('../../../checks/index.js');
  const test = await findTest(await testFiles(testsFolder(session)), id);
  if (test.kind === 'canary') {
    const { measurementOf, stepCanary } = await import('../../../monitors/index.js');
    const { canary, deps } = await canaryWith(session, test, call);
    const step = await stepCanary(canary, deps);
    return step.state === 'waiting' ? [] : [measurementOf(step.result)];
  }
  const { passed } = await runTest(test, context, session);
  const at = session.clock.now().toISOString();
  return [passed ? { kind: 'trial', at, passed } : { kind: 'trial', at, passed, why: `The test ${test.id} did not pass: runback test report.` }];
}
