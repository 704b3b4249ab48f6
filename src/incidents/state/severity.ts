import type { Escalation } from '../../escalation/index.js';
import { RunbackError, SEVERITIES } from '../../lib/index.js';

/** Throws `usage` for a severity that the policy does not have; `state`: what that left undone. */
export function requireSeverity(severity: string, policy: Escalation | undefined, state: string): void {
  const known: readonly string[] = policy ? Object.keys(policy.severities) : SEVERITIES;
  if (known.includes(severity)) return;
  throw new RunbackError('usage', `There is no severity ${severity}`, {
    why: `There are: ${known.join(', ')}.`,
    state,
    next: 'runback escalation show',
  });
}
