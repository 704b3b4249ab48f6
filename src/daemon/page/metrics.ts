import { isOpen } from '../../incidents/index.js';
import type { Pulse } from '../pulse.js';
import type { FlowLine, FlowLines } from '../types.js';
import type { BoardView } from './board.js';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** Text for Prometheus, format 0.0.4. Incidents beyond those that are read count under the status `not_read`; drills do not count. */
export function metricsText(board: BoardView, pulse: Pulse, now: Date): string {
  const incidents = new Tally(['severity', 'status']);
  const pages = new Tally(['state']);
  for (const state of ['open', 'accepted', 'failed', 'withdrawn']) pages.add([state], 0);
  let oldest = 0;
  for (const { incident } of board.incidents) {
    if (!isOpen(incident) || incident.drill !== undefined) continue;
    incidents.add([incident.severity, incident.status], 1);
    for (const { state } of incident.pages) pages.add([state], 1);
    if (incident.status === 'open') oldest = Math.max(oldest, (now.getTime() - Date.parse(incident.ladder.since)) / 1000);
  }
  for (const [severity, count] of board.unread) incidents.add([severity, 'not_read'], count);
  const tickers = [...pulse.tickers];
  const ping = pulse.ping;
  return [
    family('runback_incidents', 'gauge', 'Open incidents by severity and status.', incidents.samples),
    family('runback_incidents_overdue', 'gauge', 'Open incidents that have waited for someone longer than they should.', [
      [{}, board.incidents.filter(({ overdue }) => overdue).length],
    ]),
    family('runback_incidents_unreadable', 'gauge', 'Open incidents whose journal cannot be read.', [[{}, board.unreadable.length]]),
    family(
      'runback_oldest_unacknowledged_seconds',
      'gauge',
      'Longest time that an open incident has waited to be acknowledged; 0 if all are acknowledged.',
      [[{}, oldest]],
    ),
    family('runback_pages', 'gauge', 'Pages of open incidents by state.', pages.samples),
    family('runback_dead_letters', 'gauge', 'Pages that failed permanently and were not dismissed.', [[{}, board.deadLetters.length]]),
    family('runback_paused_syncs', 'gauge', 'Pauses of syncs that are open.', [[{}, board.pauses.length]]),
    family('runback_runs_open', 'gauge', 'Runs of runbooks that are not closed.', [[{}, board.runs.length]]),
    ...watchedFamilies(board.watched),
    family(
      'runback_ticks_total',
      'counter',
      'Ticks by ticker.',
      tickers.map(([ticker, { ticks }]) => [{ ticker }, ticks]),
    ),
    family(
      'runback_tick_failures_total',
      'counter',
      'Ticks that failed, by ticker.',
      tickers.map(([ticker, { failures }]) => [{ ticker }, failures]),
    ),
    family(
      'runback_tick_seconds_total',
      'counter',
      'Seconds spent in ticks, by ticker.',
      tickers.map(([ticker, { seconds }]) => [{ ticker }, seconds]),
    ),
    family('runback_passes_total', 'counter', 'Rounds in which every ticker did its work.', [[{}, pulse.passes]]),
    family('runback_last_pass_age_seconds', 'gauge', 'Seconds since the last such round.', [[{}, pulse.sinceLastPassMs / 1000]]),
    family('runback_start_time_seconds', 'gauge', 'When the daemon started, in seconds since 1970.', [[{}, pulse.startedAt.getTime() / 1000]]),
    ...(ping
      ? [
          family('runback_pings_total', 'counter', "Dead-man's pings by result.", [
            [{ result: 'sent' }, ping.sent],
            [{ result: 'failed' }, ping.failed],
            [{ result: 'withheld' }, ping.withheld],
          ]),
          family('runback_ping_withheld', 'gauge', '1 while no ping may be sent.', [[{}, ping.withheldBecause === undefined ? 0 : 1]]),
        ]
      : []),
  ].join('');
}

const STATES: readonly FlowLine['state'][] = ['well', 'wrong', 'learning', 'blind', 'unmeasured', 'not-measured'];
/** What is not known is neither. */
const WELL: Readonly<Partial<Record<FlowLine['state'], 0 | 1>>> = { well: 1, blind: 1, wrong: 0, unmeasured: 0 };

/** What monitors found, and the calls that they made. */
function watchedFamilies({ flows, budgets, silences }: FlowLines): readonly string[] {
  if (flows.length === 0) return [];
  const moments = (pick: (flow: FlowLine) => string | undefined): readonly Sample[] =>
    flows.flatMap((flow) => {
      const at = pick(flow);
      return at === undefined ? [] : [[{ monitor: flow.monitor, of: flow.of }, Date.parse(at) / 1000] as const];
    });
  return [
    family(
      'runback_monitors',
      'gauge',
      'Flows that are watched, by state.',
      STATES.map((state) => [{ state: state.replace('-', '_') }, flows.filter((flow) => flow.state === state).length]),
    ),
    family(
      'runback_monitor_well',
      'gauge',
      '1 where a flow is well, 0 where it is wrong or cannot be measured; nothing while that is not known.',
      flows.flatMap(({ monitor, of, state }) => {
        const well = WELL[state];
        return well === undefined ? [] : [[{ monitor, of }, well] as const];
      }),
    ),
    family(
      'runback_monitor_last_good_timestamp_seconds',
      'gauge',
      'When a flow was last seen to be well, in seconds since 1970.',
      moments(({ goodAt }) => goodAt),
    ),
    family(
      'runback_monitor_last_look_timestamp_seconds',
      'gauge',
      'When a flow was looked at last, in seconds since 1970.',
      moments(({ measuredAt }) => measuredAt),
    ),
    family('runback_monitor_silences', 'gauge', 'Silences of monitors that hold now.', [[{}, silences.length]]),
    family(
      'runback_monitor_calls_today',
      'gauge',
      'Calls of monitors to a platform since midnight UTC.',
      budgets.map(({ platform, used }) => [{ platform }, used]),
    ),
    family(
      'runback_monitor_calls_limit',
      'gauge',
      'Calls that monitors may make to a platform in a day.',
      budgets.map(({ platform, limit }) => [{ platform }, limit]),
    ),
  ];
}

/** Counts by the values of labels. */
class Tally {
  readonly #counts = new Map<string, { readonly values: readonly string[]; count: number }>();

  constructor(private readonly names: readonly string[]) {}

  add(values: readonly string[], count: number): void {
    const key = JSON.stringify(values);
    const known = this.#counts.get(key);
    if (known) known.count += count;
    else this.#counts.set(key, { values, count });
  }

  get samples(): readonly Sample[] {
    return [...this.#counts.values()].map(({ values, count }) => [Object.fromEntries(this.names.map((name, at) => [name, values[at] ?? ''])), count]);
  }
}

/** A family of samples with its two header lines; those also where there is no sample. */
function family(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${String(value)}\n`;
  });
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

const escapeLabel = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
