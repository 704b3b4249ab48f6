import { EXIT, RunbackError } from '../../../lib/index.js';
import { offersOfTest } from '../../flows/checks/offers.js';
import { runTest } from '../../flows/checks/run-test.js';
import { findTest, testsFolder } from '../../flows/checks/tests.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { offerText } from '../../views/checks/offers.js';
import { checkText } from '../../views/checks/test.js';

/** `runback test run` */
export const runVerb: CommandSpec = {
  verb: 'run',
  summary: 'Create, change or submit, and look what arrives: all of it, once, right and in time',
  details:
    'Only intakes and platforms that are no production are written to. What is about to be created is written down first: `runback test cleanup` takes it away again, also after a crash. Ends with status 2 where something is not as the test wants it.',
  args: [{ name: 'test', description: 'id of a test, or its beginning' }],
  examples: ['runback test run webinar-load'],
  run,
};

async function run(context: CommandContext): Promise<Outcome> {
  const { testFiles } = await import('../../../checks/index.js');
  const session = await context.session();
  const test = await findTest(await testFiles(testsFolder(session)), context.input.required('test'));
  if (test.kind === 'canary')
    throw new RunbackError('usage', `${test.id} is a canary, which monitors run`, {
      state: 'Nothing was written.',
      next: `runback monitor canary run ${test.id}`,
    });
  const result = await runTest(test, context, session);
  const offers = await offersOfTest(session, result);
  return {
    data: { ...result, next: offers },
    text: (style) => [checkText(result, style), offerText(offers, style)].filter((part) => part !== '').join('\n\n'),
    ...(result.passed ? {} : { exit: EXIT.differences }),
  };
}
