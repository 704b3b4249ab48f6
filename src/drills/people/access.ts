import { type Act, ACTS, type Escalation, type Grant, judgeAct, judgeApprovals } from '../../escalation/index.js';
import type { Incident } from '../../incidents/index.js';
import type { Step } from '../../runbooks/index.js';
import { grantsOf, KEEPER, listed, nameIn, policyFor, targetsOf } from './ladder.js';
import type { Finding } from './result.js';

/** What a person has to be allowed to do for the steps of these actions; approvals are for somebody else to give. */
export const ACT_OF: Readonly<Record<string, Act>> = {
  'syncs.pause': 'pause-syncs',
  'snapshot.create': 'snapshot',
  'restore.plan': 'plan',
  'syncs.resume': 'resume-syncs',
};

/** As much of a step as decides who may do it. */
export type AccessStep = Pick<Step, 'id' | 'kind'> & {
  readonly action?: { readonly name: string };
  readonly document: Pick<Step['document'], 'approve'>;
};

/** What whoever answered may not do of a runbook, by their own role or by what the incident gave them. */
export function permissionFindings(file: Escalation, incident: Incident, steps: readonly AccessStep[], person: string): readonly Finding[] {
  const needed = new Map<Act, string[]>();
  for (const { id, action } of steps) {
    const act = action && ACT_OF[action.name];
    if (act !== undefined) needed.set(act, [...(needed.get(act) ?? []), id]);
  }
  const missing = [...needed].filter(([act]) => !judgeAct(file, act, person, incident.grants).ok);
  if (missing.length === 0) return [];
  const acts = missing.map(([act]) => act);
  const name = nameIn(file, person);
  const known = Object.hasOwn(file.people, person);
  const role = lowestRole(file, acts);
  const give = role === undefined ? `a role that may ${listed(acts)}` : `the role ${role}`;
  return [
    {
      kind: 'permission',
      what: `${name} answered and may not ${listed(acts)} (steps ${listed(missing.flatMap(([, ids]) => ids))})${known ? '' : ': nobody of that name is in escalation.yml'}`,
      owner: holdersOf(file, role, incident.grants, person),
      next: known
        ? `Give ${person} ${give} in escalation.yml, or let the level that pages them grant it`
        : `Add ${person} to escalation.yml with ${give}`,
    },
  ];
}

/** The role with the fewest acts that has all of these. */
function lowestRole({ authority }: Escalation, acts: readonly Act[]): string | undefined {
  return Object.entries(authority)
    .filter(([, { may }]) => acts.every((act) => may.includes(act)))
    .sort(([a, x], [b, y]) => x.may.length - y.may.length || (a < b ? -1 : 1))[0]?.[0];
}

/** Who has a role and could give it on: names, or in words whoever keeps the file. */
function holdersOf(file: Escalation, role: string | undefined, grants: readonly Grant[], except: string): string {
  const holders = Object.entries(file.people).flatMap(([id, { name, role: own }]) =>
    role !== undefined && id !== except && (own === role || grants.some((grant) => grant.person === id && grant.role === role)) ? [name] : [],
  );
  return holders.length === 0 ? KEEPER : listed(holders);
}

/** Whether an approval has to be signed. */
const isSigned = ({ approvals: { inPerson, unauthenticated } }: Escalation): boolean => !inPerson && !unauthenticated;

/**
 * Whether the people whom a severity pages could approve what the runbook asks approval for, whoever of them runs it:
 * enough of them with a role for it, and a key each where approvals have to be signed.
 */
export function approvalFindings(
  file: Escalation,
  { severity }: Pick<Incident, 'severity'>,
  steps: readonly AccessStep[],
  requester: string | undefined,
  at: Date,
): readonly Finding[] {
  const policy = policyFor(file, severity);
  const acts = [...new Set(steps.flatMap(({ document }) => ACTS.find((act) => act === document.approve?.authority) ?? []))];
  if (policy === undefined) return [];
  const paged = new Set(targetsOf(file, policy, at).flatMap(({ person }) => person ?? []));
  const grants = grantsOf(file, policy, at);
  const found: Finding[] = [];
  for (const act of acts) {
    const verdict = judgeApprovals(file, { act, of: '', requester: requester ?? '' }, [], grants, at);
    const able = verdict.from.filter(({ person }) => paged.has(person));
    if (able.length < verdict.needed) found.push(tooFew(act, severity, able.length, verdict));
    if (!isSigned(file)) continue;
    for (const { person, name, hasKey } of able)
      if (!hasKey && !found.some(({ kind, owner }) => kind === 'key' && owner === name))
        found.push({
          kind: 'key',
          what: `${name} may ${act} and has no key: approvals have to be signed here`,
          owner: name,
          next: `Add the public SSH key of ${person} to escalation.yml: people.${person}.key`,
        });
  }
  return found;
}

function tooFew(act: Act, severity: string, able: number, { needed, from, impossible }: ReturnType<typeof judgeApprovals>): Finding {
  const others = from.map(({ name }) => name);
  const who = able === 0 ? 'Nobody who is' : `Only ${able} of the ${needed} people it takes are`;
  return {
    kind: 'permission',
    what: `${who} paged for a ${severity}${able === 0 ? ' may' : ' and may'} ${act}${impossible === undefined ? '' : `: ${impossible}`}`,
    owner: others.length === 0 ? KEEPER : listed(others),
    next:
      others.length === 0 ? `Give a role that may ${act} to someone whom the policy pages` : `Add a level to the policy that pages ${listed(others)}`,
  };
}
