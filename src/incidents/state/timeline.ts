import { defined, titleOf } from '../../lib/index.js';
import { causeOf } from '../pages/failures.js';
import type { IncidentEvents, IncidentEventType, PlannedPage } from '../types.js';

type Words = { readonly [T in IncidentEventType]: (data: IncidentEvents[T], pages: readonly PlannedPage[]) => string | undefined };

const ends = (text: string): string => (/[.!?]$/u.test(text) ? text : `${text}.`);
const with_ = (lead: string, text: string | undefined): string => (text === undefined || text === '' ? ends(lead) : `${lead}: ${ends(text)}`);

/** `Maya Ortiz (email)`, `ops-slack`. */
export function addresseeOf({ to }: Pick<PlannedPage, 'to'>): string {
  return to.person === undefined ? to.channel : `${to.name ?? to.person} (${to.medium})`;
}

const list = (pages: readonly PlannedPage[]): string => pages.map(addresseeOf).join(', ');

const RELEASED = {
  expired: 'The acknowledgement expired: nothing happened for too long. Escalation starts again',
  asked: 'Given back. Escalation starts again',
  'snooze-ended': 'The snooze ended. Escalation starts again',
} as const;

const MESSAGES = {
  acknowledged: 'Told that nobody is paged now',
  resolved: 'Told that it has ended',
  'update-due': 'Reminded that an update is due',
  'follow-up': 'Reminded of the case at',
} as const;

const WORDS: Words = {
  'incident.opened': ({ title, severity, drill }) => `Opened as ${severity}: ${ends(titleOf({ title, ...defined({ drill }) }))}`,
  'incident.triaged': ({ severity, impact, title, why, restarts }) =>
    [
      ...(severity === undefined ? [] : [with_(`Severity is now ${severity}`, why)]),
      ...(title === undefined ? [] : [`Renamed: ${ends(title)}`]),
      ...(impact === undefined ? [] : [`Impact: ${ends(impact)}`]),
      ...(restarts ? ['Escalation starts again, with the people for this severity.'] : []),
    ].join(' ') || 'Triaged.',
  'incident.acknowledged': () => 'Acknowledged.',
  'incident.released': ({ because }) => `${RELEASED[because]}.`,
  'incident.snoozed': ({ until }) => `Snoozed until ${until}.`,
  'incident.hurried': ({ why }) => with_('Escalated by hand', why),
  'incident.noted': ({ text, update }) => (update ? `Update: ${text}` : text),
  'incident.linked': ({ kind, id, what }) => with_(`Linked ${kind} ${id}`, what),
  'incident.mitigated': ({ what }) => with_('Mitigated', what),
  'incident.resolved': ({ what }) => with_('Resolved', what),
  'incident.reopened': ({ why }) => with_('Opened again', why),
  'incident.merged': ({ into }) => `Merged into ${into}.`,
  'incident.absorbed': ({ from, title }) => `Merged in ${from}: ${ends(title)}`,
  'vendor.engaged': ({ vendor, number, followUpAt }) =>
    `Support of ${vendor} engaged${number === undefined ? '' : `, case ${number}`}${followUpAt === undefined ? '' : `; follow up at ${followUpAt}`}.`,
  'rung.fired': ({ level, round, exhausted, pages, unreachable, targets, because }) => {
    const where = exhausted ? 'Everyone was paged and nobody has answered' : `Level ${level ?? '?'}${round > 1 ? `, round ${round}` : ''}`;
    const told = pages.length === 0 ? 'nobody could be paged' : `paged ${list(pages)}`;
    const failed = unreachable.map(({ target, why }) => `${targets[target]?.ref ?? 'a target'}: ${why}`).join('; ');
    return `${where}: ${told}${because === undefined ? '' : ` (${because})`}.${failed === '' ? '' : ` Not reachable: ${ends(failed)}`}`;
  },
  'contact.fired': ({ page, because, unreachable }) =>
    page === undefined
      ? `Could not page: ${ends(unreachable ?? 'no address')}`
      : `Paged ${addresseeOf(page)}${because === 'failed' ? ', because the contact before failed' : ', because nobody has answered'}.`,
  'messages.sent': ({ kind, vendor, pages }) =>
    pages.length === 0 ? undefined : `${MESSAGES[kind]}${vendor === undefined ? '' : ` ${vendor}`}: ${list(pages)}.`,
  'clock.set-back': ({ from }) => `The clock of this machine went back: it was ${from} before. No level waits longer than its own time from now on.`,
  'page.settled': ({ key, state, why, needs, attempts }, pages) =>
    state === 'failed'
      ? `Page ${toWhom(key, pages)} failed permanently after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}: ${ends(causeOf({ why, needs }))}`
      : undefined,
};

/**
 * What a line of the journal says to people; undefined where it is of no interest to them. `pages`: those of the
 * incident until then.
 */
export function timelineText<T extends IncidentEventType>(type: T, data: IncidentEvents[T], pages: readonly PlannedPage[] = []): string | undefined {
  return Object.hasOwn(WORDS, type) ? WORDS[type](data, pages) : undefined;
}

/** `to Maya Ortiz (email)`; the key of a page that the journal does not know. */
function toWhom(key: string, pages: readonly PlannedPage[]): string {
  const page = pages.find((one) => one.key === key);
  return page === undefined ? key : `to ${addresseeOf(page)}`;
}
