import type { Silence } from '../../../monitors/index.js';
import type { BudgetView, FlowView, MonitorsView } from '../../flows/monitors/standings.js';
import { count, relative, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { visible } from '../text/visible.js';
import { displayWidth, wrap } from '../text/width.js';
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

/** How all that is watched stands: what is wrong first. `opened`: with the incidents of open alerts. */
export function monitorsText(view: MonitorsView, style: Style, { opened = true }: { readonly opened?: boolean } = {}): string {
  const flows = [...view.flows].sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
  const open = view.alerts.flatMap(({ group, number }) => {
    const incident = view.incidents[group];
    return incident?.number === number ? [`${style.glyph.failed} Open: ${incident.incident}. Respond: runback respond`] : [];
  });
  return [
    ...flows.map((flow) => flowText(flow, style)),
    ...view.silences.map((silence) => silenceText(silence, style)),
    ...(opened ? open : []),
    ...view.budgets.map((budget) => budgetText(budget, style)),
    ...asleep(view.flows, style),
  ].join('\n');
}

/** That nothing measures, where that is so. */
function asleep(flows: readonly FlowView[], style: Style): readonly string[] {
  const idle = flows.filter(({ stale, measuredAt }) => stale === true || measuredAt === undefined).length;
  if (idle === 0 || flows.some(({ stale, measuredAt }) => stale !== true && measuredAt !== undefined)) return [];
  return hanging(`${style.glyph.warning} Nothing measures. Measure now: runback monitor run --once. By itself: runback daemon`, style);
}

/** One series in two lines or so. */
export function flowText({ monitor, of, state, says, since, goodAt, chart, full, level }: FlowView, style: Style): string {
  const name = of === monitor ? visible(monitor) : `${visible(monitor)}: ${visible(of)}`;
  const line = spark(chart, style, full);
  const isKnown = state !== 'not-measured' && state !== 'learning';
  const good = goodAt !== undefined ? ` Last good ${relative(new Date(goodAt), style.now)}.` : isKnown ? ' Not seen to be well yet.' : '';
  const from = since !== undefined && state === 'wrong' ? ` Since ${time(since, style)}.` : '';
  const told = state === 'wrong' && level === 'note' ? ' Told, wakes nobody.' : '';
  const heads = wrap(name, style.width - 2);
  const fits = line !== '' && displayWidth(heads.at(-1) ?? '') + 4 + displayWidth(line) <= style.width;
  const head = heads.map((one) => style.chalk.bold(one)).join('\n  ');
  return [
    `${style.glyph[MARKS[state]]} ${head}${fits ? `  ${line}` : ''}`,
    ...(line === '' || fits ? [] : [`  ${line}`]),
    ...wrap(`${visible(says)}${from}${good}${told}`, Math.max(20, style.width - 4)).map((one) => `  ${one}`),
  ].join('\n');
}

/** What nobody is told of, until when and why. */
export function silenceText({ id, match, until, reason, by }: Silence, style: Style): string {
  const what = match.monitor ?? match.platform ?? 'everything';
  const text = `${style.glyph.pause} ${visible(what)} is silenced until ${time(until, style)}${by === undefined ? '' : ` by ${visible(by)}`}: ${visible(reason)} (${id})`;
  return hanging(text, style).join('\n');
}

/** Lines of the screen, all but the first one set in. */
const hanging = (text: string, style: Style): readonly string[] => wrap(text, style.width - 2).map((line, n) => (n === 0 ? line : `  ${line}`));

/** How many calls monitors made, of how many they may. */
export const budgetText = ({ platform, used, limit }: BudgetView, style: Style): string =>
  `${style.glyph.pending} Calls to ${visible(platform)} today: ${count(used)} of ${count(limit)}`;
