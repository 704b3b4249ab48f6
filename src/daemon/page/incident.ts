import { html } from 'hono/html';

import { channelOfLine, isOpen, withFailuresTogether } from '../../incidents/index.js';
import { titleOf } from '../../lib/index.js';
import type { IncidentView } from './board.js';
import { badge, counted, type Html, layout, outside, when } from './layout.js';
import { addressee, deliveryText, nameOf, nextText, standing } from './words.js';

const MOST_LINES = 200;

/**
 * One incident: where it stands, who was told and how that went, who may do what, what it is tied to, what happened.
 */
export function incidentPage(view: IncidentView, now: Date, refresh: boolean): Html {
  const { incident, file, overdue } = view;
  const { mood, text } = standing(view, now);
  const { id, severity } = incident;
  const facts: readonly (readonly [string, Html | string | undefined])[] = [
    ['Severity', html`${severity}${file?.severities[severity] ? html`: ${outside(file.severities[severity].means)}` : ''}`],
    ['Drill', incident.drill && html`${incident.drill}: no real data is affected`],
    ['Impact', incident.impact && outside(incident.impact)],
    ['Summary', incident.summary && outside(incident.summary)],
    ['Platforms', incident.platforms.length === 0 ? undefined : outside(incident.platforms.join(', '))],
    ['Began', incident.beganAt && when(incident.beganAt, now)],
    ['Opened', html`${when(incident.openedAt, now)} by ${outside(nameOf(file, incident.openedBy))}`],
    ['Merged in', incident.absorbed.length === 0 ? undefined : incident.absorbed.join(', ')],
  ];
  const body = html`
    <h1>${badge(severity)} ${outside(titleOf(incident))}</h1>
    <div class="card ${overdue ? 'bad' : mood}">
      <p>${text}</p>
      ${isOpen(incident) ? html`<p>${nextText(view, now)}</p>` : ''}
    </div>
    <p class="soft">
      ${isOpen(incident) ? html`To acknowledge it, follow the link in your page or type <code>runback incident ack ${id}</code>` : ''}
    </p>
    <h2>Facts</h2>
    <dl>
      ${facts.map(([name, value]) =>
        value === undefined || value === ''
          ? ''
          : html`<dt>${name}</dt>
              <dd>${value}</dd>`,
      )}
    </dl>
    ${pages(view, now)} ${grants(view, now)} ${links(view, now)} ${timeline(view, now)}
  `;
  const again = refresh
    ? html`Reloads every 30 s. <a href="?refresh=off">Stop that</a>`
    : html`As of ${when(now, now)}. <a href="${id}">Reload every 30 s</a>`;
  return layout(`[${severity}] ${titleOf(incident)}`, '../', body, html`<span>${again}</span><span>${id}</span>`);
}

function pages({ incident }: IncidentView, now: Date): Html | string {
  if (incident.pages.length === 0)
    return html`<h2>Pages</h2>
      <p>Nobody was paged.</p>`;
  const shown = incident.pages.slice(-MOST_LINES);
  return html`<h2>Pages</h2>
    ${more(incident.pages.length - shown.length, 'earlier page')}
    <div class="scroll" role="region" aria-label="Pages" tabindex="0">
      <table>
        <thead>
          <tr>
            <th scope="col">To</th>
            <th scope="col">What for</th>
            <th scope="col">When</th>
            <th scope="col">Delivery</th>
          </tr>
        </thead>
        <tbody>
          ${withFailuresTogether(shown, channelOfLine).map(([page, ...others]) =>
            page === undefined
              ? ''
              : html`<tr>
                  <td>
                    ${addressee(page)}${others.length === 0 ? '' : html` and ${counted(others.length, 'other page')} over ${outside(page.to.channel)}`}
                  </td>
                  <td>${page.kind}</td>
                  <td>${when(page.at, now)}</td>
                  <td>${deliveryText(page)}</td>
                </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function grants({ incident, file }: IncidentView, now: Date): Html | string {
  if (incident.grants.length === 0) return '';
  const allowed = (role: string): Html | string => {
    const may = file?.authority[role]?.may ?? [];
    return may.length === 0 ? '' : html`: may ${may.join(', ')}`;
  };
  return html`<h2>Who may do what</h2>
    <ul>
      ${incident.grants.map(({ role, person, since }) => html`<li>${outside(nameOf(file, person))} has the role ${outside(role)} since ${when(since, now)}${allowed(role)}</li>`)}
    </ul>`;
}

function links({ incident }: IncidentView, now: Date): Html | string {
  const { links: tied, vendors } = incident;
  if (tied.length + vendors.length === 0) return '';
  return html`<h2>Linked to it</h2>
    <ul>
      ${tied.map(({ kind, id, at, by }) => html`<li>${kind} <code>${id}</code>, by ${outside(by)} ${when(at, now)}</li>`)}
      ${vendors.map(
        ({ vendor, number, by, at, followUpAt }) =>
          html`<li>
            Support of ${outside(vendor)}${number === undefined ? ', no case number yet' : html`, case ${outside(number)}`}, by ${outside(by)}
            ${when(at, now)}${followUpAt === undefined ? '' : html`; follow up ${when(followUpAt, now)}`}
          </li>`,
      )}
    </ul>`;
}

function timeline({ incident, file }: IncidentView, now: Date): Html {
  const shown = incident.timeline.slice(-MOST_LINES);
  return html`<h2>Timeline</h2>
    ${more(incident.timeline.length - shown.length, 'earlier line')}
    <ol class="timeline">
      ${shown.map(
        ({ at, by, source, text }) =>
          html`<li>
            <div class="soft">${when(at, now)}, ${outside(nameOf(file, by))}${source === by ? '' : html` (${outside(source)})`}</div>
            <div class="text">${outside(text)}</div>
          </li>`,
      )}
    </ol>`;
}

const more = (n: number, noun: string): Html | string => (n <= 0 ? '' : html`<p>${counted(n, noun)} not shown.</p>`);
