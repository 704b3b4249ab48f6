import { count, facts, time } from './text/format.js';
import type { Style } from './text/style.js';
import { visible } from './text/visible.js';

/** One approval, as far as a view needs it. */
export interface ApprovalShown {
  readonly by: string;
  /** A signature proves who gave it. */
  readonly authenticated: boolean;
  readonly method: 'signature' | 'in-person' | 'none';
  readonly fingerprint?: string;
  readonly expires?: string;
}

/** How the approvals of one thing stand. */
export interface ApprovalsState {
  readonly of: string;
  readonly plan?: string;
  readonly run?: string;
  readonly needed: number;
  readonly met: boolean;
  readonly given: readonly ApprovalShown[];
  readonly refused: readonly string[];
}

/** `lee: signed with SHA256:…`, `lee: in person, unauthenticated`, `lee: unauthenticated`. */
export function approvalText(approval: ApprovalShown, style: Style): string {
  const how = approval.authenticated
    ? `signed with ${approval.fingerprint ?? 'a key'}`
    : approval.method === 'in-person'
      ? 'in person, unauthenticated'
      : 'unauthenticated';
  return `${visible(approval.by)}: ${how}${approval.expires === undefined ? '' : `, until ${time(approval.expires, style)}`}`;
}

/** Who has approved, what does not count, and what comes next. */
export function approvalsText(state: ApprovalsState, style: Style): string {
  const { plan, run, of, needed, met, given, refused } = state;
  const mark = met ? style.glyph.done : style.glyph.pause;
  const pairs: [string, string][] = [
    ...(run === undefined ? [] : [['Run', run] as [string, string]]),
    ...(plan === undefined ? [] : [['Plan', plan] as [string, string]]),
    ['Hash', of],
    ...given.map((one, i): [string, string] => [i === 0 ? 'Approved' : '', approvalText(one, style)]),
    ...refused.map((one, i): [string, string] => [i === 0 ? 'Does not count' : '', visible(one)]),
    ['Next', met ? (run === undefined ? `runback restore apply ${plan ?? ''}` : `runback runbook resume ${run}`) : 'someone else approves too'],
  ];
  return `${mark} ${count(Math.min(given.length, needed))} of ${count(needed)} approvals\n${facts(pairs, style)}`;
}
