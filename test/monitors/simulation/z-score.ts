/** What the comparison says: in which hour, and which way. */
export interface Alarm {
  readonly hour: number;
  readonly way: 'drop' | 'surge';
}

const DAYS_14 = 14 * 24;
const BEYOND = 3;
const APART = 12;

/**
 * For comparison: what many a tool does. Each hour against the mean of the fourteen days before it, three standard deviations away. Alarms of one way within
 * twelve hours are one.
 */
export function zScoreAlarms(values: readonly (number | null)[], from: number): readonly Alarm[] {
  const alarms: Alarm[] = [];
  const last = { drop: -Infinity, surge: -Infinity };
  let [n, sum, squares] = [0, 0, 0];
  const count = (value: number | null | undefined, sign: 1 | -1): void => {
    if (value === null || value === undefined) return;
    n += sign;
    sum += sign * value;
    squares += sign * value * value;
  };
  for (let i = Math.max(0, from - DAYS_14); i < from; i += 1) count(values[i], 1);
  for (let hour = from; hour < values.length; hour += 1) {
    const value = values[hour] ?? null;
    const mean = sum / n;
    const deviation = Math.sqrt(Math.max(0, squares / n - mean * mean));
    if (value !== null && Math.abs(value - mean) > BEYOND * deviation) {
      const way = value < mean ? 'drop' : 'surge';
      if (hour - last[way] > APART) alarms.push({ hour, way });
      last[way] = hour;
    }
    count(values[hour], 1);
    count(values[hour - DAYS_14], -1);
  }
  return alarms;
}
