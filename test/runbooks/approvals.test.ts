import { appendFile, readFile, writeFile } from 'node:fs/promises';

import { expect, test } from 'vitest';

import { formatApprovalBlock, type Grant } from '../../src/escalation/index.js';
import { readRunFacts } from '../../src/reports/gather/run.js';
import { readPlan } from '../../src/restores/index.js';
import { addApproval, type KnownApproval, liftingApprovals } from '../../src/runbooks/approvals/approvals.js';
import { type Answer, answersOperator, parseAnswers, readRun, resumeRun, verifyEvidence } from '../../src/runbooks/index.js';
import { makeKey } from '../escalation/ssh-support.js';
import { block, dana, goOn, kim, lee, payload, repaired, signed, type Stage, stage, two, waiting, wide, yes } from './approval-stage.js';
import { rejection, scripted } from './support.js';

test('a waiting run names who can approve and the command they type; a signature kept meanwhile lets it go on without asking', async () => {
  const it = await stage(wide());
  const { error, run, of } = await waiting(it);
  expect(error).toMatchObject({ code: 'person-needed', exitCode: 5, data: { step: 'allow' } });
  expect(error.why).toContain('Lee Park (lee)');
  expect(error.next).toContain(`runback approve ${run} --as NAME --key`);
  await addApproval(it.deps.store, signed(lee, payload(it, of, 'lee')));
  const view = await goOn(it, run);
  expect(view.state).toBe('succeeded');
  expect(repaired(it)).toBe(true);
  const fingerprint = expect.stringMatching(/^SHA256:/u) as string;
  expect(view.approvals).toEqual([expect.objectContaining({ by: 'lee', of, authenticated: true, method: 'signature', fingerprint })]);
  expect(await verifyEvidence(it.deps.store, run)).toMatchObject({ ok: true, people: ['maya', 'lee'], approvals: [{ by: 'lee', fingerprint }] });
});

test('a pasted block is an answer too, in an answers file as well', async () => {
  const it = await stage(wide());
  const { run, of } = await waiting(it);
  const pasted = block(lee, payload(it, of, 'lee')).replaceAll('\n', '\n    > ');
  const answers = parseAnswers(`allow:\n  choice: approve\n  block: |\n    > ${pasted}\n`, 'answers.yml', it.runbook);
  const view = await resumeRun(run, { by: 'maya' }, it.deps, { operator: answersOperator(answers, scripted(yes)) });
  expect(view).toMatchObject({ state: 'succeeded', approvals: [{ by: 'lee', authenticated: true }] });
});

test.each<[string, string, (it: Stage, of: string) => Answer, RegExp]>([
  ['for another plan', 'other-plan', (it) => ({ value: 'approve', block: block(lee, payload(it, 'b'.repeat(64), 'lee')) }), /given for bbbb/u],
  ['by who asks for it', 'self-approval', () => ({ value: 'approve', by: 'maya', inPerson: true }), /nobody approves their own/u],
  [
    'signed with an unknown key',
    'key-unknown',
    (it, of) => ({ value: 'approve', block: block(makeKey(), payload(it, of, 'lee')) }),
    /SHA256:.*SHA256:/u,
  ],
  [
    'that was changed after signing',
    'signature-invalid',
    (it, of) => ({
      value: 'approve',
      block: formatApprovalBlock({ ...signed(lee, payload(it, 'b'.repeat(64), 'lee')), payload: payload(it, of, 'lee') }),
    }),
    /changed/u,
  ],
  [
    'that has expired',
    'expired',
    (it, of) => ({ value: 'approve', block: block(lee, payload(it, of, 'lee', { expires: '2026-11-22T08:00:01Z' })) }),
    /expired at/u,
  ],
  ['by somebody without a role', 'no-role', () => ({ value: 'approve', by: 'sam', inPerson: true }), /no role/u],
  ['by nobody that is known', 'person-unknown', () => ({ value: 'approve', by: 'leee' }), /Nobody is called/u],
  ['unsigned by somebody who has a key', 'signature-needed', () => ({ value: 'approve', by: 'lee' }), /has a key/u],
])('an approval %s is refused with the reason, and nothing is written', async (_, reason, answer, why) => {
  const it = await stage(wide());
  const { run, of } = await waiting(it);
  const error = await rejection(goOn(it, run, answer(it, of)));
  expect(error).toMatchObject({ code: 'not-authorised', exitCode: 6, data: { reason } });
  expect(error.why).toMatch(why);
  expect(repaired(it)).toBe(false);
  // The report tells of it later.
  const { decisions } = await readRunFacts(it.deps.store, run);
  expect(decisions.filter(({ kind }) => kind === 'refused')).toMatchObject([{ answer: expect.stringMatching(new RegExp(why, 'iu')) }]);
  // Nothing of it is kept: a good one goes through.
  expect((await goOn(it, run, { value: 'approve', block: block(lee, payload(it, of, 'lee')) })).state).toBe('succeeded');
});

test('a plan that was edited after it was approved is refused, before the approval and before it is applied', async () => {
  const it = await stage(wide());
  const { run, of, plan } = await waiting(it);
  const path = it.deps.store.ledger('plans', plan).location;
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace('Person 1', 'Person 7'));
  expect(await rejection(goOn(it, run, { value: 'approve', block: block(lee, payload(it, of, 'lee')) }))).toMatchObject({ code: 'plan-tampered' });
  await writeFile(path, text);
  const edits = { ...yes, allow: { value: 'approve', block: block(lee, payload(it, of, 'lee')) }, 'apply.failed': 'stop' };
  const operator = {
    ask: async (question: Parameters<ReturnType<typeof scripted>['ask']>[0], signal: AbortSignal) => {
      if (question.key === 'apply') await appendFile(path, '\n{"kind":"change"}');
      return await scripted(edits).ask(question, signal);
    },
  };
  const error = await rejection(resumeRun(run, { by: 'maya' }, it.deps, { operator }));
  expect(error).toMatchObject({ code: 'plan-tampered' });
  expect(repaired(it)).toBe(false);
});

test('an approval that expires before the plan is applied is asked for again', async () => {
  const it = await stage(wide());
  const { run, of } = await waiting(it);
  const { apply: _apply, ...unconfirmed } = yes;
  const allow = { value: 'approve', block: block(lee, payload(it, of, 'lee')) };
  expect(await rejection(resumeRun(run, { by: 'maya' }, it.deps, { operator: scripted({ ...unconfirmed, allow }) }))).toMatchObject({
    data: { step: 'apply' },
  });
  it.world.clock.move(2 * 3_600_000);
  const error = await rejection(goOn(it, run));
  expect(error).toMatchObject({ code: 'person-needed', data: { step: 'allow' } });
  expect(error.why).toMatch(/lee: it expired at/u);
  expect(repaired(it)).toBe(false);
  expect((await goOn(it, run, { value: 'approve', block: block(lee, payload(it, of, 'lee')) })).state).toBe('succeeded');
  expect(repaired(it)).toBe(true);
});

test('two people are needed: after one the run says so and waits, across processes; one person counts once', async () => {
  const it = await stage(two());
  const { run, of } = await waiting(it);
  const first = { value: 'approve', block: block(lee, payload(it, of, 'lee')) };
  const error = await rejection(goOn(it, run, first));
  expect(error).toMatchObject({ code: 'person-needed', exitCode: 5, message: expect.stringContaining('1 of 2') });
  expect(error.why).toMatch(/lee, signed with SHA256:/u);
  expect(error.why).toContain('Kim Novak (kim), Dana Fox (dana)');
  expect((await readRun(it.deps.store, run)).steps.find((step) => step.id === 'allow')?.state).toBe('pending');
  expect(await rejection(goOn(it, run, first))).toMatchObject({ code: 'person-needed', message: expect.stringContaining('1 of 2') });
  const view = await goOn(it, run, { value: 'approve', block: block(dana, payload(it, of, 'dana')) });
  expect(view).toMatchObject({ state: 'succeeded', approvals: [{ by: 'lee' }, { by: 'dana', method: 'signature' }] });
});

test('of three people that are needed the journal says how many are missing after each', async () => {
  const file = two();
  const { lead } = file.authority;
  const it = await stage(lead ? { ...file, authority: { ...file.authority, lead: { ...lead, approvals: 3 } } } : file);
  const { run, of } = await waiting(it);
  for (const [key, by] of [
    [lee, 'lee'],
    [dana, 'dana'],
  ] as const)
    await rejection(goOn(it, run, { value: 'approve', block: block(key, payload(it, of, by)) }));
  await goOn(it, run, { value: 'approve', block: block(kim, payload(it, of, 'kim')) });
  const missing: unknown[] = [];
  for await (const { type, data } of it.deps.store.journal('runs', run).read()) if (type === 'approval') missing.push(data['missing']);
  expect(missing).toEqual([2, 1, 0]);
});

test('whoever takes the run over cannot have approved it: then the approval is a self-approval', async () => {
  const it = await stage(wide());
  const { run, of } = await waiting(it);
  await addApproval(it.deps.store, signed(lee, payload(it, of, 'lee')));
  const error = await rejection(goOn(it, run, undefined, 'lee'));
  expect(error).toMatchObject({ code: 'person-needed', data: { step: 'allow' } });
  expect(error.why).toContain('nobody approves their own request');
});

test('in person, without a key: recorded as unauthenticated, or refused where the policy says so; roles of the incident count', async () => {
  const grants: Grant[] = [{ role: 'lead', person: 'sam', since: '2026-11-22T08:00:00Z' }];
  const it = await stage(wide({}, {}), grants);
  const { run } = await waiting(it);
  const view = await goOn(it, run, { value: 'approve', by: 'sam', inPerson: true });
  expect(view).toMatchObject({ state: 'succeeded', approvals: [{ by: 'sam', authenticated: false, method: 'in-person' }] });
  const strict = await stage(wide({ approvals: { inPerson: false, unauthenticated: false } }, {}), grants);
  const second = await waiting(strict);
  expect(await rejection(goOn(strict, second.run, { value: 'approve', by: 'sam', inPerson: true }))).toMatchObject({ data: { reason: 'in-person' } });
  expect(await rejection(goOn(strict, second.run, { value: 'approve', by: 'sam' }))).toMatchObject({ data: { reason: 'unauthenticated' } });
});

test('without a policy it is as it was: anybody approves, and the journal says that nothing proves who it was', async () => {
  const it = await stage(undefined);
  const { run } = await waiting(it);
  const view = await goOn(it, run, { value: 'approve', by: 'whoever' });
  expect(view).toMatchObject({ state: 'succeeded', approvals: [{ by: 'whoever', authenticated: false, method: 'none' }] });
});

test('applying a plan by hand goes by the same policy: what is kept lifts the limits, one given to oneself does not', async () => {
  const it = await stage(wide({}, {}));
  const { of, plan } = await waiting(it);
  const { header } = await readPlan(it.deps.store, plan);
  const services = it.deps.approvals ?? expect.fail('a policy');
  const lift = (requester: string, more: readonly KnownApproval[] = []) =>
    liftingApprovals({ of, act: 'approve-restore', plan: header, requester }, services, it.deps, more);
  const at = it.deps.clock.now().toISOString();
  const own: KnownApproval = { of, authority: 'approve-restore', by: 'maya', at, authenticated: 'none', journaled: false };
  expect(await lift('maya', [own])).toEqual({ approvals: [], refused: [expect.stringContaining('nobody approves their own request')] });
  await addApproval(it.deps.store, { payload: payload(it, of, 'lee') });
  expect(await lift('maya')).toEqual({ approvals: [{ hash: of, by: 'lee', authenticated: false }], refused: [] });
  expect((await lift('lee')).approvals).toEqual([]);
  it.world.clock.move(2 * 3_600_000);
  expect(await lift('maya')).toEqual({ approvals: [], refused: [expect.stringContaining('expired')] });
});

test('an approval that a person refuses is in the journal with their answer, and in what the report says they decided', async () => {
  const it = await stage(undefined);
  const { run } = await waiting(it);
  await rejection(goOn(it, run, { value: 'no', by: 'lee', note: 'far too many' }));
  const { decisions } = await readRunFacts(it.deps.store, run);
  expect(decisions.filter(({ kind }) => kind === 'refused')).toMatchObject([{ by: 'lee', answer: 'no', why: 'far too many' }]);
  expect((await goOn(it, run, { value: 'approve', by: 'lee' })).state).toBe('succeeded');
});
