import { keyFingerprint } from '../authority/ssh-key.js';
import type { Escalation } from '../types.js';
import { error, warning, type LintFinding } from './findings.js';
import { peopleBehind, tellingsOf } from './tellings.js';

/** Approvals that nobody can give, and roles that nobody can have. */
export function* roleProblems(file: Escalation): Generator<LintFinding> {
  yield* keyProblems(file);
  for (const [name, role] of Object.entries(file.authority)) {
    const path = ['authority', name];
    const holders = holdersOf(file, name);
    const count = holders.size;
    if (!role.may.includes('approve-restore')) {
      if (count === 0) yield warning('role-unheld', `nobody can ever have the role "${name}": no level grants it, and no person has it`, path);
    } else if (count === 0)
      yield error('approval-impossible', `nobody can approve as "${name}": no level grants the role, and no person has it`, path);
    else if (count < role.approvals)
      yield error('approval-impossible', `"${name}" takes ${role.approvals} approvals, and only ${people(count)} can ever have the role`, [
        ...path,
        'approvals',
      ]);
    else if (!role.selfApproval && count === 1)
      yield error('approval-impossible', `only ${[...holders].join('')} can have the role "${name}", and may not approve what they ask for`, [
        ...path,
        'self_approval',
      ]);
    else if (!role.selfApproval && count === role.approvals)
      yield warning(
        'approval-tight',
        `"${name}" takes ${role.approvals} approvals of ${people(count)}: when one of them runs the runbook, nobody is left`,
        [...path, 'approvals'],
      );
  }
}

/** Keys that stand under two names: whoever holds one could approve twice, and counts once. */
function* keyProblems(file: Escalation): Generator<LintFinding> {
  const holders = new Map<string, string>();
  for (const [id, { key }] of Object.entries(file.people)) {
    const fingerprint = keyFingerprint(key);
    if (fingerprint === undefined) continue;
    const first = holders.get(fingerprint);
    if (first === undefined) holders.set(fingerprint, id);
    else
      yield error('key-twice', `${id} and ${first} have the same key (${fingerprint}): it counts as one person, so give each person a separate key`, [
        'people',
        id,
        'key',
      ]);
  }
}

/** One of each key: people who share one count as one. */
function holdersWithKeys(file: Escalation, ids: readonly string[]): ReadonlySet<string> {
  const keys = new Set<string>();
  return new Set(
    ids.filter((id) => {
      const fingerprint = keyFingerprint(file.people[id]?.key);
      if (fingerprint === undefined) return true;
      const isNew = !keys.has(fingerprint);
      keys.add(fingerprint);
      return isNew;
    }),
  );
}

/** Everybody who can have a role, or one that may do all that it may. */
function holdersOf(file: Escalation, name: string): ReadonlySet<string> {
  const wanted = file.authority[name]?.may ?? [];
  const suits = (role: string | undefined): boolean =>
    role !== undefined && (role === name || wanted.every((act) => file.authority[role]?.may.includes(act) === true));
  const own = Object.entries(file.people).flatMap(([id, { role }]) => (suits(role) ? [id] : []));
  const granted = tellingsOf(file)
    .filter(({ level }) => suits(level?.grants))
    .flatMap(({ notify }) => notify.flatMap((ref) => peopleBehind(file, ref)));
  return holdersWithKeys(file, [...new Set([...own, ...granted])]);
}

function people(count: number): string {
  return count === 1 ? '1 person' : `${count} people`;
}
