import type {
  CheckResult,
  IntegrationTest,
  JourneyTest,
  LoadTest,
  ParallelTest,
  runTouchpoints,
  TouchpointTest,
  TriggerTest,
} from '../../../checks/index.js';
import { EXIT } from '../../../lib/index.js';
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
  const result = await ran(test, context, session);
  return { data: result, text: (style) => checkText(result, style), ...(result.passed ? {} : { exit: EXIT.differences }) };
}

async function ran(test: IntegrationTest, context: CommandContext, session: Session): Promise<CheckResult> {
  switch (test.kind) {
    case 'load':
      return await loaded(test, context, session);
    case 'steps':
      return await stepped(test, context, session);
    case 'persona':
      return await travelled(test, context, session);
    case 'parallel':
      return await raced(test, context, session);
    case 'trigger':
      return await triggered(test, context, session);
  }
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

async function travelled(test: JourneyTest, context: CommandContext, session: Session): Promise<CheckResult> {
  const { runJourney } = await import('../../../checks/index.js');
  const mappingNamed = async (mapping: string): ReturnType<typeof mappingOf> => await mappingOf(session, { document: { mapping }, file: test.file });
  return await runJourney(test, { ...depsOf(context, session), mappingOf: mappingNamed });
}

async function raced(test: ParallelTest, context: CommandContext, session: Session): Promise<CheckResult> {
  const { runParallel } = await import('../../../checks/index.js');
  return await runParallel(test, { ...depsOf(context, session), mapping: await mappingOf(session, test) });
}

async function triggered(test: TriggerTest, context: CommandContext, session: Session): Promise<CheckResult> {
  const { runTrigger } = await import('../../../checks/index.js');
  const { mapping: id } = test.document;
  const mapping = id === undefined ? undefined : await mappingOf(session, { document: { mapping: id }, file: test.file });
  return await runTrigger(test, { ...depsOf(context, session), ...(mapping && { mapping }) });
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
