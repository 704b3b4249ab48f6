import { z } from 'zod';

import { DURATION_FORM, DURATION_PATTERN } from '../../lib/index.js';

/** `hubspot/contacts created`, `hubspot/deals changed by INTEGRATION:48621`. */
export const COUNT_PATTERN = /^([^/\s]+)\/(.+?) (created|changed)(?: by (\S.*))?$/u;
/** `5 in 24h`. */
export const LIMIT_PATTERN = /^(\d{1,9}) in (\S+)$/u;
/** `2 of 3`. */
export const FAIL_PATTERN = /^([1-9]\d?) of ([1-9]\d?)$/u;
/** `5%`, `0.5%`. */
export const SHARE_PATTERN = /^(\d{1,2}(?:\.\d{1,3})?|100)%$/u;
/** `Wed 14:00`, `day 1 09:00`, `last day`. */
export const EVERY_PATTERN = /^(?:(mon|tue|wed|thu|fri|sat|sun)|day (\d{1,2})|(last day))(?: ([01]\d|2[0-3]):([0-5]\d))?$/iu;
/** `2026-12-25`, `2026-12-24..2026-12-26`. */
export const DATES_PATTERN = /^(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?$/u;

const name = z.string().min(1);
const duration = z.string().regex(DURATION_PATTERN, DURATION_FORM);
const sides = z.enum(['drop', 'surge', 'both', 'none']);

/** How the findings of a monitor are told, and what stands on the platform's side of it. */
const told = {
  level: z
    .enum(['page', 'note'])
    .exactOptional()
    .describe('page: people are woken by what it finds; note: it is told, and wakes nobody. Not for count, which has page and note.'),
  stakes: z
    .enum(['consent', 'records', 'flow'])
    .exactOptional()
    .describe('What is lost while it is wrong: consent of people, records that are damaged, or time. Its severity follows from that.'),
  severity: z.string().min(1).exactOptional().describe('Severity of its incidents, as sev1 to sev4. Without it, what is at stake says it.'),
  runbook: name.exactOptional().describe('Id of the runbook that fits what it finds; without it, that of alerts.'),
};

/** One entry under `monitors`. Which keys belong together is checked by `monitorProblems`. */
const monitorSchema = z
  .strictObject({
    count: z
      .string()
      .regex(
        COUNT_PATTERN,
        'a platform, an object type and what happened: hubspot/contacts created, or hubspot/contacts changed by INTEGRATION:48621',
      )
      .exactOptional()
      .describe('How many records are created or changed in an hour: hubspot/contacts created.'),
    ratio: z
      .enum(['errors/calls'])
      .exactOptional()
      .describe('How many of the calls fail that runback makes, or of the records of a sync: errors/calls.'),
    forecast: z
      .string()
      .regex(/^[^.\s]+\.daily$/u, 'a platform and daily: hubspot.daily')
      .exactOptional()
      .describe('When the calls of a day of a platform are used up: hubspot.daily.'),
    duration: name.exactOptional().describe('How long the runs of a sync take: its name.'),
    lag: name.exactOptional().describe('How far a sync is behind: its name.'),
    heartbeat: name.exactOptional().describe('Whether a sync runs at all, also when it has nothing to do: its name.'),
    backup: name.exactOptional().describe('How old the last good snapshot of a backup job is: its name.'),
    schema: name.exactOptional().describe('Whether fields and options are as they were accepted: a platform, or hubspot/contacts.'),
    mapping: name.exactOptional().describe('Whether both sides still have what a mapping was accepted with: its id.'),
    differences: name.exactOptional().describe('In how many records the last reconciliation of a mapping found differences: its id.'),
    test: name.exactOptional().describe('A test of the integration that is run again and again: its id.'),

    every: duration.exactOptional().describe('How often it is measured: 15m. A count is one of whole hours.'),
    baseline: z
      .enum(['weekly', 'none'])
      .exactOptional()
      .describe('weekly: compared with the same hours of earlier weeks. none: only with below and above.'),
    timezone: z.string().min(1).exactOptional().describe('Whose hours of the week count, as America/New_York. UTC if none is given.'),
    page: sides.exactOptional().describe('Of a count: what wakes people. drop if none is given.'),
    note: sides.exactOptional().describe('Of a count: what is only told. surge if none is given.'),
    needs: z
      .union([name, z.array(name).min(1)])
      .exactOptional()
      .describe('Name of another monitor: while that one is wrong, this one is silent. heartbeat: all heartbeats of syncs that write there.'),
    at_least: z.number().int().positive().exactOptional().describe('A smaller difference, or fewer errors, is no finding.'),
    below: z
      .string()
      .regex(LIMIT_PATTERN, 'a number and how long: 5 in 24h')
      .exactOptional()
      .describe('Fewer than this is wrong, whatever is usual: 5 in 24h.'),
    above: z
      .union([z.string().min(1), z.number().int().nonnegative()])
      .exactOptional()
      .describe('More than this is wrong: 500 in 1h of a count, 5% of calls, 30m of a run, 10 records.'),
    within: duration.exactOptional().describe('How long a sync may show no sign of life: 2h.'),
    windows: z
      .array(duration)
      .length(2)
      .exactOptional()
      .describe('Errors have to be too many in both of these: a short one and a long one, [1h, 6h].'),
    alert: z.literal('exhausted-before-reset').exactOptional().describe('Of a forecast: what is wrong.'),
    fail: z.string().regex(FAIL_PATTERN, 'how many of how many: 2 of 3').exactOptional().describe('How many of the last runs have to fail: 2 of 3.'),
    ...told,
    of: z
      .union([name, z.array(name).min(1)])
      .exactOptional()
      .describe('Of a ratio: names of platforms or syncs; each is judged for itself. All platforms if none is given.'),
  })
  .describe('Something that is measured again and again, and what is wrong with it when.');

const calendarSchema = z
  .strictObject({
    dates: z
      .array(z.string().regex(DATES_PATTERN, 'a date, or from one to another: 2026-12-24..2026-12-26'))
      .min(1)
      .exactOptional()
      .describe('Whole days: [2026-12-25, 2026-12-31..2027-01-02].'),
    every: z
      .string()
      .regex(EVERY_PATTERN, 'a weekday, a day of the month or the last day, perhaps with a time: Wed 14:00, day 1 09:00, last day')
      .exactOptional()
      .describe('What comes again: Wed 14:00, day 1 09:00, last day.'),
    for: duration.exactOptional().describe('With every: how long it lasts. A day if none is given.'),
    is: z.enum(['quiet', 'webinar', 'month-end', 'busy']).describe('What is ordinary then.'),
    timezone: z.string().min(1).exactOptional().describe('Whose clocks count, as America/New_York. UTC if none is given.'),
  })
  .describe('A stretch of time in which other things are ordinary.');

const finding = z.enum([
  'stopped',
  'drop',
  'surge',
  'errors',
  'slow',
  'late',
  'silent',
  'exhaustion',
  'too-old',
  'schema-changed',
  'differences',
  'canary-lost',
  'canary-unsafe',
  'auth-expired',
  'unmeasured',
]);

const alertsSchema = z
  .strictObject({
    group_by: z
      .array(z.enum(['platform', 'sync', 'monitor']))
      .min(1)
      .exactOptional()
      .describe('What is of the same platform, sync or monitor is one alert. By platform if none is given.'),
    inhibit: z
      .partialRecord(finding, z.union([z.literal('all'), z.array(finding).min(1)]))
      .exactOptional()
      .describe('A known cause silences what follows from it on the same platform: { auth-expired: all }.'),
    hold: duration.exactOptional().describe('How long all has to be well before an alert ends: 6h.'),
    opens: z.enum(['incident', 'nothing']).exactOptional().describe('What an alert opens: an incident, or nothing: then it is only shown.'),
    runbook: name.exactOptional().describe('Id of the runbook that an incident is opened with, where its monitor names none.'),
    runbooks: z.partialRecord(finding, name).exactOptional().describe('The runbook by what was found: { surge: sync-storm }.'),
  })
  .describe('How what monitors find is told: grouped, and once.');

/** The keys of runback.yml that watch integrations. */
export const monitorShape = {
  monitors: z
    .record(z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/u, 'letters, digits, "-" and "_", beginning with a letter, 63 at most'), monitorSchema)
    .default({})
    .describe('What is measured again and again, by name.'),
  calendar: z.array(calendarSchema).default([]).describe('Days and hours in which other things are ordinary.'),
  alerts: alertsSchema.default({}).describe('How what monitors find is told.'),
};

/** One monitor, calendar entry and the alerts as the file has them. */
export type MonitorFile = z.output<typeof monitorSchema>;
export type CalendarFile = z.output<typeof calendarSchema>;
export type AlertsFile = z.output<typeof alertsSchema>;
