import {
  ACTS,
  type Act,
  type ApprovalBlock,
  type ApprovalFact,
  type ApprovalRequest,
  checkApprovalBlock,
  formatApprovalBlock,
  judgeApprovals,
  parseApprovalBlocks,
  type Verdict,
} from '../../escalation/index.js';
import { canonicalJson, type Clock, defined, didYouMean, isRunbackError, RunbackError, sha256 } from '../../lib/index.js';
import type { Plan, PlanHeader } from '../../restores/index.js';
import type { Document, Store } from '../../store/index.js';
import type { ApprovalServices } from '../actions/action.js';
import type { ApprovalRecord, RunRecord } from '../journal/run-record.js';

/** An approval that is known here, and the signed or unsigned block it came as. */
export interface KnownApproval extends ApprovalFact {
  readonly block?: ApprovalBlock;
  /** It stands in the journal of the run already. */
  readonly journaled: boolean;
}

/** What is to be approved. */
export interface ApprovalCase {
  /** Hash of it. */
  readonly of: string;
  readonly act: Act;
  /** The plan with that hash, if it is one: its counts are the blast radius. */
  readonly plan?: PlanHeader;
  readonly requester: string;
  readonly run?: { readonly id: string; readonly approvals: readonly ApprovalRecord[] };
}

/** How the approvals of a case stand. */
export interface Weighed {
  readonly request: ApprovalRequest;
  readonly verdict: Verdict<KnownApproval>;
  /** Why each of the others does not count: `by: reason`. */
  readonly refused: readonly string[];
}

interface Deps {
  readonly store: Store;
  readonly clock: Clock;
}

interface StoredApprovals {
  readonly version: 1;
  readonly of: string;
  readonly blocks: readonly ApprovalBlock[];
}

/** Names come from people and platforms, signatures are bytes: both stay as they are. */
function documentOf(store: Store, of: string): Document<StoredApprovals> {
  const id = /^[0-9a-f]{64}$/u.test(of) ? of : sha256(of);
  return store.document('approvals', id, { exact: ['payload', 'signature'] });
}

/** Keeps an approval under the hash it is for. Keeping one that is there changes nothing. */
export async function addApproval(store: Store, block: ApprovalBlock): Promise<void> {
  const { of } = block.payload;
  await documentOf(store, of).update((now) => {
    const blocks = now?.blocks ?? [];
    const known = blocks.some((one) => canonicalJson(one) === canonicalJson(block));
    return { version: 1, of, blocks: known ? blocks : [...blocks, block] };
  });
}

/** The approvals kept under a hash, as they came: nothing is checked. */
export async function readApprovals(store: Store, of: string): Promise<readonly ApprovalBlock[]> {
  return (await documentOf(store, of).read())?.blocks ?? [];
}

/** The authority a runbook names. Throws `not-authorised` where there is none of that name. */
export function actOf(authority: string): Act {
  const act = ACTS.find((one) => one === authority);
  if (act !== undefined) return act;
  throw new RunbackError('not-authorised', `There is no authority "${authority}"${didYouMean(authority, ACTS)}`, {
    why: `A role may: ${ACTS.join(', ')}. No role can be given anything else.`,
    state: 'Nothing was approved.',
    next: 'Correct "authority" of the approve step in the runbook, and start a new run.',
  });
}

/**
 * Weighs everything that is known about a case by the policy as it is now: the approvals in the run's journal, those
 * kept in this workspace, and `more`. Signatures are checked again each time, against the keys that the policy has now.
 */
export async function weighApprovals(
  it: ApprovalCase,
  services: ApprovalServices,
  deps: Deps,
  more: readonly KnownApproval[] = [],
): Promise<Weighed> {
  const { file } = services;
  const known: KnownApproval[] = [];
  const refused: string[] = [];
  const take = (block: ApprovalBlock, journaled: boolean): void => {
    const check = checkApprovalBlock(file, block);
    if (check.ok) known.push({ ...check.fact, block, journaled });
    else refused.push(`${block.payload.by}: ${check.reason}`);
  };
  for (const record of it.run?.approvals ?? []) {
    if (record.of !== it.of) continue;
    const block = record.block === undefined ? undefined : blockIn(record.block);
    if (block) take(block, true);
    else known.push({ ...factIn(record), journaled: true });
  }
  const seen = new Set(known.flatMap(({ block }) => (block ? [canonicalJson(block)] : [])));
  for (const block of await readApprovals(deps.store, it.of)) if (!seen.has(canonicalJson(block))) take(block, false);
  known.push(...more);
  // Of one person's approvals the best proven one counts, and of equal ones the latest.
  const rank = { signature: 0, 'in-person': 1, none: 2 };
  known.sort((a, b) => rank[a.authenticated] - rank[b.authenticated] || (a.at < b.at ? 1 : a.at > b.at ? -1 : 0));
  const grants = it.run === undefined ? [] : await services.grantsOf(it.run.id);
  const request = requestOf(it);
  const verdict = judgeApprovals(file, request, known, grants, deps.clock.now());
  refused.push(...verdict.refused.filter((one) => one.code !== 'same-person').map((one) => `${one.approval.by}: ${one.reason}`));
  return { request, verdict, refused };
}

/** The blast radius of a case, from the plan itself. */
export function requestOf({ act, of, plan, requester }: ApprovalCase): ApprovalRequest {
  if (plan === undefined) return { act, of, requester };
  const { records, of: all } = plan.counts;
  return { act, of, requester, records, percent: all === 0 ? 100 : (records / all) * 100 };
}

/**
 * The plan of a run with this hash, every byte of it checked; undefined where no step made one. Throws `plan-tampered`.
 */
export async function planOfRun(store: Store, run: RunRecord, of: string): Promise<Plan | undefined> {
  for (const { outputs } of run.steps.values()) {
    const { plan: id } = outputs;
    if (outputs['hash'] !== of || typeof id !== 'string') continue;
    const { readPlan } = await import('../../restores/index.js');
    return await readPlan(store, id);
  }
  return undefined;
}

/** An approval that counts, as restores journal it. */
export interface LiftingApproval {
  readonly hash: string;
  readonly by: string;
  readonly authenticated?: boolean;
  readonly fingerprint?: string;
}

/**
 * The approvals that lift the limits for a plan at this moment, and in words why others do not. None lifts anything
 * unless together they are enough.
 */
export async function liftingApprovals(
  it: ApprovalCase,
  services: ApprovalServices,
  deps: Deps,
  more: readonly KnownApproval[] = [],
): Promise<{ readonly approvals: readonly LiftingApproval[]; readonly refused: readonly string[] }> {
  const { verdict, refused } = await weighApprovals(it, services, deps, more);
  if (!verdict.met) {
    const { needed, accepted, impossible } = verdict;
    const few = accepted.length === 0 || needed === 1 ? [] : [`${accepted.length} of ${needed} approvals received`];
    return { approvals: [], refused: [...refused, ...few, ...(impossible === undefined ? [] : [impossible])] };
  }
  const approvals = verdict.accepted.map(({ approval: { of: hash, by, authenticated, fingerprint } }) => ({
    hash,
    by,
    authenticated: authenticated === 'signature',
    ...defined({ fingerprint }),
  }));
  return { approvals, refused };
}

/** `over-limit` with what became of the approvals; any other error as it is. */
export function withRefusals(error: unknown, hash: string, refused: readonly string[]): unknown {
  if (!isRunbackError(error, 'over-limit') || refused.length === 0) return error;
  return new RunbackError('over-limit', error.message, {
    why: `${error.why ?? ''} What was approved does not count, or no longer counts: ${refused.join('; ')}.`,
    ...defined({ state: error.state, next: error.next }),
    data: { ...error.data, refused, lapsed: hash },
    cause: error,
  });
}

function factIn(record: ApprovalRecord): ApprovalFact {
  const { of, authority, by, at, method, expires } = record;
  return { of, authority, by, at, authenticated: method === 'in-person' ? method : 'none', ...defined({ expires }) };
}

/** A block in a journal, which the chain of hashes vouches for; undefined where it cannot be read all the same. */
function blockIn(text: string): ApprovalBlock | undefined {
  try {
    return parseApprovalBlocks(text)[0];
  } catch {
    return undefined;
  }
}

/** The block of a known approval as text. */
export const blockText = ({ block }: KnownApproval): string | undefined => (block === undefined ? undefined : formatApprovalBlock(block));
