import { isRunbackError, messageOf } from '../../../lib/index.js';
import type { AlertAction, Monitoring } from '../../../monitors/index.js';
import type { Watching } from '../../../workspace/index.js';
import { type IncidentSession, openIncidentSession } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { DaemonRun } from '../../session/wiring.js';
import type { CommandContext } from '../../shell/command.js';
import { openMonitoring } from './monitoring.js';
import { watchingIn } from './watching.js';

/** Between two looks at what is due: nothing is due more often. */
const AGAIN_MS = 15_000;

/**
 * Measures and tells what is due. A round goes its own way: no page waits for a platform that does not answer. Keeps nothing
 * that matters, and throws on the tick after a round that could not do its work, so that no dead man's ping is sent.
 */
export function monitorTicker(session: Session, context: CommandContext, say: (line: string) => void): NonNullable<DaemonRun['tickers']>[number] {
  const { clock, input } = context;
  let lookedMs: number | undefined;
  let round: Promise<void> | undefined;
  let failure: unknown;
  const watch = new Watch(session, context);
  const start = async (): Promise<void> => {
    try {
      for (const action of await watch.round()) say(lineOf(action));
      failure = undefined;
    } catch (error) {
      // Another process measures: it tells, too.
      failure = isRunbackError(error, 'locked') || context.call.signal.aborted ? undefined : error;
      if (failure !== undefined) say(`Monitors: ${messageOf(error)}`);
    } finally {
      round = undefined;
    }
  };
  return {
    name: 'monitors',
    tick: async () => {
      if (session.workspace.config.watching === undefined) return { due: 0 };
      const isEarly = lookedMs !== undefined && clock.monotonicMs() - lookedMs < AGAIN_MS;
      if (round === undefined && !isEarly) {
        lookedMs = clock.monotonicMs();
        round = start();
      }
      if (input.flag('once')) await round;
      if (failure !== undefined) throw failure;
      return { due: 0 };
    },
  };
}

/** Monitors that stay open from one round to the next: what they know of the past, and the platforms they have opened. */
class Watch {
  #watching: Watching | undefined;
  #monitoring: Monitoring | undefined;
  #incidents: IncidentSession | undefined;

  constructor(
    private readonly session: Session,
    private readonly context: CommandContext,
  ) {}

  async round(): Promise<readonly AlertAction[]> {
    this.#watching ??= await watchingIn(this.session.workspace);
    if (this.#watching === undefined) return [];
    if (this.#monitoring !== undefined && !(await this.#monitoring.isDue(this.session.clock.now()))) return [];
    const incidents = await openIncidentSession(this.session, { by: 'daemon' });
    this.#incidents = incidents;
    try {
      this.#monitoring ??= await openMonitoring(this.context, this.session, this.#watching, () => this.#incidents ?? incidents);
      return (await this.#monitoring.tick()).actions;
    } finally {
      await incidents.close();
    }
  }
}

function lineOf({ kind, alert, group }: AlertAction): string {
  const says = alert.findings
    .filter(({ because }) => because === undefined)
    .map((one) => `${one.series.of}: ${one.says}`)
    .join(' ');
  return kind === 'close' ? `${group} is well again.` : says;
}
