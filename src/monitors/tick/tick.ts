import { defined, newId } from '../../lib/index.js';
import type { Watching } from '../../workspace/index.js';
import { nextAlerts, NO_ALERTS } from '../alerts/next.js';
import type { AlertAction, Silence } from '../alerts/types.js';
import { Calendar } from '../baseline/calendar.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { Departure } from '../baseline/stretches.js';
import { judgeSeries } from '../judge/judge-series.js';
import { CallBudget } from '../measure/budget.js';
import { MeasuredPlatforms } from '../measure/platforms.js';
import type { Reach } from '../measure/reach.js';
import type { Source } from '../measure/source.js';
import { sourcesOf } from '../measure/sources.js';
import { placeOf } from '../place.js';
import { keyOf, type Measured } from '../series/day.js';
import { rememberAll, SeriesDays } from '../series/series.js';
import type { Judgement } from '../types.js';
import { dueSources, nextDue } from './due.js';
import { openFor, tellIncident, type TellingDeps } from './incidents.js';
import { measureAll } from './measure-all.js';
import { type MonitorState, type PendingAction, type Standing, stateOf } from './state.js';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** So many days hold what judging needs: eighteen weeks. */
const JUDGED_DAYS = 127;

/** What a tick works with. */
export interface TickDeps {
  readonly reach: Reach;
  readonly watching: Watching;
  /** `monitor_calls_per_day` by platform, where runback.yml has it. */
  readonly budgets: Readonly<Record<string, number>>;
  readonly telling: Omit<TellingDeps, 'monitors'>;
  /** How long one look may take, in milliseconds. Default a minute. */
  readonly lookMs?: number;
  readonly silences: () => Promise<readonly Silence[]>;
  /** Times by platform that nothing is to be learned from. */
  readonly departures: () => Promise<readonly (Departure & { readonly platforms: readonly string[] })[]>;
}

/** What one tick did. */
export interface Ticked {
  readonly measured: number;
  /** What was decided and done, in order. */
  readonly actions: readonly AlertAction[];
  /** When something is due again, in milliseconds since the epoch. */
  readonly nextAt: number | undefined;
}

/**
 * Measures what is due, keeps it, judges it, and tells of it. Keeps histories and open platforms between ticks; everything that
 * matters is on disk: killed at any moment, the next tick, here or in another process, measures again what was not kept, and does
 * what was decided and not done. One at a time in a workspace.
 */
export class Monitoring {
  readonly #sources: readonly Source[];
  readonly #platforms: MeasuredPlatforms;
  readonly #days: SeriesDays;
  readonly #calendar: Calendar;
  #histories: Map<string, SeriesHistory> | undefined;
  /** When they were asked for last, by the clock of this machine. */
  #knownAt = 0;
  #writes: number | undefined;

  constructor(private readonly deps: TickDeps) {
    this.#sources = deps.watching.monitors.flatMap(sourcesOf);
    this.#platforms = new MeasuredPlatforms(deps.reach);
    this.#days = new SeriesDays(deps.reach.store);
    this.#calendar = new Calendar(deps.watching.calendar);
  }

  /** Whether a tick would have something to do. Costs one small read. */
  async isDue(now: Date): Promise<boolean> {
    const state = await stateOf(this.deps.reach.store).read();
    const next = nextDue(this.#sources, state, now);
    return (state?.pending.length ?? 0) > 0 || (next !== undefined && next <= now.getTime());
  }

  /** One tick. `all`: everything is measured, due or not. Throws `locked` while another process is at it. */
  async tick({ all = false }: { readonly all?: boolean } = {}): Promise<Ticked> {
    const { store, clock } = this.deps.reach;
    const lock = await store.lock(
      'monitors',
      { by: this.deps.telling.by, holder: `monitors-${String(process.pid)}`, purpose: 'measuring and telling' },
      { breakDead: true, lapse: true },
    );
    try {
      const before = await stateOf(store).read();
      const done = await this.#settle(before);
      const now = clock.now();
      const due = all ? this.#sources : dueSources(this.#sources, before, now);
      const { measured, spent } = await this.#measure(due, before, now);
      await this.#days.add(measured, now);
      rememberAll(await this.#known(before, now, measured), measured);
      const after = await this.#decide(due, measured, spent);
      done.push(...(await this.#settle(after)));
      return { measured: measured.length, actions: done, nextAt: nextDue(this.#sources, after, clock.now()) };
    } finally {
      await lock.release();
    }
  }

  async close(): Promise<void> {
    await this.#platforms.close();
  }

  async #measure(
    due: readonly Source[],
    state: MonitorState | undefined,
    now: Date,
  ): Promise<{ readonly measured: readonly Measured[]; readonly spent: MonitorState['spent'] }> {
    const names = new Set(this.#sources.flatMap(({ through }) => through?.platform ?? []));
    const budgets = new Map([...names].map((name) => [name, new CallBudget(name, state?.spent[name], this.deps.budgets[name], now)]));
    const histories = await this.#known(state, now, []);
    const measured = await measureAll(due, { reach: this.deps.reach, platforms: this.#platforms, budgets, histories, lookMs: this.deps.lookMs });
    return {
      measured,
      spent: { ...state?.spent, ...Object.fromEntries([...budgets].map(([name, { spent }]) => [name, spent])) },
    };
  }

  /** The histories, read again where another process has measured since. `measured` is on disk already, and not yet in them. */
  async #known(state: MonitorState | undefined, now: Date, measured: readonly Measured[]): Promise<Map<string, SeriesHistory>> {
    const writes = state?.writes ?? 0;
    // Read while nothing waits to be added to them: what was measured is on disk, and would count twice.
    const isStale = measured.length === 0 && (this.#writes !== writes || now.getTime() < this.#knownAt - HOUR_MS);
    if (this.#histories === undefined || isStale) {
      const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
      // Days that are still to come were measured while the clock was wrong: nothing that is measured now would be later than they are.
      this.#histories = await this.#days.read(dayOf(now.getTime() - JUDGED_DAYS * DAY_MS), dayOf(now.getTime() + HOUR_MS));
      this.#writes = writes;
    }
    if (measured.length === 0) this.#knownAt = now.getTime();
    return this.#histories;
  }

  /** Judges every series and keeps what follows, with what is to be done, before anything of it is done. */
  async #decide(due: readonly Source[], measured: readonly Measured[], spent: MonitorState['spent']): Promise<MonitorState> {
    const { reach, watching, silences, departures } = this.deps;
    const now = reach.clock.now();
    const [silenced, left, paused] = [await silences(), await departures(), await reach.paused()];
    const judgements = this.#sources.map((source) => this.#judge(source, now, left, paused));
    const looked = new Set([...due.map(({ series }) => keyOf(series)), ...measured.map(({ series }) => keyOf(series))]);
    const good = new Set(looked);
    for (const { series, measurement } of measured) if (measurement.kind === 'unmeasured') good.delete(keyOf(series));
    for (const { series, settings } of this.#sources) if (heldOf(placeOf(settings, series), paused) !== undefined) good.delete(keyOf(series));
    const state = await stateOf(reach.store).update((kept) => {
      const { state: alerts, actions } = nextAlerts(kept?.alerts ?? NO_ALERTS, judgements, { now, silences: silenced, settings: watching });
      return {
        version: 1,
        writes: (kept?.writes ?? 0) + 1,
        alerts,
        pending: [...(kept?.pending ?? []), ...actions.map((action) => this.#planned(action))],
        incidents: kept?.incidents ?? {},
        standings: Object.fromEntries(judgements.map((judgement) => standingOf(judgement, kept, { looked, good, now }))),
        spent,
      };
    });
    this.#writes = state.writes;
    return state;
  }

  #judge({ series, settings }: Source, now: Date, left: Awaited<ReturnType<TickDeps['departures']>>, paused: ReadonlySet<string>): Judgement {
    const place = placeOf(settings, series);
    const held = heldOf(place, paused);
    if (held !== undefined) return { series, state: 'well', says: `${held} is paused, so nothing is expected of it.` };
    const history = this.#histories?.get(keyOf(series)) ?? { series, events: [] };
    const ofPlatform = left.filter(({ platforms }) => platforms.length === 0 || platforms.some((name) => place.platforms.includes(name)));
    return judgeSeries(settings, history, now, { calendar: this.#calendar, departures: ofPlatform });
  }

  #planned(action: AlertAction): PendingAction {
    const opens = action.kind === 'open' && this.deps.watching.alerts.opens === 'incident';
    return { action, ...(opens && { incident: newId('inc', this.deps.reach.clock) }) };
  }

  /** Does what was decided, one after the other; each is taken off when it is done. */
  async #settle(state: MonitorState | undefined): Promise<AlertAction[]> {
    const done: AlertAction[] = [];
    for (const pending of state?.pending ?? []) {
      const incident = await this.#do(pending, await stateOf(this.deps.reach.store).read());
      await stateOf(this.deps.reach.store).update((kept) => settled(kept ?? state, pending, incident, this.deps.reach.clock.now()));
      done.push(pending.action);
    }
    return done;
  }

  async #do({ action, incident }: PendingAction, state: MonitorState | undefined): Promise<string | undefined> {
    const telling = { ...this.deps.telling, monitors: this.deps.watching.monitors };
    const known = state?.incidents[action.group];
    if (action.kind === 'open') return incident === undefined ? undefined : await openFor(action, incident, known?.incident, telling);
    if (known !== undefined && known.number === action.number && action.kind !== 'note') await tellIncident(action, known.incident, telling);
    return undefined;
  }
}

function settled(kept: MonitorState | undefined, { action }: PendingAction, incident: string | undefined, now: Date): MonitorState {
  if (kept === undefined) throw new TypeError('something was pending of a state that is not there');
  const { group, number } = action;
  const known = kept.incidents[group];
  const entry =
    incident !== undefined
      ? { number, incident }
      : known !== undefined && known.number === number && action.kind === 'close'
        ? { ...known, endedAt: now.toISOString() }
        : known;
  return {
    ...kept,
    pending: kept.pending.filter((one) => one.action.key !== action.key),
    incidents: { ...kept.incidents, ...(entry !== undefined && { [group]: entry }) },
  };
}

/** The paused sync, of which nothing is expected. */
const heldOf = ({ syncs }: ReturnType<typeof placeOf>, paused: ReadonlySet<string>): string | undefined => syncs.find((sync) => paused.has(sync));

/** `looked`: series that were looked at now; `good`: those of them of which the look told something. */
function standingOf(
  judgement: Judgement,
  kept: MonitorState | undefined,
  { looked, good, now }: { readonly looked: ReadonlySet<string>; readonly good: ReadonlySet<string>; readonly now: Date },
): readonly [string, Standing] {
  const key = keyOf(judgement.series);
  const before = kept?.standings[key];
  const isGood = judgement.state === 'well' || judgement.state === 'blind';
  return [
    key,
    {
      judgement,
      ...defined({
        measuredAt: looked.has(key) ? now.toISOString() : before?.measuredAt,
        goodAt: isGood && good.has(key) ? now.toISOString() : before?.goodAt,
      }),
    },
  ];
}
