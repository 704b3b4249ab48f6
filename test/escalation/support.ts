import { parseEscalation, type Escalation, type Schedule } from '../../src/escalation/index.js';

/** A file with two people, a chat channel, two levels, and quiet hours for sev3. */
export const FILE = `version: 1
timezone: America/New_York
people:
  maya: { name: Maya Ortiz, email: maya@example.com, phone: env:MAYA_PHONE, contact: [email, { sms: 2m }] }
  lee: { name: Lee Park, email: lee@example.com, contact: [email] }
schedules:
  primary: { rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, people: [maya, lee] } }
channels:
  mail: { type: email, host: smtp.example.com, from: runback@example.com }
  texts: { type: twilio, account: env:TWILIO_ACCOUNT, token: env:TWILIO_TOKEN, from: "+12125550100" }
  ops: { type: slack, url: env:SLACK_URL }
authority:
  operator: { may: [pause-syncs, snapshot, plan] }
  lead: { inherits: operator, may: [approve-restore, resume-syncs], limits: { records: 5000 } }
severities:
  sev1: { means: Data is being lost, policy: critical }
  sev2: { means: Data is wrong, policy: business, quiet_hours: ignore }
  sev3: { means: Degraded, policy: critical, quiet_hours: hold }
  sev4: { means: A question, policy: business, quiet_hours: hold }
policies:
  critical:
    repeat: 1
    levels:
      - { notify: [schedule:primary, channel:ops], ack_within: 5m, grants: operator }
      - { notify: [person:lee], ack_within: 10m, grants: lead }
    exhausted: { notify: [person:maya, person:lee], every: 15m }
  business: { levels: [{ notify: [channel:ops], ack_within: 4h, grants: operator }] }
quiet_hours: { weekdays: "20:00-08:00", weekends: all }
`;

export const file: Escalation = parseEscalation(FILE, 'escalation.yml');

/** A schedule by its rotation, without overrides. */
export function schedule(
  timezone: string,
  every: string,
  handoff: string,
  start: string,
  people: readonly string[],
  more: Partial<Schedule> = {},
): Schedule {
  return { timezone, rotation: { every, handoff, start, people }, overrides: [], ...more };
}

export const minutes = (count: number): number => count * 60_000;
export const later = (iso: string, ms: number): Date => new Date(Date.parse(iso) + ms);
