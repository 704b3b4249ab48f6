import type {
  CanaryTest,
  CheckResult,
  IntegrationTest,
  JourneyTest,
  LoadTest,
  ParallelTest,
  runLoad,
  runTouchpoints,
  TouchpointTest,
  TriggerTest,
} from '../../../checks/index.js';
import type { PlatformConfig } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { disturbingOf, endLeftDisturbances, identityOf, mappingOf, openForTest } from './tests.js';

/** A test that creates what it needs; a canary has its record. */
type RunnableTest = Exclude<IntegrationTest, CanaryTest>;

/** Runs a test of an integration. Throws `stage-refused` for production, and for what may be production. */
export async function runTest(test: RunnableTest, context: CommandContext, session: Session): Promise<CheckResult> {
  await endLeftDisturbances(context, session);
  switch (test.kind) {
    case 'load':
      return await loaded(test, context, session);
    case 'steps':
      return await stepped(test, context, session);
    case 'trigger':
      return await triggered(test, context, session);
    case 'persona':
      return await travelled(test, context, session);
    case 'parallel':
      return await raced(test, context, session);
  }
}

async function loaded(test: LoadTest, context: CommandContext, session: Session): Promise<CheckResult> {
  const { runLoad } = await import('../../../checks/index.js');
  return await runLoad(test, { ...depsOf(context, session), ...(await submittingOf(context, session)), disturbing: disturbingOf(context, session) });
}

/** What whoever submits to an intake works with. */
async function submittingOf({ call }: CommandContext, session: Session): Promise<Pick<Parameters<typeof runLoad>[1], 'secret' | 'guardIntake'>> {
  const { refuseProduction } = await import('../../../checks/index.js');
  const { secret, workspace } = session;
  const accountOf = async ({ name }: PlatformConfig): Promise<string> => (await identityOf(session, name, call)).account;
  return { secret, guardIntake: async (request) => await refuseProduction(request, workspace.config, { secret, accountOf }) };
}

async function stepped(test: TouchpointTest, context: CommandContext, session: Session): Promise<CheckResult> {
  const { runTouchpoints } = await import('../../../checks/index.js');
  return await runTouchpoints(test, {
    ...depsOf(context, session),
    ...(await submittingOf(context, session)),
    mapping: await mappingOf(session, test),
  });
}

async function triggered(test: TriggerTest, context: CommandContext, session: Session): Promise<CheckResult> {
  const { runTrigger } = await import('../../../checks/index.js');
  const { mapping: id } = test.document;
  const mapping = id === undefined ? undefined : await mappingOf(session, { document: { mapping: id }, file: test.file });
  return await runTrigger(test, { ...depsOf(context, session), ...(mapping && { mapping }) });
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
