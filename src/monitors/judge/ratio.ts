import type { RatioSettings } from '../../workspace/index.js';
import type { SeriesHistory } from '../baseline/history.js';
import { HOUR_MS } from '../baseline/week-clock.js';
import type { Judgement } from '../types.js';
import { type Of, wilsonLower } from './wilson.js';
import { counted, percentText } from './words.js';

/** So many of the normal distribution: one in a thousand windows would lie beyond it by chance. */
const CERTAINTY = 3.09;
const LOOK_BACK = 72;
/** What is open stays so while the longer window has this part of the threshold. */
const LINGERS = 0.6;

/**
 * Of what was tried, what failed: too much if it is certain in a short window (it is so now) and in a long one (it is no blip), of so many errors at
 * least in each.
 */
export function judgeRatio(settings: RatioSettings, history: SeriesHistory, at: Date): Judgement {
  const end = lastMeasured(history, Math.floor(at.getTime() / HOUR_MS));
  const [short, long] = settings.windowsHours;
  const [now, lately] = [sumOf(history, end, short), sumOf(history, end, long)];
  const facts = { series: history.series, found: shareOf(lately), expected: settings.above, overHours: long };
  const says = `${counted(lately.failed, 'error')} in ${counted(lately.of, 'call')} in ${long} hours: ${percentText(shareOf(lately))}.`;
  if (!isTooMuch(settings, now) || !isTooMuch(settings, lately))
    return {
      ...facts,
      state: 'well',
      ...(shareOf(lately) > settings.above * LINGERS && lately.failed >= settings.atLeast ? { lingers: true } : {}),
      says,
    };
  let since = end - short;
  while (since > end - LOOK_BACK && isTooMuch(settings, sumOf(history, since, short))) since -= 1;
  return { ...facts, state: 'wrong', finding: 'errors', level: settings.level, since: new Date(since * HOUR_MS).toISOString(), says };
}

function isTooMuch({ above, atLeast }: RatioSettings, window: Of): boolean {
  return window.failed >= atLeast && wilsonLower(window, CERTAINTY) > above;
}

function shareOf({ failed, of }: Of): number {
  return of === 0 ? 0 : failed / of;
}

function sumOf({ hours }: SeriesHistory, end: number, window: number): Of {
  let [failed, of] = [0, 0];
  if (hours === undefined) return { failed, of };
  for (let i = Math.max(0, end - window - hours.first); i < end - hours.first; i += 1) {
    failed += hours.values[i] ?? 0;
    of += hours.of?.[i] ?? 0;
  }
  return { failed, of };
}

function lastMeasured({ hours }: SeriesHistory, end: number): number {
  if (hours === undefined) return end;
  let last = Math.min(end, hours.first + hours.values.length);
  while (last > hours.first && (hours.values[last - 1 - hours.first] ?? null) === null) last -= 1;
  return last;
}
