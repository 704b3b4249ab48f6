import type { MonitorState, SeriesHistory, Standing } from '../../../monitors/index.js';
import type { Store } from '../../../store/index.js';
import type { MonitorSettings, Watching, WorkspaceConfig } from '../../../workspace/index.js';

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
  /** Of counts and ratios the last 24 hours, of what has a moment the last values; null where it is not known. */
  readonly chart: readonly (number | null)[];
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
}

/** Reads how everything stands, as the last tick left it: nothing is asked. `charts`: with the last hours. */
export async function monitorsView(
  store: Store,
  watching: Watching,
  config: WorkspaceConfig,
  now: Date,
  { charts = true }: { readonly charts?: boolean } = {},
): Promise<MonitorsView> {
  const { budgetOf, keyOf, SeriesDays, sourcesOf, spentNow, stateOf } = await import('../../../monitors/index.js');
  const state = await stateOf(store).read();
  const from = new Date(now.getTime() - DAY_MS).toISOString().slice(0, 10);
  const histories = charts ? await new SeriesDays(store).read(from) : new Map<string, SeriesHistory>();
  const flows = watching.monitors.flatMap((settings) =>
    sourcesOf(settings).map(({ series }): FlowView =>
      flowOf(settings, series.of, state?.standings[keyOf(series)], histories.get(keyOf(series)), now),
    ),
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
  };
}

function flowOf(settings: MonitorSettings, of: string, standing: Standing | undefined, history: SeriesHistory | undefined, now: Date): FlowView {
  const { judgement, measuredAt, goodAt } = standing ?? {};
  const more = { finding: judgement?.finding, level: judgement?.level, since: judgement?.since, measuredAt, goodAt };
  return {
    monitor: settings.name,
    kind: settings.kind,
    of,
    platforms: settings.platforms,
    state: judgement === undefined || measuredAt === undefined ? 'not-measured' : judgement.state,
    says: measuredAt === undefined ? 'Not measured yet.' : (judgement?.says ?? ''),
    ...(Object.fromEntries(Object.entries(more).filter(([, value]) => value !== undefined)) as Partial<FlowView>),
    chart: chartOf(history, now),
  };
}

/** The last hours of a series, the latest last. */
function chartOf(history: SeriesHistory | undefined, now: Date): readonly (number | null)[] {
  if (history === undefined) return [];
  const end = Math.floor(now.getTime() / HOUR_MS);
  const { hours, events } = history;
  const last = events.at(-1);
  if (last === undefined || last.kind === 'unmeasured' || last.kind === 'duration') {
    if (hours === undefined) return [];
    return Array.from({ length: CHARTED }, (_, n) => hours.values[end - CHARTED + n - hours.first] ?? null);
  }
  return events.slice(-CHARTED).map((event) => {
    if (event.kind === 'level') return event.value;
    if (event.kind === 'trial') return event.passed ? 1 : 0;
    return event.kind === 'beat' ? 1 : null;
  });
}
