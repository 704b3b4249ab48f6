import { html } from 'hono/html';

import { causeOf, failedPages, failureLines, isReached, isUnreached, withFailuresTogether } from '../../incidents/index.js';
import { titleOf } from '../../lib/index.js';
import type { Pulse } from '../pulse.js';
import type { BoardView, IncidentView } from './board.js';
import { badge, counted, type Html, layout, outside, section, when } from './layout.js';
import { watchedSection } from './watched.js';
import { nextText, standing } from './words.js';

/** Incidents that a card of failures names. */
const MOST_NAMED = 5;

/** What the first page is made from. */
export interface OverviewData {
  readonly board: BoardView;
  readonly pulse: Pulse;
  readonly now: Date;
  /** False: the workspace has no escalation.yml. */
  readonly policy: boolean;
  /** The page loads itself again. */
  readonly refresh: boolean;
  /** Where the state is, for people with several workspaces. */
  readonly location: string;
}

/**
 * The first page: what is on fire, who has it, what is paused, what waits for a person, and whether escalation works.
 */
export function overviewPage(data: OverviewData): Html {
  const { board, now } = data;
  const total = board.incidents.length + board.more + board.unreadable.length;
  const unheld = board.incidents.filter(({ incident }) => incident.status === 'open').length;
  const title =
    total === 0
      ? calmTitle(board.watched)
      : `${counted(total, 'open incident')}${unheld === 0 ? '' : `: ${total === 1 ? '' : `${unheld} `}not acknowledged`}`;
  const body = html`
    <h1>${title}</h1>
    ${escalationBanner(data)}
    ${
      total === 0
        ? ''
        : html`<h2>On fire</h2>
            <ul class="cards">
              ${board.incidents.map((view) => incidentCard(view, now))}
            </ul>`
    }
    ${board.more === 0 ? '' : html`<p>And ${counted(board.more, 'more incident')}: <code>runback incident list</code></p>`}
    ${board.unreadable.map((id) => html`<p><strong class="bad">${outside(id)} cannot be read:</strong> its journal is damaged. <code>runback incident show ${id}</code></p>`)}
    ${section(
      'Pages that failed permanently',
      failureGroups(board.deadLetters),
      (group) =>
        html`<li class="card bad">
          <p>${group.map(({ page, attempts }, n) => (n > 0 ? '' : html`${failedText(group.length, page, attempts, now)}`))}</p>
          <p class="soft">
            ${incidentsOf(group)
              .slice(0, MOST_NAMED)
              .map(
                ({ id, title: name }, n) => html`${n === 0 ? '' : ', '}<a href="incidents/${id}">${outside(name)}</a>`,
              )}${incidentsOf(group).length > MOST_NAMED ? ', …' : ''}
          </p>
        </li>`,
    )}
    ${section(
      'Paused syncs',
      board.pauses,
      ({ id, by, reason, at, syncs }) =>
        html`<li class="card warn">
          <h3>${syncs.map((sync, n) => html`${n === 0 ? '' : ', '}${outside(sync)}`)}</h3>
          <p>Paused by ${outside(by)} ${when(at, now)}: ${outside(reason)}</p>
          <p class="soft"><code>runback sync resume ${id}</code></p>
        </li>`,
    )}
    ${section(
      'Open runs',
      board.runs,
      ({ id, title: name, state, by, startedAt, waitingFor, atWork }) =>
        html`<li class="card ${waitingFor === undefined ? '' : 'warn'}">
          <h3>${outside(name)}</h3>
          <p>
            ${state === 'waiting' ? 'Waiting for a person' : state}${waitingFor === undefined ? '' : html`: ${outside(waitingFor)}`}. Started by
            ${outside(by)} ${when(startedAt, now)}.
          </p>
          <p class="soft">
            ${atWork === undefined ? html`<code>runback runbook resume ${id}</code>` : html`${outside(atWork.by)} is working on it on ${outside(atWork.host)}.`}
          </p>
        </li>`,
    )}
    ${watchedSection(board.watched, now)}
  `;
  const refresh = data.refresh
    ? html`<span>Reloads every 30 s. <a href="?refresh=off">Stop that</a></span>`
    : html`<span>As of ${when(now, now)}. <a href="./">Reload every 30 s</a></span>`;
  return layout(title, './', body, html`${refresh}<span>${data.location}</span>`);
}

/** Dead letters, the newest first, those of one cause over one channel together. */
function failureGroups(letters: BoardView['deadLetters']): readonly (readonly Letter[])[] {
  const flat = letters.toReversed().map((letter) => {
    const last = letter.attempts.at(-1);
    return { ...letter, ...(last?.why === undefined ? {} : { why: last.why }), ...(last?.needs === undefined ? {} : { needs: last.needs }) };
  });
  return withFailuresTogether(flat, ({ page }) => page.to.channel);
}

type Letter = BoardView['deadLetters'][number];

function failedText(count: number, page: Letter['page'], attempts: Letter['attempts'], now: Date): Html {
  const cause = outside(causeOf(attempts.at(-1) ?? {}));
  const at = when(attempts.at(-1)?.at ?? page.at, now);
  if (count > 1) return html`${count} pages over ${outside(page.to.channel)}, the last one ${at}: ${cause}`;
  return html`${outside(page.to.name ?? page.to.person ?? page.to.channel)} (${page.to.medium}), ${counted(attempts.length, 'attempt')}, ${at}:
  ${cause}`;
}

function incidentsOf(letters: readonly Letter[]): readonly Letter['page']['incident'][] {
  return [...new Map(letters.map(({ page: { incident } }) => [incident.id, incident])).values()];
}

/** What stands above the page while no incident is open. */
function calmTitle({ flows }: BoardView['watched']): string {
  const wrong = flows.filter(({ state }) => state === 'wrong').length;
  return wrong === 0 ? 'Nothing is on fire' : `No incident is open, but ${counted(wrong, 'flow')} ${wrong === 1 ? 'is' : 'are'} wrong`;
}

/** Why nobody heard of an incident that people are being told of. */
function unreached(board: BoardView): readonly Html[] {
  const silent = board.incidents.map(({ incident }) => incident).filter(isUnreached);
  if (silent.length === 0) return [];
  const reached = board.incidents.some(({ incident }) => isReached(incident));
  const why = failureLines(silent.flatMap(failedPages), reached);
  return [html`Nobody was reached about ${counted(silent.length, 'incident')}. ${why.map((line) => html`${outside(line)}. `)}`];
}

function incidentCard(view: IncidentView, now: Date): Html {
  const { incident, file, overdue } = view;
  const { mood, text } = standing(view, now);
  const means = file?.severities[incident.severity]?.means;
  return html`<li class="card ${overdue ? 'bad' : mood}">
    <h3>${badge(incident.severity)} <a href="incidents/${incident.id}">${outside(titleOf(incident))}</a></h3>
    ${means === undefined ? '' : html`<p class="soft">${outside(means)}</p>`}
    <p>${text}</p>
    <p>Opened ${when(incident.openedAt, now)} by ${outside(incident.openedBy)}. ${nextText(view, now)}</p>
  </li>`;
}

/** Whether somebody would be told. */
function escalationBanner({ pulse, policy, board, now }: OverviewData): Html {
  const silent = unreached(board);
  const problems = [
    ...(policy ? [] : [html`There is no escalation.yml, so nobody is paged.`]),
    ...silent,
    ...(pulse.healthy ? [] : [html`The last check of what is due was ${Math.round(pulse.sinceLastPassMs / 1000)} s ago.`]),
    ...pulse.failing.map((why) => outside(why)),
    ...(board.deadLetters.length === 0 ? [] : [html`${counted(board.deadLetters.length, 'page')} failed permanently.`]),
    ...(pulse.ping?.withheldBecause === undefined ? [] : [html`The dead-man's ping is stopped: ${outside(pulse.ping.withheldBecause)}.`]),
  ];
  if (problems.length === 0)
    return html`<p class="card good">
      <strong class="good">Escalation works.</strong> The daemon has been running since ${when(pulse.startedAt, now)} and last checked what is due
      ${seconds(pulse)}.${pulse.ping?.lastSentAt ? html` Last ping to the dead man's switch ${when(pulse.ping.lastSentAt, now)}.` : ''}
    </p>`;
  const stuck = !policy || !pulse.healthy || pulse.failing.length > 0 || silent.length > 0;
  return html`<div class="card ${stuck ? 'bad' : 'warn'}">
    <p>
      <strong class="${stuck ? 'bad' : 'warn'}"
        >${stuck ? 'Escalation does not work as it should.' : 'Escalation works, but there are problems.'}</strong
      >
    </p>
    <ul>
      ${problems.map((problem) => html`<li>${problem}</li>`)}
    </ul>
  </div>`;
}

const seconds = (pulse: Pulse): string => (pulse.sinceLastPassMs < 1500 ? 'just now' : `${Math.round(pulse.sinceLastPassMs / 1000)} s ago`);
