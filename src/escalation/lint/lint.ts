import { SEVERITIES } from '../../lib/index.js';
import type { Escalation } from '../types.js';
import { warning, type LintFinding } from './findings.js';
import { reachProblems } from './reach.js';
import { roleProblems } from './roles.js';
import { timeProblems } from './time.js';

export interface LintOptions {
  readonly now: Date;
  /** Types of channels whose acceptance proves nothing: see `confirms` of a channel's traits. */
  readonly unconfirming?: ReadonlySet<string>;
}

const UNCONFIRMING: ReadonlySet<string> = new Set(['command', 'bell']);

/**
 * What a checked escalation.yml does not do although it looks as if it did: errors first, else in the order of the
 * checks.
 */
export function lintEscalation(file: Escalation, { now, unconfirming = UNCONFIRMING }: LintOptions): readonly LintFinding[] {
  const findings = [...timeProblems(file, now), ...reachProblems(file, unconfirming), ...roleProblems(file), ...useProblems(file)];
  return [...findings.filter(({ severity }) => severity === 'error'), ...findings.filter(({ severity }) => severity === 'warning')];
}

function* useProblems(file: Escalation): Generator<LintFinding> {
  for (const name of SEVERITIES)
    if (!Object.hasOwn(file.severities, name))
      yield warning('severity-missing', `nothing says who is paged for a ${name}: no such incident can be opened`, ['severities']);
  const used = new Set(Object.values(file.severities).map(({ policy }) => policy));
  for (const name of Object.keys(file.policies))
    if (!used.has(name)) yield warning('policy-unused', `no severity follows the policy "${name}"`, ['policies', name]);
}
