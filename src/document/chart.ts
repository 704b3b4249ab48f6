import { html } from 'hono/html';

import { utcText } from '../lib/index.js';
import { type Block, plain } from './document.js';

const WIDTH = 760;
const NAMES = 200;
const ROW = 26;
const LONGEST_NAME = 26;
const LABELS = 150;

/** Spans of time as bars under each other, with what they show in words for those who do not see it. */
export function chartOf({ title, bars: all }: Extract<Block, { readonly kind: 'chart' }>): ReturnType<typeof html> {
  const bars = all.filter(({ from, to }) => !Number.isNaN(Date.parse(from)) && !Number.isNaN(Date.parse(to ?? from)));
  if (bars.length === 0) return html``;
  const ends = bars.flatMap(({ from, to }) => [from, to ?? from]).map((at) => Date.parse(at));
  const [first, last] = [Math.min(...ends), Math.max(...ends)];
  const x = (ms: number): number => Math.round(NAMES + ((ms - first) / Math.max(1, last - first)) * (WIDTH - NAMES));
  const height = bars.length * ROW + 24;
  const words = bars
    .map(({ name, from, to }) => `${plain(name)}: ${utcText(from)} to ${to === undefined ? 'not on record' : utcText(to)}`)
    .join('; ');
  const shapes = bars.map(({ name, from, to }, i) => {
    const [left, right] = [x(Date.parse(from)), to === undefined ? WIDTH : x(Date.parse(to))];
    return html`<text x="0" y="${i * ROW + 17}">${shortened(plain(name))}</text
      ><rect class="bar" x="${left}" y="${i * ROW + 4}" width="${Math.max(2, right - left)}" height="${ROW - 8}" /> `;
  });
  return html`<div class="wide" role="group" aria-labelledby="chart-title" tabindex="0">
    <figure>
      <figcaption id="chart-title">${title}</figcaption>
      <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${words}">
        <line class="axis" x1="${NAMES}" x2="${NAMES}" y1="0" y2="${height - 22}" />
        ${shapes}
        <text x="${NAMES}" y="${height - 6}">${utcText(new Date(first).toISOString())}</text>
        <text x="${WIDTH}" y="${height - 6}" text-anchor="end">${utcText(new Date(last).toISOString())}</text>
      </svg>
    </figure>
  </div> `;
}

/** Amounts as bars under each other; each says its own in words. */
export function amountsOf({ title, bars }: Extract<Block, { readonly kind: 'amounts' }>, id: string): ReturnType<typeof html> {
  if (bars.length === 0) return html``;
  const most = Math.max(...bars.map(({ amount }) => amount), 1);
  const widest = WIDTH - NAMES - LABELS;
  const height = bars.length * ROW;
  const shapes = bars.map(({ name, amount, shown, bad }, i) => {
    const width = Math.max(2, Math.round((amount / most) * widest));
    return html`<text x="0" y="${i * ROW + 17}">${shortened(plain(name))}</text
      ><rect class="bar${bad === true ? ' bad' : ''}" x="${NAMES}" y="${i * ROW + 4}" width="${width}" height="${ROW - 8}" /><text
        x="${NAMES + width + 6}"
        y="${i * ROW + 17}"
        >${plain(shown)}</text
      > `;
  });
  const words = bars.map(({ name, shown }) => `${plain(name)}: ${plain(shown)}`).join('; ');
  return html`<div class="wide" role="group" aria-labelledby="${id}" tabindex="0">
    <figure>
      <figcaption id="${id}">${title}</figcaption>
      <svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${words}">
        <line class="axis" x1="${NAMES}" x2="${NAMES}" y1="0" y2="${height}" />
        ${shapes}
      </svg>
    </figure>
  </div> `;
}

function shortened(name: string): string {
  const characters = Array.from(name);
  return characters.length > LONGEST_NAME ? `${characters.slice(0, LONGEST_NAME - 1).join('')}…` : name;
}
