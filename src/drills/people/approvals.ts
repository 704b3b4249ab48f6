import type { Escalation, Verdict } from '../../escalation/index.js';
import { formatDuration } from '../../lib/index.js';
import { KEEPER, listed } from './ladder.js';
import type { Finding } from './result.js';

/** Why there is no use in waiting for an approval, as a finding; undefined where somebody could give it. */
export function hopelessApproval({ approvals }: Escalation, { from, needed, accepted, impossible }: Verdict, step: string): Finding | undefined {
  if (impossible !== undefined)
    return {
      kind: 'permission',
      what: `Nobody can approve "${step}": ${impossible}`,
      owner: KEEPER,
      next: 'Give someone a role with a larger limit, or a policy with more levels',
    };
  const signing = from.filter(({ hasKey }) => hasKey || approvals.unauthenticated);
  if (signing.length + accepted.length >= needed) return undefined;
  const without = from.filter((one) => !signing.includes(one)).map(({ name }) => name);
  return {
    kind: 'key',
    what: `Nobody can sign the approval of "${step}": ${listed(without)} ${without.length === 1 ? 'has' : 'have'} no key`,
    owner: listed(without),
    next: 'Add their public SSH keys to escalation.yml: people.<id>.key',
  };
}

/** That people were asked for an approval and gave none, or too few. */
export function withheldApproval({ from }: Verdict, step: string, waitedMs: number): Finding {
  const names = from.map(({ name }) => name);
  return {
    kind: 'unanswered',
    what: `The approval "${step}" was not given within ${formatDuration(Math.max(100, Math.round(waitedMs / 100) * 100))}: the answers of the drill gave it`,
    owner: listed(names),
    next: 'Find out whether the page arrived, and whether they know how to approve: runback approve --help',
  };
}
