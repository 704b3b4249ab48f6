import { checkApprovalBlock, parseApprovalBlocks, type Accepted } from '../../escalation/index.js';
import { defined, isRunbackError, RunbackError } from '../../lib/index.js';
import type { ApprovalServices } from '../actions/action.js';
import type { Step } from '../document/runbook.js';
import type { Next } from '../engine/next.js';
import { byOf, factsOf, noteOf, textOf } from '../engine/people.js';
import { RunStopped, type Runner } from '../engine/runner.js';
import type { Answer, ApprovalAsked } from '../types.js';
import { actOf, addApproval, blockText, planOfRun, weighApprovals, type ApprovalCase, type KnownApproval, type Weighed } from './approvals.js';

/** An approval, bound to what was approved. Who may give it is for the policy to say, where the workspace has one. */
export async function approve(runner: Runner, step: Step): Promise<Next> {
  const of = textOf(step.of?.evaluate(runner.scope()));
  const { approvals } = runner.services;
  return approvals === undefined ? await approveUnchecked(runner, step, of) : await approveByPolicy(runner, step, of, approvals);
}

/** Without a policy anybody may approve, and nobody has proved who they are: the journal says so. */
async function approveUnchecked(runner: Runner, step: Step, of: string): Promise<Next> {
  const authority = authorityOf(step);
  const question = { kind: 'approve', step: step.id, title: step.document.title, authority, of, about: factsOf(runner) } as const;
  const answer = await runner.ask(question, step.id, `"${step.document.title}" needs someone who may ${authority}`);
  await checkAnswer(runner, step, of, answer);
  await runner.append('approval', { of, authority, authenticated: false, ...noteOf(answer) }, { step: step.id, ...byOf(answer) });
  return 'on';
}

/**
 * Goes on once enough approvals count: those that are known already, without asking, then those that people give. Each
 * is journaled when it is first seen to count, so that a crash or a wait loses none.
 */
async function approveByPolicy(runner: Runner, step: Step, of: string, services: ApprovalServices): Promise<Next> {
  const { store } = runner.services;
  const authority = authorityOf(step);
  const plan = await stopping(runner, step, of, () => planOfRun(store, runner.run, of));
  const act = await stopping(runner, step, of, () => actOf(authority));
  const theCase = (): ApprovalCase => ({ of, act, requester: runner.run.by, run: runner.run, ...(plan === undefined ? {} : { plan: plan.header }) });
  const weigh = (more: readonly KnownApproval[] = []): Promise<Weighed> => weighApprovals(theCase(), services, runner.services, more);
  for (;;) {
    const weighed = await weigh();
    if (await journal(runner, step, weighed)) return 'on';
    const words = waitWords(step, authority, weighed);
    const asked = askedOf(runner, services, weighed);
    const question = { kind: 'approve', step: step.id, title: step.document.title, authority, of, about: factsOf(runner), policy: asked } as const;
    const answer = await runner.ask(question, step.id, words, { why: whyWaiting(weighed), next: asked.command });
    // Somebody says that an approval was given meanwhile.
    if (answer.value === 'again') continue;
    await checkAnswer(runner, step, of, answer);
    const given = await givenBy(runner, step, of, services, answer);
    const after = await weigh([given]);
    if (!after.verdict.accepted.some((one) => one.approval.by === given.by) || given.of !== of) throw await refused(runner, step, of, given, after);
    if (weighed.verdict.accepted.some((one) => one.approval.by === given.by)) return await waitOn(runner, step, of, words, weighed, asked);
    if (given.block) await addApproval(store, given.block);
    if (await journal(runner, step, after, answer)) return 'on';
  }
}

/** Journals what counts and is not in the journal yet. True where it is enough. */
async function journal(runner: Runner, step: Step, { verdict }: Weighed, answer?: Answer): Promise<boolean> {
  const { accepted, needed, met } = verdict;
  const old = accepted.filter((one) => one.approval.journaled);
  const fresh = accepted.filter((one) => !one.approval.journaled);
  // Enough by what the policy says now, although the journal ended with too few: the last one is said again.
  const lines = met && fresh.length === 0 ? old.slice(-1) : fresh;
  const before = accepted.length - lines.length;
  for (const [index, one] of lines.entries()) {
    const missing = met && index === lines.length - 1 ? 0 : Math.max(1, needed - before - index - 1);
    await append(runner, step, one, missing, answer);
  }
  return met;
}

async function append(runner: Runner, step: Step, { approval, expires }: Accepted<KnownApproval>, missing: number, answer?: Answer): Promise<void> {
  const { of, authority, by, at, authenticated: method, fingerprint } = approval;
  const block = method === 'signature' ? blockText(approval) : undefined;
  await runner.append(
    'approval',
    {
      of,
      authority,
      authenticated: method === 'signature',
      method,
      givenAt: at,
      expires,
      ...defined({ fingerprint, block }),
      missing,
      ...(answer === undefined ? {} : noteOf(answer)),
    },
    { step: step.id, by },
  );
}

/** What the answer says as an approval. Throws RunStopped where its block is none, or is signed by somebody else. */
async function givenBy(runner: Runner, step: Step, of: string, { file }: ApprovalServices, answer: Answer): Promise<KnownApproval> {
  const authority = authorityOf(step);
  if (answer.block === undefined) {
    const authenticated = answer.inPerson === true ? 'in-person' : 'none';
    return { of, authority, by: answer.by ?? runner.by, at: runner.services.clock.now().toISOString(), authenticated, journaled: false };
  }
  try {
    const [block] = parseApprovalBlocks(answer.block);
    const check = checkApprovalBlock(file, block);
    if (!check.ok) await doesNotCount(runner, step, of, check.reason);
    if (!check.ok) throw stop(runner, step, of, 'The approval does not count', `${check.reason}.`, { reason: check.code });
    return { ...check.fact, block, journaled: false };
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    throw stop(runner, step, of, error.message, error.why ?? 'It is not what runback wrote.');
  }
}

/** Journals an approval that was given and does not count. `by`: who gave it, where that is known. */
async function doesNotCount(runner: Runner, step: Step, of: string, why: string, by?: string): Promise<void> {
  const data = { of, authority: authorityOf(step), because: 'policy', why } as const;
  await runner.append('approval.refused', data, { step: step.id, ...defined({ by }) });
}

async function refused(runner: Runner, step: Step, of: string, given: KnownApproval, { verdict, refused: others }: Weighed): Promise<RunStopped> {
  const own = verdict.refused.find((one) => one.approval === given);
  const who = verdict.from.map((one) => `${one.name} (${one.person})`).join(', ');
  const could = who === '' ? (verdict.impossible ?? '') : `It could come from: ${who}.`;
  const reason = own?.reason ?? others.join('; ');
  await doesNotCount(runner, step, of, reason, given.by);
  return stop(runner, step, of, `The approval by ${given.by} does not count`, `${capital(reason)}. ${could}`.trim(), {
    by: given.by,
    ...(own === undefined ? {} : { reason: own.code }),
  });
}

/** Throws RunStopped where the answer is for something else, or is no yes; what a person refused is journaled. */
async function checkAnswer(runner: Runner, step: Step, of: string, answer: Answer): Promise<void> {
  if (answer.of !== undefined && answer.of !== of)
    throw stop(
      runner,
      step,
      of,
      `The approval at "${step.id}" is for something else`,
      `It was given for ${answer.of}, but this is ${of}: it changed in between.`,
    );
  if (answer.value === 'approve' || answer.value === 'yes') return;
  const { value } = answer;
  await runner.append(
    'approval.refused',
    { of, authority: authorityOf(step), because: 'answer', why: value, ...noteOf(answer) },
    { step: step.id, ...byOf(answer) },
  );
  throw stop(runner, step, of, `"${step.document.title}" was not approved`, `${answer.by ?? runner.by} answered "${value}"; "approve" approves.`);
}

const authorityOf = (step: Step): string => step.document.approve?.authority ?? '';

function stop(runner: Runner, step: Step, of: string, message: string, why: string, data: Readonly<Record<string, unknown>> = {}): RunStopped {
  return new RunStopped(
    new RunbackError('not-authorised', message, {
      why,
      state: runner.writtenSoFar(),
      next: `runback runbook resume ${runner.run.id}`,
      data: { run: runner.run.id, step: step.id, of, ...data },
    }),
  );
}

/** Refusals of a plan or of the runbook end the run's loop and leave it open. */
async function stopping<T>(runner: Runner, step: Step, of: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRunbackError(error)) throw error;
    throw new RunStopped(
      new RunbackError(error.code, error.message, {
        ...defined({ why: error.why }),
        state: runner.writtenSoFar(),
        ...defined({ next: error.next }),
        data: { ...error.data, run: runner.run.id, step: step.id, of },
        cause: error,
      }),
    );
  }
}

async function waitOn(runner: Runner, step: Step, of: string, words: string, weighed: Weighed, asked: ApprovalAsked): Promise<never> {
  const error = new RunbackError('person-needed', words, {
    why: whyWaiting(weighed),
    state: runner.writtenSoFar(),
    next: `${asked.command}\nThen: runback runbook resume ${runner.run.id}`,
    data: { run: runner.run.id, step: step.id, of, answer: step.id },
  });
  return await runner.halt('question', words, error);
}

function waitWords(step: Step, authority: string, { verdict: { accepted, needed } }: Weighed): string {
  const far = needed > 1 || accepted.length > 0 ? ` (${accepted.length} of ${needed} approvals received)` : '';
  return `"${step.document.title}" needs ${needed === 1 ? 'somebody' : `${needed} people`} who may ${authority}${far}`;
}

function whyWaiting({ verdict, refused: others }: Weighed): string {
  const given = verdict.accepted.map((one) => givenWords(one)).join('; ');
  const from = verdict.from.map((one) => `${one.name} (${one.person})`).join(', ');
  const parts = [
    ...(given === '' ? [] : [`Approved: ${given}.`]),
    ...(others.length === 0 ? [] : [`Does not count: ${others.join('; ')}.`]),
    verdict.impossible === undefined ? `Can be approved by: ${from}.` : `${verdict.impossible}.`,
  ];
  return parts.join(' ');
}

function askedOf(runner: Runner, { file }: ApprovalServices, { verdict, refused: others }: Weighed): ApprovalAsked {
  const unsigned = file.approvals.unauthenticated && !verdict.from.some((one) => one.hasKey);
  const [only, ...more] = verdict.from;
  return {
    needed: verdict.needed,
    given: verdict.accepted.map(givenWords),
    refused: others,
    from: verdict.from.map(({ person, name }) => ({ person, name })),
    inPerson: file.approvals.inPerson,
    command: `runback approve ${runner.run.id} --as ${only !== undefined && more.length === 0 ? only.person : 'NAME'}${unsigned ? '' : ' --key ~/.ssh/id_ed25519'}`,
  };
}

function givenWords({ approval: { by, authenticated, fingerprint }, expires }: Accepted<KnownApproval>): string {
  const how =
    authenticated === 'signature'
      ? `signed with ${fingerprint ?? 'a key'}`
      : authenticated === 'in-person'
        ? 'in person, unauthenticated'
        : 'unauthenticated';
  return `${by}, ${how}, until ${expires}`;
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
