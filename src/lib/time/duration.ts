import { RunbackError } from '../errors.js';

const UNIT_MS = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;
type Unit = keyof typeof UNIT_MS;

/** What a duration looks like, for schemas and messages. */
export const DURATION_FORM = 'a duration such as 250ms, 30s, 5m, 1h30m, 7d or 2w';

/** Matches every text that {@link parseDuration} accepts. */
export const DURATION_PATTERN =
  /^(?=\d)(\d{1,9}(\.\d{1,3})?w\s*)?(\d{1,9}(\.\d{1,3})?d\s*)?(\d{1,9}(\.\d{1,3})?h\s*)?(\d{1,9}(\.\d{1,3})?m\s*)?(\d{1,9}(\.\d{1,3})?s\s*)?(\d{1,9}ms)?$/;

/** Milliseconds of `5m`, `1h30m`, `2w`, `0s`. Throws `usage` on anything else. */
export function parseDuration(text: string): number {
  const trimmed = text.trim();
  if (!DURATION_PATTERN.test(trimmed)) throw new RunbackError('usage', `"${text}" is not a duration`, { why: `Expected ${DURATION_FORM}.` });
  let total = 0;
  for (const [, amount, unit] of trimmed.matchAll(/(\d+(?:\.\d+)?)(ms|[wdhms])/g)) total += Number(amount) * UNIT_MS[unit as Unit];
  return Math.round(total);
}

/** The two largest units of a duration in milliseconds: `1h 30m`, `45s`, `250ms`. Negative ones count as 0. */
export function formatDuration(ms: number): string {
  let left = Math.max(0, Math.round(ms));
  if (left < 1000) return `${left}ms`;
  left = left < 60_000 ? Math.floor(left / 1000) * 1000 : Math.round(left / 1000) * 1000;
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const amount = Math.floor(left / UNIT_MS[unit]);
    left -= amount * UNIT_MS[unit];
    if (amount > 0) parts.push(`${amount}${unit}`);
    if (parts.length === 2 || (parts.length === 1 && amount === 0)) break;
  }
  return parts.join(' ');
}
