import { defined } from '../lib/index.js';
import { afterActs, decideEscalation } from './decide.js';
import { policyOf, rungsOf } from './ladder.js';
import type { ContactKind, Escalation, EscalationAct, EscalationState, NotifyRef, Target } from './types.js';

/** One message that would be sent. */
export interface SimulatedMessage {
  readonly ref: NotifyRef;
  readonly person?: string;
  readonly channel?: string;
  /** `channel` for a channel. */
  readonly by: ContactKind | 'channel';
}

interface AtTime {
  /** ISO 8601. */
  readonly at: string;
  /** Milliseconds since the simulation began. */
  readonly afterMs: number;
}

/** Something that would happen. */
export type SimulatedStep =
  | (AtTime & {
      readonly kind: 'rung';
      readonly index: number;
      /** From 1; undefined once all rounds are through. */
      readonly level?: number;
      readonly round: number;
      readonly exhausted: boolean;
      readonly messages: readonly SimulatedMessage[];
      /** Told at this rung, but only later: their first contact waits. */
      readonly later: readonly Target[];
      /** Schedules that nobody covers then. */
      readonly nobody: readonly NotifyRef[];
      /** Who has which role from then on. */
      readonly grants?: { readonly role: string; readonly people: readonly string[] };
      readonly vendors: readonly string[];
      readonly because?: string;
    })
  | (AtTime & { readonly kind: 'contact'; readonly rung: number; readonly messages: readonly SimulatedMessage[] })
  | (AtTime & { readonly kind: 'held'; readonly until: string });

export interface SimulateOptions {
  readonly severity: string;
  readonly at: Date;
  /** Nothing after it is told. */
  readonly until?: Date;
  /** Default: all levels of all rounds, and the exhausted rung twice. */
  readonly maxRungs?: number;
}

/** However long a policy is, more steps are not told. */
const MAX_STEPS = 5000;

/**
 * What escalation would do if every contact were accepted and nobody answered, in order of time. It asks {@link
 * decideEscalation} and nothing else, so it tells what an incident will do. Throws `not-found` for an unknown severity.
 */
export function simulateEscalation(file: Escalation, { severity, at, until, maxRungs }: SimulateOptions): readonly SimulatedStep[] {
  const rungs = maxRungs ?? rungsOf(policyOf(file, severity).policy) + 2;
  const last = until?.getTime() ?? Infinity;
  const steps: SimulatedStep[] = [];
  let state: EscalationState = { severity, since: at.toISOString(), held: false, hurried: false, fired: [] };
  for (let now = at; steps.length < MAX_STEPS && now.getTime() <= last;) {
    const { acts, next, quietUntil } = decideEscalation(file, state, now);
    if (state.fired.length >= rungs && acts.some(({ kind }) => kind === 'rung')) break;
    const time = { at: now.toISOString(), afterMs: now.getTime() - at.getTime() };
    steps.push(...acts.map((act) => ({ ...time, ...told(file, state, act) })));
    state = afterActs(state, acts, now, 'accepted');
    if (acts.length > 0) continue;
    if (quietUntil !== undefined && quietUntil !== steps.findLast((step) => step.kind === 'held')?.until)
      steps.push({ ...time, kind: 'held', until: quietUntil });
    if (next === undefined) break;
    now = new Date(next);
  }
  return steps;
}

type Untimed<Step> = Step extends AtTime ? Omit<Step, keyof AtTime> : never;

function told(file: Escalation, state: EscalationState, act: EscalationAct): Untimed<Exclude<SimulatedStep, { kind: 'held' }>> {
  if (act.kind === 'contact') {
    const target = state.fired.find(({ index }) => index === act.rung)?.targets[act.target];
    return { kind: 'contact', rung: act.rung, messages: target === undefined ? [] : [messageTo(file, target, act.step)] };
  }
  const { index, level, round, exhausted, targets, contacts, grants, vendors, because } = act;
  const people = targets.flatMap(({ person }) => (person === undefined ? [] : [person]));
  return {
    kind: 'rung',
    index,
    ...defined({ level }),
    round,
    exhausted,
    messages: contacts.flatMap(({ target, step }) => targets.slice(target, target + 1).map((to) => messageTo(file, to, step))),
    later: targets.filter((to, at) => to.person !== undefined && !contacts.some(({ target }) => target === at)),
    nobody: targets.flatMap(({ ref, person, channel }) => (person === undefined && channel === undefined ? [ref] : [])),
    ...(grants === undefined || people.length === 0 ? {} : { grants: { role: grants, people } }),
    vendors,
    ...defined({ because }),
  };
}

function messageTo(file: Escalation, { ref, person, channel }: Target, step: number): SimulatedMessage {
  if (person === undefined) return { ref, ...defined({ channel }), by: 'channel' };
  return { ref, person, by: file.people[person]?.contact[step]?.kind ?? 'email' };
}
