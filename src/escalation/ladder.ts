import { defined, RunbackError } from '../lib/index.js';
import { personAt } from './calendar/schedules.js';
import type { Escalation, FiredRung, Level, NotifyRef, Policy, Severity, Target } from './types.js';

/** One rung of the ladder of a policy: level after level, round after round, then the exhausted one for ever. */
export interface Rung {
  readonly index: number;
  /** Undefined once all rounds are through. */
  readonly level?: Level;
  /** From 1; undefined once all rounds are through. */
  readonly number?: number;
  /** From 1; stays at the last one afterwards. */
  readonly round: number;
  readonly notify: readonly NotifyRef[];
  /** Until the next rung, if nobody answers. */
  readonly withinMs: number;
}

/** The severity and policy of an incident. Throws `not-found` where the file has no such severity. */
export function policyOf(file: Escalation, name: string): { readonly severity: Severity; readonly policy: Policy } {
  const severity = own(file.severities, name);
  const policy = severity === undefined ? undefined : own(file.policies, severity.policy);
  if (severity === undefined || policy === undefined)
    throw new RunbackError('not-found', `escalation.yml has no severity "${name}"`, {
      why: `It knows ${Object.keys(file.severities).join(', ') || 'none'}.`,
      next: 'runback escalation show',
    });
  return { severity, policy };
}

/** How many rungs a policy has before it is exhausted. */
export function rungsOf({ levels, repeat }: Policy): number {
  return levels.length * (repeat + 1);
}

export function rungAt(policy: Policy, index: number): Rung {
  const { levels, exhausted, repeat } = policy;
  const level = index < rungsOf(policy) ? levels[index % levels.length] : undefined;
  if (level === undefined) return { index, round: repeat + 1, notify: exhausted.notify, withinMs: exhausted.everyMs };
  const place = { number: (index % levels.length) + 1, round: Math.floor(index / levels.length) + 1 };
  return { index, level, ...place, notify: level.notify, withinMs: level.ackWithinMs };
}

/**
 * Who `notify` means at an instant, each person and channel once. A schedule that nobody covers stays, without a
 * person.
 */
export function targetsAt(file: Escalation, notify: readonly NotifyRef[], at: number): readonly Target[] {
  const targets = notify.map((ref): Target => {
    const [kind, name] = [ref.slice(0, ref.indexOf(':')), ref.slice(ref.indexOf(':') + 1)];
    if (kind === 'channel') return { ref, channel: name };
    const schedule = kind === 'schedule' ? own(file.schedules, name) : undefined;
    const person = kind === 'person' ? name : schedule === undefined ? undefined : personAt(schedule, at);
    return { ref, ...defined({ person }) };
  });
  const key = ({ ref, person, channel }: Target): string => (person === undefined ? (channel ?? ref) : `person:${person}`);
  return targets.filter((target, index) => targets.findIndex((other) => key(other) === key(target)) === index);
}

/**
 * Milliseconds after the rung at which each contact of a target is taken, in order. A channel has one, at once; nobody
 * has none.
 */
export function delaysOf(file: Escalation, target: Target): readonly number[] {
  if (target.channel !== undefined) return [0];
  return (target.person === undefined ? undefined : own(file.people, target.person))?.contact.map(({ afterMs }) => afterMs) ?? [];
}

/** Whether every contact of everybody a rung told has failed for good, or there was none. */
export function nobodyReached(file: Escalation, { targets, contacts }: FiredRung): boolean {
  return targets.every((target, index) =>
    delaysOf(file, target).every((_, step) => contacts.some((taken) => taken.target === index && taken.step === step && taken.state === 'failed')),
  );
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
