import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  type ApprovalFact,
  type ApprovalRequest,
  type Escalation,
  type Grant,
  judgeAct,
  judgeApprovals,
  rolesOf,
} from '../../src/escalation/index.js';
import { tries } from '../support/sweeps.js';
import { policy } from './ssh-support.js';

const NOW = new Date('2026-11-22T12:00:00Z');
const OF = 'a'.repeat(64);
const request = (more: Partial<ApprovalRequest> = {}): ApprovalRequest => ({
  act: 'approve-restore',
  of: OF,
  records: 100,
  percent: 1,
  requester: 'maya',
  ...more,
});
const yes = (by: string, more: Partial<ApprovalFact> = {}): ApprovalFact => ({
  of: OF,
  authority: 'approve-restore',
  by,
  at: '2026-11-22T11:30:00Z',
  authenticated: 'signature',
  ...more,
});
const judge = (approvals: readonly ApprovalFact[], asked = request(), file: Escalation = policy(), grants: readonly Grant[] = []) =>
  judgeApprovals(file, asked, approvals, grants, NOW);

test('a person has their own role always, and those of the incident', () => {
  const grants: Grant[] = [
    { role: 'lead', person: 'sam', since: '' },
    { role: 'gone', person: 'sam', since: '' },
    { role: 'lead', person: 'lee', since: '' },
  ];
  expect(rolesOf(policy(), 'sam', [])).toEqual([]);
  expect(rolesOf(policy(), 'sam', grants)).toEqual(['lead']);
  expect(rolesOf(policy(), 'lee', grants)).toEqual(['lead']);
  expect(rolesOf(policy(), '__proto__', grants)).toEqual([]);
});

test('an act is for whoever has a role that names it, of their own or by the incident; one that no role names is for everybody', () => {
  const grants: Grant[] = [{ role: 'operator', person: 'sam', since: '' }];
  expect(judgeAct(policy(), 'pause-syncs', 'maya', [])).toEqual({ ok: true, role: 'lead' });
  expect(judgeAct(policy(), 'pause-syncs', 'sam', grants)).toEqual({ ok: true, role: 'operator' });
  expect(judgeAct(policy(), 'resume-syncs', 'sam', grants)).toMatchObject({
    ok: false,
    code: 'no-role',
    reason: 'sam is operator, and that does not allow resume-syncs',
    from: [{ person: 'maya' }, { person: 'lee' }, { person: 'kim' }, { person: 'dana' }],
  });
  expect(judgeAct(policy(), 'override-verification', 'maya', [])).toMatchObject({ ok: false, from: [{ person: 'kim' }, { person: 'dana' }] });
  expect(judgeAct(policy(), 'pause-syncs', '__proto__', [])).toMatchObject({ ok: false, code: 'person-unknown' });
  expect(judgeAct(policy({ authority: {} }), 'pause-syncs', 'anybody', [])).toEqual({ ok: true });
});

describe('an approval is refused with the reason', () => {
  test.each<[string, string, Partial<ApprovalFact>, RegExp]>([
    ['lee', 'other-plan', { of: 'b'.repeat(64) }, /given for bbbb.*this is aaaa/u],
    ['lee', 'other-authority', { authority: 'resume-syncs' }, /resume-syncs.*approve-restore/u],
    ['leee', 'person-unknown', {}, /nobody is called "leee"/u],
    ['toString', 'person-unknown', {}, /nobody/u],
    ['sam', 'no-role', {}, /has no role/u],
    ['maya', 'self-approval', {}, /nobody approves their own/u],
    ['lee', 'expired', { at: '2026-11-22T10:30:00Z' }, /expired at 2026-11-22T11:30:00.000Z, 30m ago/u],
    ['lee', 'expired', { expires: '2026-11-22T11:59:00Z' }, /expired/u],
    ['lee', 'expired', { at: 'yesterday' }, /cannot be read/u],
    ['lee', 'not-yet', { at: '2026-11-22T14:00:00Z' }, /in the future/u],
  ])('%s: %s', (by, code, more, reason) => {
    const verdict = judge([yes(by, more)]);
    expect(verdict).toMatchObject({ met: false, accepted: [], refused: [{ code }] });
    expect(verdict.refused[0]?.reason).toMatch(reason);
  });

  test('an end that the approval sets itself never lengthens what the role gives', () => {
    expect(judge([yes('lee', { at: '2026-11-22T10:30:00Z', expires: '2027-01-01T00:00:00Z' })]).refused).toMatchObject([{ code: 'expired' }]);
    expect(judge([yes('lee', { expires: '2026-11-22T12:10:00Z' })]).accepted).toMatchObject([{ expires: '2026-11-22T12:10:00.000Z' }]);
  });

  test('beyond the limits of the role, in records and in percent', () => {
    const many = judge([yes('lee')], request({ records: 12_400 }));
    expect(many.refused).toMatchObject([{ code: 'over-role-limits', reason: expect.stringContaining('up to 5,000 records; this is 12,400') }]);
    expect(many).toMatchObject({ role: 'director', needed: 2, from: [{ person: 'kim' }, { person: 'dana' }] });
    expect(judge([yes('lee')], request({ percent: 7.21 })).refused[0]?.reason).toContain('up to 5 % of the records; this is 7.2 %');
    const huge = judge([yes('kim'), yes('dana')], request({ records: 300_000 }));
    expect(huge).toMatchObject({ met: false, impossible: expect.stringContaining('director may approve-restore up to 250,000 records') });
  });

  test('unauthenticated or in person where the policy forbids it, and unsigned by somebody who has a key', () => {
    const signedOnly = policy({ approvals: { inPerson: false, unauthenticated: false } });
    expect(judge([yes('lee', { authenticated: 'none' })], request(), signedOnly).refused).toMatchObject([{ code: 'unauthenticated' }]);
    expect(judge([yes('lee', { authenticated: 'in-person' })], request(), signedOnly).refused).toMatchObject([{ code: 'in-person' }]);
    expect(judge([yes('lee')], request(), signedOnly).met).toBe(true);
    expect(judge([yes('lee', { authenticated: 'none' })]).met).toBe(true);
    expect(judge([yes('lee', { authenticated: 'in-person' })]).met).toBe(true);
    expect(judge([yes('lee', { authenticated: 'none' })], request(), policy({}, { lee: 'ssh-ed25519 AAAA' })).refused).toMatchObject([
      { code: 'signature-needed' },
    ]);
  });
});

test('one key under two names counts once, and is no second person who approves the request of the first', () => {
  const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';
  const shared = policy({}, { kim: `${key} kim@laptop`, dana: `${key} dana@phone` });
  const large = request({ records: 12_400 });
  expect(judge([yes('kim'), yes('dana')], large, shared)).toMatchObject({ met: false, accepted: [{}], refused: [{ code: 'same-key' }] });
  expect(judge([yes('kim')], large, shared).from).toEqual([]);
  expect(judge([yes('dana')], request({ requester: 'kim', records: 12_400 }), shared).refused).toMatchObject([{ code: 'self-approval' }]);
});

test('two people are needed where the role says so, one person counts once, and a larger role may do what a smaller one may', () => {
  const large = request({ records: 12_400 });
  expect(judge([yes('kim'), yes('kim')], large)).toMatchObject({
    met: false,
    needed: 2,
    accepted: [{}],
    refused: [{ code: 'same-person' }],
    from: [{ person: 'dana' }],
  });
  expect(judge([yes('kim'), yes('dana')], large)).toMatchObject({ met: true, role: 'director' });
  expect(judge([yes('kim')])).toMatchObject({ met: true, role: 'lead', needed: 1, accepted: [{ role: 'director' }] });
  expect(judge([], request({ requester: 'kim', records: 12_400 })).impossible).toContain('2 people');
  expect(judge([yes('sam')], request(), policy(), [{ role: 'lead', person: 'sam', since: '' }]).met).toBe(true);
});

const person = fc.constantFrom('maya', 'lee', 'kim', 'dana', 'sam', 'nobody');
const fact = fc.record({
  of: fc.constantFrom(OF, OF, OF, 'b'.repeat(64)),
  authority: fc.constantFrom('approve-restore', 'approve-restore', 'plan'),
  by: person,
  at: fc.integer({ min: -180, max: 20 }).map((minutes) => new Date(NOW.getTime() + minutes * 60_000).toISOString()),
  authenticated: fc.constantFrom('signature' as const, 'in-person' as const, 'none' as const),
});
const asked = fc.record({
  act: fc.constant('approve-restore' as const),
  of: fc.constant(OF),
  records: fc.constantFrom(1, 5000, 5001, 250_000, 250_001),
  percent: fc.constantFrom(0, 5, 5.1, 25, 26),
  requester: person,
});
const rules = fc.record({ inPerson: fc.boolean(), unauthenticated: fc.boolean() });
const granted = fc.array(fc.record({ role: fc.constantFrom('lead', 'director', 'gone'), person, since: fc.constant('') }), { maxLength: 3 });

test('whatever is given: only the able count, once each, never too few, and every approval is told where it stands', () => {
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 8 }), asked, rules, granted, (approvals, wanted, approvalRules, grants) => {
      const file = policy({ approvals: approvalRules });
      const verdict = judge(approvals, wanted, file, grants);
      expect(verdict.accepted.length + verdict.refused.length).toBe(approvals.length);
      const people = verdict.accepted.map((one) => one.approval.by);
      expect(new Set(people).size).toBe(people.length);
      for (const { approval, role: name } of verdict.accepted) {
        const role = file.authority[name];
        expect(approval).toMatchObject({ of: OF, authority: 'approve-restore' });
        expect(rolesOf(file, approval.by, grants)).toContain(name);
        expect(wanted.records <= (role?.limits.records ?? Infinity) && wanted.percent <= (role?.limits.percent ?? Infinity)).toBe(true);
        expect(approval.by).not.toBe(wanted.requester);
        const age = NOW.getTime() - Date.parse(approval.at);
        expect(age < 3_600_000 && age >= -300_000).toBe(true);
        if (approval.authenticated === 'none') expect(approvalRules.unauthenticated).toBe(true);
        if (approval.authenticated === 'in-person') expect(approvalRules.inPerson).toBe(true);
      }
      const large = wanted.records > 5000 || wanted.percent > 5;
      if (verdict.met) expect(people.length).toBeGreaterThanOrEqual(large ? 2 : 1);
      for (const { person: id } of verdict.from) expect(people).not.toContain(id);
    }),
    { numRuns: tries(2000) },
  );
});

test('one approval more never takes the permission away, and their order does not matter', () => {
  fc.assert(
    fc.property(fc.array(fact, { maxLength: 6 }), fact, asked, granted, (approvals, more, wanted, grants) => {
      const before = judge(approvals, wanted, policy(), grants);
      expect(judge([...approvals].reverse(), wanted, policy(), grants).met).toBe(before.met);
      if (before.met) expect(judge([more, ...approvals], wanted, policy(), grants).met).toBe(true);
    }),
    { numRuns: tries(1000) },
  );
});
