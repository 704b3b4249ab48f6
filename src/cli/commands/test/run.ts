import type { CheckResult, LoadTest, runTouchpoints, TouchpointTest } from '../../../checks/index.js';
import { EXIT, RunbackError } from '../../../lib/index.js';
import type { PlatformConfig } from '../../../workspace/index.js';
import { findTest, identityOf, mappingOf, openForTest, testsFolder } from '../../flows/checks/tests.js';
import type { Session } from '../../session/session.js';
import type { CommandSpec, Outcome, CommandContext } from '../../shell/command.js';
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
  const result = test.kind === 'load' ? await loaded(test, context, session) : await stepped(test, context, session);
  return { data: result, text: (style) => checkText(result, style), ...(result.passed ? {} : { exit: EXIT.differences }) };
}

async function loaded(test: LoadTest, context: CommandContext, session: Session): Promise<CheckResult> {
  const { refuseProduction, runLoad } = await import('../../../checks/index.js');
  const { secret, workspace } = session;
  const accountOf = async ({ name }: PlatformConfig): Promise<string> => (await identityOf(session, name, context.call)).account;
  return await runLoad(test, {
    ...depsOf(context, session),
    secret,
    guardIntake: async (request) => await refuseProduction(request, workspace.config, { secret, accountOf }),
  });
}

async function stepped(test: TouchpointTest, context: CommandContext, session: Session): Promise<CheckResult> {
  const { runTouchpoints } = await import('../../../checks/index.js');
  return await runTouchpoints(test, { ...depsOf(context, session), mapping: await mappingOf(session, test) });
}

/** What every kind of test works with. */
function depsOf({ clock, call, live, event }: CommandContext, session: Session): Omit<Parameters<typeof runTouchpoints>[1], 'mapping'> {
  const { store, by } = session;
  return {
    store,
    clock,
    by,
    call,
    openPlatform: async (name) => await openForTest(session, name, call),
    tell: (what) => {
      live.start(what);
      event({ type: 'progress', what });
    },
  };
}
