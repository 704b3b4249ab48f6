import { formatDuration } from '../../../lib/index.js';
import type { Silence } from '../../../monitors/index.js';
import type { MonitorSettings } from '../../../workspace/index.js';
import type { FlowView } from '../../flows/monitors/standings.js';
import { facts, time } from '../text/format.js';
import type { Style } from '../text/style.js';
import { flowText, silenceText } from './status.js';

/** One monitor, with what it goes by. */
export interface ShownMonitor {
  readonly settings: MonitorSettings;
  readonly flows: readonly FlowView[];
  /** Those that hold now. */
  readonly silences: readonly Silence[];
  /** Ids of the incidents of its open alerts. */
  readonly incidents: readonly string[];
  readonly runbook?: string;
}

/** What it found, how often it looks, whom it tells, and what is silenced. */
export function monitorText({ settings, flows, silences, incidents, runbook }: ShownMonitor, accepted: boolean, style: Style): string {
  const looked = flows
    .map(({ measuredAt }) => measuredAt ?? '')
    .sort()
    .at(-1);
  return [
    ...flows.map((flow) => flowText(flow, style)),
    facts(
      [
        ['Looks', `every ${formatDuration(settings.everyMs)}`],
        ['Last look', looked === undefined || looked === '' ? 'never' : time(looked, style)],
        ['Tells', toldOf(settings)],
        ...(runbook === undefined ? [] : [['Runbook', runbook] as const]),
        ...incidents.map((id) => ['Incident', `${id}. Respond: runback respond`] as const),
      ],
      style,
    ),
    ...silences.map((silence) => silenceText(silence, style)),
    ...(accepted ? [`${style.glyph.done} What is there at the next look is right.`] : []),
  ].join('\n');
}

const WORDS = { drop: 'too little', surge: 'too much' } as const;

/** What wakes people, and what is only told. */
function toldOf(settings: MonitorSettings): string {
  if (settings.kind !== 'volume') return settings.level === 'page' ? 'wakes people' : 'told, wakes nobody';
  const words = (sides: readonly ('drop' | 'surge')[]): string => sides.map((side) => WORDS[side]).join(' and ');
  const parts = [
    ...(settings.page.length > 0 ? [`${words(settings.page)} wakes people`] : []),
    ...(settings.note.length > 0 ? [`${words(settings.note)} is told`] : []),
  ];
  return parts.length === 0 ? 'nothing but declared limits' : parts.join(', ');
}
