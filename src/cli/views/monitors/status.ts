import type { BudgetView, FlowView, MonitorsView } from '../../flows/monitors/standings.js';
import { count, relative, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { wrap } from '../text/width.js';
import { spark } from './spark.js';

const MARKS: Readonly<Record<FlowView['state'], keyof Style['glyph']>> = {
  well: 'done',
  wrong: 'failed',
  learning: 'running',
  blind: 'done',
  unmeasured: 'doubt',
  'not-measured': 'pending',
};
const ORDER: readonly FlowView['state'][] = ['wrong', 'unmeasured', 'not-measured', 'learning', 'blind', 'well'];

/** How all that is watched stands: what is wrong first. */
export function monitorsText(view: MonitorsView, style: Style): string {
  const flows = [...view.flows].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const open = view.alerts.flatMap(({ group, number }) => {
    const incident = view.incidents[group];
    return incident?.number === number ? [`${style.glyph.failed} Open: ${incident.incident}. Respond: runback respond`] : [];
  });
  return [...flows.map((flow) => flowText(flow, style)), ...open, ...view.budgets.map((budget) => budgetText(budget, style))].join('\n');
}

/** One series in two lines or so. */
export function flowText({ monitor, of, state, says, since, goodAt, chart, level }: FlowView, style: Style): string {
  const name = of === monitor ? visible(monitor) : `${visible(monitor)}: ${visible(of)}`;
  const line = spark(chart, style);
  const good =
    state === 'wrong' || state === 'unmeasured' ? ` Last good: ${goodAt === undefined ? 'never seen' : relative(new Date(goodAt), style.now)}.` : '';
  const from = since !== undefined && state === 'wrong' ? ` Since ${time(since, style)}.` : '';
  const told = state === 'wrong' && level === 'note' ? ' Told, wakes nobody.' : '';
  const text = wrap(`${visible(says)}${from}${good}${told}`, Math.max(20, style.width - 4));
  return [`${style.glyph[MARKS[state]]} ${style.chalk.bold(name)}${line === '' ? '' : `  ${line}`}`, ...text.map((one) => `  ${one}`)].join('\n');
}

/** How many calls monitors made, of how many they may. */
export const budgetText = ({ platform, used, limit }: BudgetView, style: Style): string =>
  `${style.glyph.pending} Calls to ${visible(platform)} today: ${count(used)} of ${count(limit)}`;
