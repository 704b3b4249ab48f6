import type { CalendarEntry, MonitorSettings } from '../../workspace/index.js';
import { nextAlerts, NO_ALERTS } from '../alerts/next.js';
import type { AlertState } from '../alerts/types.js';
import { Calendar } from '../baseline/calendar.js';
import type { SeriesHistory } from '../baseline/history.js';
import { HOUR_MS } from '../baseline/week-clock.js';
import { seriesJudge, type SeriesJudge } from '../judge/judge-series.js';
import type { Judgement } from '../types.js';
import type { ReplayedAction, ReplayedSeries, ReplayedVariant, ReplayPoint, ReplayResult, ReplaySpan, ReplayVariant } from './types.js';

const AS_IT_IS = 'as it is';

/**
 * What settings would have said in a time that has passed, and what others would have. Each hour is judged by what was known when it ended. The same
 * histories give the same result, whenever it is asked for. Histories have to hold all that was measured: `remember` with `ALL`.
 */
export function replay(histories: readonly SeriesHistory[], settings: ReplayVariant['settings'], span: ReplaySpan): ReplayResult {
  const variants: readonly ReplayVariant[] = [{ name: AS_IT_IS, settings }, ...(span.tried ?? [])];
  const calendars = new Map<readonly CalendarEntry[], Calendar>();
  const calendarOf = (entries: readonly CalendarEntry[]): Calendar => {
    const calendar = calendars.get(entries) ?? new Calendar(entries);
    calendars.set(entries, calendar);
    return calendar;
  };
  return {
    from: span.from.toISOString(),
    to: span.to.toISOString(),
    variants: variants.map((variant) => replayOne(histories, variant, calendarOf(variant.calendar ?? span.calendar), span)),
  };
}

/** One series as a variant goes through it. */
interface Walked {
  readonly judge: SeriesJudge;
  readonly series: SeriesHistory['series'];
  readonly points: ReplayPoint[];
  readonly changes: { at: string; judgement: Judgement }[];
  readonly valueOf: (hour: number) => number | null;
}

function replayOne(histories: readonly SeriesHistory[], { name, settings }: ReplayVariant, calendar: Calendar, span: ReplaySpan): ReplayedVariant {
  const monitors = new Map(settings.monitors.map((monitor) => [monitor.name, monitor]));
  const walked = histories.flatMap((history) => {
    const monitor = monitors.get(history.series.monitor);
    return monitor === undefined ? [] : [walkedOf(monitor, history, calendar, span)];
  });
  const actions: ReplayedAction[] = [];
  let state: AlertState = NO_ALERTS;
  for (let hour = Math.ceil(span.from.getTime() / HOUR_MS); hour * HOUR_MS <= span.to.getTime(); hour += 1) {
    const at = new Date(hour * HOUR_MS);
    const judgements = walked.map((one) => judged(one, hour, at));
    const next = nextAlerts(state, judgements, { now: at, silences: span.silences, settings });
    state = next.state;
    for (const action of next.actions) actions.push({ at: at.toISOString(), action });
  }
  return { name, actions, series: walked.map(seriesOf), ...countsOf(actions) };
}

function walkedOf(monitor: MonitorSettings, history: SeriesHistory, calendar: Calendar, { departures = [] }: ReplaySpan): Walked {
  const { hours } = history;
  return {
    judge: seriesJudge(monitor, history, { calendar, departures }),
    series: history.series,
    points: [],
    changes: [],
    valueOf: (hour) => (monitor.kind === 'volume' && hours !== undefined ? (hours.values[hour - hours.first] ?? null) : null),
  };
}

function judged({ judge, points, changes, valueOf }: Walked, hour: number, at: Date): Judgement {
  const judgement = judge(at);
  const { expected, overHours } = judgement;
  points.push({
    hour: hour - 1,
    found: valueOf(hour - 1),
    expected: expected === undefined || overHours === undefined ? null : expected / overHours,
  });
  const before = changes.at(-1)?.judgement;
  if (before === undefined || before.state !== judgement.state || before.finding !== judgement.finding)
    changes.push({ at: at.toISOString(), judgement });
  return judgement;
}

function seriesOf({ series, points, changes }: Walked): ReplayedSeries {
  return { series, points: points.some(({ found }) => found !== null) ? points : [], changes };
}

function countsOf(actions: readonly ReplayedAction[]): Pick<ReplayedVariant, 'pages' | 'notes' | 'messages'> {
  const count = (...kinds: readonly string[]): number => actions.filter(({ action }) => kinds.includes(action.kind)).length;
  return { pages: count('open'), notes: count('note'), messages: count('open', 'note', 'update') };
}
