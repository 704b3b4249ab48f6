import { type Escalation, type Grant, type Level, type Policy, type Target, targetsAt } from '../../escalation/index.js';

/** Who closes what is wrong in the rules. */
export const KEEPER = 'whoever keeps escalation.yml';

/** The policy that a severity follows; undefined where the file has no such severity. */
export function policyFor(file: Escalation, severity: string): Policy | undefined {
  return file.policies[file.severities[severity]?.policy ?? ''];
}

/** How many rungs a policy has before it is exhausted. */
export const rungsOf = ({ levels, repeat }: Policy): number => levels.length * (repeat + 1);

/** The level of a rung and its number from 1; undefined for the exhausted one. */
export function levelAt(policy: Policy, rung: number): (Level & { readonly number: number }) | undefined {
  const level = rung < rungsOf(policy) ? policy.levels[rung % policy.levels.length] : undefined;
  return level && { ...level, number: (rung % policy.levels.length) + 1 };
}

/** Everybody and every channel that a policy may page at an instant, each once. */
export function targetsOf(file: Escalation, { levels, exhausted }: Policy, at: Date): readonly Target[] {
  return targetsAt(file, [...levels.flatMap(({ notify }) => notify), ...exhausted.notify], at.getTime());
}

/** The roles that people have once every level has fired. */
export function grantsOf(file: Escalation, { levels }: Policy, at: Date): readonly Grant[] {
  return levels.flatMap(({ notify, grants }) =>
    grants === undefined
      ? []
      : targetsAt(file, notify, at.getTime()).flatMap(({ person }) =>
          person === undefined ? [] : [{ role: grants, person, since: at.toISOString() }],
        ),
  );
}

/** Name of a person, or the id where the file has none. */
export const nameIn = (file: Escalation, person: string): string =>
  (Object.hasOwn(file.people, person) ? file.people[person]?.name : undefined) ?? person;

/** `Maya Ortiz, Lee Park` */
export const listed = (names: readonly string[]): string => names.join(', ');
