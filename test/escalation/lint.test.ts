import { readFile } from 'node:fs/promises';

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { coveredBy, without } from '../../src/escalation/calendar/coverage.js';
import { personAt } from '../../src/escalation/calendar/schedules.js';
import { neverOnCall } from '../../src/escalation/calendar/turns.js';
import { lintEscalation, parseEscalation, parseEscalationFile, type LintFinding } from '../../src/escalation/index.js';
import { tries } from '../support/sweeps.js';
import { FILE, schedule } from './support.js';

const NOW = new Date('2026-07-08T18:00:00Z');
const lint = (text: string, unconfirming?: ReadonlySet<string>): readonly LintFinding[] =>
  lintEscalation(parseEscalation(text, 'escalation.yml'), { now: NOW, ...(unconfirming === undefined ? {} : { unconfirming }) });
const codes = (text: string): readonly string[] => lint(text).map(({ severity, code }) => `${severity} ${code}`);
const changed = (from: string, to: string): string => {
  if (!FILE.includes(from)) throw new Error(`the sample holds no ${from}`);
  return FILE.replace(from, to);
};

test('the shipped sample has no problems found, whatever the day, and needs no secret to be read', async () => {
  const text = await readFile(new URL('../../escalation.yml', import.meta.url), 'utf8');
  const { escalation } = parseEscalationFile(text, 'escalation.yml');
  for (const now of ['2026-01-06T00:00:00Z', '2026-07-08T18:00:00Z', '2031-12-24T00:00:00Z'])
    expect(lintEscalation(escalation, { now: new Date(now) })).toEqual([]);
});

test('a file that is right has no finding', () => {
  expect(lint(FILE)).toEqual([]);
});

test('each finding can be shown at its place', () => {
  const text = changed('contact: [email] }', 'contact: [email, voice] }');
  const { escalation, at } = parseEscalationFile(text, 'escalation.yml');
  const [finding] = lintEscalation(escalation, { now: NOW });
  expect(finding?.path).toEqual(['people', 'lee', 'contact', 1]);
  expect(at(finding?.path ?? [])).toEqual({ line: 5, column: 67 });
});

describe('what would let an incident down is refused', () => {
  test('hours without anybody on call, in local time', () => {
    const [finding] = lint(changed('start: 2026-01-05', 'start: 2026-07-14'));
    expect(finding).toMatchObject({ severity: 'error', code: 'uncovered', path: ['schedules', 'primary', 'rotation', 'start'] });
    expect(finding?.message).toContain('from Wed 2026-07-08 14:00 EDT to Mon 2026-07-20 09:00 EDT');
  });

  test('a level that relies on schedules which leave hours open; not where something else is told too', () => {
    const hours = (text: string): string => text.replace('people: [maya, lee] } }', 'people: [maya, lee] }, hours: { weekdays: "09:00-17:00" } }');
    expect(codes(hours(FILE))).toEqual([]);
    const [finding] = lint(hours(changed('[schedule:primary, channel:ops]', '[schedule:primary]')));
    expect(finding).toMatchObject({ code: 'uncovered', path: ['policies', 'critical', 'levels', 0, 'notify'] });
    expect(finding?.message).toContain('from Wed 2026-07-08 17:00 EDT to Thu 2026-07-09 09:00 EDT');
    expect(finding?.message).toMatch(/and in \d+ more gaps/);
  });

  test.each<[what: string, from: string, to: string, found: readonly string[]]>([
    ['nobody without a way to be reached', 'contact: [email] }', 'contact: [] }', ['error no-contact']],
    ['no e-mail without an address', ', email: lee@example.com', '', ['error contact-broken']],
    ['no text message without a number', ', phone: env:MAYA_PHONE', '', ['error contact-broken']],
    [
      'no e-mail without its channel',
      '  mail: { type: email, host: smtp.example.com, from: runback@example.com }\n',
      '',
      ['error contact-broken', 'error contact-broken'],
    ],
    ['no call without its channel', 'texts: { type: twilio', 'texts: { type: webhook', ['error contact-broken']],
    ['a contact later than the next level', '{ sms: 2m }', '{ sms: 20m }', ['error contact-never']],
    ['a contact behind a slower one', '[email, { sms: 2m }]', '[{ sms: 2m }, email]', ['error contact-order']],
    ['a contact twice at the same time', '[email, { sms: 2m }]', '[email, email]', ['error contact-twice']],
    [
      'an approval that takes more people than there are',
      'limits: { records: 5000 }',
      'limits: { records: 5000 }, approvals: 2',
      ['error approval-impossible'],
    ],
    [
      'an approval that the only holder may not give',
      'limits: { records: 5000 }',
      'limits: { records: 5000 }, self_approval: false',
      ['error approval-impossible'],
    ],
    ['an approval of a role that nobody gets', 'grants: lead', 'grants: operator', ['error approval-impossible']],
  ])('%s', (_what, from, to, found) => {
    expect(codes(changed(from, to))).toEqual(found);
  });

  test('a level that only tells channels which prove nothing; which those are is for the caller to say', () => {
    const bell = changed('type: slack, url: env:SLACK_URL', 'type: bell');
    expect(codes(bell)).toEqual(['error unconfirmed', 'error unconfirmed']);
    expect(lint(bell, new Set())).toEqual([]);
  });

  test('a role by level or by person is enough, and so is one that may do more', () => {
    const owned = changed('grants: lead', 'grants: operator').replace('contact: [email] }', 'contact: [email], role: lead }');
    expect(codes(owned)).toEqual([]);
    const above = changed('grants: lead', 'grants: director').replace('  lead: {', '  director: { inherits: lead }\n  lead: {');
    expect(codes(above)).toEqual([]);
  });
});

describe('what is odd is told', () => {
  test.each<[what: string, from: string, to: string, found: readonly string[]]>([
    ['a severity that is missing', '  sev2: { means: Data is wrong, policy: business, quiet_hours: ignore }\n', '', ['warning severity-missing']],
    [
      'a policy that no severity follows',
      'policies:\n',
      'policies:\n  spare: { levels: [{ notify: [channel:ops], ack_within: 1h }] }\n',
      ['warning policy-unused'],
    ],
    [
      'somebody whom nobody tells',
      'schedules:\n',
      '  kim: { name: Kim, email: kim@example.com, contact: [email] }\nschedules:\n',
      ['warning never-told'],
    ],
    ['a role nobody gets', 'severities:\n', '  watcher: { may: [plan, snapshot, override-verification] }\nseverities:\n', ['warning role-unheld']],
    [
      'severities that wait for quiet hours that are not there',
      'quiet_hours: { weekdays: "20:00-08:00", weekends: all }\n',
      '',
      ['warning quiet-missing', 'warning quiet-missing'],
    ],
  ])('%s', (_what, from, to, found) => {
    const text = from === 'schedules:\n' ? FILE.replace(from, to) : changed(from, to);
    expect(codes(text)).toEqual(found);
  });

  test('approvals that are just enough as long as nobody who gives them runs the runbook', () => {
    const tight = changed('limits: { records: 5000 }', 'limits: { records: 5000 }, approvals: 2, self_approval: false').replace(
      '[person:lee], ack',
      '[person:lee, person:maya], ack',
    );
    expect(codes(tight)).toEqual(['warning approval-tight']);
  });
});

test('hours that count as covered are those in which somebody is on call', () => {
  const instant = fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2026, 11, 31) });
  const span = fc.constantFrom('all', 'none', '09:00-17:00', '20:00-08:00', '08:00-08:00', '00:30-02:30');
  fc.assert(
    fc.property(
      fc.constantFrom('America/New_York', 'Australia/Lord_Howe'),
      span,
      span,
      instant,
      instant,
      (zone, weekdays, weekends, begin, moment) => {
        const entry = schedule(zone, '2d', '02:30', '2026-03-01', ['maya', 'lee'], {
          hours: { weekdays, weekends },
          overrides: [{ from: '2026-02-01T10:00', to: '2026-02-20T02:15', person: 'kim' }],
        });
        const window = [begin, begin + 90 * 86_400_000] as const;
        fc.pre(moment >= window[0] && moment < window[1]);
        const inside = (stretches: readonly (readonly [number, number])[]): boolean => stretches.some(([from, to]) => from <= moment && moment < to);
        const covered = coveredBy(entry, window);
        expect(inside(covered)).toBe(personAt(entry, moment) !== undefined);
        expect(inside(without(window, covered))).toBe(personAt(entry, moment) === undefined);
      },
    ),
    { numRuns: tries(500) },
  );
});

describe('people who are never on call are named in the day', () => {
  const seven = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const hours = { weekdays: '09:00-17:00', weekends: 'none' };
  test('where turns and hours are in step', () => {
    expect(neverOnCall(schedule('America/New_York', '1d', '09:00', '2026-11-02', seven, { hours }), NOW.getTime())).toEqual(['f', 'g']);
    expect(
      neverOnCall(
        schedule('UTC', '12h', '08:00', '2026-11-02', ['day', 'night'], { hours: { weekdays: '09:00-17:00', weekends: '09:00-17:00' } }),
        NOW.getTime(),
      ),
    ).toEqual(['night']);
  });

  test('not where they are not, nor where an override gives them a turn', () => {
    const none: readonly (readonly string[])[] = [seven.slice(0, 6), ['a'], ['a', 'b']];
    for (const people of none) expect(neverOnCall(schedule('UTC', '1d', '09:00', '2026-11-02', people, { hours }), NOW.getTime())).toEqual([]);
    expect(neverOnCall(schedule('UTC', '1d', '09:00', '2026-11-02', seven), NOW.getTime())).toEqual([]);
    const overrides = [{ from: '2026-11-09T10:00', to: '2026-11-09T12:00', person: 'f' }];
    expect(neverOnCall(schedule('UTC', '1d', '09:00', '2026-11-02', seven, { hours, overrides }), NOW.getTime())).toEqual(['g']);
  });

  test('as somebody finds who asks at every hour', () => {
    const entry = fc.record({
      every: fc.constantFrom('12h', '1d', '2d', '1w'),
      handoff: fc.constantFrom('00:00', '08:00', '09:00', '17:00'),
      size: fc.integer({ min: 1, max: 7 }),
      weekdays: fc.constantFrom('09:00-17:00', '20:00-08:00', 'none'),
      weekends: fc.constantFrom('all', 'none', '10:00-12:00'),
    });
    fc.assert(
      fc.property(entry, ({ every, handoff, size, weekdays, weekends }) => {
        fc.pre(weekdays !== 'none' || weekends !== 'none');
        const own = schedule('UTC', every, handoff, '2026-06-01', seven.slice(0, size), { hours: { weekdays, weekends } });
        const met = new Set<string | undefined>();
        for (let at = NOW.getTime(); at < NOW.getTime() + 56 * 86_400_000; at += 3_600_000) met.add(personAt(own, at));
        expect(neverOnCall(own, NOW.getTime())).toEqual(own.rotation.people.filter((person) => !met.has(person)));
      }),
      { numRuns: tries(12) },
    );
  });
});

test('an override at a time that the clocks skip is told', () => {
  const text = changed(
    'people: [maya, lee] } }',
    'people: [maya, lee] }, overrides: [{ from: 2027-03-14T02:30, to: 2027-03-15T09:00, person: lee }] }',
  );
  expect(lint(text)).toMatchObject([{ severity: 'warning', code: 'override-skipped', path: ['schedules', 'primary', 'overrides', 0, 'from'] }]);
});

describe('a sender that cannot do what a contact asks of it is found in the day', () => {
  const contacts = (from: string, phone: string): readonly string[] =>
    lint(
      changed('from: "+12125550100"', `from: "${from}"`)
        .replace('phone: env:MAYA_PHONE', `phone: "${phone}"`)
        .replace('[email, { sms: 2m }]', '[email, { sms: 2m }, { voice: 3m }]'),
    ).map(({ code, path }) => `${code} ${path.join('.')}`);
  const [sms, voice] = ['contact-broken people.maya.contact.1', 'contact-broken people.maya.contact.2'];
  test.each([
    ['a number', '+12125550100', '+12125550111', []],
    ['a number with spaces', '+44 20 7946 0000', '+12125550111', []],
    ['a reference, which is not looked up', 'env:TWILIO_FROM', '+12125550111', []],
    ['a name, abroad', 'RUNBACK', '+4930123456', [voice]],
    ['a name, where names are not taken', 'RUNBACK', '+12125550111', [sms, voice]],
    ['a short code', '12345', '+12125550111', [voice]],
    ['a messaging service', 'MG0123456789abcdef0123456789abcdef', '+12125550111', [voice]],
  ])('%s', (_, from, phone, found) => {
    expect(contacts(from, phone)).toEqual(found);
  });
});

test('a key that stands twice is refused, and does not make one person two approvers', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
  const role = 'lead: { inherits: operator, may: [approve-restore, resume-syncs], limits: { records: 5000 }, approvals: 2 }';
  const text = changed('lead: { inherits: operator, may: [approve-restore, resume-syncs], limits: { records: 5000 } }', role)
    .replace('contact: [email, { sms: 2m }] }', `contact: [email, { sms: 2m }], role: lead, key: ${key} maya@laptop }`)
    .replace('contact: [email] }', `contact: [email], role: lead, key: ${key} lee@laptop }`);
  expect(codes(text)).toEqual(['error key-twice', 'error approval-impossible']);
});
