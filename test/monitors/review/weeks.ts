// Nine weeks of calls and durations as a workspace has them: by day and night, with errors, outages and noise. And what can be planted in the last.
import type { CallRow } from '../../../src/calls/index.js';
import type { Course, ReviewInput } from '../../../src/monitors/review/index.js';
import { randomFrom } from '../../checks/history.js';

export const HOUR_MS = 3_600_000;
const WEEK_HOURS = 168;
const WEEKS = 9;
export const TO = new Date('2026-11-30T00:00:00Z');
const FIRST = TO.getTime() / HOUR_MS - WEEKS * WEEK_HOURS;
export const FROM = new Date(TO.getTime() - WEEK_HOURS * HOUR_MS);

export interface Planted {
  /** One record type of which every update fails since Tuesday. */
  readonly failing?: boolean;
  /** An error at 02:00, and at no other hour. */
  readonly atNight?: boolean;
  /** Growth of the time of one sync in a week, from the beginning on. */
  readonly slower?: number;
  /** An error that never was before. */
  readonly fresh?: boolean;
  /** An error four times as often as before. */
  readonly grown?: boolean;
}

const OBJECTS = ['contacts', 'companies', 'deals', 'tickets'];
export const TUESDAY_HOUR = FROM.getTime() / HOUR_MS + 33;

class Rows {
  readonly #rows = new Map<string, { row: Omit<CallRow, 'hours'>; hours: Record<string, number> }>();
  add(row: Omit<CallRow, 'hours'>, hour: number, count: number): void {
    if (count <= 0) return;
    const key = [row.at, row.call, row.of, row.outcome, row.message ?? ''].join('|');
    const known = this.#rows.get(key) ?? { row, hours: {} };
    known.hours[hour] = (known.hours[hour] ?? 0) + count;
    this.#rows.set(key, known);
  }
  all(): readonly CallRow[] {
    return [...this.#rows.values()].map(({ row, hours }) => ({ ...row, hours }));
  }
}

export function weeksOf(seed: number, planted: Planted = {}): ReviewInput {
  const random = randomFrom(seed);
  const poisson = (mean: number): number => {
    let [n, left] = [0, Math.exp(-Math.min(mean, 500))];
    for (let p = random(); p > left; p *= random()) n += 1;
    return n;
  };
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const rows = new Rows();
  const busy = 2 + random() * 20;
  const kinds = Array.from({ length: 6 }, (_, n) => ({
    at: n % 2 === 0 ? 'hubspot' : 'salesforce',
    call: n < 3 ? 'update' : 'read',
    of: OBJECTS[n % OBJECTS.length] ?? '',
    outcome: ['failed', 'platform-unreachable', 'rejected', 'platform-limit', 'in-doubt', 'unique-taken'][n] ?? 'failed',
    message: `an ordinary error of kind ${'abcdef'[n] ?? ''}`,
    /** From one in a month to one in a hundred calls. */
    share: 10 ** (-2 - random() * 3),
  }));
  for (let hour = FIRST; hour < TO.getTime() / HOUR_MS; hour += 1) {
    const [ofDay, day] = [hour % 24, Math.floor(hour / 24) % 7];
    const shape = (ofDay > 7 && ofDay < 19 ? 1 : 0.2) * (day === 2 || day === 3 ? 0.3 : 1);
    for (const at of ['hubspot', 'salesforce'])
      for (const of of OBJECTS)
        for (const call of ['read', 'update']) {
          const isFailing = planted.failing === true && at === 'hubspot' && of === 'deals' && call === 'update' && hour >= TUESDAY_HOUR;
          const calls = poisson(busy * shape);
          if (isFailing)
            rows.add(
              { at, call, of, outcome: 'field-removed', message: 'the property is gone', example: { time: '', correlationId: 'c-17' } },
              hour,
              calls,
            );
          else rows.add({ at, call, of, outcome: 'ok' }, hour, calls);
        }
    for (const { share, ...kind } of kinds) rows.add(kind, hour, poisson(busy * shape * share));
    // An outage of an hour, now and then.
    if (random() < 0.002)
      rows.add(
        { at: 'hubspot', call: 'read', of: OBJECTS[Math.floor(random() * 4)] ?? '', outcome: 'platform-unreachable', message: 'an outage' },
        hour,
        5 + poisson(20),
      );
    const last = hour >= FROM.getTime() / HOUR_MS;
    if (planted.atNight === true && ofDay === 2 && last)
      rows.add(
        {
          at: 'salesforce',
          call: 'read',
          of: 'companies',
          outcome: 'platform-limit',
          message: 'a limit at night',
          example: { time: '', correlationId: 'c-2' },
        },
        hour,
        1 + poisson(3),
      );
    if (planted.fresh === true && last && random() < 0.15)
      rows.add(
        {
          at: 'hubspot',
          call: 'update',
          of: 'contacts',
          outcome: 'type-changed',
          message: 'a new error',
          example: { time: '', correlationId: 'c-9' },
        },
        hour,
        1,
      );
    if (planted.grown === true && random() < (last ? 0.4 : 0.08))
      rows.add({ at: 'salesforce', call: 'update', of: 'tickets', outcome: 'parent-missing', message: 'an old error' }, hour, 1);
  }
  const courses = ['sync crm-to-marketing', 'snapshots of nightly', 'test lifecycle'].map((name, n): Course => {
    const [typical, noise, dayNoise] = [60_000 * (1 + 20 * random()), 0.02 + 0.12 * random(), 0.03 * random()];
    const perDay = [24, 1, 3][n] ?? 1;
    const weekday = Array.from({ length: 7 }, () => 1 + 0.2 * random());
    const points: { at: string; value: number }[] = [];
    for (let day = 0; day < WEEKS * 7; day += 1) {
      const ofDay = Math.exp(dayNoise * normal());
      for (let run = 0; run < perDay; run += 1) {
        const at = (FIRST + day * 24 + Math.floor((run * 24) / perDay)) * HOUR_MS;
        const growth = n === 0 ? (1 + (planted.slower ?? 0)) ** (day / 7) : 1;
        points.push({ at: new Date(at).toISOString(), value: typical * growth * ofDay * (weekday[day % 7] ?? 1) * Math.exp(noise * normal()) });
      }
    }
    return { name, unit: 'ms', points, latest: `run-${n}` };
  });
  return { from: FROM, to: TO, countedSince: new Date(FIRST * HOUR_MS), calls: rows.all(), courses };
}
