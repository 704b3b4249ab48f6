const DAY = 86_400_000;

/** The stretch of time that a word means, from its first instant up to the one after its last; weeks begin on Sunday. */
export function rangeOf(word: string, n: number, nowMs: number): readonly [number, number] {
  const now = new Date(nowMs);
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth()];
  const today = Date.UTC(year, month, now.getUTCDate());
  const [which = '', unit = ''] = /^(LAST|THIS|NEXT)_(.+)$/.exec(word)?.slice(1) ?? [];
  const shift = { LAST: -1, THIS: 0, NEXT: 1 }[which] ?? 0;
  switch (unit === '' ? word : unit) {
    case 'TODAY':
      return [today, today + DAY];
    case 'YESTERDAY':
      return [today - DAY, today];
    case 'TOMORROW':
      return [today + DAY, today + 2 * DAY];
    // With today: from n days ago up to the end of today.
    case 'N_DAYS':
      return shift < 0 ? [today - n * DAY, today + DAY] : [today + DAY, today + (n + 1) * DAY];
    case '90_DAYS':
      return shift < 0 ? [today - 90 * DAY, today + DAY] : [today + DAY, today + 91 * DAY];
    case 'WEEK': {
      const start = today - now.getUTCDay() * DAY + shift * 7 * DAY;
      return [start, start + 7 * DAY];
    }
    case 'MONTH':
      return [Date.UTC(year, month + shift), Date.UTC(year, month + shift + 1)];
    case 'QUARTER': {
      const first = Math.floor(month / 3) * 3 + shift * 3;
      return [Date.UTC(year, first), Date.UTC(year, first + 3)];
    }
    default:
      return [Date.UTC(year + shift, 0), Date.UTC(year + shift + 1, 0)];
  }
}
