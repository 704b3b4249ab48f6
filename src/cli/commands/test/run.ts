import { EXIT } from '../../../lib/index.js';
import { findTest, identityOf, openForTest, testsFolder } from '../../flows/checks/tests.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
import { checkText } from '../../views/check.js';

/** `runback test run` */
export const runVerb: CommandSpec = {
  verb: 'run',
  summary: 'Submit, and watch what arrives: nothing lost, nothing twice, nothing late',
  details:
    'Only intakes and platforms that are no production are written to. What is about to be created is written down first: `runback test cleanup` takes it away again, also after a crash. Ends with status 2 where something is not as the test wants it.',
  args: [{ name: 'test', description: 'id of a test, or its beginning' }],
  examples: ['runback test run webinar-load'],
  run,
};

async function run(context: CommandContext): Promise<Outcome> {
  const { live, clock, call, input, event } = context;
  const { refuseProduction, runLoad, testFiles } = await import('../../../checks/index.js');
  const session = await context.session();
  const test = await findTest(await testFiles(testsFolder(session)), input.required('test'));
  const { secret, store, by, workspace } = session;
  const result = await runLoad(test, {
    store,
    clock,
    by,
    secret,
    call,
    openPlatform: async (name) => await openForTest(session, name, call),
    guardIntake: async (request) =>
      await refuseProduction(request, workspace.config, { secret, accountOf: async ({ name }) => (await identityOf(session, name, call)).account }),
    tell: (what) => {
      live.start(what);
      event({ type: 'progress', what });
    },
  });
  return { data: result, text: (style) => checkText(result, style), ...(result.passed ? {} : { exit: EXIT.differences }) };
}
