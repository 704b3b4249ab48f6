import { isRunbackError, messageOf } from '../../../lib/index.js';
import type { AlertAction, Monitoring } from '../../../monitors/index.js';
import type { Watching } from '../../../workspace/index.js';
import type { FreshSession } from '../../session/fresh.js';
import { type IncidentSession, openIncidentSession } from '../../session/incidents.js';
import type { Session } from '../../session/session.js';
import type { DaemonRun } from '../../session/wiring.js';
import type { CommandContext } from '../../shell/command.js';
import type { Crew } from '../crew.js';
import { openMonitoring } from './monitoring.js';
import { watchingIn } from './watching.js';

const KIND = 'monitors';
/** Between two looks at what is due: nothing is due more often. */
const AGAIN_MS = 15_000;
/** Where daemons share it, the next round may be another one's: what went wrong here is told for so long. */
const TOLD_MS = 60_000;

/**
 * Measures and tells what is due, by what runback.yml says. A round goes its own way: no page waits for a platform that does not answer. Keeps nothing
 * that matters, and throws on the tick after a round that could not do its work, so that no dead man's ping is sent.
 */
export function monitorTicker(
  fresh: FreshSession,
  context: CommandContext,
  say: (line: string) => void,
  crew: Crew,
): NonNullable<DaemonRun['tickers']>[number] {
  const { clock, input } = context;
  const once = input.flag('once');
  let lookedMs: number | undefined;
  let round: Promise<void> | undefined;
  let failure: unknown;
  let failedMs = 0;
  const watch = new Watch(fresh, context);
  const start = async (): Promise<void> => {
    try {
      for (const action of await watch.round()) say(lineOf(action));
      failure = undefined;
    } catch (error) {
      // Another process measures: it tells, too.
      failure = isRunbackError(error, 'locked', 'fenced') || context.call.signal.aborted ? undefined : error;
      failedMs = clock.monotonicMs();
      if (failure !== undefined) say(`Monitors: ${messageOf(error)}`);
    } finally {
      round = undefined;
    }
  };
  const begin = async (): Promise<void> => await (round ??= start());
  const share = async (): Promise<void> => ((await crew.offer(KIND, 'round')) ? undefined : await begin());
  crew.does(KIND, 1, begin);
  return {
    name: KIND,
    tick: async () => {
      if ((await fresh.now()).workspace.config.watching === undefined) return { due: 0 };
      const isEarly = lookedMs !== undefined && clock.monotonicMs() - lookedMs < AGAIN_MS;
      if (round === undefined && !isEarly) {
        lookedMs = clock.monotonicMs();
        void (crew.isShared && !once ? share() : begin());
      }
      if (once) await round;
      if (crew.isShared && clock.monotonicMs() - failedMs > TOLD_MS) failure = undefined;
      if (failure !== undefined) throw failure;
      return { due: 0 };
    },
  };
}

/** Monitors that stay open from one round to the next: what they know of the past, and the platforms they have opened. */
class Watch {
  /** What it goes by; where runback.yml has changed since, all is opened again. */
  #session: Session | undefined;
  #watching: Watching | undefined;
  #monitoring: Monitoring | undefined;
  #incidents: IncidentSession | undefined;

  constructor(
    private readonly fresh: FreshSession,
    private readonly context: CommandContext,
  ) {}

  async round(): Promise<readonly AlertAction[]> {
    const session = await this.fresh.now();
    if (session !== this.#session) await this.#begin(session);
    this.#watching ??= await watchingIn(session.workspace);
    if (this.#watching === undefined) return [];
    if (this.#monitoring !== undefined && !(await this.#monitoring.isDue(session.clock.now()))) return [];
    const incidents = await openIncidentSession(session, { by: 'daemon' });
    this.#incidents = incidents;
    try {
      this.#monitoring ??= await openMonitoring(this.context, session, this.#watching, () => this.#incidents ?? incidents);
      return (await this.#monitoring.tick()).actions;
    } finally {
      await incidents.close();
    }
  }

  async #begin(session: Session): Promise<void> {
    await this.#monitoring?.close();
    this.#session = session;
    this.#monitoring = undefined;
    this.#watching = undefined;
  }
}

function lineOf({ kind, alert, group }: AlertAction): string {
  const says = alert.findings
    .filter(({ because }) => because === undefined)
    .map((one) => `${one.series.of}: ${one.says}`)
    .join(' ');
  return kind === 'close' ? `${group} is well again.` : says;
}
