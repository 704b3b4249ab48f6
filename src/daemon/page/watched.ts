import { html } from 'hono/html';

import type { FlowLine, FlowLines, SilenceLine } from '../types.js';
import { type Html, outside, section, when } from './layout.js';
import { sparkline } from './sparkline.js';

const STATES: Readonly<Record<FlowLine['state'], string>> = {
  well: 'Well',
  wrong: 'Wrong',
  learning: 'Learning',
  blind: 'Well',
  unmeasured: 'Cannot be measured',
  'not-measured': 'Not measured yet',
};
/** What is wrong comes first. */
const ORDER: readonly FlowLine['state'][] = ['wrong', 'unmeasured', 'not-measured', 'learning', 'blind', 'well'];
const MOODS: Readonly<Partial<Record<FlowLine['state'], 'bad' | 'warn'>>> = { wrong: 'bad', unmeasured: 'warn' };

/** Each flow that is watched, with its last good moment and its last hours; what is silenced; and the calls that it takes. */
export function watchedSection({ flows, silences, budgets }: FlowLines, now: Date): Html {
  const ordered = [...flows].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  return html`${section('Watched', ordered, (flow) => flowCard(flow, now))} ${section('Silenced', silences, (silence) => silenceCard(silence, now))}
  ${budgets.map(({ platform, used, limit }) => html`<p class="soft">Calls of monitors to ${outside(platform)} today: ${used} of ${limit}</p>`)}`;
}

function flowCard(flow: FlowLine, now: Date): Html {
  const { monitor, of, state, says, since, level } = flow;
  const mood = MOODS[state];
  const word = mood === undefined ? html`${STATES[state]}.` : html`<strong class="${mood}">${STATES[state]}.</strong>`;
  return html`<li class="card ${mood ?? ''}">
    <h3>${outside(monitor)}${of === monitor ? '' : html`: ${outside(of)}`}</h3>
    <p>
      ${word}${state === 'not-measured' ? '' : html` ${outside(says)}`}${state === 'wrong' && level === 'note' ? ' Told, wakes nobody.' : ''}
      ${state === 'wrong' && since !== undefined ? html`Since ${when(since, now)}.` : ''}
    </p>
    <p class="soft">${momentsOf(flow, now)}</p>
    ${sparkline(flow)}
  </li>`;
}

/** When it was last well, and when it was looked at where that is another time. */
function momentsOf({ state, goodAt, measuredAt }: FlowLine, now: Date): Html | string {
  if (measuredAt === undefined) return '';
  const looked = goodAt === measuredAt ? '' : html` Looked at ${when(measuredAt, now)}.`;
  if (goodAt !== undefined) return html`Last good ${when(goodAt, now)}.${looked}`;
  return html`${state === 'learning' ? '' : 'Not seen to be well yet.'}${looked}`;
}

function silenceCard({ id, match, until, reason, by }: SilenceLine, now: Date): Html {
  return html`<li class="card warn">
    <h3>${outside(match.monitor ?? match.platform ?? 'everything')}</h3>
    <p>Nobody is told. Ends ${when(until, now)}. Silenced${by === undefined ? '' : html` by ${outside(by)}`}: ${outside(reason)}</p>
    <p class="soft"><code>runback monitor silence --end ${id}</code></p>
  </li>`;
}
