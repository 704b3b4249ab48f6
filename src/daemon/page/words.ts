import { html } from 'hono/html';

import type { Escalation } from '../../escalation/index.js';
import { addresseeOf, causeOf, type Incident, isUnreached, type PageLine } from '../../incidents/index.js';
import type { IncidentView } from './board.js';
import { type Html, outside, when } from './layout.js';

/** How urgent something is: chooses the colour beside the words. */
export type Mood = 'bad' | 'warn' | 'good';

/** The name of a person, or the id where the policy has none. */
export const nameOf = (file: Escalation | undefined, person: string): string => file?.people[person]?.name ?? person;

/** Where an incident stands, in words. */
export function standing({ incident, file }: Pick<IncidentView, 'incident' | 'file'>, now: Date): { readonly mood: Mood; readonly text: Html } {
  const { holder, status, snoozedUntil } = incident;
  const has = holder && html`Acknowledged by ${outside(nameOf(file, holder.person))} ${when(holder.since, now)}.`;
  switch (status) {
    case 'open':
      return { mood: 'bad', text: html`<strong class="bad">Not acknowledged${isUnreached(incident) ? ', and nobody was reached' : ''}.</strong>` };
    case 'acknowledged':
      return { mood: 'warn', text: html`<strong class="warn">${has}</strong>` };
    case 'snoozed':
      return {
        mood: 'warn',
        text: html`<strong class="warn">Snoozed${snoozedUntil === undefined ? '' : html` until ${when(snoozedUntil, now)}`}.</strong> ${has}`,
      };
    case 'mitigated':
      return { mood: 'warn', text: html`<strong class="warn">Mitigated: the damage has stopped.</strong> ${has}` };
    case 'resolved':
      return { mood: 'good', text: html`<strong class="good">Resolved</strong>${ended(incident, now)}.` };
    case 'merged':
      return {
        mood: 'good',
        text: html`<strong class="good">Merged into ${incident.mergedInto ?? 'another incident'}</strong>${ended(incident, now)}.`,
      };
  }
}

const ended = ({ resolvedAt }: Incident, now: Date): Html | string => (resolvedAt === undefined ? '' : html` ${when(resolvedAt, now)}`);

/** What happens by itself, and when. */
export function nextText({ file, next, quietUntil, overdue, incident }: IncidentView, now: Date): Html {
  if (!file) return html`<strong class="warn">Nothing happens automatically:</strong> it was opened without an escalation policy.`;
  const late = overdue ? html`<strong class="bad">Overdue.</strong> ` : '';
  if (quietUntil !== undefined) return html`${late}Quiet hours hold escalation back until ${when(quietUntil, now)}.`;
  if (next === undefined) return html`${late}Nothing is due.`;
  return html`${late}${incident.status === 'open' ? 'The next contact is paged' : 'Next check'} ${when(next, now)}.`;
}

const STATES: Readonly<Record<PageLine['state'], string>> = {
  open: 'on its way',
  accepted: 'accepted by the service',
  failed: 'failed permanently',
  withdrawn: 'no longer needed',
};

/** How a page fared, in words. */
export function deliveryText({ state, attempts, why, needs, bundle }: PageLine): Html {
  const tries = attempts !== undefined && attempts > 1 ? ` after ${attempts} attempts` : '';
  const text = html`${STATES[state]}${tries}${bundle === undefined ? '' : ', bundled with others'}`;
  if (state !== 'failed') return text;
  return html`<strong class="bad">${text}</strong>${why === undefined && needs === undefined ? '' : html`: ${outside(causeOf({ why, needs }))}`}`;
}

/** Whom a page went to: `Maya Ortiz (email)`, `ops-slack`. */
export const addressee = (page: PageLine): Html => outside(addresseeOf(page));
