import { defined } from '../lib/index.js';
import { endOfSpan } from './calendar/weekly.js';
import { delaysOf, nobodyReached, policyOf, rungAt, rungsOf, targetsAt, type Rung } from './ladder.js';
import type { Escalation, EscalationAct, EscalationDue, EscalationState, FiredRung, Policy } from './types.js';

type ContactAct = Extract<EscalationAct, { kind: 'contact' }>;
type RungAct = Extract<EscalationAct, { kind: 'rung' }>;

/** Something that will be due, before quiet hours are looked at. */
interface Due {
  readonly at: number;
  /** Quiet hours do not hold it. */
  readonly hurried?: boolean;
  readonly because?: string;
}

/**
 * What is due for an incident now: the one decision of escalation. A pure function of its arguments.
 *
 * - Rung 0 is due at `since`; each further one when the `ack_within` of the rung before it is over, counted from when
 *   that
 *   really fired. So after hours without a call one rung fires, not a burst. Once all rounds are through, the exhausted rung
 *   fires again and again, for ever.
 * - Contacts belong to the latest rung; a rung that is due supersedes those of the one before. A failed contact makes
 *   the next
 *   one of the same person due at once; when nobody is left to try, the next rung is due at once. Exhausted rungs keep their pace.
 * - Quiet hours hold all of it where the severity says so, except what a person hurried. Nothing is dropped: it waits.
 * - Who is on call is worked out at `now`, when a rung fires.
 *
 * `next` is exact: a call before it gives no acts, a call at it gives some. With acts it says when something will be
 * due once they are done and nothing has failed. Throws `not-found` where the file does not know the severity.
 */
export function decideEscalation(file: Escalation, state: EscalationState, now: Date): EscalationDue {
  if (state.held) return { acts: [] };
  const { severity, policy } = policyOf(file, state.severity);
  const quiet = severity.quietHours === 'hold' ? file.quietHours : undefined;
  const quietEnd = (at: number): number | undefined => (quiet === undefined ? undefined : endOfSpan(quiet, quiet.timezone ?? file.timezone, at));
  const decide = (at: EscalationState): EscalationDue => decideOnce(file, policy, at, now.getTime(), quietEnd);

  const due = decide(state);
  if (due.acts.length === 0) return due;
  const { next = now.toISOString(), quietUntil } = decide(afterActs(state, due.acts, now, 'open'));
  return { acts: due.acts, next, ...defined({ quietUntil }) };
}

/** The state once acts are done at a time, each contact in the state given. */
export function afterActs(state: EscalationState, acts: readonly EscalationAct[], now: Date, contact: 'open' | 'accepted'): EscalationState {
  const at = now.toISOString();
  let fired: readonly FiredRung[] = state.fired;
  for (const act of acts) {
    if (act.kind === 'rung')
      fired = [...fired, { index: act.index, at, targets: act.targets, contacts: act.contacts.map((taken) => ({ ...taken, at, state: contact })) }];
    else
      fired = fired.map((rung) =>
        rung.index === act.rung ? { ...rung, contacts: [...rung.contacts, { target: act.target, step: act.step, at, state: contact }] } : rung,
      );
  }
  return { ...state, hurried: state.hurried && !acts.some(({ kind }) => kind === 'rung'), fired };
}

function decideOnce(
  file: Escalation,
  policy: Policy,
  state: EscalationState,
  now: number,
  quietEnd: (at: number) => number | undefined,
): EscalationDue {
  const quiet = quietEnd(now);
  const rung = rungDue(file, policy, state, now);
  if (rung.at <= now && (quiet === undefined || rung.hurried === true)) {
    const waited = rung.because === undefined && quietEnd(rung.at) !== undefined ? 'quiet hours ended' : rung.because;
    return { acts: [fire(file, rungAt(policy, state.fired.length), now, waited)] };
  }
  const contacts = contactsDue(file, state.fired.at(-1));
  const acts = quiet === undefined ? contacts.filter(({ at }) => at <= now).map(({ act }) => act) : [];
  if (acts.length > 0) return { acts };
  const wanted = Math.max(now, Math.min(rung.at, ...contacts.map(({ at }) => at)));
  const held = quietEnd(wanted);
  const next = new Date(held ?? wanted).toISOString();
  return { acts, next, ...(held === undefined ? {} : { quietUntil: next }) };
}

function rungDue(file: Escalation, policy: Policy, state: EscalationState, now: number): Due {
  if (state.hurried) return { at: now, hurried: true, because: 'a person asked for it' };
  const last = state.fired.at(-1);
  if (last === undefined) return { at: Date.parse(state.since) };
  const at = Date.parse(last.at);
  const before = rungAt(policy, last.index);
  if (last.index < rungsOf(policy) && nobodyReached(file, last)) return { at, because: `nobody at level ${before.number ?? 0} could be reached` };
  return { at: at + before.withinMs };
}

/**
 * Contacts of the latest rung that are still to be taken, with their times. A failed one makes the one after it due at
 * once.
 */
function contactsDue(file: Escalation, rung: FiredRung | undefined): readonly { readonly at: number; readonly act: ContactAct }[] {
  if (rung === undefined) return [];
  return rung.targets.flatMap((target, index) => {
    const taken = new Map(rung.contacts.filter((contact) => contact.target === index).map((contact) => [contact.step, contact]));
    return delaysOf(file, target).flatMap((afterMs, step) => {
      if (taken.has(step)) return [];
      const at = Date.parse(rung.at) + afterMs;
      const before = taken.get(step - 1);
      const failedAt = before?.state === 'failed' ? Date.parse(before.at) : Infinity;
      const because: ContactAct['because'] = failedAt < at ? 'failed' : 'time';
      return [{ at: Math.min(at, failedAt), act: { kind: 'contact' as const, rung: rung.index, target: index, step, because } }];
    });
  });
}

function fire(file: Escalation, rung: Rung, now: number, because: string | undefined): RungAct {
  const targets = targetsAt(file, rung.notify, now);
  return {
    kind: 'rung',
    index: rung.index,
    ...defined({ level: rung.number }),
    round: rung.round,
    exhausted: rung.level === undefined,
    targets,
    contacts: targets.flatMap((target, index) => delaysOf(file, target).flatMap((afterMs, step) => (afterMs === 0 ? [{ target: index, step }] : []))),
    ...(rung.level?.grants === undefined ? {} : { grants: rung.level.grants }),
    vendors: rung.level?.vendors ?? [],
    ...defined({ because }),
  };
}
