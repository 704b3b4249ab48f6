import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

import { escalationSchema, lintEscalation, parseEscalation, simulateEscalation } from '../../src/escalation/index.js';
import { isRunbackError, type RunbackError } from '../../src/lib/index.js';
import { tries } from '../support/sweeps.js';
import { FILE, file } from './support.js';

function refused(text: string): RunbackError {
  try {
    parseEscalation(text, 'escalation.yml');
  } catch (error) {
    if (isRunbackError(error)) return error;
    throw error;
  }
  throw new Error('it was accepted');
}
const changed = (from: string, to: string): string => {
  if (!FILE.includes(from)) throw new Error(`the sample holds no ${from}`);
  return FILE.replace(from, to);
};

/** `line:column` of the only place where a text holds `mark`. */
function placeOf(text: string, mark: string): string {
  const before = text.slice(0, text.indexOf(mark)).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

describe('a file that is right', () => {
  test('becomes plain JSON with every default filled in', () => {
    expect(JSON.parse(JSON.stringify(file))).toEqual(file);
    expect(file.approvals).toEqual({ inPerson: true, unauthenticated: true });
    expect(file.caps).toEqual({ burst: 3, everyMs: 60_000 });
    expect(file.severities['sev1']).toMatchObject({ quietHours: 'ignore', ackExpiresMs: 4 * 3_600_000 });
    expect(file.policies['business']).toMatchObject({ repeat: 0, exhausted: { notify: ['channel:ops'], everyMs: 900_000 } });
    expect(file.people['maya']?.contact).toEqual([
      { kind: 'email', afterMs: 0 },
      { kind: 'sms', afterMs: 120_000 },
    ]);
    expect(file.quietHours?.timezone).toBe('America/New_York');
    expect(file.schedules['primary']?.timezone).toBe('America/New_York');
    expect(file.channels['ops']).toEqual({ name: 'ops', type: 'slack', options: { url: 'env:SLACK_URL' } });
  });

  test('a role has the acts and limits of all it inherits from, and its own limits win', () => {
    const roles = parseEscalation(
      changed(
        '  lead: {',
        '  director: { inherits: lead, may: [override-verification], limits: { percent: 25 }, approvals: 2, self_approval: false, expires: 1h }\n  lead: {',
      ),
      'escalation.yml',
    ).authority;
    expect(roles['lead']?.may).toEqual(['pause-syncs', 'snapshot', 'plan', 'approve-restore', 'resume-syncs']);
    expect(roles['director']).toEqual({
      may: ['pause-syncs', 'snapshot', 'plan', 'approve-restore', 'resume-syncs', 'override-verification'],
      limits: { records: 5000, percent: 25 },
      approvals: 2,
      selfApproval: false,
      expiresMs: 3_600_000,
    });
  });

  test('a phone number in clear is kept in the form that services take', () => {
    const people = parseEscalation(changed('phone: env:MAYA_PHONE', 'phone: "+1 (212) 555-0100"'), 'escalation.yml').people;
    expect(people['maya']?.phone).toBe('+12125550100');
  });
});

test('editors can explain every key at the top of the file', () => {
  const unexplained = Object.entries(escalationSchema.shape).filter(([, part]) => part.description === undefined);
  expect(unexplained).toEqual([]);
});

describe('a file that is wrong says where, and what was meant', () => {
  const cases: readonly [what: string, from: string, to: string, mark: string, words: string][] = [
    ['a person in a rotation', 'people: [maya, lee]', 'people: [maia, lee]', 'maia', 'no person "maia", did you mean "maya"'],
    ['a schedule of a level', 'schedule:primary', 'schedule:primry', 'schedule:primry', 'no schedule "primry", did you mean "primary"'],
    ['a channel of a level', ', channel:ops]', ', channel:opps]', 'channel:opps', 'no channel "opps", did you mean "ops"'],
    ['a kind of target', 'person:lee], ack', 'persn:lee], ack', 'persn:lee', 'did you mean "person:lee"'],
    ['a target without a kind', 'person:lee], ack', 'lee], ack', 'lee], ack', 'did you mean "person:lee"'],
    ['a policy', 'policy: critical }', 'policy: critcal }', 'critcal', 'no policy "critcal", did you mean "critical"'],
    ['a role that is granted', 'grants: lead', 'grants: leed', 'leed', 'no role "leed", did you mean "lead"'],
    ['a role that is inherited', 'inherits: operator', 'inherits: oprator', 'oprator', 'no role "oprator", did you mean "operator"'],
    ['a role of a person', 'contact: [email] }', 'contact: [email], role: leader }', 'leader', 'no role "leader", did you mean "lead"'],
    ['a vendor', 'grants: lead }', 'grants: lead, vendors: [hubspot] }', 'hubspot', 'no vendor "hubspot"'],
    ['a time zone', 'timezone: America/New_York', 'timezone: America/NewYork', 'America/NewYork', 'did you mean "America/New_York"'],
    ['a handoff', '"Mon 09:00"', '"Monday 9"', '"Monday 9"', '"Mon 09:00"'],
    ['a first day', '2026-01-05', '2026-02-30', '2026-02-30', 'no day 2026-02-30'],
    ['a span', '"20:00-08:00"', '"20-8"', '"20-8"', '20:00-08:00'],
    ['quiet hours without end', '"20:00-08:00", weekends: all', 'all, weekends: all', 'quiet_hours: { weekdays: all', 'never end'],
    ['a channel without type', '{ type: slack, url', '{ url', 'ops: {', '"type" is missing'],
    ['a type of channel', 'type: slack', 'type: slak', 'slak', 'did you mean "slack"'],
    ['a kind of contact', 'contact: [email] }', 'contact: [emial] }', 'emial', 'email'],
    ['a pace of nothing', 'ack_within: 5m', 'ack_within: 0s', '0s', 'between 1s and 366d'],
    ['an unknown key', 'repeat: 1', 'repaet: 1', 'repaet', 'did you mean "repeat"'],
    ['an act', 'may: [pause-syncs', 'may: [pause-sync', 'pause-sync,', 'did you mean "pause-syncs"'],
    ['a severity', '  sev4:', '  sev5:', 'sev5', 'did you mean "sev'],
  ];
  test.each(cases)('%s', (_what, from, to, mark, words) => {
    const text = changed(from, to);
    const error = refused(text);
    expect(error.code).toBe('file-invalid');
    expect(error.message).toContain(words);
    expect(error.message).toContain(`escalation.yml:${placeOf(text, mark)}:`);
  });

  test('a role that inherits from itself over others is shown the way', () => {
    const error = refused(changed('operator: { may:', 'operator: { inherits: lead, may:'));
    expect(error.message).toContain('operator → lead → operator');
    expect(refused(changed('operator: { may:', 'operator: { inherits: operator, may:')).message).toContain('operator → operator');
  });

  test('overrides that end before they begin, or are on no day', () => {
    const overrides = (text: string): string => changed('people: [maya, lee] } }', `people: [maya, lee] }, overrides: [${text}] }`);
    expect(refused(overrides('{ from: 2026-07-02, to: 2026-07-01, person: lee }')).message).toContain('ends before it begins');
    expect(refused(overrides('{ from: 2026-02-30, to: 2026-07-01, person: lee }')).message).toContain('no time "2026-02-30"');
    expect(refused(overrides('{ from: 2026-07-01, to: 2026-07-02, person: le }')).message).toContain('did you mean "lee"');
  });

  test('all problems are told at once', () => {
    const error = refused(changed('person:lee], ack', 'person:leo], ack').replace('2026-01-05', '2026-13-05').replace('repeat: 1', 'repeat: -1'));
    expect(error.data['problems']).toHaveLength(3);
  });
});

describe('a secret in clear is refused and never shown', () => {
  const SECRET = 'canary0secret1canary';
  const channel = (options: string): string => changed('  ops: {', `  extra: { ${options} }\n  ops: {`);
  const cases: readonly [string, string][] = [
    ['the address of a Slack webhook', `type: slack, url: https://hooks.slack.com/services/T0/B0/${SECRET}`],
    ['the address of a Teams webhook', `type: teams, url: https://example.webhook.office.com/${SECRET}`],
    ['the address where the type is mistyped', `type: slak, url: https://chat.example.com/${SECRET}`],
    ['a PagerDuty key', `type: pagerduty, routing_key: ${SECRET}`],
    ['an Opsgenie key', `type: opsgenie, api_key: "${SECRET}"`],
    ['a Twilio token', `type: twilio, account_sid: AC1, auth_token: ${SECRET}, from: "+12125550100"`],
    ['a mail password', `type: email, host: smtp.example.com, password: ${SECRET}`],
    ['a password that is a number', 'type: email, host: smtp.example.com, password: 8372615094'],
    ['a signing secret', `type: webhook, url: https://hooks.example.com, secret: whsec_${SECRET}`],
    ['a password in an address', `type: webhook, url: "https://user:${SECRET}@example.com"`],
    ['a header', `type: webhook, url: https://hooks.example.com, headers: { Authorization: Bearer ${SECRET} }`],
  ];
  test.each(cases)('%s', (_what, options) => {
    const error = refused(channel(options));
    expect(error.code).toBe('secret-literal');
    const all = JSON.stringify([error.message, error.why, error.next, error.state, error.data, error.stack]);
    expect(all).not.toContain(SECRET);
    expect(all).not.toContain('8372615094');
    expect(error.message).toContain('escalation.yml:11:');
  });

  test('a private key in place of the public one', () => {
    const error = refused(changed('contact: [email] }', `contact: [email], key: "-----BEGIN OPENSSH PRIVATE KEY----- ${SECRET}" }`));
    expect(error.code).toBe('secret-literal');
    expect(error.message).not.toContain(SECRET);
  });

  test('nor is one shown on a line that is no YAML at all', () => {
    const shown = cases
      .filter(([, options]) => !options.includes('chat.example.com'))
      .map(([, options]) => refused(`${FILE}\nextra: { ${options}`).message)
      .filter((message) => message.includes(SECRET));
    expect(shown).toEqual([]);
  });

  test('references are taken as they are, and an address of a webhook that needs a key may stand there', () => {
    expect(
      parseEscalation(channel('type: webhook, url: https://hooks.example.com/runback, secret: env:HOOK_SECRET'), 'escalation.yml').channels['extra'],
    ).toMatchObject({ options: { secret: 'env:HOOK_SECRET' } });
  });
});

describe('any text gets an answer', () => {
  test('nonsense is refused with one of the two codes, never with a crash', () => {
    const hostile = [
      '',
      'null',
      '[]',
      'version: 1',
      'people: [1, 2]',
      'authority: { a: { inherits: [] } }',
      'schedules: { s: { overrides: [null, 1] } }',
    ];
    const values = ['null', '[]', '{}', '7', '""', '[[]]', '{ a: 1 }', 'constructor', '__proto__'];
    for (const text of hostile) expect(['file-invalid', 'secret-literal']).toContain(refused(text).code);
    for (const key of ['people', 'schedules', 'channels', 'authority', 'severities', 'policies', 'quiet_hours', 'vendors', 'caps', 'timezone'])
      for (const value of values) {
        const text = `version: 1\n${key}: ${value}\n${['constructor', '__proto__'].map((name) => `${name}: 1`).join('\n')}\n`;
        expect(['file-invalid', 'secret-literal']).toContain(refused(text).code);
      }
  });

  test('the sample with any one part replaced by anything is read or refused, never a crash', () => {
    const paths = everyPath(parse(FILE));
    fc.assert(
      fc.property(
        fc.constantFrom(...paths),
        fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('constructor', '__proto__', '0s', '999999w', 'person:', ':', '2026-99-99')),
        (path, value) => {
          const document = parse(FILE) as Record<string, unknown>;
          const holder = path.slice(0, -1).reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], document);
          (holder as Record<string | number, unknown>)[path.at(-1) ?? ''] = value;
          try {
            const read = parseEscalation(JSON.stringify(document), 'escalation.yml');
            lintEscalation(read, { now: new Date('2026-07-08T18:00:00Z') });
            for (const severity of Object.keys(read.severities))
              simulateEscalation(read, { severity, at: new Date('2026-07-08T18:00:00Z'), maxRungs: 3 });
          } catch (error) {
            if (!isRunbackError(error)) throw error;
            expect(['file-invalid', 'secret-literal']).toContain(error.code);
          }
        },
      ),
      { numRuns: tries(1500) },
    );
  });
});

function everyPath(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return path.length === 0 ? [] : [path];
  const below = Object.entries(value).flatMap(([key, item]) => everyPath(item, [...path, Array.isArray(value) ? Number(key) : key]));
  return path.length === 0 ? below : [path, ...below];
}
