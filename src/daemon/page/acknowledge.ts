import { timingSafeEqual } from 'node:crypto';

import { html } from 'hono/html';

import { acknowledge, addresseeOf, hasIt, type Incident, isOpen, type PageLine } from '../../incidents/index.js';
import { isRunbackError, titleOf } from '../../lib/index.js';
import type { Board, IncidentView } from './board.js';
import { badge, type Html, layout, outside, when } from './layout.js';
import { nameOf, standing } from './words.js';

/** How long the link of a page leads somewhere. */
const LIFE_MS = 7 * 86_400_000;

/** The page that a link belongs to, and its incident. */
export interface Acknowledgeable {
  readonly view: IncidentView;
  readonly page: PageLine;
}

/**
 * What a link leads to; undefined for a word that is wrong or too old, which tells nobody which it was. Changes
 * nothing.
 */
export async function findPage(
  board: Board,
  token: (key: string) => string,
  key: string,
  given: string,
  now: Date,
): Promise<Acknowledgeable | undefined> {
  if (!isToken(token(key), given)) return undefined;
  try {
    const view = await board.incident(incidentOf(key));
    const page = view.incident.pages.find((one) => one.key === key && one.kind === 'alert');
    return page && now.getTime() - Date.parse(page.at) < LIFE_MS ? { view, page } : undefined;
  } catch (error) {
    if (isRunbackError(error, 'not-found')) return undefined;
    throw error;
  }
}

/** Compared in a time that tells nothing about the word. */
function isToken(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Keys of pages begin with the id of their incident. */
const incidentOf = (key: string): string => key.split('.')[0] ?? key;

/** People who may say that they have it: whoever was paged, or for a channel anybody in the policy. */
function peopleOf({ view: { file }, page }: Acknowledgeable): readonly string[] {
  return page.to.person === undefined ? Object.keys(file?.people ?? {}) : [page.to.person];
}

/** True where nothing is left to confirm: it is over, or the one it was sent to has it. */
function isDone({ view: { incident }, page }: Acknowledgeable): boolean {
  return !isOpen(incident) || (page.to.person !== undefined && hasIt(incident, page.to.person));
}

/**
 * Acknowledges as the person the page was sent to, or as the one named. False where nobody who may was named. Repeating
 * it changes nothing.
 */
export async function confirm(
  board: Board,
  incidents: Parameters<typeof acknowledge>[0],
  found: Acknowledgeable,
  named: string | undefined,
): Promise<boolean> {
  const people = peopleOf(found);
  const by = found.page.to.person ?? named;
  if (by === undefined || !people.includes(by)) return false;
  if (isDone(found)) return true;
  try {
    await acknowledge(incidents, found.view.incident.id, { by, source: 'link' });
  } catch (error) {
    // It has just ended: the page that follows says so.
    if (!isRunbackError(error, 'usage')) throw error;
  }
  board.forget();
  return true;
}

/** Asks for a confirmation, or says that nothing is left to confirm. */
export function acknowledgePage(found: Acknowledgeable, now: Date, missing = false): Html {
  const { view, page } = found;
  const { incident, file } = view;
  const { text } = standing(view, now);
  const body = html`
    <h1>${badge(incident.severity)} ${outside(titleOf(incident))}</h1>
    ${file?.severities[incident.severity] ? html`<p class="soft">${outside(file.severities[incident.severity]?.means ?? '')}</p>` : ''}
    <p>${text}</p>
    <p>
      Opened ${when(incident.openedAt, now)} by ${outside(nameOf(file, incident.openedBy))}. This page went to ${outside(addresseeOf(page))}
      ${when(page.at, now)}.
    </p>
    ${isDone(found) ? done(incident, page) : form(found, missing)}
    <p><a href="../../incidents/${incident.id}">What is known about it</a></p>
  `;
  return layout(`${isDone(found) ? 'Acknowledged' : 'Acknowledge?'} [${incident.severity}] ${titleOf(incident)}`, '../../', body);
}

function done(incident: Incident, page: PageLine): Html {
  if (!isOpen(incident)) return html`<p class="card good">This incident has ended. Nothing is left to do.</p>`;
  const name = page.to.name ?? page.to.person ?? 'You';
  return html`<p class="card good" role="status">
    <strong class="good">${outside(name)} acknowledged it.</strong> Nobody else is paged in the meantime. Continue with
    <code>runback incident show ${incident.id}</code>
  </p>`;
}

function form(found: Acknowledgeable, missing: boolean): Html {
  const { view, page } = found;
  const { holder, status } = view.incident;
  const held = holder !== undefined && status !== 'open';
  const file = view.file;
  const choice =
    page.to.person === undefined
      ? html`<div>
          <label for="person">Who are you?</label>
          <select id="person" name="person" required ${missing ? html`aria-invalid="true" aria-describedby="person-missing"` : ''}>
            <option value="">Choose your name</option>
            ${peopleOf(found).map((person) => html`<option value="${person}">${nameOf(file, person)}</option>`)}</select
          >${missing ? html`<p id="person-missing"><strong class="bad">Choose your name from the list.</strong></p>` : ''}
        </div>`
      : html`<p>You are <strong>${outside(page.to.name ?? page.to.person)}</strong>.</p>`;
  return html`<form method="post">
    ${choice}
    ${held ? html`<p>Take over only if you have agreed on it.</p>` : html`<p>Whoever acknowledges it takes care of it: nobody else is paged in the meantime.</p>`}
    <button type="submit">${held ? 'Take over' : 'Acknowledge'}</button>
  </form>`;
}

/** What anybody sees whose link leads nowhere. */
export function nowherePage(root: string): Html {
  return layout(
    'Nothing here',
    root,
    html`<h1>Nothing here</h1>
      <p>The link is wrong, or too old. What is open: <a href="${root}">all incidents</a>, or <code>runback status</code></p>`,
  );
}
