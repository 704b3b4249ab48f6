import type { CanaryTest, CheckResult, IntegrationTest, LoadTest, runTouchpoints, TouchpointTest, TriggerTest } from '../../../checks/index.js';
import type { PlatformConfig } from '../../../workspace/index.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { identityOf, mappingOf, openForTest } from './tests.js';

/** Runs a test of an integration. Throws `stage-refused` for production, and for what may be production. */
export async function runTest(test: Exclude<IntegrationTest, CanaryTest>, context: CommandContext, session: Session): Promise<CheckResult> {
  switch (test.kind) {
    case 'load':
      return await loaded(test, context, session);
    case 'steps':
      return await stepped(test, context, session);
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
  const { runTouchpoints: run } = await import('../../../checks/index.js');
  return await run(test, { ...depsOf(context, session), mapping: await mappingOf(session, test) });
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
