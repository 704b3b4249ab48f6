import { createRequire } from 'node:module';

/** Loaded with the first schedule. */
function croner(): typeof import('croner') {
  return createRequire(import.meta.url)('croner') as typeof import('croner');
}

/** What five cron fields look like, for messages. */
export const CRON_FORM = 'five cron fields (minute, hour, day of month, month, day of week), such as 30 2 * * * for 02:30 each day';

const FIELDS = 5;
const LONGEST = 120;
/** What cron has had forever: other programs read `?`, `L`, `W`, `#` and `@daily` in different ways. */
const VALUE = String.raw`(?:\*|(?:\d+|[a-z]{3})(?:-(?:\d+|[a-z]{3}))?)(?:\/\d+)?`;
const FIELD = new RegExp(`^${VALUE}(?:,${VALUE})*$`, 'iu');
/** A year before any schedule is asked for. */
const BEFORE = new Date('2024-01-01T00:00:00Z');

/** Why a text is no schedule, in words that continue from it; undefined where it is one. Never throws. */
export function cronProblem(text: string): string | undefined {
  const fields = text.trim().split(/\s+/u);
  if (text.length > LONGEST) return `it is longer than ${LONGEST} characters`;
  if (fields.length !== FIELDS) return `it has ${fields.length} fields, not ${FIELDS}`;
  const odd = fields.find((field) => !FIELD.test(field));
  if (odd !== undefined) return `"${odd}" is not a cron field`;
  try {
    return nextTime(text, 'UTC', BEFORE) === undefined ? 'it never comes' : undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /u, '') : String(error);
  }
}

/**
 * The first time of a schedule after an instant; undefined where none comes any more. A pure function of what it is
 * given: it asks no clock.
 *
 * Where the clocks of the zone jump: a schedule that names its minutes and hours (no `*` and no step in either) runs
 * once on each of its days: at the moment of the jump where its time is skipped, at the first of two where it is shown
 * twice. One with `*` or a step in them runs by the time that passes: both of two that are shown twice, and none that is
 * skipped. Throws for what is no schedule: {@link cronProblem} says why.
 */
export function nextTime(cron: string, zone: string, after: Date): Date | undefined {
  const { Cron } = croner();
  return new Cron(cron.trim(), { mode: '5-part', timezone: zone, paused: true, fixedTimeRule: 'no-wildcard' }).nextRun(after) ?? undefined;
}
