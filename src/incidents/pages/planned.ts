import type { ChannelConfig, ContactStep, Escalation, EscalationAct, Target } from '../../escalation/index.js';
import { DRILL_MARK, DRILL_TEXT, titleOf, utcText } from '../../lib/index.js';
import type { Address, Page, PageKind } from '../../notify/index.js';
import type { Incident, PlannedPage } from '../types.js';

/** Where links in pages lead: the status page of the daemon, as people reach it. */
export interface PageLinks {
  readonly base?: string;
  /** Secret word of the acknowledge link of a page. */
  readonly token?: (key: string) => string;
}

/** What a page is for, as far as its way goes: pages of drills go only over channels that are for drills. */
export type Purpose = Pick<Incident, 'drill'>;

/** The address of a contact, or why there is none. */
export function addressOf(file: Escalation, target: Target, step: number, purpose: Purpose): Address | string {
  if (target.channel !== undefined) {
    const channel = file.channels[target.channel];
    if (!channel) return `there is no channel ${target.channel}`;
    return mayCarry(channel, purpose) ? { channel: target.channel, medium: 'channel' } : notForDrills(target.channel);
  }
  if (target.person === undefined) return `nobody is on call`;
  const person = file.people[target.person];
  const contact = person?.contact[step];
  if (!person || !contact) return `${target.person} has no such contact`;
  return contactAddress(file, target.person, contact, purpose);
}

const mayCarry = ({ drills }: ChannelConfig, { drill }: Purpose): boolean => drill === undefined || drills === true;
const notForDrills = (channel: string): string => `${channel} is not a channel for drills`;

function contactAddress(file: Escalation, id: string, contact: ContactStep, purpose: Purpose): Address | string {
  const person = file.people[id];
  if (!person) return `nobody is called ${id}`;
  const type = contact.kind === 'email' ? 'email' : 'twilio';
  const channels = Object.values(file.channels).filter((one) => one.type === type);
  const [first] = channels;
  const channel = channels.find((one) => mayCarry(one, purpose));
  const value = contact.kind === 'email' ? person.email : person.phone;
  if (!first) return `there is no channel of type ${type}`;
  if (!channel) return notForDrills(first.name);
  if (value === undefined) return `${person.name} has no ${contact.kind === 'email' ? 'e-mail address' : 'phone number'}`;
  return { channel: channel.name, person: id, name: person.name, medium: contact.kind, value };
}

/** The first contact of a person that leads somewhere; undefined where there is none. */
export function firstAddress(file: Escalation, person: string, purpose: Purpose): Address | undefined {
  for (const contact of file.people[person]?.contact ?? []) {
    const address = contactAddress(file, person, contact, purpose);
    if (typeof address !== 'string') return address;
  }
  return undefined;
}

/**
 * The pages of a rung or contact, and the contacts that lead nowhere. Keys are the same however often it is worked out.
 */
export function pagesOf(
  incident: Incident,
  file: Escalation,
  act: EscalationAct,
): {
  readonly pages: readonly PlannedPage[];
  readonly unreachable: readonly { readonly target: number; readonly step: number; readonly why: string }[];
} {
  const rung = act.kind === 'rung' ? act.index : act.rung;
  const targets = act.kind === 'rung' ? act.targets : (incident.ladder.fired.find(({ index }) => index === rung)?.targets ?? []);
  const contacts = act.kind === 'rung' ? act.contacts : [{ target: act.target, step: act.step }];
  const pages: PlannedPage[] = [];
  const unreachable: { target: number; step: number; why: string }[] = [];
  for (const { target, step } of contacts) {
    const to = targets[target] === undefined ? 'the target no longer exists' : addressOf(file, targets[target], step, incident);
    if (typeof to === 'string') unreachable.push({ target, step, why: to });
    else pages.push({ key: `${incident.id}.${incident.ladder.n}.${rung}.${target}.${step}`, to, target, step });
  }
  return { pages, unreachable };
}

/** Whom a message beside the ladder goes to. */
export function messagePages(
  incident: Incident,
  file: Escalation,
  kind: 'acknowledged' | 'resolved' | 'update-due' | 'follow-up',
  tag: string | number,
): readonly PlannedPage[] {
  const key = (n: number): string => `${incident.id}.${kind}.${tag}.${n}`;
  if (kind === 'update-due' || kind === 'follow-up') {
    const person = incident.holder?.person ?? incident.openedBy;
    const address = firstAddress(file, person, incident);
    if (address) return [{ key: key(0), to: address }];
  }
  const channels = new Map<string, Address>();
  for (const { to, kind: sent } of incident.pages) if (sent === 'alert' && to.medium === 'channel') channels.set(to.channel, to);
  return [...channels.values()].map((to, n) => ({ key: key(n), to }));
}

/** How it comes that nobody is paged any more. */
const quietWords = ({ status, snoozedUntil }: Incident): string => {
  if (status === 'snoozed' && snoozedUntil !== undefined) return `Snoozed until ${utcText(snoozedUntil, 'minute')}`;
  return status === 'mitigated' ? 'The damage has stopped' : 'Acknowledged';
};

const SUBJECTS: Readonly<Record<Exclude<PageKind, 'bundle' | 'test'>, (incident: Incident) => string>> = {
  alert: ({ severity, title }) => `[${severity}] ${title}`,
  acknowledged: (incident) => `[${incident.severity}] ${quietWords(incident)}: ${incident.title}`,
  resolved: ({ severity, title }) => `[${severity}] Resolved: ${title}`,
  'update-due': ({ severity, title }) => `[${severity}] An update is due: ${title}`,
  'follow-up': ({ severity, title }) => `[${severity}] Support case to follow up: ${title}`,
};

/** The message of a planned page. */
export function pageOf(
  incident: Incident,
  file: Escalation,
  kind: Exclude<PageKind, 'bundle' | 'test'>,
  planned: PlannedPage,
  at: string,
  links: PageLinks = {},
): Page {
  const means = file.severities[incident.severity]?.means ?? '';
  const isDrill = incident.drill !== undefined;
  const wanted = links.base !== undefined && links.token !== undefined && kind === 'alert';
  return {
    key: planned.key,
    kind,
    ...(kind === 'alert' && quietBefore(incident, planned) ? { anew: true } : {}),
    ...(isDrill ? { drill: true as const } : {}),
    incident: { id: incident.id, title: titleOf(incident), severity: incident.severity, means, openedAt: incident.openedAt },
    to: planned.to,
    subject: `${isDrill ? DRILL_MARK : ''}${SUBJECTS[kind](incident)}`,
    text: [...(isDrill ? [DRILL_TEXT] : []), bodyOf(incident, kind, means)].join('\n'),
    facts: factsOf(incident),
    links: {
      ...(links.base === undefined ? {} : { incident: `${links.base}/incidents/${incident.id}` }),
      ...(wanted ? { acknowledge: `${links.base ?? ''}/ack/${planned.key}/${links.token?.(planned.key) ?? ''}` } : {}),
    },
    at,
  };
}

/**
 * Whether what a channel may have heard last, before this page, is that somebody has it; also where it should have
 * heard since that it is over, and that is not known to have got there. What was withdrawn before anything was sent
 * does not count.
 */
function quietBefore({ pages }: Incident, { key, to }: PlannedPage): boolean {
  const until = pages.findIndex((page) => page.key === key);
  const last = pages
    .slice(0, Math.max(0, until))
    .findLast(
      (page) =>
        page.to.medium === 'channel' &&
        page.to.channel === to.channel &&
        (page.kind === 'alert' || page.kind === 'acknowledged' || page.kind === 'resolved') &&
        !(page.state === 'withdrawn' && (page.attempts ?? 0) === 0),
    );
  return last?.kind === 'acknowledged' || (last?.kind === 'resolved' && last.state !== 'accepted');
}

function bodyOf(incident: Incident, kind: PageKind, means: string): string {
  const { id, vendors } = incident;
  switch (kind) {
    case 'acknowledged':
      return quietText(incident);
    case 'resolved':
      return incident.mergedInto === undefined ? 'The incident has ended. Nothing is left to do.' : `It continues as ${incident.mergedInto}.`;
    case 'update-due':
      return `Write the current state in one sentence: runback incident note ${id} --update "…"`;
    case 'follow-up':
      return vendors.map(({ vendor, number }) => `Ask the support of ${vendor} about case ${number ?? '(no number yet)'}.`).join('\n');
    default:
      return [
        `${means}.`,
        ...(incident.impact === undefined ? [] : [`Impact: ${incident.impact}`]),
        ...(incident.summary === undefined ? [] : [incident.summary]),
        `Acknowledge it: runback incident ack ${id}`,
        'Not yours? The next level is paged automatically.',
      ].join('\n');
  }
}

function quietText({ status, holder, snoozedUntil }: Incident): string {
  if (status === 'snoozed' && snoozedUntil !== undefined)
    return `Nobody is paged until ${utcText(snoozedUntil, 'minute')}. Then escalation starts again.`;
  const who = holder?.person ?? 'Somebody';
  if (status === 'mitigated') return `The damage has stopped, but the incident is still open. ${who} acknowledged it; nobody else is paged.`;
  return `${who} acknowledged it. Nobody else is paged while they work on it.`;
}

function factsOf(incident: Incident): Page['facts'] {
  return [
    ['Incident', incident.id],
    ...(incident.drill === undefined ? [] : [['Drill', incident.drill] as const]),
    ['Severity', incident.severity],
    ...(incident.platforms.length === 0 ? [] : [['Platforms', incident.platforms.join(', ')] as const]),
    ['Opened', `${utcText(incident.openedAt, 'minute')} by ${incident.openedBy}`],
    ...(incident.holder === undefined ? [] : [['Acknowledged by', incident.holder.person] as const]),
  ];
}
