import { html } from 'hono/html';

import type { FlowLine } from '../types.js';
import { counted, type Html } from './layout.js';

const HEIGHT = 24;
const STEP = 8;

/** A small chart of the last values; below it stands in words what it shows. Nothing where nothing is known. */
export function sparkline({ chart, charted, full }: Pick<FlowLine, 'chart' | 'charted' | 'full'>): Html | string {
  const known = chart.filter((value) => value !== null);
  if (known.length === 0) return '';
  const [least, largest] = [Math.min(...known), Math.max(...known)];
  const most = Math.max(largest, full ?? 0, 1);
  const bars = chart.map((value, n) => {
    // What is not known has no bar; what is 0 has a line.
    const height = value === null ? 0 : Math.max(1, Math.round((Math.max(0, value) / most) * HEIGHT));
    return html`<rect x="${n * STEP}" y="${HEIGHT - height}" width="${STEP - 2}" height="${height}" fill="currentColor" />`;
  });
  const unknown = chart.length - known.length;
  const what = charted === 'hours' ? `Last ${chart.length} hours` : `Last ${counted(chart.length, 'look')}`;
  const words = `${what}: ${shown(least)} to ${shown(largest)}${full === undefined ? '' : `, limit ${shown(full)}`}${unknown === 0 ? '' : `, ${unknown} not known`}`;
  const [width, height] = [chart.length * STEP, HEIGHT];
  return html`<figure>
    <svg class="spark" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" aria-hidden="true">${bars}</svg>
    <figcaption class="soft">${words}</figcaption>
  </figure>`;
}

const shown = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 1 });
