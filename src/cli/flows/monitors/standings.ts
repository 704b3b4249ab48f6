import { defined, utcText } from '../../../lib/index.js';
import type { MonitorState, SeriesHistory, Silence, Standing } from '../../../monitors/index.js';
import type { Store } from '../../../store/index.js';
import type { MonitorSettings, Watching, WorkspaceConfig } from '../../../workspace/index.js';
import { readSilences } from './silences.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Hours of the small charts. */
const CHARTED = 24;

/** How one series stands, for people and programs. Times are ISO 8601, UTC. */
export interface FlowView {
  readonly monitor: string;
  readonly kind: MonitorSettings['kind'];
  readonly of: string;
  readonly platforms: readonly string[];
  readonly state: Standing['judgement']['state'] | 'not-measured';
  readonly finding?: string;
  readonly level?: 'page' | 'note';
  readonly says: string;
  readonly since?: string;
  readonly measuredAt?: string;
  /** When it was last seen to be well. */
  readonly goodAt?: string;
  /** Nothing has looked at it for longer than its turns explain: what is said of it may have changed since. */
  readonly stale?: true;
  /** Of counts and ratios the last 24 hours, of what has a moment the last values; null where it is not known. */
  readonly chart: readonly (number | null)[];
  /** What each value of the chart is of: one hour, or one look. */
  readonly charted: 'hours' | 'looks';
  /** The value that fills the chart, where there is one: a limit. */
  readonly full?: number;
}

/** Calls of monitors on a platform on this day, and how many they may make. */
export interface BudgetView {
  readonly platform: string;
  readonly used: number;
  readonly limit: number;
}

/** How all that is watched stands. */
export interface MonitorsView {
  readonly flows: readonly FlowView[];
  readonly budgets: readonly BudgetView[];
  /** Alerts that are open, by group. */
  readonly alerts: MonitorState['alerts']['open'];
  /** By group the incident of its latest alert. */
  readonly incidents: MonitorState['incidents'];
  /** What nobody is told of now, and why. */
  readonly silences: readonly Silence[];
}

/** Reads how everything stands, as the last tick left it: nothing is asked. `charts`: with the last hours. */
export async function monitorsView(
  store: Store,
  watching: Watching,
  config: WorkspaceConfig,
  now: Date,
  { charts = true }: { readonly charts?: boolean } = {},
): Promise<MonitorsView> {
  const { budgetOf, isStale, keyOf, SeriesDays, sourcesOf, spentNow, stateOf } = await import('../../../monitors/index.js');
  const at = now.toISOString();
  const silences = (await readSilences(store)).filter(({ from: begins, until }) => begins <= at && until > at);
  const state = await stateOf(store).read();
  const from = new Date(now.getTime() - DAY_MS).toISOString().slice(0, 10);
  const histories = charts ? await new SeriesDays(store).read(from) : new Map<string, SeriesHistory>();
  const flows = watching.monitors.flatMap((settings) =>
    sourcesOf(settings).map(({ series }): FlowView => {
      const standing = state?.standings[keyOf(series)];
      const measuredAt = standing?.measuredAt;
      const flow = flowOf(settings, series.of, standing, histories.get(keyOf(series)), now);
      return measuredAt !== undefined && isStale(settings, Date.parse(measuredAt), now) ? staleFlow(flow, measuredAt) : flow;
    }),
  );
  const platforms = [
    ...new Set(
      watching.monitors.flatMap((monitor) =>
        monitor.kind === 'volume' || monitor.kind === 'forecast' || monitor.kind === 'schema' ? [monitor.platform] : [],
      ),
    ),
  ];
  return {
    flows,
    budgets: platforms.map((platform) => {
      const spent = spentNow(state?.spent[platform], now);
      return { platform, used: spent.used, limit: budgetOf(config.platforms[platform]?.limits.monitor_calls_per_day, spent) };
    }),
    alerts: state?.alerts.open ?? [],
    incidents: state?.incidents ?? {},
    silences,
  };
}

function flowOf(settings: MonitorSettings, of: string, standing: Standing | undefined, history: SeriesHistory | undefined, now: Date): FlowView {
  const { judgement, measuredAt, goodAt } = standing ?? {};
  const { finding, level, since } = judgement ?? {};
  return {
    monitor: settings.name,
    kind: settings.kind,
    of,
    platforms: settings.platforms,
    state: judgement === undefined || measuredAt === undefined ? 'not-measured' : judgement.state,
    says: measuredAt === undefined ? 'Not measured yet.' : (judgement?.says ?? ''),
    ...defined({ finding, level, since, measuredAt, goodAt, full: fullOf(history) }),
    chart: chartOf(history, now),
    charted: history !== undefined && valuesOf(history).length > 0 ? 'looks' : 'hours',
  };
}

/** What was said of a flow holds for the time of the last look, and not for now. */
const staleFlow = (flow: FlowView, measuredAt: string): FlowView => ({
  ...flow,
  state: 'unmeasured',
  stale: true,
  says: `Nothing has looked at it since ${utcText(measuredAt, 'minute')}. Then: ${flow.says}`,
});

/** Events that have a value. */
const valuesOf = ({ events }: SeriesHistory): SeriesHistory['events'] => events.filter(({ kind }) => kind === 'level' || kind === 'trial');

function fullOf(history: SeriesHistory | undefined): number | undefined {
  const last = history === undefined ? undefined : valuesOf(history).at(-1);
  return last?.kind === 'level' ? last.limit : undefined;
}

/** The last hours of a series, the latest last. */
function chartOf(history: SeriesHistory | undefined, now: Date): readonly (number | null)[] {
  if (history === undefined) return [];
  const end = Math.floor(now.getTime() / HOUR_MS);
  const { hours } = history;
  const events = valuesOf(history);
  if (events.length === 0)
    return hours === undefined ? [] : Array.from({ length: CHARTED }, (_, n) => hours.values[end - CHARTED + n - hours.first] ?? null);
  return events.slice(-CHARTED).map((event) => (event.kind === 'level' ? event.value : Number(event.kind === 'trial' && event.passed)));
}
