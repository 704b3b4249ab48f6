import type { ApprovalPayload } from '../../escalation/index.js';
import { type Clock, defined, didYouMean, RunbackError } from '../../lib/index.js';
import type { Plan } from '../../restores/index.js';
import type { Store } from '../../store/index.js';
import type { ApprovalServices } from '../actions/action.js';
import { builtInActions, type ActionLibrary } from '../actions/registry.js';
import { parseRunbook } from '../document/load.js';
import { scopeOf } from '../document/scope.js';
import { isClosed } from '../journal/run-record.js';
import { deriveRun } from '../journal/state.js';
import { actOf, planOfRun, requestOf, weighApprovals, type ApprovalCase, type Weighed } from './approvals.js';

/** What a person is asked to approve, from outside the run. */
export interface AskedApproval {
  readonly case: ApprovalCase;
  /** Checked byte for byte; undefined where what is approved is no plan. */
  readonly plan?: Plan;
  readonly title: string;
}

/**
 * The approval that an open run asks for: that of its first approve step which is not done and whose plan is there.
 * Reads only. Throws `not-found`, `usage` where it asks for none, `plan-tampered`, `not-authorised`.
 */
export async function approvalAsked(store: Store, id: string, actions: ActionLibrary = builtInActions): Promise<AskedApproval> {
  const journal = store.journal('runs', id);
  if (!(await journal.exists())) throw new RunbackError('not-found', `There is no run ${id}`, { next: 'runback runbook runs' });
  const run = await deriveRun(id, journal.read());
  const runbook = await parseRunbook(run.created.runbook.text, run.created.runbook.file, actions, { isRecorded: true });
  if (!isClosed(run) && !run.undoing)
    for (const step of runbook.steps) {
      if (step.kind !== 'approve' || run.steps.get(step.id)?.settled === true) continue;
      const of = valueOf(() => step.of?.evaluate(scopeOf(run)));
      if (of === undefined) break;
      const plan = await planOfRun(store, run, of);
      const act = actOf(step.document.approve?.authority ?? '');
      const asked = { of, act, requester: run.by, run: { id, approvals: run.approvals } };
      return { title: step.document.title, ...(plan === undefined ? { case: asked } : { case: { ...asked, plan: plan.header }, plan }) };
    }
  throw new RunbackError('usage', `Run ${id} asks for no approval now`, {
    why: isClosed(run) ? `It is closed: ${run.state}.` : 'It has not reached a step that needs one, or already has it.',
    state: 'Nothing was approved.',
    next: `runback runbook resume ${id}`,
  });
}

/** The approval of a plan itself, whoever will apply it. */
export function approvalOfPlan(plan: Plan): AskedApproval {
  return {
    case: { of: plan.hash, act: 'approve-restore', plan: plan.header, requester: plan.header.createdBy },
    plan,
    title: `Plan ${plan.header.id}`,
  };
}

/**
 * What a person would sign. Refused here already where it would not count: throws `not-authorised` with the reason and
 * with who could approve instead.
 */
export async function draftApproval(
  asked: AskedApproval,
  by: string,
  signed: boolean,
  services: ApprovalServices,
  deps: { readonly store: Store; readonly clock: Clock },
): Promise<ApprovalPayload> {
  const { of, act, plan, run } = asked.case;
  const at = deps.clock.now();
  const fact = { of, authority: act, by, at: at.toISOString(), authenticated: signed ? 'signature' : 'none', journaled: false } as const;
  const { verdict } = await weighApprovals(asked.case, services, deps, [fact]);
  const refusal = verdict.refused.find((one) => one.approval === fact);
  if (refusal !== undefined && refusal.code !== 'same-person') throw notCounting(by, refusal.code, refusal.reason, { verdict }, services);
  const role = verdict.role === undefined ? undefined : services.file.authority[verdict.role];
  const { records, percent } = requestOf(asked.case);
  return {
    v: 1,
    of,
    authority: act,
    by,
    at: at.toISOString(),
    expires: new Date(at.getTime() + (role?.expiresMs ?? 0)).toISOString(),
    ...(run === undefined ? {} : { run: run.id }),
    ...(plan === undefined ? {} : { plan: plan.id, account: plan.account, environment: plan.environment }),
    ...defined({ records, percent }),
  };
}

/** `not-authorised` for an approval that does not count, with the nearest name and with who could give it. */
export function notCounting(
  by: string,
  code: string,
  reason: string,
  { verdict }: Pick<Weighed, 'verdict'>,
  { file }: ApprovalServices,
): RunbackError {
  const near = code === 'person-unknown' ? didYouMean(by, Object.keys(file.people)) : '';
  const from = verdict.from.map((one) => `${one.name} (${one.person})`).join(', ');
  const could = verdict.impossible ?? (from === '' ? '' : `It could come from: ${from}`);
  return new RunbackError('not-authorised', `An approval by ${by} does not count`, {
    why: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}${near === '' ? '.' : near}${could === '' ? '' : ` ${could}.`}`,
    state: 'Nothing was approved.',
    next:
      code === 'person-unknown'
        ? 'Say who you are: --as NAME'
        : code === 'signature-needed' || code === 'unauthenticated'
          ? 'Sign it: --key FILE'
          : 'Ask one of them.',
    data: { by, reason: code },
  });
}

/** A hash that cannot be worked out yet: an earlier step has not been done. */
function valueOf(evaluate: () => unknown): string | undefined {
  try {
    const value = evaluate();
    return typeof value === 'string' && value !== '' ? value : undefined;
  } catch {
    return undefined;
  }
}
