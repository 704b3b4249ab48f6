import { afterEach, describe, expect, it, vi } from 'vitest';

import { parseEscalation } from '../../src/escalation/index.js';
import { acknowledge, engageVendor, Incidents, mitigate, note, resolve, snooze, triage } from '../../src/incidents/index.js';
import { RunbackError } from '../../src/lib/index.js';
import { openChannel, openOutbox } from '../../src/notify/index.js';
import { resolveSecret } from '../../src/workspace/index.js';
import { type HttpFake, type Service, startHttpFake } from '../notify/fakes/http.js';
import { CANARY, pagerduty, slack, teams, twilio, webhook } from '../notify/fakes/services.js';
import { startSmtpFake } from '../notify/fakes/smtp.js';
import { temporaryStore } from '../support/store.js';
import { HandClock, HOUR, MINUTE } from './support.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const MAYA = { by: 'maya', source: 'cli' };
const LEE = { by: 'lee', source: 'cli' };

/** The published library refuses what is not of now: here, now is what the message says. */
const hookThen: Service = {
  ...webhook,
  problems: (got) => {
    const now = vi.spyOn(Date, 'now').mockReturnValue(Number(got.headers['webhook-timestamp']) * 1000);
    try {
      return webhook.problems(got);
    } finally {
      now.mockRestore();
    }
  },
};

/** Every message that left, in one list: when, how, to whom, what about. */
interface Log {
  readonly seen: string[];
}

/**
 * A workspace whose channels lead to servers on this machine. State is only what is on disk: incidents and outbox are
 * made anew for each tick, as if the process had been restarted between any two.
 */
async function world(start: string) {
  const clock = new HandClock(Date.parse(start));
  const { store, redactor, dir } = await temporaryStore(clock);
  const [mail, chat, office, pager, phone, hook] = await Promise.all([
    startSmtpFake(),
    ...[slack, teams, pagerduty, twilio, hookThen].map((service) => startHttpFake(service)),
  ]);
  const fakes = { chat, office, pager, phone, hook } as Record<string, HttpFake>;
  closers.push(() => mail.close(), ...Object.values(fakes).map((fake) => () => fake.close()));
  const env: Record<string, string> = {
    KEY: CANARY.key,
    CHAT: `${chat?.url ?? ''}${CANARY.path}`,
    OFFICE: `${office?.url ?? ''}${CANARY.query}`,
    SIGNING: CANARY.signing,
    ACCOUNT: CANARY.account,
    MAYA_PHONE: '+15550000001',
    LEE_PHONE: '+15550000002',
  };
  const file = parseEscalation(
    `version: 1
timezone: America/New_York
people:
  maya: { name: Maya Ortiz, email: maya@example.com, phone: env:MAYA_PHONE, contact: [email, { sms: 2m }] }
  lee: { name: Lee Park, email: lee@example.com, phone: env:LEE_PHONE, contact: [email, { voice: 3m }], role: lead }
schedules:
  primary: { timezone: America/New_York, rotation: { every: 1w, handoff: "Mon 09:00", start: 2026-01-05, people: [maya, lee] } }
channels:
  mail: { type: email, host: 127.0.0.1, port: ${mail.port}, tls: none, user: runback, password: env:KEY, from: runback@example.com }
  chat: { type: slack, url: env:CHAT }
  office: { type: teams, url: env:OFFICE }
  pager: { type: pagerduty, routing_key: env:KEY, url: ${pager?.url ?? ''} }
  phone: { type: twilio, account: env:ACCOUNT, token: env:KEY, from: "+15550009999", url: ${phone?.url ?? ''} }
  hook: { type: webhook, url: ${hook?.url ?? ''}, secret: env:SIGNING }
authority:
  operator: { may: [pause-syncs, snapshot, plan] }
  lead: { inherits: operator, may: [approve-restore, resume-syncs], limits: { records: 5000, percent: 25 } }
severities:
  sev1: { means: Customer data is being corrupted or lost, policy: critical, quiet_hours: ignore, update_every: 30m, ack_expires: 2h }
  sev3: { means: "Degraded, nothing lost", policy: business, quiet_hours: hold }
policies:
  critical:
    repeat: 0
    levels:
      - { notify: ["schedule:primary", "channel:chat", "channel:pager"], ack_within: 5m, grants: operator }
      - { notify: ["person:lee", "channel:hook"], ack_within: 10m, grants: lead }
    exhausted: { notify: ["person:lee"], every: 30m }
  business:
    levels: [{ notify: ["schedule:primary", "channel:office"], ack_within: 4h, grants: operator }]
quiet_hours: { timezone: America/New_York, weekdays: "20:00-08:00", weekends: all }
vendors: { hubspot: { account: { portal: "62515" }, case_fields: [portal] } }
`,
    'escalation.yml',
  );
  const log: Log = { seen: [] };
  const taken = { mail: 0, ...Object.fromEntries(Object.keys(fakes).map((name) => [name, 0])) } as Record<string, number>;
  const began = clock.now().getTime();
  const since = (): string => {
    const minutes = Math.round((clock.now().getTime() - began) / MINUTE);
    return `${Math.floor(minutes / 1440)}d ${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  };
  const collect = (): void => {
    const fresh: string[] = [];
    for (const { parsed, to } of mail.mails.slice(taken['mail'])) fresh.push(`mail ${to.join()} ${parsed.subject ?? ''}`);
    taken['mail'] = mail.mails.length;
    for (const [name, fake] of Object.entries(fakes)) {
      for (const got of fake.got.slice(taken[name])) fresh.push(`${name} ${about(name, got.text)}`);
      taken[name] = fake.got.length;
    }
    log.seen.push(...fresh.sort().map((line) => `${since()} ${line}`));
  };
  const open = () => {
    let incidents: Incidents | undefined;
    const outbox = openOutbox({
      store,
      clock,
      by: 'test',
      caps: file.caps,
      channel: async (name) => {
        const config = file.channels[name];
        if (!config) throw new RunbackError('not-found', name);
        const secret = (ref: Parameters<typeof resolveSecret>[0]) => resolveSecret(ref, { env, redactor, root: dir });
        return await openChannel(config, { secret, redact: (text) => redactor.text(text), clock, root: dir, environment: env });
      },
      wanted: async (page) => (await incidents?.wanted(page)) ?? true,
      beforeSettled: async (record) => await incidents?.pageSettles(record),
      afterSettled: async (record) => await incidents?.pageSettles(record),
    });
    incidents = new Incidents({ store, clock, escalation: file, outbox });
    return { incidents, outbox };
  };
  /** Does all that is due now, each round in a process of its own. */
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 20; round += 1) {
      const { incidents, outbox } = open();
      const { looked, problems } = await incidents.tick();
      if (problems.length > 0) throw problems[0]?.error;
      await outbox.tick();
      await outbox.idle();
      await outbox.close();
      const due = await Promise.all([store.agenda('pages').due(clock.now()), store.agenda('incidents').due(clock.now())]);
      collect();
      if (looked === 0 && due.flat().length === 0) return;
    }
    throw new Error('something is due for ever');
  };
  return {
    clock,
    log,
    fakes,
    mail,
    settle,
    /** What a person does, in a process of its own. */
    act: async <T>(work: (incidents: Incidents) => Promise<T>): Promise<T> => {
      const { incidents, outbox } = open();
      const done = await work(incidents);
      await outbox.close();
      await settle();
      return done;
    },
    /** Lets time pass: to each time at which something is due, and there does it; ticks in between do nothing. */
    wait: async (ms: number): Promise<void> => {
      const end = clock.now().getTime() + ms;
      for (;;) {
        const next = (await Promise.all([store.agenda('pages').next(), store.agenda('incidents').next()]))
          .filter((at) => at !== undefined)
          .map((at) => Math.max(at.getTime(), clock.now().getTime() + 1));
        const at = Math.min(...next, end);
        // A tick a moment too early: nothing may leave.
        if (at - 1 > clock.now().getTime()) {
          clock.set(new Date(at - 1));
          const before = log.seen.length;
          await settle();
          expect(log.seen.slice(before)).toEqual([]);
        }
        clock.set(new Date(at));
        await settle();
        if (at >= end) return;
      }
    },
    /** What has left since the last call. */
    told: (): readonly string[] => log.seen.splice(0),
    broken: (): readonly string[] => Object.values(fakes).flatMap(({ problems }) => problems),
  };
}

/** What a request is about, in a word or two. */
function about(channel: string, text: string): string {
  if (channel === 'phone') {
    const form = new URLSearchParams(text);
    return `${form.has('Twiml') ? 'call' : 'sms'} ${form.get('To') ?? ''}`;
  }
  const body = JSON.parse(text) as { readonly event_action?: string; readonly text?: string; readonly type?: string };
  if (body.event_action !== undefined) return body.event_action;
  if (channel === 'hook') return body.type ?? 'event';
  if (/Snoozed until/.test(text)) return 'snoozed';
  return /\] Acknowledged:/.test(text) ? 'acknowledged' : /\] Resolved:/.test(text) ? 'resolved' : 'alert';
}

const opening = { title: 'Wrong first names', severity: 'sev1', platforms: ['hubspot'], source: 'cli' };
const subject = '[sev1] Wrong first names';

describe('two weeks, restarted between any two ticks', () => {
  it('through the end of daylight saving time: every expected message and no other', async () => {
    // Saturday 24 October 2026, 12:00 in New York. Lee is on call until Monday 26, then Maya. Clocks go back on Sunday
    // 1 November.
    const { act, wait, told, broken, clock } = await world('2026-10-24T16:00:00Z');
    const first = await act((incidents) => incidents.open(opening, 'root'));
    expect(told()).toEqual([`0d 00:00 chat alert`, `0d 00:00 mail lee@example.com ${subject}`, `0d 00:00 pager trigger`]);
    await wait(4 * MINUTE);
    expect(told()).toEqual(['0d 00:03 phone call +15550000002']);
    await wait(MINUTE);
    expect(told()).toEqual([expect.stringMatching(/^0d 00:05 hook /), `0d 00:05 mail lee@example.com ${subject}`]);
    await act((incidents) => acknowledge(incidents, first.id, LEE));
    expect(told()).toEqual(['0d 00:05 chat acknowledged', expect.stringMatching(/^0d 00:05 hook /), '0d 00:05 pager acknowledge']);
    await wait(30 * MINUTE);
    expect(told()).toEqual([`0d 00:35 mail lee@example.com [sev1] An update is due: Wrong first names`]);
    await act((incidents) => note(incidents, first.id, 'Syncs are off', true, LEE));
    await act((incidents) =>
      engageVendor(incidents, first.id, 'hubspot', { number: '4711', followUpAt: new Date(clock.now().getTime() + 20 * MINUTE) }, LEE),
    );
    await wait(20 * MINUTE);
    expect(told()).toEqual([`0d 00:55 mail lee@example.com [sev1] Support case to follow up: Wrong first names`]);
    await act((incidents) => mitigate(incidents, first.id, 'restored', LEE));
    await act((incidents) => resolve(incidents, first.id, 'verified', LEE));
    expect(told()).toEqual(['0d 00:55 chat resolved', expect.stringMatching(/^0d 00:55 hook /), '0d 00:55 pager resolve']);

    // Nothing is open: a week passes in silence, over two handoffs.
    await wait(7 * 24 * HOUR + 8 * HOUR);
    expect(told()).toEqual([]);

    // Saturday evening: held back over the weekend and the change of the clocks, until Monday 2 November 08:00 in New
    // York.
    const second = await act((incidents) => incidents.open({ ...opening, title: 'Slow sync', severity: 'sev3' }, 'root'));
    expect(told()).toEqual([]);
    const opened = clock.now();
    await wait(Date.parse('2026-11-02T13:00:00Z') - opened.getTime() - 1);
    expect(told()).toEqual([]);
    await wait(1);
    // Maya, whose week ends at nine, and by mail only: two minutes later she has it.
    expect(told()).toEqual([expect.stringMatching(/mail maya@example.com \[sev3\] Slow sync$/), expect.stringMatching(/office alert$/)]);
    await wait(MINUTE);
    await act((incidents) => acknowledge(incidents, second.id, MAYA));
    expect(told()).toEqual([expect.stringMatching(/office acknowledged$/)]);
    await act((incidents) => triage(incidents, second.id, { severity: 'sev1', why: 'opt-outs too' }, MAYA));
    expect(told()).toEqual([
      expect.stringMatching(/chat alert$/),
      expect.stringMatching(/mail maya@example.com \[sev1\] Slow sync$/),
      expect.stringMatching(/pager trigger$/),
    ]);
    await act((incidents) => snooze(incidents, second.id, new Date(clock.now().getTime() + 2 * HOUR), MAYA));
    // Nobody had it when it was snoozed: what was paged hears of it, and a service that would ring on is quiet.
    expect(told().map((line) => line.replace(/^\S+ \S+ /, ''))).toEqual(['chat snoozed', 'office snoozed', 'pager acknowledge']);
    await wait(2 * HOUR - 1);
    expect(told()).toEqual([]);
    await wait(1);
    // It is past nine: Lee's week.
    expect(told().map((line) => line.replace(/^\S+ \S+ /, ''))).toEqual([
      'chat alert',
      'mail lee@example.com [sev1] Slow sync',
      'pager resolve',
      'pager trigger',
    ]);
    await act((incidents) => resolve(incidents, second.id, 'done', MAYA));
    expect(told().map((line) => line.replace(/^\S+ \S+ /, ''))).toEqual(['chat resolved', 'office resolved', 'pager resolve']);
    await wait(5 * 24 * HOUR);
    expect(told()).toEqual([]);
    expect(broken()).toEqual([]);
  });

  it('through the beginning of daylight saving time, with nobody answering', async () => {
    // Sunday 8 March 2026, 01:50 in New York, in Maya's week: at 02:00 clocks go to 03:00.
    const { act, wait, told, broken } = await world('2026-03-08T06:50:00Z');
    const { id } = await act((incidents) => incidents.open(opening, 'root'));
    await wait(2 * HOUR);
    expect(told().map((line) => line.replace(subject, 'alert').replace(/hook .*/, 'hook'))).toEqual([
      '0d 00:00 chat alert',
      '0d 00:00 mail maya@example.com alert',
      '0d 00:00 pager trigger',
      '0d 00:02 phone sms +15550000001',
      '0d 00:05 hook',
      '0d 00:05 mail lee@example.com alert',
      '0d 00:08 phone call +15550000002',
      '0d 00:15 mail lee@example.com alert',
      '0d 00:18 phone call +15550000002',
      '0d 00:45 mail lee@example.com alert',
      '0d 00:48 phone call +15550000002',
      '0d 01:15 mail lee@example.com alert',
      '0d 01:18 phone call +15550000002',
      '0d 01:45 mail lee@example.com alert',
      '0d 01:48 phone call +15550000002',
    ]);
    await act((incidents) => resolve(incidents, id, 'found it myself', MAYA));
    told();
    await wait(14 * 24 * HOUR);
    expect(told()).toEqual([]);
    expect(broken()).toEqual([]);
  });

  it('an acknowledgement after which nothing happens lapses, and its levels begin anew, in services that keep an alert too', async () => {
    const { act, wait, told, broken } = await world('2026-10-27T16:00:00Z');
    const { id } = await act((incidents) => incidents.open(opening, 'root'));
    await act((incidents) => acknowledge(incidents, id, LEE));
    told();
    await wait(2 * HOUR);
    expect(told().map((line) => line.replace(subject, 'alert'))).toEqual([
      '0d 00:30 mail lee@example.com [sev1] An update is due: Wrong first names',
      '0d 01:00 mail lee@example.com [sev1] An update is due: Wrong first names',
      '0d 01:30 mail lee@example.com [sev1] An update is due: Wrong first names',
      '0d 02:00 chat alert',
      '0d 02:00 mail maya@example.com alert',
      '0d 02:00 pager resolve',
      '0d 02:00 pager trigger',
    ]);
    await act((incidents) => resolve(incidents, id, 'done', LEE));
    told();
    await wait(24 * HOUR);
    expect(told()).toEqual([]);
    expect(broken()).toEqual([]);
  });

  it('a service that is down for an hour is tried again; a refused address makes way for the next contact', async () => {
    const { act, wait, told, fakes, mail } = await world('2026-10-27T16:00:00Z');
    const chat = fakes['chat'];
    if (!chat) throw new Error('no chat');
    chat.fault = 'down';
    mail.fault = 'rejected';
    const { id } = await act((incidents) => incidents.open(opening, 'root'));
    const seen = told().map((line) => line.replace(/^\S+ \S+ /, ''));
    expect(seen.filter((line) => line.startsWith('phone'))).toEqual(['phone sms +15550000001']);
    mail.fault = undefined;
    await wait(4 * MINUTE);
    chat.fault = undefined;
    await wait(10 * MINUTE);
    expect(chat.got.length).toBeGreaterThan(3);
    expect(new Set(chat.got.map(({ text }) => text.replaceAll(/attempt \d+|again|Again/g, '').length)).size).toBeLessThan(4);
    await act((incidents) => resolve(incidents, id, 'done', LEE));
    await wait(24 * HOUR);
  });
});
