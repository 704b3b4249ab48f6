import { z } from 'zod';

import { DURATION_PATTERN, parseDuration } from '../../lib/index.js';
import { durationSchema } from '../../workspace/index.js';
import { EVERY_PATTERN, HANDOFF_PATTERN, TIME_PATTERN } from '../calendar/schedules.js';
import { SPAN_PATTERN } from '../calendar/weekly.js';
import { ACTS } from '../types.js';

/** Names of people, schedules, channels, roles, policies: safe in file names and messages. */
const name = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,62}$/, 'letters, digits, "-" and "_", beginning with a letter, 63 at most');
const text = z.string().min(1, 'some text');
const YEAR_MS = 366 * 86_400_000;

/** Durations that pace pages: never nothing, which would be a storm, and never beyond what anybody waits for. */
const pace = durationSchema.refine(
  (value) => !DURATION_PATTERN.test(value) || (parseDuration(value) >= 1000 && parseDuration(value) <= YEAR_MS),
  'a duration between 1s and 366d',
);
const delay = durationSchema.refine((value) => !DURATION_PATTERN.test(value) || parseDuration(value) <= YEAR_MS, 'a duration of 366d at most');

const zone = text.describe('Time zone, as America/New_York.');
const phone = z
  .string()
  .regex(
    /^(\+[1-9][\d ().-]{5,24}|(env|file|command|keychain):\S.*)$/,
    'a number in quotes such as "+1 212 555 0100", or a reference such as env:MAYA_PHONE',
  )
  .describe('Number with country code, in quotes, or a reference such as env:MAYA_PHONE.');
const span = z.string().regex(SPAN_PATTERN, 'a span such as 20:00-08:00, or all, or none');

export const CONTACT_KINDS = ['email', 'sms', 'voice'] as const;
export const CHANNEL_TYPES = ['slack', 'teams', 'email', 'twilio', 'pagerduty', 'opsgenie', 'webhook', 'command', 'bell'] as const;
/** What a `notify` entry may mean. */
export const TARGET_KINDS = ['person', 'schedule', 'channel'] as const;

const contact = z.union(
  [
    z.enum(CONTACT_KINDS),
    z
      .strictObject({ email: delay.exactOptional(), sms: delay.exactOptional(), voice: delay.exactOptional() })
      .refine((step) => Object.keys(step).length === 1, 'one way to reach the person, with its delay: { sms: 2m }'),
  ],
  { error: 'email, sms, voice, or one of them with its delay: { sms: 2m }' },
);

const person = z
  .strictObject({
    name: text.describe('Name for people.'),
    email: z
      .string()
      .regex(/^[^\s@<>]+@[^\s@<>]+$/, 'an address such as maya@example.com')
      .exactOptional()
      .describe('E-mail address.'),
    phone: phone.exactOptional(),
    contact: z
      .array(contact)
      .max(20)
      .default([])
      .describe('Ways to reach the person, in the order in which they are tried; each may wait for some time after its level.'),
    key: z
      .string()
      .regex(/^(ssh-|ecdsa-|sk-)[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$/, 'a public SSH key such as "ssh-ed25519 AAAA…"')
      .exactOptional()
      .describe('Public SSH key (ssh-ed25519 AAAA…): what signed approvals are checked against.'),
    role: name.exactOptional().describe('Role the person always has, at every level.'),
  })
  .describe('Someone who can be paged.');

const weekly = z.strictObject({
  timezone: zone.exactOptional(),
  weekdays: span.default('none').describe('Monday to Friday: 20:00-08:00, all or none. A span over midnight belongs to the day on which it begins.'),
  weekends: span.default('none').describe('Saturday and Sunday. all lasts to Monday morning where the span of weekdays goes over midnight.'),
});

const schedule = z
  .strictObject({
    timezone: zone.exactOptional(),
    rotation: z.strictObject({
      every: z
        .string()
        .regex(EVERY_PATTERN, 'weeks, days or hours such as 1w, 2d, 12h')
        .describe('Length of a turn: 1w, 2d, 12h. Counted on the wall clock, so that handoffs keep their local time.'),
      handoff: z
        .string()
        .regex(HANDOFF_PATTERN, 'a local time such as "Mon 09:00" or "09:00"')
        .describe('When turns change: "Mon 09:00" or "09:00".'),
      start: z
        .string()
        .regex(/^\d{4}-\d{2}-\d{2}$/, 'a day such as 2026-01-05')
        .describe('First day. The first turn begins at the first handoff on or after it.'),
      people: z.array(z.string()).min(1).max(500).describe('Ids of people, in turn.'),
    }),
    overrides: z
      .array(
        z.strictObject({
          from: z.string().regex(TIME_PATTERN, 'a time such as 2026-12-24T09:00'),
          to: z.string().regex(TIME_PATTERN, 'a time such as 2026-12-27T09:00'),
          person: z.string(),
        }),
      )
      .max(1000)
      .default([])
      .describe('Who stands in, and when. Later ones win.'),
    hours: weekly.exactOptional().describe('Hours that the schedule covers. If not given, all hours.'),
  })
  .describe('Who is on call in turn.');

const channel = z
  .object({
    type: z.enum(CHANNEL_TYPES).describe('The driver.'),
    drills: z.boolean().exactOptional().describe('Whether pages of drills may go over it. If not given, none does.'),
  })
  .catchall(z.unknown())
  .describe('A way to page people or a service. Further keys are settings of its driver; secrets among them are references such as env:SLACK_URL.');

const role = z
  .strictObject({
    inherits: z.string().exactOptional().describe('Role whose acts and limits this one has too.'),
    may: z.array(z.enum(ACTS)).default([]).describe('What the role may allow.'),
    limits: z
      .strictObject({
        records: z.int().positive().exactOptional().describe('Most records of a restore it may allow.'),
        percent: z.number().positive().max(100).exactOptional().describe('Most percent of the records of the touched object types.'),
      })
      .default({}),
    approvals: z.int().min(1).max(50).default(1).describe('How many people of this role an approval takes.'),
    self_approval: z.boolean().default(true).describe('Whether the person who asks counts as one of them.'),
    expires: pace.default('4h').describe('After this time an approval expires.'),
  })
  .describe('What its holders may allow.');

const severity = z
  .strictObject({
    means: text.describe('What it means, in one sentence.'),
    policy: z.string().describe('Name of the policy that is followed.'),
    quiet_hours: z.enum(['ignore', 'hold']).default('ignore').describe('Whether pages wait for the end of the quiet hours.'),
    update_every: pace.exactOptional().describe('How often an update is to be written.'),
    ack_expires: pace.default('4h').describe('After this time without any sign of work an acknowledgement expires.'),
  })
  .describe('How bad an incident is.');

const notify = z
  .array(z.string().meta({ pattern: '^(person|schedule|channel):.+$' }))
  .min(1)
  .max(50)
  .describe('Who is paged: person:<id>, schedule:<name>, channel:<name>.');

const policy = z
  .strictObject({
    repeat: z.int().min(0).max(1000).default(0).describe('How often the levels are repeated after the first time.'),
    levels: z
      .array(
        z.strictObject({
          notify,
          ack_within: pace.describe('If nobody has acknowledged by then, the next level is paged.'),
          grants: z.string().exactOptional().describe('Role that everyone who was paged has while the incident is open.'),
          vendors: z.array(z.string()).default([]).describe('Vendors to engage from here on.'),
        }),
      )
      .min(1)
      .max(100),
    exhausted: z
      .strictObject({ notify, every: pace.default('15m') })
      .exactOptional()
      .describe('Paged again and again after the last level, until someone answers. Default: the last level, every 15m.'),
  })
  .describe('Who is paged, in which order.');

const vendor = z
  .strictObject({
    support: z.url().exactOptional().describe('Address of the support page.'),
    phone: phone.exactOptional(),
    account: z.record(z.string(), z.string()).default({}).describe('What the vendor asks for: portal, organisation, contract. In quotes.'),
    case_fields: z.array(text).default([]).describe('What a case holds.'),
  })
  .describe('Someone outside who can help.');

/** The format of escalation.yml. */
export const escalationSchema = z
  .strictObject({
    version: z.literal(1).describe('Version of this format.'),
    timezone: zone.default('UTC').describe('Time zone wherever none is given.'),
    people: z.record(name, person).default({}).describe('Who can be paged, by id.'),
    schedules: z.record(name, schedule).default({}).describe('Who is on call, by name.'),
    channels: z.record(name, channel).default({}).describe('Ways to page people and services, by name.'),
    authority: z.record(name, role).default({}).describe('Roles: who may allow what.'),
    approvals: z
      .strictObject({
        in_person: z.boolean().default(true).describe('Whether typing "approve" at the terminal of the run is enough.'),
        unauthenticated: z.boolean().default(true).describe('Whether an approval counts whose author nothing proves.'),
      })
      .prefault({})
      .describe('What counts as an approval.'),
    severities: z
      .strictObject({
        sev1: severity.exactOptional(),
        sev2: severity.exactOptional(),
        sev3: severity.exactOptional(),
        sev4: severity.exactOptional(),
      })
      .describe('What each severity means and which policy it follows; sev1 is the worst.'),
    policies: z.record(name, policy).describe('Who is paged, in which order, by name.'),
    quiet_hours: weekly.exactOptional().describe('When pages of severities with quiet_hours: hold wait.'),
    vendors: z.record(name, vendor).default({}).describe('Who outside can help, by name.'),
    caps: z
      .strictObject({
        burst: z.int().min(1).max(1000).default(3).describe('Messages to one address at once.'),
        every: pace.default('1m').describe('After those, one each time this has passed; more are bundled.'),
      })
      .prefault({})
      .describe('Most messages to one address.'),
  })
  .describe('Who is paged, in which order, and who may allow what.');

/** What {@link escalationSchema} gives. */
export type EscalationDocument = z.output<typeof escalationSchema>;
