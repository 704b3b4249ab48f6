import { FILL_IN, proposedLines, type Unwatched } from '../../flows/monitors/proposals.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrap } from '../text/width.js';

/** Monitors for what nobody watches, to be put into runback.yml. `alerts`: with the runbook that fits, which the workspace has. */
export function monitorProposals(unwatched: readonly Unwatched[], alerts: boolean, style: Style): string {
  const { glyph, width, chalk } = style;
  if (unwatched.length === 0) return `${glyph.done} Nothing is left to be watched.`;
  const lines = proposedLines(unwatched, { alerts });
  const how = `For runback.yml. Take what you want to be told of${lines.some((line) => line.includes(FILL_IN)) ? `, and put a time where ${FILL_IN} stands` : ''}. Nothing was written.`;
  return [chalk.bold('Monitors for what nobody watches'), ...wrap(how, width), '', ...lines.map(visible)].join('\n');
}
