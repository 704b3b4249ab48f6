import type { Escalation, FiredRung, Target } from '../../escalation/index.js';
import { type Incident, ROBOT } from '../../incidents/index.js';
import { formatDuration } from '../../lib/index.js';
import type { Check } from '../verdict/checks.js';
import { levelAt, nameIn, policyFor, rungsOf } from './ladder.js';
import type { Answer, Finding, PersonPaged } from './result.js';

/** What people do who have noticed an incident and take care of it. */
const ANSWERS: ReadonlySet<string> = new Set(['incident.acknowledged', 'incident.mitigated', 'incident.snoozed', 'incident.resolved']);

/** Who answered first; undefined while nobody has. */
export function answerIn(file: Escalation, { timeline, openedAt }: Pick<Incident, 'timeline' | 'openedAt'>): Answer | undefined {
  const first = timeline.find(({ type, by }) => ANSWERS.has(type) && by !== ROBOT);
  if (first === undefined) return undefined;
  const { by, at } = first;
  return { by, name: nameIn(file, by), at, afterMs: Math.max(0, Date.parse(at) - Date.parse(openedAt)) };
}

/** Whether every level was paged, and whoever was paged last has had their time. */
export function isExhausted(file: Escalation, { severity, ladder: { fired } }: Incident, now: Date): boolean {
  const policy = policyFor(file, severity);
  const last = fired.at(-1);
  if (policy === undefined) return true;
  if (last === undefined || fired.length < rungsOf(policy)) return false;
  // Paged once more because nobody answered the last time.
  if (fired.length > rungsOf(policy) + 1) return true;
  const waits = last.contacts.some(({ state }) => state !== 'failed');
  return !waits || now.getTime() >= Date.parse(last.at) + (levelAt(policy, last.index)?.ackWithinMs ?? policy.exhausted.everyMs);
}

/** Every page that somebody was to be called by, in order. */
export function pagedIn(file: Escalation, { pages, severity }: Incident): readonly PersonPaged[] {
  const policy = policyFor(file, severity);
  return pages.flatMap(({ kind, to, of, at, state, why }) => {
    if (kind !== 'alert') return [];
    const level = policy && of ? levelAt(policy, of.rung)?.number : undefined;
    return [
      {
        who: to.name ?? to.person ?? to.channel,
        ...(to.person === undefined ? {} : { person: to.person }),
        channel: to.channel,
        medium: to.medium,
        ...(level === undefined ? {} : { level }),
        at,
        state,
        ...(why === undefined ? {} : { why }),
      },
    ];
  });
}

/**
 * Who was paged and let the time of their level pass, each once. Where somebody answered within it, nobody of that
 * level owes an answer. `until`: how long they were waited for.
 */
export function unansweredFindings(file: Escalation, incident: Incident, until: Date): readonly Finding[] {
  const policy = policyFor(file, incident.severity);
  if (policy === undefined) return [];
  const answer = answerIn(file, incident);
  const answered = answer === undefined ? Number.POSITIVE_INFINITY : Date.parse(answer.at);
  const found = new Map<string, Finding>();
  for (const rung of incident.ladder.fired) {
    const within = levelAt(policy, rung.index)?.ackWithinMs ?? policy.exhausted.everyMs;
    const from = Date.parse(rung.at);
    if (answered <= from + within) continue;
    const waited = Math.max(0, Math.min(from + within, until.getTime()) - from);
    const people = rung.targets.filter((target, index) => target.person !== undefined && wasReached(rung, index));
    // A channel owes an answer where nobody in person does.
    const owing = people.length > 0 ? people : rung.targets.filter((target, index) => target.channel !== undefined && wasReached(rung, index));
    for (const target of owing) {
      const finding = unanswered(file, target, waited, waited < within);
      if (!found.has(finding.owner)) found.set(finding.owner, finding);
    }
  }
  return [...found.values()];
}

const wasReached = ({ contacts }: FiredRung, target: number): boolean => contacts.some((one) => one.target === target && one.state !== 'failed');

function unanswered(file: Escalation, { person, channel, ref }: Target, waitedMs: number, cutShort: boolean): Finding {
  const owner = person === undefined ? `whoever reads ${channel ?? ref}` : nameIn(file, person);
  const who =
    person === undefined
      ? `Nobody who reads ${channel ?? ref}`
      : `${owner}${ref.startsWith('schedule:') ? ` (on call in ${ref.slice('schedule:'.length)})` : ''}`;
  const time = formatDuration(Math.max(100, Math.round(waitedMs / 100) * 100));
  return {
    kind: 'unanswered',
    what: `${who} ${person === undefined ? 'answered' : 'did not answer'} within ${time}${cutShort ? ', when the game day stopped waiting' : ''}`,
    owner,
    next: person === undefined ? 'Find out why nobody saw it' : 'Find out whether the page arrived, and why nobody answered: runback escalation test',
  };
}

/** The check of a scorecard: somebody answered before everybody had been paged in vain. */
export function answeredCheck(
  answer: Answer | undefined,
  { waitedMs, exhausted }: { readonly waitedMs: number; readonly exhausted: boolean },
): Check {
  const shown = (ms: number): string => formatDuration(Math.max(100, Math.round(ms / 100) * 100));
  const why = exhausted ? 'every level was paged' : `waited ${shown(waitedMs)}`;
  return {
    name: 'answered',
    passed: answer !== undefined,
    found: answer === undefined ? `nobody: ${why}` : `${answer.name} after ${shown(answer.afterMs)}`,
    wanted: 'someone, before every level was paged',
  };
}
