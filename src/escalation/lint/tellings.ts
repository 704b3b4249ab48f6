import type { Escalation, Level, NotifyRef } from '../types.js';

/** One place of a policy where somebody is told. */
export interface Telling {
  readonly policy: string;
  /** Undefined for the exhausted rung. */
  readonly level?: Level;
  readonly notify: readonly NotifyRef[];
  /** Until the next rung. */
  readonly withinMs: number;
  /** Of `notify`, in the names of the file. */
  readonly path: readonly (string | number)[];
  /** For people: `level 2 of critical`. */
  readonly words: string;
}

/** Every level of every policy, and every exhausted rung. */
export function tellingsOf(file: Escalation): readonly Telling[] {
  return Object.entries(file.policies).flatMap(([policy, { levels, exhausted }]) => [
    ...levels.map((level, index) => ({
      policy,
      level,
      notify: level.notify,
      withinMs: level.ackWithinMs,
      path: ['policies', policy, 'levels', index, 'notify'],
      words: `level ${index + 1} of ${policy}`,
    })),
    {
      policy,
      notify: exhausted.notify,
      withinMs: exhausted.everyMs,
      path: ['policies', policy, 'exhausted', 'notify'],
      words: `the exhausted level of ${policy}`,
    },
  ]);
}

/** Everybody an entry of `notify` may ever mean. */
export function peopleBehind(file: Escalation, ref: NotifyRef): readonly string[] {
  const name = ref.slice(ref.indexOf(':') + 1);
  if (ref.startsWith('person:')) return [name];
  const schedule = ref.startsWith('schedule:') ? file.schedules[name] : undefined;
  return schedule === undefined ? [] : [...new Set([...schedule.rotation.people, ...schedule.overrides.map(({ person }) => person)])];
}
