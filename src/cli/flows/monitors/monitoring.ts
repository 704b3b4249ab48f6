import { type Monitoring, type Reach, type TickDeps } from '../../../monitors/index.js';
import type { Watching } from '../../../workspace/index.js';
import { type IncidentSession } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { CommandContext } from '../../shell/command.js';
import { driftedOf } from '../mappings/accepted.js';
import { departuresOf } from './departures.js';
import { readSilences } from './silences.js';
import { runTrial } from './trial.js';

/** The monitors of a workspace, ready to tick. `current`: the incidents of now. Close it. */
export async function openMonitoring(
  context: CommandContext,
  session: Session,
  watching: Watching,
  current: () => Pick<IncidentSession, 'incidents' | 'escalation'>,
): Promise<Monitoring> {
  const { Monitoring: Opened } = await import('../../../monitors/index.js');
  const { platforms, syncs } = session.workspace.config;
  const departures = departuresOf(session.clock);
  const deps: TickDeps = {
    reach: reachOf(context, session),
    watching,
    budgets: Object.fromEntries(
      Object.values(platforms).flatMap(({ name, limits }) =>
        limits.monitor_calls_per_day === undefined ? [] : [[name, limits.monitor_calls_per_day]],
      ),
    ),
    get telling() {
      const { incidents, escalation } = current();
      return { incidents, by: session.by, severities: escalation === undefined ? undefined : Object.keys(escalation.severities), syncs };
    },
    silences: async () => await readSilences(session.store),
    departures: async () => await departures(current().incidents),
  };
  return new Opened(deps);
}

function reachOf(context: CommandContext, session: Session): Reach {
  const { store, clock } = session;
  return {
    store,
    clock,
    call: context.call,
    openPlatform: async (name, call) => await session.openPlatform(name, call),
    lastRun: async (sync, call) => await (await session.syncs()).lastRun(sync, call),
    paused: async () => {
      const { open } = await (await session.syncs()).survey();
      return new Set(open.flatMap(({ entries }) => entries.flatMap(({ sync, state }) => (state === 'paused' || state === 'pausing' ? [sync] : []))));
    },
    mappingDrift: async (mapping) => await driftWords(context, session, mapping),
    trial: async (test, call) => await runTrial(context, session, test, call),
  };
}

/** What changed of a mapping that is more than a note. Throws where it cannot be told. */
async function driftWords(context: CommandContext, session: Session, id: string): Promise<string | undefined> {
  const { RunbackError } = await import('../../../lib/index.js');
  const { mappingFiles } = await import('../../../mappings/index.js');
  const { mappingsFolder } = await import('../mappings/mapping-files.js');
  const file = (await mappingFiles(mappingsFolder(session))).find((one) => (one.mapping?.id ?? one.id) === id);
  if (file?.mapping === undefined) throw file?.error ?? new RunbackError('not-found', `There is no mapping ${id}`, {});
  const [drifted] = await driftedOf(context, session, [file.mapping]);
  if (drifted?.state === 'compared') {
    const worse = drifted.changes.filter(({ severity }) => severity !== 'note');
    return worse.length === 0
      ? undefined
      : `${String(worse.length)} ${worse.length === 1 ? 'change' : 'changes'} of its fields: runback mapping drift ${id}`;
  }
  throw new RunbackError(
    'not-found',
    drifted?.state === 'unreadable'
      ? `${drifted.side} of mapping ${id} cannot be read: ${drifted.why}`
      : `Mapping ${id} was never accepted: runback mapping accept ${id}`,
    {},
  );
}
