import { defined, parseDuration } from '../../lib/index.js';
import {
  type AlertsFile,
  type CalendarFile,
  COUNT_PATTERN,
  DATES_PATTERN,
  EVERY_PATTERN,
  FAIL_PATTERN,
  LIMIT_PATTERN,
  type MonitorFile,
  SHARE_PATTERN,
} from './schema.js';
import type { AlertSettings, CalendarEntry, CountLimit, FindingName, MonitorCommon, MonitorSettings, Watching } from './settings.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MINUTE_MS = 60_000;
/** Of the runs of a sync only the last one is told. */
const OFTEN_MS = 15 * MINUTE_MS;
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
/** What `needs: heartbeat` stands for where no monitor is called so. */
export const ANY_HEARTBEAT = 'heartbeat';

/** What a monitor is about, read from the rest of runback.yml. */
export interface Surroundings {
  readonly platforms: readonly string[];
  /** By sync the platforms that it writes to. */
  readonly writesTo: Readonly<Record<string, readonly string[]>>;
  /** By job its platforms and its target. */
  readonly jobs: Readonly<Record<string, { readonly platforms: readonly string[]; readonly target?: string }>>;
}

interface WatchingFile {
  readonly monitors: Readonly<Record<string, MonitorFile>>;
  readonly calendar: readonly CalendarFile[];
  readonly alerts: AlertsFile;
}

/** What watches integrations, from a file that `monitorProblems` finds nothing wrong with. */
export function watchingOf({ monitors, calendar, alerts }: WatchingFile, around: Surroundings): Watching {
  const parsed = Object.entries(monitors).map(([name, file]) => monitorOf(name, file, around));
  return {
    monitors: parsed.map((monitor) => ({ ...monitor, needs: neededBy(monitor, parsed) })),
    calendar: calendar.flatMap(calendarOf),
    alerts: alertsOf(alerts),
  };
}

/** `needs: heartbeat` is every heartbeat of a sync that writes where the monitor looks. */
function neededBy({ name, needs, platforms }: MonitorSettings, all: readonly MonitorSettings[]): readonly string[] {
  const names = new Set(all.map((monitor) => monitor.name));
  return needs.flatMap((need) =>
    need !== ANY_HEARTBEAT || names.has(need)
      ? [need]
      : all.flatMap((other) =>
          other.kind === 'heartbeat' && other.name !== name && other.platforms.some((platform) => platforms.includes(platform)) ? [other.name] : [],
        ),
  );
}

function monitorOf(name: string, file: MonitorFile, around: Surroundings): MonitorSettings {
  const common = commonOf(name, file);
  const told = { level: file.level ?? ('page' as const) };
  const ofSync = (sync: string): Pick<MonitorCommon, 'platforms' | 'syncs'> => ({ platforms: around.writesTo[sync] ?? [], syncs: [sync] });
  if (file.count !== undefined) return volumeOf(common, file, file.count);
  if (file.ratio !== undefined) return { ...ratioOf(common, file, around), ...told, ratio: file.ratio };
  if (file.forecast !== undefined) {
    const platform = file.forecast.slice(0, -'.daily'.length);
    return { ...common, ...told, kind: 'forecast', platform, platforms: [platform] };
  }
  if (file.duration !== undefined)
    return {
      ...common,
      level: file.level ?? 'note',
      kind: 'duration',
      sync: file.duration,
      ...ofSync(file.duration),
      ...defined({ aboveMs: spanOf(file.above) }),
    };
  if (file.lag !== undefined) return { ...common, ...told, kind: 'lag', sync: file.lag, ...ofSync(file.lag), aboveMs: spanOf(file.above) ?? HOUR_MS };
  if (file.heartbeat !== undefined)
    return { ...common, ...told, kind: 'heartbeat', sync: file.heartbeat, ...ofSync(file.heartbeat), withinMs: spanOf(file.within) ?? DAY_MS };
  if (file.backup !== undefined) {
    const job = around.jobs[file.backup];
    const aboveMs = spanOf(file.above ?? job?.target) ?? DAY_MS;
    return { ...common, ...told, kind: 'backup', job: file.backup, platforms: job?.platforms ?? [], aboveMs };
  }
  return filesMonitor(common, file);
}

/** A monitor of what stands in a file of its own, or of a schema. */
function filesMonitor(common: MonitorCommon, file: MonitorFile): MonitorSettings {
  const told = { level: file.level ?? ('page' as const) };
  const noted = { level: file.level ?? ('note' as const) };
  if (file.schema !== undefined) {
    const cut = file.schema.indexOf('/');
    const platform = cut < 0 ? file.schema : file.schema.slice(0, cut);
    return {
      ...common,
      ...noted,
      kind: 'schema',
      platform,
      platforms: [platform],
      ...defined({ object: cut < 0 ? undefined : file.schema.slice(cut + 1) }),
    };
  }
  if (file.mapping !== undefined) return { ...common, ...noted, kind: 'mapping', mapping: file.mapping };
  if (file.differences !== undefined)
    return { ...common, ...told, kind: 'differences', mapping: file.differences, above: typeof file.above === 'number' ? file.above : 0 };
  const [, fail = '2', of = '3'] = FAIL_PATTERN.exec(file.fail ?? '') ?? [];
  return { ...common, ...told, kind: 'trial', test: file.test ?? '', fail: Number(fail), of: Number(of) };
}

function volumeOf(common: MonitorCommon, file: MonitorFile, count: string): MonitorSettings {
  const [, platform = '', object = '', event, writer] = COUNT_PATTERN.exec(count) ?? [];
  return {
    ...common,
    kind: 'volume',
    platforms: [platform],
    platform,
    object,
    event: event === 'changed' ? 'changed' : 'created',
    baseline: file.baseline ?? 'weekly',
    page: sidesOf(file.page ?? 'drop'),
    note: sidesOf(file.note ?? 'surge'),
    limits: (['below', 'above'] as const).flatMap((side) => limitOf(side, file[side])),
    ...defined({ writer, atLeast: file.at_least }),
  };
}

function ratioOf(
  common: MonitorCommon,
  file: MonitorFile,
  around: Surroundings,
): Omit<Extract<MonitorSettings, { kind: 'ratio' }>, 'level' | 'ratio'> {
  const [short = '1h', long = '6h'] = file.windows ?? [];
  const [, share = '5'] = SHARE_PATTERN.exec(String(file.above ?? '5%')) ?? [];
  const parts = (listOf(file.of) ?? around.platforms).map((of) =>
    around.platforms.includes(of) ? { of, platforms: [of], syncs: [] } : { of, platforms: around.writesTo[of] ?? [], syncs: [of] },
  );
  return {
    ...common,
    kind: 'ratio',
    parts,
    platforms: [...new Set(parts.flatMap(({ platforms }) => platforms))],
    syncs: parts.flatMap(({ syncs }) => syncs),
    ...(file.every === undefined && parts.some(({ syncs }) => syncs.length > 0) && { everyMs: OFTEN_MS }),
    above: Number(share) / 100,
    windowsHours: [parseDuration(short) / HOUR_MS, parseDuration(long) / HOUR_MS],
    atLeast: file.at_least ?? 5,
  };
}

function commonOf(name: string, file: MonitorFile): MonitorCommon {
  return {
    name,
    platforms: [],
    syncs: [],
    everyMs: parseDuration(file.every ?? usualEvery(file)),
    timezone: file.timezone ?? 'UTC',
    needs: listOf(file.needs) ?? [],
    stakes: file.stakes ?? 'flow',
    ...defined({ severity: file.severity, runbook: file.runbook }),
  };
}

/** What costs calls or changes slowly is measured less often. */
function usualEvery(file: MonitorFile): string {
  if (file.count !== undefined || file.ratio !== undefined) return '1h';
  if (file.schema !== undefined || file.mapping !== undefined) return '6h';
  if (file.heartbeat !== undefined || file.lag !== undefined || file.duration !== undefined || file.test !== undefined) return '15m';
  return '30m';
}

const sidesOf = (word: 'drop' | 'surge' | 'both' | 'none'): readonly ('drop' | 'surge')[] =>
  word === 'both' ? ['drop', 'surge'] : word === 'none' ? [] : [word];

function limitOf(side: 'below' | 'above', text: string | number | undefined): readonly CountLimit[] {
  const [, count, over] = LIMIT_PATTERN.exec(String(text ?? '')) ?? [];
  return count === undefined || over === undefined ? [] : [{ side, count: Number(count), overHours: parseDuration(over) / HOUR_MS }];
}

const spanOf = (text: string | number | undefined): number | undefined => (typeof text === 'string' ? parseDuration(text) : undefined);

const listOf = (value: string | readonly string[] | undefined): readonly string[] | undefined => (typeof value === 'string' ? [value] : value);

function calendarOf({ dates = [], every, for: span = '1d', is, timezone = 'UTC' }: CalendarFile): readonly CalendarEntry[] {
  const days = dates.map((text): CalendarEntry => {
    const [, from = '', to = from] = DATES_PATTERN.exec(text) ?? [];
    return { is, timezone, when: { kind: 'dates', from, to } };
  });
  const [, weekday, day, , hours = '0', minutes = '0'] = EVERY_PATTERN.exec(every ?? '') ?? [];
  if (every === undefined) return days;
  const at = { minute: (Number(hours) * HOUR_MS) / MINUTE_MS + Number(minutes), forMs: parseDuration(span) };
  const when =
    weekday !== undefined
      ? ({ kind: 'week', weekday: WEEKDAYS.indexOf(weekday.toLowerCase()), ...at } as const)
      : ({ kind: 'month', day: day === undefined ? 'last' : Number(day), ...at } as const);
  return [...days, { is, timezone, when }];
}

function alertsOf({ group_by, inhibit = {}, hold = '6h', opens = 'incident', runbook, runbooks = {} }: AlertsFile): AlertSettings {
  return {
    groupBy: group_by ?? ['platform'],
    inhibit: { authorization: 'all', ...byFinding(inhibit, (value) => (value === 'all' ? value : value.map(findingOf))) },
    holdMs: parseDuration(hold),
    opens,
    runbooks: byFinding(runbooks, (id) => id),
    ...defined({ runbook }),
  };
}

type Word = keyof NonNullable<AlertsFile['runbooks']>;

const findingOf = (word: Word): FindingName => (word === 'auth-expired' ? 'authorization' : word);

function byFinding<A, B>(record: Readonly<Partial<Record<Word, A>>>, convert: (value: A) => B): Partial<Record<FindingName, B>> {
  const result: Partial<Record<FindingName, B>> = {};
  for (const [word, value] of Object.entries(record) as [Word, A | undefined][]) if (value !== undefined) result[findingOf(word)] = convert(value);
  return result;
}
