import { parseDuration } from './duration.js';

/** What a moment looks like, for messages. */
export const MOMENT_FORM = 'a time with its zone, such as 2026-11-22T14:00Z or 2026-11-22T15:00+01:00, or how long ago: 2h';

const MOMENT = /^(\d{4})-(\d\d)-(\d\d)[T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?\s?(Z|[+-]\d\d(:?\d\d)?)$/i;

/**
 * A moment in the past as ISO 8601 in UTC: from a date with time and zone, or from how long ago it was (`2h`, `30m ago`). Undefined for anything
 * else: a time without a zone, a day without a time or one that does not exist would mean one thing here and another there.
 */
export function parseMoment(text: string, now: Date): string | undefined {
  const trimmed = text.trim();
  const [, year, month, day] = MOMENT.exec(trimmed) ?? [];
  if (year !== undefined && month !== undefined && day !== undefined) {
    const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
    if (date.getUTCMonth() + 1 !== Number(month) || date.getUTCDate() !== Number(day)) return undefined;
    const plain = trimmed
      .toUpperCase()
      .replace(',', '.')
      .replace(/^(\S{10})[T ]/, '$1T')
      .replace(/\s(?=Z|[+-])/, '')
      .replace(/([+-]\d\d)(\d\d)?$/, (_, hours: string, minutes: string | undefined) => `${hours}:${minutes ?? '00'}`);
    const time = new Date(plain);
    return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
  }
  try {
    const time = new Date(now.getTime() - parseDuration(trimmed.replace(/\s+ago$/i, '')));
    return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
  } catch {
    return undefined;
  }
}
