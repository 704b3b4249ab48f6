import type { PlanSummary } from '../../../restores/index.js';
import type { Session } from '../../session/session.js';

/**
 * What lifts the limits for a plan: approvals that count by escalation.yml, the one given with `--approve` among them.
 * Without a policy that one is enough.
 */
export async function approvalsFor(
  opened: Session,
  { header, hash }: PlanSummary,
  approved: string | undefined,
): Promise<{ readonly approvals: readonly { readonly hash: string; readonly by: string }[]; readonly refused: readonly string[] }> {
  const policy = await opened.approvals();
  const { by, store, clock } = opened;
  if (policy === undefined) return { approvals: approved === undefined ? [] : [{ hash: approved, by }], refused: [] };
  const { liftingApprovals } = await import('../../../runbooks/index.js');
  const at = clock.now().toISOString();
  const own = { authority: 'approve-restore', by, at, authenticated: 'none', journaled: false } as const;
  const given = approved === undefined ? [] : [{ ...own, of: approved }];
  return liftingApprovals({ of: hash, act: 'approve-restore', plan: header, requester: by }, policy, { store, clock }, given);
}
