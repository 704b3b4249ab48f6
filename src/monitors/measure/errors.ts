import { type CallRow, HOUR_MS, readCounts } from '../../calls/index.js';
import type { RatioPart, RatioSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import type { Measurement } from '../types.js';
import { lastRunOf } from './last-run.js';
import type { Look, Source } from './source.js';

type Ratio = Extract<Measurement, { kind: 'ratio' }>;

/** Processes tell what they counted each minute, or when they end: so many hours are looked at again. */
const LATE_HOURS = 24;
/** What nobody asked the platform for, or what it did as it should. */
const NO_ERRORS: ReadonlySet<string> = new Set(['ok', 'moved', 'usage', 'object-unsupported']);

/** The series of a monitor of errors: one for each platform and sync that it names. */
export const errorSources = (settings: RatioSettings): readonly Source[] =>
  settings.parts.map((part) => ({
    series: { monitor: settings.name, of: part.of },
    settings,
    measure: async (look) => (part.syncs.length === 0 ? await ofPlatform(part, look) : await ofSync(part.of, look)),
  }));

/** What every process of the workspace was answered by a platform, hour by hour: no call. Hours that have not changed are left out. */
async function ofPlatform({ of: at }: RatioPart, { now, known, reach }: Look): Promise<readonly Measurement[]> {
  const end = Math.floor(now.getTime() / HOUR_MS);
  const first = end - LATE_HOURS;
  const rows = await readCounts(reach.store, new Date(first * HOUR_MS), new Date((end + 24) * HOUR_MS));
  return ratiosOf(rows, at, first, end).filter((ratio) => !isKnown(known, ratio));
}

/**
 * Of what a platform was asked for in each hour, what it refused or failed. A call is what one operation asks for: a page of
 * records, a change of one record; each repeat of a request is one more, and an error. Pure.
 */
export function ratiosOf(rows: readonly CallRow[], at: string, first: number, end: number): readonly Ratio[] {
  const ratios = Array.from({ length: Math.max(0, end - first) }, (_, n) => ({ kind: 'ratio' as const, hour: first + n, failed: 0, of: 0 }));
  for (const row of rows) {
    const isRepeat = row.call === 'request' && row.outcome === 'retried';
    if (row.at !== at || (row.call === 'request' && !isRepeat)) continue;
    const failed = NO_ERRORS.has(row.outcome) ? 0 : 1;
    for (const [hour, count] of Object.entries(row.hours)) {
      const ratio = ratios[Number(hour) - first];
      if (ratio === undefined) continue;
      ratio.of += count;
      ratio.failed += failed * count;
    }
  }
  return ratios;
}

function isKnown(known: SeriesHistory | undefined, { hour, failed, of }: Ratio): boolean {
  const hours = known?.hours;
  return hours !== undefined && hours.values[hour - hours.first] === failed && hours.of?.[hour - hours.first] === of;
}

/**
 * Of the records of the runs of a sync that ended in an hour, those that it could not write; of one whose tool does not count them,
 * of its runs those that failed. A sign of life says which runs are in it. A sync that runs more often than it is looked at is a sample.
 */
async function ofSync(sync: string, look: Look): Promise<readonly Measurement[]> {
  const { now, known } = look;
  const last = await lastRunOf(sync, look);
  if ('unknown' in last) return last.unknown;
  const { run } = last;
  const nothing = idle(known, Math.floor(now.getTime() / HOUR_MS) - 1);
  const counted = known?.events.findLast(({ kind }) => kind === 'beat');
  if (run === undefined || (counted !== undefined && Date.parse(counted.at) >= Date.parse(run.ended))) return nothing;
  const { records, errors } = run;
  const [failed, of] = records === undefined || errors === undefined ? [run.failed === true ? 1 : 0, 1] : [errors, Math.max(records, errors)];
  const hour = Math.floor(Date.parse(run.ended) / HOUR_MS);
  const before = at(known, hour);
  const ratio = { kind: 'ratio', hour, failed: before.failed + failed, of: before.of + of } as const;
  return [...nothing.filter((one) => one.hour !== hour), ratio, { kind: 'beat', at: run.ended, ...(records !== undefined && { records }) }];
}

/** An hour that has ended without a run was looked at, too. */
function idle(known: SeriesHistory | undefined, hour: number): readonly Ratio[] {
  const hours = known?.hours;
  return (hours?.values[hour - hours.first] ?? null) === null ? [{ kind: 'ratio', hour, failed: 0, of: 0 }] : [];
}

function at(known: SeriesHistory | undefined, hour: number): { readonly failed: number; readonly of: number } {
  const hours = known?.hours;
  const n = hour - (hours?.first ?? 0);
  return { failed: hours?.values[n] ?? 0, of: hours?.of?.[n] ?? 0 };
}
